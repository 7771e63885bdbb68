"""The public holidays of Québec and Canada."""

from datetime import date

import pytest

from routing.holidays import PRESETS, Holiday, easter


@pytest.mark.parametrize(
    ("year", "day"),
    [(1961, (4, 2)), (2000, (4, 23)), (2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)),
     (2027, (3, 28)), (2038, (4, 25)), (2049, (4, 18)), (2285, (3, 22))],
)  # fmt: skip
def test_easter_falls_where_the_almanac_has_it(year: int, day: tuple[int, int]) -> None:
    assert easter(year) == date(year, *day)


@pytest.mark.parametrize(
    ("holiday", "days"),
    [
        (Holiday.GOOD_FRIDAY, [(2026, 4, 3), (2027, 3, 26)]),
        (Holiday.EASTER_MONDAY, [(2026, 4, 6), (2027, 3, 29)]),
        (Holiday.PATRIOTS, [(2025, 5, 19), (2026, 5, 18), (2027, 5, 24), (2020, 5, 18)]),
        (Holiday.SAINT_JEAN, [(2026, 6, 24)]),
        (Holiday.CANADA_DAY, [(2026, 7, 1), (2029, 7, 2), (2035, 7, 2)]),
        (Holiday.LABOUR_DAY, [(2026, 9, 7), (2025, 9, 1)]),
        (Holiday.TRUTH_AND_RECONCILIATION, [(2026, 9, 30)]),
        (Holiday.THANKSGIVING, [(2026, 10, 12), (2028, 10, 9)]),
        (Holiday.REMEMBRANCE, [(2026, 11, 11)]),
        (Holiday.CHRISTMAS, [(2026, 12, 25)]),
        (Holiday.NEW_YEAR, [(2027, 1, 1)]),
    ],
)
def test_a_holiday_falls_where_the_calendar_has_it(
    holiday: Holiday, days: list[tuple[int, int, int]]
) -> None:
    assert [holiday.on(year) for year, _, _ in days] == [date(*day) for day in days]


def test_the_monday_before_25_may_is_never_the_25th() -> None:
    days = [Holiday.PATRIOTS.on(year) for year in range(1990, 2090)]
    assert {day.weekday() for day in days} == {0}
    assert {day.day for day in days} == set(range(18, 25))


def test_every_holiday_has_a_name_in_both_languages() -> None:
    for language in ("fr", "en"):
        names = [holiday.name_in(language) for holiday in Holiday]
        assert len({*names}) == len(Holiday)


def test_quebec_has_its_eight_days_and_canada_its_ten() -> None:
    assert len(PRESETS["quebec"]) == 8
    assert len(PRESETS["canada"]) == 10
    assert Holiday.SAINT_JEAN not in PRESETS["canada"]
