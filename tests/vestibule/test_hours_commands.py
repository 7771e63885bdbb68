"""What administrators type about hours, holidays and restrictions, and what they read."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from call.clock import VirtualClock
from routing.hours import CLOSED
from routing.schedule import Override
from tests.vestibule.shell import Shell
from vestibule.hours_checkup import examine_hours
from vestibule.mailroom import open_mailroom
from vestibule.settings import read_settings
from vestibule.shelves import schedules

OFFICE = "5145550100"
OTHER = "5145550199"

SETTINGS = """
[company]
name = "Quincaillerie Tremblay"
operator = "101"

[[numbers]]
number = "5145550100"
flow = "main_attendant"
closed = "closed"

[[numbers]]
number = "5145550199"
flow = "main_attendant"

[storage]
data = "{data}"
"""

Types = Callable[..., str]


@pytest.fixture
def types(shell: Shell, tmp_path: Path) -> Types:
    """Type a command that ends well; what it prints."""
    return lambda *words: shell.does(*words, "--config", _config(tmp_path))


@pytest.fixture
def fails(shell: Shell, tmp_path: Path) -> Types:
    """Type a command that is refused in one line; that line."""
    return lambda *words: shell.fails(*words, "--config", _config(tmp_path))


def _config(folder: Path) -> str:
    path = folder / "vestibule.toml"
    path.write_text(SETTINGS.format(data=folder / "data"), encoding="utf-8")
    return str(path)


def test_hours_are_set_by_days_and_read_again(types: Types) -> None:
    assert types("hours", "show") == "No hours are set: every number is always open.\n"
    types("hours", "set", OFFICE, "lun-ven", "8h30-12:00", "13:00-17:00")
    said = types("hours", "set", OFFICE, "sat", "10:00-14:00")
    assert "Friday       08:30-12:00, 13:00-17:00" in said
    assert "Saturday     10:00-14:00" in said
    assert "Sunday       closed" in said
    types("hours", "set", OFFICE, "sat", "closed")
    types("hours", "set", OFFICE, "--zone", "America/Halifax")
    shown = types("hours", "show", f"+1{OFFICE}")
    assert "(Atlantic Time, America/Halifax)" in shown
    assert "Saturday     closed" in shown
    assert "always open" in types("hours", "set", OFFICE, "always")


def test_who_sets_hours_that_change_nothing_is_told(types: Types) -> None:
    assert "Careful" not in types("hours", "set", OFFICE, "mon", "08:00-17:00")
    said = types("hours", "set", OTHER, "mon", "08:00-17:00")
    assert "Careful: 5145550199 has no `closed` flow in the settings" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "5145559999", "mon", "8:00-9:00"), "5145559999 is no number of the settings"),
        (("set", OFFICE, "blah", "8:00-9:00"), "'blah' is no day"),
        (("set", OFFICE, "mon"), "say the hours too"),
        (("set", OFFICE, "mon", "8h-9h", "closed"), "not both"),
        (("set", OFFICE, "mon", "9:00-8:60"), "'8:60' is no hour: say 08:30"),
        (("set", OFFICE, "mon", "9:00-11:00", "10:00-12:00"), "overlap"),
        (("set", OFFICE, "always", "9:00-11:00"), "takes no hours"),
        (("set", OFFICE, "--zone", "Montreal"), "Montreal: no such time zone"),
        (("override", OFFICE, "shut"), "'shut' is no behaviour"),
        (("override", OFFICE, "closed", "--until", "2020-01-01 10:00"), "is past"),
        (("override", OFFICE, "closed", "--until", "tomorrow"), "is no hour: say 08:30"),
        (("override", OFFICE, "none", "--until", "2099-01-01"), "takes no --until"),
        (("override", OFFICE, "flow:summer"), "flow:summer: no flow 'summer'"),
    ],
)
def test_hours_typed_wrong_get_one_clear_line(
    fails: Types, words: tuple[str, ...], said: str
) -> None:
    assert said in fails("hours", *words)


def test_a_number_is_closed_on_the_spot_and_opened_again(types: Types) -> None:
    said = types("hours", "override", OFFICE, "closed", "--until", "2099-12-24 17:00")
    assert said == f"{OFFICE}: closed, until Thu, Dec 24, 2099, 17:00.\n"
    assert "now          closed" in types("hours", "show", OFFICE)
    assert "none" in types("hours", "override", OFFICE, "flow:voicemail_main")
    assert types("hours", "override", OFFICE, "none") == f"{OFFICE}: its hours hold again.\n"
    assert "now          open" in types("hours", "show", OFFICE)


def test_exceptions_are_added_listed_and_removed(types: Types, fails: Types) -> None:
    types("exception", "add", OFFICE, "2099-07-18", "2099-07-31", "--label", "Vacances")
    types("exception", "add", OFFICE, "2099-07-24", "--behaviour", "open", "--hours",
          "10:00-13:59", "--closed-otherwise")  # fmt: skip
    types("exception", "add", OFFICE, "2099-12-24", "2099-12-27", "--continuous", "--hours",
          "17:00-08:00")  # fmt: skip
    types("exception", "add", OFFICE, "2024-02-29", "--yearly")
    assert types("exception", "list", OFFICE).splitlines() == [
        "5145550100  Exceptions (4)",
        "    4  2024-02-29                closed, all day, every year",
        "    1  2099-07-18 to 2099-07-31  closed, all day  Vacances",
        "    2  2099-07-24                open, 10:00-13:59, closed otherwise",
        "    3  2099-12-24 to 2099-12-27  closed, 17:00-08:00 from the first day to the last",
    ]
    types("exception", "remove", OFFICE, "2")
    assert "Exceptions (3)" in types("exception", "list")
    assert "there is no exception 2" in fails("exception", "remove", OFFICE, "2")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("2099-02-29",), "2099-02-29: there is no such day"),
        (("29/02/2099",), "is no date: say it as 2026-12-24"),
        (("2099-12-27", "2099-12-24"), "ends before it begins"),
        (("2020-12-24",), "2020-12-24 is past; say --yearly"),
        (("2099-01-01", "2100-01-01", "--yearly"), "less than a year"),
        (("2099-01-01", "--continuous"), "say --hours once"),
        (("2099-01-01", "--closed-otherwise"), "in which hours"),
        (("2099-01-01", "--behaviour", "flow:summer"), "no flow 'summer'"),
    ],
)
def test_exceptions_typed_wrong_get_one_clear_line(
    fails: Types, words: tuple[str, ...], said: str
) -> None:
    assert said in fails("exception", "add", OFFICE, *words)


def test_all_numbers_that_can_be_closed_are_meant_at_once(types: Types) -> None:
    said = types("exception", "add", "all", "2099-12-24")
    assert said.startswith(OFFICE)
    assert OTHER not in said


def test_the_holidays_of_quebec_are_added_in_one_command(types: Types, fails: Types) -> None:
    said = types("holidays", "add", OFFICE, "québec", "boxing_day")
    assert "closed on New Year’s Day, Good Friday, Victoria Day" in said
    listed = types("holidays", "list", "--year", "2029").splitlines()
    (canada_day,) = (line for line in listed if "canada_day" in line)
    assert canada_day.startswith("Mon 2029-07-02")
    assert canada_day.endswith(OFFICE)
    assert "Canada Day" not in types("holidays", "remove", OFFICE, "fête du Canada")
    assert "not among its holidays" in fails("holidays", "remove", OFFICE, "canada_day")
    assert "no holiday that is known" in fails("holidays", "add", OFFICE, "diwali")


def test_the_days_ahead_are_told_in_either_language(types: Types) -> None:
    assert types("hours", "preview") == "No hours are set: every number is always open.\n"
    types("hours", "set", OFFICE, "all", "08:30-17:00")
    lines = types("hours", "preview", "--days", "3", "--language", "fr").splitlines()
    assert lines[0] == "5145550100  (heure de l’Est, America/Toronto)"
    assert len([line for line in lines if "08:30-17:00  ouvert  heures d" in line]) == 3


def test_restrictions_are_kept_by_command(types: Types, fails: Types, shell: Shell) -> None:
    assert "every number may call" in types("restriction", "list")
    types("restriction", "add", "block", "equals", "+1 514 907-3400", "--note", "vendeur")
    types("restriction", "add", "allow", "starts_with", "1514")
    types("restriction", "anonymous", "reject")
    types("restriction", "answer", "refusal")
    assert types("restriction", "list").splitlines() == [
        "  1  block equals      5149073400  vendeur",
        "  2  allow starts with 514",
        "Of the numbers shown, only those that are allowed may call.",
        "Calls without a number are rejected. Who is rejected is refused the call.",
    ]
    types("restriction", "remove", "1")
    assert "there is no rule 1" in fails("restriction", "remove", "1")
    assert "digits only" in fails("restriction", "add", "block", "contains", "514-ABC")
    types("restriction", "clear", "--yes")
    assert "every number may call" in types("restriction", "list")


def test_what_is_named_of_a_rule_or_an_exception_is_changed_and_the_rest_stays(
    types: Types, fails: Types
) -> None:
    types("restriction", "add", "block", "equals", "5149073400", "--note", "vendeur")
    types("restriction", "add", "block", "equals", "5149073401")
    said = types("restriction", "edit", "1", "--operator", "starts_with", "--digits", "514907")
    assert said == "  1  block starts with 514907  vendeur\n"
    assert "rule 2 says so already" in fails(
        "restriction", "edit", "1", "--operator", "equals", "--digits", "5149073401"
    )
    types("exception", "add", OFFICE, "2099-07-18", "2099-07-31", "--label", "Vacances")
    said = types("exception", "edit", OFFICE, "1", "--last", "2099-08-07", "--hours", "8:00-11:59")
    assert said.endswith("2099-07-18 to 2099-08-07  closed, 08:00-11:59  Vacances\n")
    said = types("exception", "edit", OFFICE, "1", "--all-day", "--behaviour", "open")
    assert said.endswith("2099-07-18 to 2099-08-07  open, all day  Vacances\n")
    assert "ends before" in fails("exception", "edit", OFFICE, "1", "--last", "2099-07-01")
    assert "no exception 9" in fails("exception", "edit", OFFICE, "9", "--yearly")


async def test_the_doctor_tells_which_hours_change_nothing(tmp_path: Path) -> None:
    settings = read_settings(Path(_config(tmp_path)))
    clock = VirtualClock()
    assert await examine_hours(settings, clock) == []
    async with open_mailroom(settings, clock) as mailroom:
        for number in (OFFICE, OTHER, "5145550177"):
            await schedules(mailroom.database).change(
                number, lambda before: replace(before, override=Override(CLOSED))
            )
    assert [str(finding) for finding in await examine_hours(settings, clock)] == [
        "note  hours of 5145550177: no such number. "
        "It is called no more, or is written otherwise in the settings.",
        "good  hours of 5145550100: closed, no change in sight",
        "note  hours of 5145550199: change nothing: no flow for when it is closed. "
        'Write closed = "closed" beside the number in the settings.',
    ]
