"""What one number does at every instant, and which rule says so.

One precedence, from what an administrator decides on the spot to what holds every week:

    manual override > dated exception > yearly exception > public holiday > weekly hours

Of two exceptions that say something at the same time, the one of fewer days holds; of two as
short, the one added last. A number for which no hours were ever set is always open.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo

from routing.exceptions import ONE_DAY, ONE_MINUTE, ScheduleException
from routing.holidays import Holiday
from routing.hours import (
    CLOSED,
    OPEN,
    Behaviour,
    HoursRefused,
    Interval,
    Week,
    first_instant,
    wall_clock,
)

LOOKS_AHEAD = 400
"""Days in which the next change is looked for: more than a year, so that what is yearly comes."""


class Rule(StrEnum):
    """What decides, strongest first."""

    OVERRIDE = "override"
    DATED = "dated"
    YEARLY = "yearly"
    HOLIDAY = "holiday"
    WEEKLY = "weekly"
    ALWAYS = "always"
    """No hours were set."""


@dataclass(frozen=True, slots=True)
class Override:
    """What an administrator said on the spot."""

    behaviour: Behaviour
    until: datetime | None = None
    """None until it is withdrawn."""

    def holds_at(self, instant: datetime) -> bool:
        """Whether it is still in force."""
        return self.until is None or instant < self.until


@dataclass(frozen=True, slots=True)
class Decision:
    """What a number does, and why."""

    behaviour: Behaviour
    rule: Rule
    exception: ScheduleException | None = None
    holiday: Holiday | None = None
    hours: tuple[int, Interval] | None = None
    """The weekday, 0 being Monday, and the hours that make it open."""
    until: datetime | None = None
    """When an override ends by itself."""

    @property
    def is_usual(self) -> bool:
        """Whether the number does what it does when it is open."""
        return self.behaviour == OPEN


@dataclass(frozen=True, slots=True)
class State:
    """A decision, and the instant from which on the number does something else.

    `until` is None where that is not within the next year.
    """

    decision: Decision
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A while, from `begin` until just before `end`, in UTC, in which one decision holds."""

    begin: datetime
    end: datetime
    decision: Decision


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything that says when a number is open."""

    zone: str = "America/Toronto"
    week: Week | None = None
    """None where no hours were set: always open."""
    exceptions: tuple[ScheduleException, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    holiday_behaviour: Behaviour = CLOSED
    override: Override | None = None

    @property
    def decides(self) -> bool:
        """Whether anything was set at all."""
        return replace(self, zone=_UNSET.zone) != _UNSET

    def decide(self, instant: datetime) -> Decision:
        """What the number does at an instant."""
        if self.override is not None and self.override.holds_at(instant):
            return Decision(self.override.behaviour, Rule.OVERRIDE, until=self.override.until)
        wall = wall_clock(instant, ZoneInfo(self.zone))
        return (
            self._excepted(wall, Rule.DATED)
            or self._excepted(wall, Rule.YEARLY)
            or self._holiday(wall.date())
            or self._weekly(wall)
        )

    def state_at(self, instant: datetime) -> State:
        """What the number does at an instant, and for how long."""
        now = self.decide(instant)
        for begin in self._changes(instant, instant + LOOKS_AHEAD * ONE_DAY):
            if self.decide(begin).behaviour != now.behaviour:
                return State(now, begin)
        return State(now, None)

    def stretches(self, begin: datetime, end: datetime) -> Iterator[Stretch]:
        """What the number does from `begin` to `end`, without a hole."""
        begin, end = begin.astimezone(UTC), end.astimezone(UTC)
        moments = [begin, *self._changes(begin, end)]
        decided = ((at, self.decide(at)) for at in moments)
        runs = [
            (decision, next(run)[0]) for decision, run in groupby(decided, lambda pair: pair[1])
        ]
        ends = [*(at for _, at in runs[1:]), end]
        for (decision, at), until in zip(runs, ends, strict=True):
            yield Stretch(at, until, decision)

    def _excepted(self, wall: datetime, rule: Rule) -> Decision | None:
        best: tuple[int, int] | None = None
        found = None
        for exception in self.exceptions:
            if exception.yearly != (rule is Rule.YEARLY):
                continue
            behaviour = exception.behaviour_at(wall)
            rank = (-exception.days(), exception.id)
            if behaviour is not None and (best is None or rank > best):
                best, found = rank, Decision(behaviour, rule, exception=exception)
        return found

    def _holiday(self, day: date) -> Decision | None:
        for holiday in self.holidays:
            if holiday.on(day.year) == day:
                return Decision(self.holiday_behaviour, Rule.HOLIDAY, holiday=holiday)
        return None

    def _weekly(self, wall: datetime) -> Decision:
        if self.week is None:
            return Decision(OPEN, Rule.ALWAYS)
        hours = self.week.open_at(wall)
        return Decision(OPEN if hours else CLOSED, Rule.WEEKLY, hours=hours)

    def _changes(self, after: datetime, before: datetime) -> Iterator[datetime]:
        """Every instant between the two at which another decision may begin, in order."""
        zone = ZoneInfo(self.zone)
        marks = sorted({0, *self._marks()})
        ends = self._override_end(after, before)
        day, last = wall_clock(after, zone).date(), wall_clock(before, zone).date()
        seen = after
        while day <= last:
            for mark in marks:
                at = first_instant(datetime.combine(day, time()) + mark * ONE_MINUTE, zone)
                while ends and ends[0] <= at:
                    seen = ends.pop()
                    yield seen
                if seen < at < before:
                    seen = at
                    yield at
            day += ONE_DAY
        yield from ends

    def _override_end(self, after: datetime, before: datetime) -> list[datetime]:
        until = self.override.until if self.override is not None else None
        return [until] if until is not None and after < until < before else []

    def _marks(self) -> Iterator[int]:
        if self.week is not None:
            yield from self.week.marks()
        for exception in self.exceptions:
            yield from exception.marks()


_UNSET = Schedule()

ALWAYS_OPEN = _UNSET
"""The schedule of a number for which nothing was set."""


# ---- How administrators change one


def with_exception(schedule: Schedule, add: Callable[[int], ScheduleException]) -> Schedule:
    """The schedule with one more exception, made by `add` from the number that names it."""
    number = max((each.id for each in schedule.exceptions), default=0) + 1
    return replace(schedule, exceptions=(*schedule.exceptions, add(number)))


def with_exception_changed(
    schedule: Schedule, id: int, change: Callable[[ScheduleException], ScheduleException]
) -> Schedule:
    """The schedule with what `change` makes of an exception. Raises HoursRefused."""
    changed = change(exception_of(schedule, id))
    kept = tuple(changed if each.id == id else each for each in schedule.exceptions)
    return replace(schedule, exceptions=kept)


def without_exception(schedule: Schedule, id: int) -> Schedule:
    """The schedule without an exception. Raises HoursRefused."""
    gone = exception_of(schedule, id)
    return replace(schedule, exceptions=tuple(e for e in schedule.exceptions if e != gone))


def exception_of(schedule: Schedule, id: int) -> ScheduleException:
    """One of the exceptions. Raises HoursRefused when there is none of that number."""
    for each in schedule.exceptions:
        if each.id == id:
            return each
    raise HoursRefused(f"there is no exception {id}; see: vestibule exception list")


def with_holidays(schedule: Schedule, holidays: Iterable[Holiday]) -> Schedule:
    """The schedule with some holidays more, those that were there once."""
    wanted = {*schedule.holidays, *holidays}
    return replace(schedule, holidays=tuple(each for each in Holiday if each in wanted))


def without_holidays(schedule: Schedule, holidays: Iterable[Holiday]) -> Schedule:
    """The schedule without some holidays. Raises HoursRefused for one that it does not have."""
    gone = set(holidays)
    if missing := gone - set(schedule.holidays):
        raise HoursRefused(f"not among its holidays: {', '.join(sorted(missing))}")
    return replace(schedule, holidays=tuple(each for each in schedule.holidays if each not in gone))


def with_days(schedule: Schedule, days: Iterable[int], hours: Iterable[Interval]) -> Schedule:
    """The schedule with the hours of some weekdays; the first ones set close the other days."""
    week, intervals = schedule.week or Week(), tuple(hours)
    for day in days:
        week = week.with_day(day, intervals)
    return replace(schedule, week=week)


def upcoming(schedule: Schedule, instant: datetime) -> tuple[ScheduleException, ...]:
    """The exceptions that are not yet over, by their day."""
    wall = wall_clock(instant, ZoneInfo(schedule.zone))
    there = (each for each in schedule.exceptions if not each.over_by(wall))
    return tuple(sorted(there, key=lambda each: (each.first, each.id)))
