"""The public holidays of Québec and Canada, for any year of the Gregorian calendar."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

MONDAY = 0


class Holiday(StrEnum):
    """A day of the year that may move."""

    NEW_YEAR = "new_year"
    AFTER_NEW_YEAR = "after_new_year"
    GOOD_FRIDAY = "good_friday"
    EASTER_MONDAY = "easter_monday"
    PATRIOTS = "patriots"
    """Journée nationale des patriotes in Québec, Victoria Day elsewhere: the same Monday."""
    SAINT_JEAN = "saint_jean"
    CANADA_DAY = "canada_day"
    LABOUR_DAY = "labour_day"
    TRUTH_AND_RECONCILIATION = "truth_and_reconciliation"
    THANKSGIVING = "thanksgiving"
    REMEMBRANCE = "remembrance"
    CHRISTMAS_EVE = "christmas_eve"
    CHRISTMAS = "christmas"
    BOXING_DAY = "boxing_day"
    NEW_YEARS_EVE = "new_years_eve"

    def on(self, year: int) -> date:
        """The day it falls on in a year."""
        return _CALENDAR[self].on(year)

    def name_in(self, language: str) -> str:
        """What it is called, in "fr" or "en"."""
        return _CALENDAR[self].names[language]


@dataclass(frozen=True, slots=True)
class _Entry:
    on: Callable[[int], date]
    names: Mapping[str, str]


def easter(year: int) -> date:
    """Easter Sunday, by the rule of Meeus, Jones and Butcher for the Gregorian calendar."""
    century, within = divmod(year, 100)
    golden = year % 19
    leaps, shift = divmod(century, 4)
    moon = (19 * golden + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * shift + 2 * (within // 4) - moon - within % 4) % 7
    correction = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * correction + 114, 31)
    return date(year, month, day + 1)


def _fixed(month: int, day: int) -> Callable[[int], date]:
    return lambda year: date(year, month, day)


def _from_easter(days: int) -> Callable[[int], date]:
    return lambda year: easter(year) + timedelta(days=days)


def _monday(month: int, rank: int) -> Callable[[int], date]:
    """The first, second... Monday of a month."""

    def on(year: int) -> date:
        first = date(year, month, 1)
        return first + timedelta(days=(MONDAY - first.weekday()) % 7 + 7 * (rank - 1))

    return on


def _monday_before_25_may(year: int) -> date:
    """The Monday that precedes 25 May: the 24th at the latest."""
    last = date(year, 5, 24)
    return last - timedelta(days=(last.weekday() - MONDAY) % 7)


def _canada_day(year: int) -> date:
    """1 July, or 2 July where the 1st is a Sunday (Holidays Act, section 4)."""
    first = date(year, 7, 1)
    return first + timedelta(days=1) if first.isoweekday() == 7 else first


def _named(on: Callable[[int], date], fr: str, en: str) -> _Entry:
    return _Entry(on, MappingProxyType({"fr": fr, "en": en}))


_CALENDAR: Mapping[Holiday, _Entry] = MappingProxyType(
    {
        Holiday.NEW_YEAR: _named(_fixed(1, 1), "jour de l’An", "New Year’s Day"),
        Holiday.AFTER_NEW_YEAR: _named(
            _fixed(1, 2), "lendemain du jour de l’An", "the day after New Year’s Day"
        ),
        Holiday.GOOD_FRIDAY: _named(_from_easter(-2), "Vendredi saint", "Good Friday"),
        Holiday.EASTER_MONDAY: _named(_from_easter(1), "lundi de Pâques", "Easter Monday"),
        Holiday.PATRIOTS: _named(
            _monday_before_25_may, "Journée nationale des patriotes", "Victoria Day"
        ),
        Holiday.SAINT_JEAN: _named(
            _fixed(6, 24), "fête nationale du Québec", "Québec’s National Holiday"
        ),
        Holiday.CANADA_DAY: _named(_canada_day, "fête du Canada", "Canada Day"),
        Holiday.LABOUR_DAY: _named(_monday(9, 1), "fête du Travail", "Labour Day"),
        Holiday.TRUTH_AND_RECONCILIATION: _named(
            _fixed(9, 30),
            "Journée nationale de la vérité et de la réconciliation",
            "National Day for Truth and Reconciliation",
        ),
        Holiday.THANKSGIVING: _named(_monday(10, 2), "Action de grâces", "Thanksgiving"),
        Holiday.REMEMBRANCE: _named(_fixed(11, 11), "jour du Souvenir", "Remembrance Day"),
        Holiday.CHRISTMAS_EVE: _named(_fixed(12, 24), "veille de Noël", "Christmas Eve"),
        Holiday.CHRISTMAS: _named(_fixed(12, 25), "Noël", "Christmas Day"),
        Holiday.BOXING_DAY: _named(_fixed(12, 26), "lendemain de Noël", "Boxing Day"),
        Holiday.NEW_YEARS_EVE: _named(_fixed(12, 31), "veille du jour de l’An", "New Year’s Eve"),
    }
)

PRESETS: Mapping[str, tuple[Holiday, ...]] = MappingProxyType(
    {
        "quebec": (
            Holiday.NEW_YEAR,
            Holiday.GOOD_FRIDAY,
            Holiday.PATRIOTS,
            Holiday.SAINT_JEAN,
            Holiday.CANADA_DAY,
            Holiday.LABOUR_DAY,
            Holiday.THANKSGIVING,
            Holiday.CHRISTMAS,
        ),
        "canada": (
            Holiday.NEW_YEAR,
            Holiday.GOOD_FRIDAY,
            Holiday.PATRIOTS,
            Holiday.CANADA_DAY,
            Holiday.LABOUR_DAY,
            Holiday.TRUTH_AND_RECONCILIATION,
            Holiday.THANKSGIVING,
            Holiday.REMEMBRANCE,
            Holiday.CHRISTMAS,
            Holiday.BOXING_DAY,
        ),
    }
)
"""Added in one go.

Québec: the eight days of its Act respecting labour standards and its National Holiday Act (an
employer may choose Easter Monday in place of Good Friday). Canada: the ten general holidays of
the Canada Labour Code.
"""
