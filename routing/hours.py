"""Weekly hours, and the clock on the wall they are kept by.

Hours are those of a wall clock that is never turned back: an hour that comes twice, when daylight
saving ends, goes on from its first coming and is not begun again; an hour that never comes, when
it begins, is over at once. So two intervals that touch on paper touch on every day of the year.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise

from call.errors import PeerFault

DAY = 24 * 60
"""Minutes."""

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

LONGEST_SHIFT = timedelta(hours=25)
"""More than any clock was ever turned on or back; a whole day was left out where the date line
moved."""

HALF_DAY = 12
"""Hours."""

_HOUR = re.compile(r"([0-9]{1,2})(?: ?[:h] ?([0-5][0-9])?)?(?: ?([ap])\.?m\.?)?")
_BETWEEN = re.compile(r"\s*(?:[-–—]|\bà\b|\bto\b)\s*")

STEP = timedelta(seconds=1)


class HoursRefused(PeerFault):
    """Hours, dates or holidays that make no sense; the message says which, and what may be said."""


class BehaviourKind(StrEnum):
    """What a number does with its calls."""

    OPEN = "open"
    CLOSED = "closed"
    FLOW = "flow"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Open, closed, or a flow of its own; written "open", "closed", "flow:NAME"."""

    kind: BehaviourKind
    flow: str = ""

    @classmethod
    def parse(cls, text: str) -> "Behaviour":
        """A behaviour as it is written. Raises HoursRefused."""
        kind, _, flow = text.strip().partition(":")
        known = {kind.value: kind for kind in BehaviourKind}
        found = known.get({"ouvert": "open", "fermé": "closed"}.get(kind.lower(), kind.lower()))
        if found is None or (found is BehaviourKind.FLOW) != bool(flow):
            raise HoursRefused(f"{text!r} is no behaviour: say open, closed or flow:NAME")
        return cls(found, flow)

    def __str__(self) -> str:
        return f"flow:{self.flow}" if self.kind is BehaviourKind.FLOW else self.kind.value


OPEN = Behaviour(BehaviourKind.OPEN)
CLOSED = Behaviour(BehaviourKind.CLOSED)


@dataclass(frozen=True, slots=True)
class Interval:
    """Hours of one day, in minutes after midnight, from `begin` until just before `end`.

    An `end` not after `begin` is on the next day. Raises HoursRefused.
    """

    begin: int
    end: int

    def __post_init__(self) -> None:
        if not (0 <= self.begin < DAY and 0 <= self.end <= DAY):
            raise HoursRefused(f"{self.begin}-{self.end}: hours go from 00:00 to 24:00")
        if self.begin == self.end:
            raise HoursRefused(f"{self}: begins when it ends; a whole day is 00:00-24:00")

    @classmethod
    def parse(cls, text: str) -> "Interval":
        """Hours as they are written, such as 08:30-17:00. Raises HoursRefused."""
        return cls(*hours_between(text))

    def __str__(self) -> str:
        return f"{clock(self.begin)}-{clock(self.end)}"

    @property
    def past_midnight(self) -> bool:
        """Whether it ends on the day after."""
        return self.end <= self.begin

    @property
    def last(self) -> int:
        """Where it ends, counted from the midnight before it begins."""
        return self.end + DAY if self.past_midnight else self.end


def minute_of_day(text: str) -> int:
    """Minutes after midnight of "8:30", "08h30", "8 h", "8:30 pm" or "24:00".

    Raises HoursRefused.
    """
    plain = text.strip()
    match = _HOUR.fullmatch(plain.lower())
    if match is None:
        raise HoursRefused(f"{plain!r} is no hour: say 08:30")
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    if half is not None:
        if not 1 <= hour <= HALF_DAY:
            raise HoursRefused(f"{plain!r} is no hour: say 8:30 pm, or 20:30")
        hour = hour % HALF_DAY + (HALF_DAY if half == "p" else 0)
    if (total := hour * 60 + minute) > DAY:
        raise HoursRefused(f"{plain!r} is no hour: a day ends at 24:00")
    return total


def hours_between(text: str) -> tuple[int, int]:
    """Two minutes of the day of "08:30-17:00", "8 h 30 à 17 h" or "8am to 5pm".

    Raises HoursRefused.
    """
    ends = _BETWEEN.split(text.strip().lower())
    if len(ends) != 2:
        raise HoursRefused(f"{text!r} are no hours: say 08:30-17:00")
    return minute_of_day(ends[0]), minute_of_day(ends[1])


def clock(minute: int) -> str:
    """A minute of the day as it is written, 08:30."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


Day = tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """The hours in which a number is open, Monday first. Raises HoursRefused.

    Intervals of one day do not overlap; the end of one day may reach into the next.
    """

    days: tuple[Day, Day, Day, Day, Day, Day, Day] = ((), (), (), (), (), (), ())

    def __post_init__(self) -> None:
        for day in self.days:
            ordered = sorted(day, key=lambda interval: interval.begin)
            for before, after in pairwise(ordered):
                if after.begin < before.last:
                    raise HoursRefused(f"{before} and {after} overlap")

    def with_day(self, weekday: int, hours: Sequence[Interval]) -> "Week":
        """The same week with other hours on a day, 0 being Monday."""
        days = list(self.days)
        days[weekday] = tuple(sorted(hours, key=lambda interval: interval.begin))
        return Week(tuple(days))  # type: ignore[arg-type]  # as long as it was: seven

    def open_at(self, wall: datetime) -> tuple[int, Interval] | None:
        """The hours that a moment on the wall clock falls in, with the day they began on."""
        minute = wall.hour * 60 + wall.minute
        today = wall.weekday()
        for weekday, since in ((today, minute), ((today - 1) % 7, minute + DAY)):
            for interval in self.days[weekday]:
                if interval.begin <= since < interval.last:
                    return weekday, interval
        return None

    def marks(self) -> Iterator[int]:
        """Every minute of a day at which something may begin or end."""
        for day in self.days:
            for interval in day:
                yield from (interval.begin, interval.end % DAY)


# ---- The clock on the wall


def wall_clock(instant: datetime, zone: tzinfo) -> datetime:
    """What a clock that is never turned back shows at an instant, without its zone.

    While an hour comes a second time it shows the last moment of the first.
    """
    local = instant.astimezone(zone)
    if not local.fold:
        return local.replace(tzinfo=None)
    turned = _first(instant - LONGEST_SHIFT, instant, lambda at: _folded(at, instant, zone))
    return (turned - STEP).astimezone(zone).replace(tzinfo=None)


def _folded(at: datetime, instant: datetime, zone: tzinfo) -> bool:
    return at.astimezone(zone).utcoffset() == instant.astimezone(zone).utcoffset()


def first_instant(wall: datetime, zone: tzinfo) -> datetime:
    """The instant, in UTC, at which a wall clock first shows `wall`, or jumps past it."""
    early = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if early.astimezone(zone).replace(tzinfo=None) == wall:
        return early
    return _first(
        early - LONGEST_SHIFT, early, lambda at: at.astimezone(zone).replace(tzinfo=None) >= wall
    )


def _first(before: datetime, after: datetime, true: Callable[[datetime], bool]) -> datetime:
    """The first second from which on something is true: false before, and true after."""
    low, high = before.replace(microsecond=0).astimezone(UTC), after.astimezone(UTC)
    while high - low > STEP:
        middle = low + ((high - low) // 2 // STEP) * STEP
        low, high = (low, middle) if true(middle) else (middle, high)
    return high
