"""The hours of a number worked out the slow and obvious way: minute after minute, rule after rule.

It knows nothing of instants at which something begins: it looks at a clock on the wall that is
never turned back, and asks of each minute whether it stands in the list.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from routing.exceptions import ScheduleException
from routing.hours import CLOSED, OPEN, Behaviour
from routing.schedule import Schedule

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def minutes(schedule: Schedule, begin: datetime, end: datetime) -> Iterator[tuple[datetime, str]]:
    """Each minute in UTC from `begin` to `end`, and what the number does in it."""
    zone = ZoneInfo(schedule.zone)
    days: dict[date, list[str]] = {}
    at = begin - 2 * DAY
    shown = at.astimezone(zone).replace(tzinfo=None)
    while at < end:
        shown = max(shown, at.astimezone(zone).replace(tzinfo=None))
        if at >= begin:
            overridden = _overridden(schedule, at)
            if overridden is None:
                today = shown.date()
                if today not in days:
                    days = {today: _day(schedule, today)}
                yield at, days[today][shown.hour * 60 + shown.minute]
            else:
                yield at, str(overridden)
        at += MINUTE


def _overridden(schedule: Schedule, at: datetime) -> Behaviour | None:
    override = schedule.override
    if override is None or (override.until is not None and at >= override.until):
        return None
    return override.behaviour


def _day(schedule: Schedule, day: date) -> list[str]:
    """1,440 behaviours: each rule written over those of the weaker ones."""
    written = [str(OPEN if schedule.week is None else CLOSED)] * 1440
    if schedule.week is not None:
        for weekday, shift in ((day - DAY, -1440), (day, 0)):
            for interval in schedule.week.days[weekday.weekday()]:
                end = interval.end if interval.end > interval.begin else interval.end + 1440
                _write(written, interval.begin + shift, end + shift, OPEN)
    if any(holiday.on(day.year) == day for holiday in schedule.holidays):
        _write(written, 0, 1440, schedule.holiday_behaviour)
    for yearly in (True, False):
        weakest_first = sorted(
            (each for each in schedule.exceptions if each.yearly == yearly),
            key=lambda each: (-(each.last - each.first).days, each.id),
        )
        for exception in weakest_first:
            _except(written, exception, day)
    return written


def _except(written: list[str], exception: ScheduleException, day: date) -> None:
    held = [_holds(exception, day - DAY), _holds(exception, day)]
    if exception.span is not None:
        first, last = _ends(exception, day)
        if first <= day <= last:
            until = exception.span.end
            begin = exception.span.begin if day == first else 0
            _write(written, begin, _after(until) if day == last else 1440, exception.behaviour)
        return
    if exception.closed_otherwise and held[1]:
        _write(written, 0, 1440, CLOSED)
    if not exception.hours and held[1]:
        _write(written, 0, 1440, exception.behaviour)
    for holds, shift in zip(held, (-1440, 0), strict=True):
        for interval in exception.hours if holds else ():
            end = interval.end if interval.end > interval.begin else interval.end + 1440
            _write(written, interval.begin + shift, _after(end) + shift, exception.behaviour)


def _after(minute: int) -> int:
    return minute if minute in (1440, 2880) else minute + 1


def _holds(exception: ScheduleException, day: date) -> bool:
    first, last = _ends(exception, day)
    return first <= day <= last


def _ends(exception: ScheduleException, day: date) -> tuple[date, date]:
    """The days of the exception that are nearest before or at a day."""
    if not exception.yearly:
        return exception.first, exception.last
    across = exception.last.year - exception.first.year
    first, last = exception.first, exception.last
    for year in range(exception.first.year, day.year + 1):
        begin = _shorter(exception.first, year)
        if begin <= day:
            first, last = begin, _shorter(exception.last, year + across)
    return first, last


def _shorter(day: date, year: int) -> date:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, day.month, 28 if (day.month, day.day) == (2, 29) and not leap else day.day)


def _write(written: list[str], begin: int, end: int, behaviour: Behaviour) -> None:
    for minute in range(max(0, begin), min(1440, end)):
        written[minute] = str(behaviour)


def utc(*parts: int) -> datetime:
    """An instant in UTC."""
    year, month, day, *rest = parts
    return datetime(year, month, day, *rest, tzinfo=UTC)
