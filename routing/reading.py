"""Days, dates and holidays as administrators type them, in French or English.

Everything here raises HoursRefused, with one line that says what may be typed.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from routing.holidays import PRESETS, Holiday
from routing.hours import HoursRefused, first_instant, minute_of_day, wall_clock

_DAYS = (
    ("monday", "lundi"),
    ("tuesday", "mardi"),
    ("wednesday", "mercredi"),
    ("thursday", "jeudi"),
    ("friday", "vendredi"),
    ("saturday", "samedi"),
    ("sunday", "dimanche"),
)

_WEEK: Mapping[str, range] = MappingProxyType(
    {"all": range(7), "tous": range(7), "weekdays": range(5), "semaine": range(5)}
)

LEAST_LETTERS = 3
"""Of a day: two would leave mardi and mercredi, or Tuesday and Thursday, too near."""

_TO = re.compile(r"\s*(?:-|–|\bto\b|\bà\b|\bau\b)\s*")


def read_days(text: str) -> tuple[int, ...]:
    """Weekdays, 0 being Monday, of "mon-fri", "samedi", "lun,mer" or "all"."""
    days = [day for part in text.split(",") for day in _range(part.strip().lower())]
    return tuple(sorted(set(days)))


def _range(part: str) -> tuple[int, ...]:
    if part in _WEEK:
        return tuple(_WEEK[part])
    ends = [_weekday(each) for each in _TO.split(part)]
    if len(ends) > 2:
        raise HoursRefused(f"{part!r} are no days: say mon-fri, sat or all")
    first, last = ends[0], ends[-1]
    return tuple((first + each) % 7 for each in range((last - first) % 7 + 1))


def _weekday(text: str) -> int:
    if len(text) >= LEAST_LETTERS:
        for number, names in enumerate(_DAYS):
            if any(name.startswith(text) for name in names):
                return number
    raise HoursRefused(f"{text!r} is no day: say mon, tue, wed, thu, fri, sat, sun or all")


def read_date(text: str) -> date:
    """A date such as 2026-12-24."""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text.strip()):
        try:
            return date.fromisoformat(text.strip())
        except ValueError as fault:
            raise HoursRefused(f"{text.strip()}: there is no such day") from fault
    raise HoursRefused(f"{text!r} is no date: say it as 2026-12-24")


def read_moment(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """An instant to come, of "2026-12-24 17:00", "2026-12-24" (its midnight) or "17:00" today."""
    day, _, hour = text.strip().replace("T", " ").partition(" ")
    if day.count("-") == 2:
        wall = _at(read_date(day), hour or "00:00")
    else:
        wall = _at(wall_clock(now, zone).date(), text)
    instant = first_instant(wall, zone)
    if instant <= now:
        raise HoursRefused(f"{text.strip()} is past")
    return instant


def _at(day: date, hour: str) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minute_of_day(hour))


def read_holidays(names: tuple[str, ...]) -> tuple[Holiday, ...]:
    """Holidays, or presets of them, by their names in either language or their short ones."""
    found = [holiday for name in names for holiday in _named(name)]
    return tuple(holiday for holiday in Holiday if holiday in found)


def _named(name: str) -> tuple[Holiday, ...]:
    plain = _plain(name)
    if plain in PRESETS:
        return PRESETS[plain]
    for holiday in Holiday:
        if plain in (_plain(holiday), *(_plain(holiday.name_in(each)) for each in ("fr", "en"))):
            return (holiday,)
    raise HoursRefused(f"{name!r} is no holiday that is known; see: vestibule holidays list")


def _plain(text: str) -> str:
    """Without accents, capitals and whatever stands between letters."""
    letters = unicodedata.normalize("NFD", text.lower())
    return "".join(letter for letter in letters if letter.isascii() and letter.isalnum())
