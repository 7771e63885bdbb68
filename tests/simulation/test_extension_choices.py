"""What an extension does with its calls, as an administrator types it."""

import json
from pathlib import Path

import pytest

from tests.vestibule.conftest import shell
from tests.vestibule.shell import Shell

__all__ = ["shell"]


@pytest.fixture
def office(shell: Shell) -> Shell:
    for number, name in (("101", "Camille"), ("102", "William")):
        shell.does("extension", "add", number, name, "--no-phone", "--data", str(shell.data))
    return shell


def extension(office: Shell, *words: str) -> tuple[str, ...]:
    return ("extension", *words, "--data", str(office.data))


def test_what_is_chosen_is_told_and_shown_and_the_rest_stays(office: Shell) -> None:
    told = office.does(
        *extension(office, "set", "101", "--ring", "25", "--forward", "press_1:+1 514 555-1234")
    )
    assert told == (
        "Extension 101: rings for 25 s, forwarding to 5145551234, forwarding, when nobody answers,"
        " and the caller presses 1, rings before 25 s.\n"
    )
    office.does(*extension(office, "set", "101", "--do-not-disturb", "--busy", "voicemail"))
    shown = office.does(*extension(office, "show", "101"))
    assert "rings for:             25 s" in shown
    assert "do not disturb:        yes" in shown
    assert "forwarding:            to 5145551234" in shown
    assert office.does(*extension(office, "set", "101", "--ring", "25")) == (
        "Extension 101: nothing changed: it was so already.\n"
    )


def test_forwarding_is_switched_off_and_on_again_as_it_was(office: Shell) -> None:
    office.does(*extension(office, "set", "101", "--forward", "always:102"))
    office.does(*extension(office, "set", "101", "--forward", "off"))
    shown = office.does(*extension(office, "show", "101"))
    assert "forwarding:            off (to 102)" in shown
    office.does(*extension(office, "set", "101", "--forward", "on"))
    told = json.loads(office.does(*extension(office, "show", "101", "--json")))
    assert (told["calls"]["forward"]["target"], told["calls"]["forward"]["enabled"]) == (
        "102",
        True,
    )
    assert told["calls"]["forward"]["rule"] == "always"


def test_the_ring_time_before_forwarding_is_the_extensions_own_again(office: Shell) -> None:
    words = ("set", "101", "--forward", "no_answer:102", "--forward-ring", "10")
    office.does(*extension(office, *words))
    assert "rings before:          10 s" in office.does(*extension(office, "show", "101"))
    office.does(*extension(office, "set", "101", "--forward-ring", "own"))
    assert "rings before:          20 s" in office.does(*extension(office, "show", "101"))


def test_a_choice_that_makes_no_sense_is_refused_with_every_reason_and_nothing_changes(
    office: Shell,
) -> None:
    before = office.does(*extension(office, "show", "101"))
    told = office.fails(
        *extension(office, "set", "101", "--ring", "400", "--forward", "always:101"),
        *("--follow-me", "5145551234", "--caller-name", "Camille"),
    )
    assert "the ring time is 0 to 300 seconds" in told
    assert "101 is the extension itself" in told
    assert "follow-me runs only while forwarding is off" in told
    assert "the number may serve as the name" in told
    assert office.does(*extension(office, "show", "101")) == before


def test_a_circle_of_forwarding_is_refused_to_whoever_would_close_it(office: Shell) -> None:
    office.does(*extension(office, "set", "102", "--forward", "no_answer:101"))
    told = office.fails(*extension(office, "set", "101", "--forward", "always:102"))
    assert "calls would go round in a circle: 101 → 102 → 101" in told


def test_an_access_code_is_never_shown_nor_kept_as_it_is(
    office: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("set", "101", "--long-distance", "with_code")
    assert "need an access code" in office.fails(*extension(office, *words))
    assert "4 to 10 digits" in office.fails(*extension(office, *words, "--access-code", "82"))
    monkeypatch.setenv("VESTIBULE_ACCESS_CODE", "8264")
    told = office.does(*extension(office, *words))
    assert "access code changed" in told
    assert "8264" not in told
    shown = office.does(*extension(office, "show", "101", "--json"))
    assert json.loads(shown)["calls"]["outgoing"]["access_code"] is True
    assert "argon2" not in shown
    database = Path(office.data / "vestibule.db").read_bytes()
    assert b"argon2" in database
    assert b"8264" not in database


def test_nobody_chooses_for_an_extension_there_is_not(office: Shell) -> None:
    told = office.fails(*extension(office, "set", "199", "--ring", "10"))
    assert told == "vestibule: 199: there is no such extension"
    assert office.types(*extension(office, "set", "101")).status == 2
    assert office.types(*extension(office, "set", "101", "--forward", "never:102")).status == 2
