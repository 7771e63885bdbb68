"""The next days of a number, as administrators read them: what it does, when, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from types import MappingProxyType
from zoneinfo import ZoneInfo

from routing.exceptions import ONE_DAY
from routing.hour_words import behaviour_words, day_words, why_words, zone_words
from routing.hours import first_instant, wall_clock
from routing.schedule import Schedule, Stretch

WHOLE_DAY: Mapping[str, str] = MappingProxyType({"fr": "toute la journée", "en": "all day"})

MIDNIGHT = "24:00"


@dataclass(frozen=True, slots=True)
class Row:
    """A part of a day."""

    day: date
    hours: str
    """Such as 08:30-12:00."""
    does: str
    why: str


def rows(schedule: Schedule, instant: datetime, days: int, language: str) -> Iterator[Row]:
    """The day of an instant, whole, and those after it."""
    zone = ZoneInfo(schedule.zone)
    first = wall_clock(instant, zone).date()
    for day in (first + number * ONE_DAY for number in range(days)):
        begin, end = (
            first_instant(datetime.combine(d, time()), zone) for d in (day, day + ONE_DAY)
        )
        parts = list(schedule.stretches(begin, end)) if begin < end else []
        told = [(_does(each, language), why_words(each.decision, schedule.zone, language))
                for each in parts]  # fmt: skip
        for (does, why), begins, ends in _joined(parts, told):
            whole = begins == begin and ends == end
            hours = f"{_hour(begins, zone)}-{_hour(ends, zone) if ends < end else MIDNIGHT}"
            yield Row(day, WHOLE_DAY[language] if whole else hours, does, why)


def table(
    number: str, schedule: Schedule, instant: datetime, days: int, language: str
) -> Iterator[str]:
    """The same as lines of text, under the number and the name of its time."""
    yield f"{number}  ({zone_words(schedule.zone, language)}, {schedule.zone})"
    told = list(rows(schedule, instant, days, language))
    names = [day_words(row.day, language) for row in told]
    widths = [max((len(text) for text in column), default=0) for column in (
        names, [row.hours for row in told], [row.does for row in told])]  # fmt: skip
    before = None
    for name, row in zip(names, told, strict=True):
        day = "" if row.day == before else name
        before = row.day
        cells = (day, row.hours, row.does)
        padded = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield f"  {padded}  {row.why}"


def _joined(
    parts: list[Stretch], told: list[tuple[str, str]]
) -> Iterator[tuple[tuple[str, str], datetime, datetime]]:
    """Parts that say the same in words, as one."""
    begins: datetime | None = None
    for number, (part, words) in enumerate(zip(parts, told, strict=True)):
        begins = begins or part.begin
        if number + 1 == len(parts) or told[number + 1] != words:
            yield words, begins, part.end
            begins = None


def _does(part: Stretch, language: str) -> str:
    return behaviour_words(part.decision.behaviour, language)


def _hour(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%H:%M}"
