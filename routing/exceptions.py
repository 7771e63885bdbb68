"""Exceptions: days on which a number does not follow its usual hours.

A period of days, whole or between hours, each day alike or one span from the first hour of the
first day to the last hour of the last. The last minute that is named is part of it, so that 23:59
leaves no hole before midnight.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from routing.hours import CLOSED, DAY, Behaviour, HoursRefused, Interval, clock, hours_between

ONE_DAY = timedelta(days=1)
ONE_MINUTE = timedelta(minutes=1)
LEAST_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Span:
    """From a minute of the first day to a minute of the last day, which is part of it."""

    begin: int
    end: int

    @classmethod
    def parse(cls, text: str) -> "Span":
        """A span as it is written, such as 17:00-08:00. Raises HoursRefused."""
        return cls(*hours_between(text))

    def __str__(self) -> str:
        return f"{clock(self.begin)}-{clock(self.end)}"


@dataclass(frozen=True, slots=True)
class ScheduleException:
    """Days that are different. Raises HoursRefused for a period that cannot be."""

    id: int
    """Names it among those of its number."""
    first: date
    last: date
    behaviour: Behaviour = CLOSED
    hours: tuple[Interval, ...] = ()
    """Of each day; none for whole days."""
    span: Span | None = None
    """In their place: from an hour of the first day to an hour of the last, without a break."""
    closed_otherwise: bool = False
    """Outside its hours the number is closed on these days; else it does as it would without."""
    yearly: bool = False
    """Again each year from the first on; a 29 February on the 28th in common years."""
    label: str = ""

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise HoursRefused(f"{self.first} to {self.last}: ends before it begins")
        if self.yearly and self.last - self.first >= LEAST_YEAR:
            raise HoursRefused("what is repeated every year lasts less than a year")
        if self.span is not None and (self.hours or self.closed_otherwise):
            raise HoursRefused("a continuous span has one first hour and one last hour, no others")
        if self.span is not None and self.first == self.last and self.span.end < self.span.begin:
            raise HoursRefused(f"{self.span} on {self.first}: ends before it begins")
        if self.closed_otherwise and not self.hours:
            raise HoursRefused("closed otherwise: say in which hours it is not")

    def occurrence(self, year: int) -> tuple[date, date]:
        """Its days, first and last, where it begins in a year."""
        if not self.yearly:
            return self.first, self.last
        across = self.last.year - self.first.year
        return _in_year(self.first, year), _in_year(self.last, year + across)

    def behaviour_at(self, wall: datetime) -> Behaviour | None:
        """What the number does by it at a moment of the wall clock; None where it says nothing."""
        for first, last in self._near(wall.date()):
            if self._within(first, last, wall):
                return self.behaviour
            if self.closed_otherwise and first <= wall.date() <= last:
                return CLOSED
        return None

    def over_by(self, wall: datetime) -> bool:
        """Whether it will never again say anything."""
        return not self.yearly and wall.date() > self.last and self.behaviour_at(wall) is None

    def days(self) -> int:
        """How many days it lasts."""
        return (self.last - self.first).days + 1

    def marks(self) -> Iterator[int]:
        """Every minute of a day at which something may begin or end, midnight aside."""
        for interval in self.hours:
            yield from (interval.begin, _past(interval.last) % DAY)
        if self.span is not None:
            yield from (self.span.begin % DAY, _past(self.span.end) % DAY)

    def _near(self, day: date) -> Iterator[tuple[date, date]]:
        """The occurrences that may hold on a day."""
        if not self.yearly:
            yield self.first, self.last
            return
        for year in (day.year - 1, day.year):
            if year >= self.first.year:
                yield self.occurrence(year)

    def _within(self, first: date, last: date, wall: datetime) -> bool:
        if self.span is not None:
            begin = datetime.combine(first, time()) + self.span.begin * ONE_MINUTE
            end = datetime.combine(last, time()) + _past(self.span.end) * ONE_MINUTE
            return begin <= wall < end
        if not self.hours:
            return first <= wall.date() <= last
        minute = wall.hour * 60 + wall.minute
        return any(
            interval.begin <= since < _past(interval.last)
            for day, since in ((wall.date(), minute), (wall.date() - ONE_DAY, minute + DAY))
            if first <= day <= last
            for interval in self.hours
        )


def _past(last: int) -> int:
    """The minute after the last one that is part of it; midnight ends the day before it."""
    return last if last and last % DAY == 0 else last + 1


def _in_year(day: date, year: int) -> date:
    try:
        return day.replace(year=year)
    except ValueError:  # 29 February, in a common year
        return day.replace(year=year, day=28)
