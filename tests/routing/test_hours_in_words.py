"""What administrators type about hours, and what they read."""

import re
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from routing.exceptions import ScheduleException
from routing.holidays import PRESETS, Holiday
from routing.hour_words import behaviour_words, until_words, why_words, zone_words
from routing.hours import CLOSED, OPEN, Behaviour, HoursRefused, Interval
from routing.preview import table
from routing.reading import read_date, read_days, read_holidays, read_moment
from routing.schedule import Override, Schedule, with_days, with_holidays
from tests.routing.slow_calendar import utc

TORONTO = ZoneInfo("America/Toronto")
ZONE = "America/Toronto"
NOON = utc(2026, 12, 22, 17)

OFFICE = with_holidays(
    with_days(Schedule(), range(5), [Interval.parse("08:30-17:00")]), PRESETS["quebec"]
)


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("lundi-vendredi", (0, 1, 2, 3, 4)),
        ("lundi au vendredi", (0, 1, 2, 3, 4)),
        ("weekdays", (0, 1, 2, 3, 4)),
        ("Sat", (5,)),
        ("dim", (6,)),
        ("mar,mer", (1, 2)),
        ("fri-mon", (0, 4, 5, 6)),
        ("mon-mon", (0,)),
        ("all", (0, 1, 2, 3, 4, 5, 6)),
    ],
)
def test_days_are_typed_in_either_language(typed: str, days: tuple[int, ...]) -> None:
    assert read_days(typed) == days


@pytest.mark.parametrize("typed", ["", "mo", "t", "lundredi", "mon-tue-wed", "mon,", "8:30"])
def test_days_that_are_none_are_refused(typed: str) -> None:
    with pytest.raises(HoursRefused, match="say mon"):
        read_days(typed)


@pytest.mark.parametrize(
    ("typed", "said"),
    [("2026-02-29", "no such day"), ("24/12/2026", "say it as"), ("2026-12-24T", "say it as")],
)
def test_dates_that_are_none_are_refused(typed: str, said: str) -> None:
    with pytest.raises(HoursRefused, match=said):
        read_date(typed)


def test_a_moment_is_typed_in_the_time_of_the_number() -> None:
    assert read_moment("2026-12-24 17:00", NOON, TORONTO) == utc(2026, 12, 24, 22)
    assert read_moment("17 h 30", NOON, TORONTO) == utc(2026, 12, 22, 22, 30)
    assert read_moment("2026-12-24", NOON, TORONTO) == utc(2026, 12, 24, 5)
    with pytest.raises(HoursRefused, match="is past"):
        read_moment("11:00", NOON, TORONTO)


def test_holidays_are_named_one_by_one_or_all_at_once() -> None:
    assert read_holidays(("québec",)) == PRESETS["quebec"]
    assert read_holidays(("Noël", "boxing_day")) == (Holiday.CHRISTMAS, Holiday.BOXING_DAY)
    assert read_holidays(("new year's day",)) == (Holiday.NEW_YEAR,)
    with pytest.raises(HoursRefused, match="holidays list"):
        read_holidays(("diwali",))


def told(schedule: Schedule, at: datetime, language: str) -> str:
    state = schedule.state_at(at)
    return " | ".join(
        (
            behaviour_words(state.decision.behaviour, language),
            until_words(state.until, schedule.zone, language),
            why_words(state.decision, schedule.zone, language),
        )
    )


def test_what_a_number_does_and_why_is_told_in_both_languages() -> None:
    assert told(OFFICE, NOON, "fr") == (
        "ouvert | jusqu’au mar. 22 déc. 2026, 17:00 | heures du mardi, 08:30-17:00"
    )
    assert told(OFFICE, utc(2026, 12, 25, 17), "fr") == (
        "fermé | jusqu’au lun. 28 déc. 2026, 08:30 | jour férié : Noël"
    )
    assert told(OFFICE, utc(2026, 12, 25, 17), "en") == (
        "closed | until Mon, Dec 28, 2026, 08:30 | public holiday: Christmas Day"
    )
    assert (
        told(Schedule(), NOON, "fr") == "ouvert | sans changement prévu | aucune heure n’est fixée"
    )


def test_an_override_and_exceptions_are_told_by_their_names() -> None:
    by_hand = replace(OFFICE, override=Override(CLOSED, utc(2026, 12, 22, 19)))
    assert told(by_hand, NOON, "fr").endswith("choix manuel, jusqu’au mar. 22 déc. 2026, 14:00")
    days = date(2026, 12, 1), date(2026, 12, 31)
    summer = ScheduleException(3, *days, Behaviour.parse("flow:fêtes"), label="fêtes", yearly=True)
    words = told(replace(OFFICE, exceptions=(summer,)), NOON, "fr")
    assert words.startswith("traitement fêtes")
    assert words.endswith("exception annuelle 3 (fêtes), du 1er décembre au 31 décembre")
    half = ScheduleException(
        4, days[0], days[0], OPEN, (Interval(600, 719),), closed_otherwise=True
    )
    at_night = told(replace(OFFICE, exceptions=(half,)), utc(2026, 12, 1, 18), "en")
    assert at_night.endswith("exception 4, on Dec 1, 2026, outside its hours")


def test_the_days_ahead_stand_in_a_table() -> None:
    lines = list(table("5145550100", OFFICE, utc(2026, 12, 24, 17), 2, "fr"))
    assert lines == [
        "5145550100  (heure de l’Est, America/Toronto)",
        "  jeu. 24 déc. 2026  00:00-08:30       fermé   en dehors des heures d’ouverture",
        "                     08:30-17:00       ouvert  heures du jeudi, 08:30-17:00",
        "                     17:00-24:00       fermé   en dehors des heures d’ouverture",
        "  ven. 25 déc. 2026  toute la journée  fermé   jour férié : Noël",
    ]


def test_the_day_on_which_the_clock_is_turned_is_told_by_the_clock() -> None:
    sunday = with_days(Schedule(), [6], [Interval.parse("01:00-04:00")])
    for day in (utc(2027, 3, 14, 17), utc(2027, 11, 7, 17)):
        text = "\n".join(table("5145550100", sunday, day, 1, "en"))
        hours = re.findall(r"2027  (\S+)|^ +(\S+)  (?:open|closed)", text, re.MULTILINE)
        spans = ["".join(each) for each in hours]
        assert spans == ["00:00-01:00", "01:00-04:00", "04:00-24:00"]


def test_the_time_is_called_by_its_usual_name() -> None:
    assert (zone_words(ZONE, "fr"), zone_words(ZONE, "en")) == ("heure de l’Est", "Eastern Time")
