"""Conferences as an administrator types them."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from call.clock import SystemClock, VirtualClock
from conference.adapters.sqlalchemy_book import SqlAlchemyBook
from conference.adapters.sqlalchemy_mail_queue import SqlAlchemyMailQueue
from conference.arranging import Draft, Guest
from conference.conference import Kind, Options
from conference.conferences import Conferences
from tests.vestibule.shell import Shell
from vestibule.conference_checkup import examine_conferences
from vestibule.mailroom import open_mailroom
from vestibule.settings import settings_from

START = ("--start", "2027-08-04 10:00")
CAMILLE = ("--administrator", "Camille Roy <camille@example.org>")
MARC = ("--participant", "Marc Côté <marc@example.org>")


@pytest.fixture(autouse=True)
def new_year(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the first day of 2027 for every command."""
    monkeypatch.setattr(SystemClock, "now", lambda _: datetime(2027, 1, 1, 15, 0, tzinfo=UTC))


def conference(shell: Shell, command: str, *words: str, keys: str = "") -> str:
    return shell.does("conference", command, *words, "--data", str(shell.data), keys=keys)


def refused(shell: Shell, command: str, *words: str) -> str:
    return shell.fails("conference", command, *words, "--data", str(shell.data))


def test_a_conference_is_arranged_shown_changed_and_called_off(shell: Shell) -> None:
    made = conference(
        shell, "add", "Lancement", *START, "--length", "1h30", "--room", "4321", *CAMILLE, *MARC
    )
    assert "Room 4321 is ready: Lancement" in made
    assert "Told by e-mail: Camille Roy, Marc Côté." in made
    shown = conference(shell, "show", "4321")
    assert "2027-08-04 10:00 America/Toronto, 1h30" in shown
    assert re.search(r"administrator +[1-9]\d{3} +fr +Camille Roy .* camille@example\.org", shown)
    changed = conference(shell, "change", "4321", "--start", "2027-08-04 14:00")
    assert "Start: 2027-08-04 14:00 America/Toronto, 1h30" in changed
    assert "Told by e-mail: Camille Roy, Marc Côté." in changed
    elsewhere = conference(shell, "change", "4321", "--zone", "America/Vancouver")
    assert "Start: 2027-08-04 11:00 America/Vancouver, 1h30" in elsewhere
    gone = conference(shell, "remove", "4321", "--yes")
    assert "Told by e-mail: Camille Roy, Marc Côté." in gone
    assert refused(shell, "show", "4321") == "vestibule: no conference has room 4321"


def test_what_is_handed_to_anybody_has_the_code_of_one_role_and_no_more(shell: Shell) -> None:
    conference(shell, "add", "Réunion", "--room", "4321", "--generic", *CAMILLE)
    there = json.loads(conference(shell, "show", "4321", "--json"))
    codes = {each["role"]: each["code"] for each in there["generic_codes"]}
    copied = conference(shell, "show", "4321", "--copy", "participant")
    assert f"Code d'accès (participant) : {codes['participant']}" in copied
    assert "4321, puis le carré (#)" in copied
    assert "En tout temps" in copied
    for secret in (codes["administrator"], there["invitees"][0]["code"], "Camille"):
        assert secret not in copied
    assert codes["administrator"] in conference(shell, "show", "4321", "--copy", "administrator")


def test_what_is_handed_to_anybody_is_in_the_language_of_the_conference(shell: Shell) -> None:
    conference(shell, "add", "Launch", *START, "--room", "4321", "--language", "en", *CAMILLE)
    copied = conference(shell, "show", "4321", "--copy", "participant")
    assert "When: Wednesday, August 4, 2027" in copied
    assert "The conference begins when an administrator arrives." in copied
    assert "code" not in copied


def test_whoever_arranges_it_is_added_with_the_address_of_their_mailbox(shell: Shell) -> None:
    shell.does(*shell.mailbox("add", "101", "Camille Roy", "--pin", "4719", "--email", "c@x.ca"))
    conference(shell, "add", "Réunion", "--room", "4321", "--owner", "101", "--add-me")
    assert re.search(r"administrator .* Camille Roy .* c@x\.ca", conference(shell, "show", "4321"))


def test_nobody_arranges_a_conference_for_an_extension_that_is_not_there(shell: Shell) -> None:
    conference(shell, "add", "Réunion", "--room", "4321")
    assert "199" in refused(shell, "add", "Autre", "--owner", "199")
    assert "199" in refused(shell, "change", "4321", "--owner", "199")
    assert "--owner 101" in refused(shell, "add", "Autre", "--add-me")


def test_people_come_and_go_and_hear_of_it(shell: Shell) -> None:
    conference(shell, "add", "Réunion", "--room", "4321", *CAMILLE)
    added = conference(shell, "invite", "4321", "Ava Reed", "ava@example.org", "--language", "en")
    assert "Told by e-mail: Ava Reed." in added
    alone = conference(shell, "invite", "4321", "Luc")
    assert "tell them yourself: Luc." in alone
    assert "e-mail" not in conference(shell, "person", "4321", "Luc", "--name", "Luc Roy")
    promoted = conference(shell, "person", "4321", "Ava Reed", "--role", "administrator")
    assert "Told by e-mail: Ava Reed." in promoted
    assert "Told by e-mail: Ava Reed." in conference(shell, "codes", "4321", "--renew", "Ava Reed")
    assert "Told by e-mail: Ava Reed." in conference(shell, "uninvite", "4321", "Ava Reed", "-y")
    there = json.loads(conference(shell, "show", "4321", "--json"))
    assert [each["name"] for each in there["invitees"]] == ["Camille Roy", "Luc Roy"]


def test_generic_codes_are_made_and_unmade(shell: Shell) -> None:
    conference(shell, "add", "Réunion", "--room", "4321", *CAMILLE)
    assert conference(shell, "codes", "4321") == ""
    both = conference(shell, "codes", "4321", "--participant", "--administrator")
    assert len(re.findall(r"anybody: +(administrator|participant) +\d{4}", both)) == 2
    one = conference(shell, "codes", "4321", "--no-administrator")
    assert one.split() == [*both.splitlines()[1].split()]
    assert conference(shell, "codes", "4321", "--renew-generic").split() != one.split()


def test_who_would_come_in_unexpectedly_is_said(shell: Shell) -> None:
    data = ("--data", str(shell.data))
    bare = shell.types("conference", "add", "Ouverte", *data)
    assert "whoever knows room" in bare.err
    headless = shell.types("conference", "add", "Entre nous", *MARC, *data)
    assert "no administrator" in headless.err


def test_the_list_has_those_that_are_to_come_by_their_rooms(shell: Shell) -> None:
    conference(shell, "add", "Réunion", "--room", "5000")
    conference(shell, "add", "Lancement", *START, "--room", "4000", *MARC)
    first, second = conference(shell, "list").splitlines()
    assert first == "4000  2027-08-04 10:00 America/Toronto, 1h00   1 person  Lancement"
    assert re.fullmatch("5000  permanent +0 people  Réunion", second)
    told = json.loads(conference(shell, "list", "--json"))
    assert [(each["room"], each["invitees"], each["over"]) for each in told] == [
        ("4000", 1, False),
        ("5000", 0, False),
    ]
    assert "code" not in conference(shell, "list", "--json")


WRONG = (
    (("Réunion", "--stream"), "stream: only a conference of single use"),
    (("Réunion", "--length", "1h"), "start: a permanent conference"),
    (("Réunion", *START, "--length", "3h01"), "length: a conference lasts 3 hours at most"),
    (("Réunion", *START, "--length", "bientôt"), "length: bientôt: write it as 1h30 or 90"),
    (("Réunion", "--start", "demain"), "start: demain: write it as 2027-08-04 10:00"),
    (("Réunion", "--start", "2026-12-31 10:00"), "start: that time is past"),
    (("Réunion", "--start", "2027-03-14 02:30"), "2027-03-14 01:59 or 2027-03-14 03:00"),
    (("Réunion", *START, "--zone", "Montréal"), "zone: Montréal: no such time zone"),
    (("Réunion", "--participant", "Marc <marc@>"), "email: marc@: not an e-mail address"),
    (("Réunion", "--participant", "<marc@example.org>"), "name: 1 to 80 characters"),
    (("Réunion", "--room", "12"), "room: 12: four digits"),
    (("Réunion", "--language", "de"), "language: de: one of fr, en"),
)


def test_what_cannot_be_arranged_is_refused_in_one_line(shell: Shell) -> None:
    for words, said in WRONG:
        assert said in refused(shell, "add", *words)
    assert conference(shell, "list") == ""


def test_a_start_that_comes_twice_is_the_first_and_that_is_said(shell: Shell) -> None:
    words = ("Réunion", "--start", "2027-11-07 01:30", "--room", "4321")
    said = shell.types("conference", "add", *words, "--data", str(shell.data))
    assert "2027-11-07 01:30 comes twice that day; the first one is meant." in said.err
    there = json.loads(conference(shell, "show", "4321", "--json"))
    assert there["starts_at"] == "2027-11-07T05:30:00Z"


def test_nothing_is_removed_unless_it_is_confirmed(shell: Shell) -> None:
    conference(shell, "add", "Réunion", "--room", "4321")
    data = ("--data", str(shell.data))
    asked = shell.types("conference", "remove", "4321", *data, keys="n\n")
    assert asked.status == 1
    assert "Remove “Réunion” of room 4321" in asked.out
    assert "Réunion" in conference(shell, "list")


def test_who_is_taken_off_is_named_in_full_before(shell: Shell) -> None:
    conference(shell, "add", "Réunion", "--room", "4321", *CAMILLE, *MARC)
    data = ("--data", str(shell.data))
    asked = shell.types("conference", "uninvite", "4321", "marc", *data, keys="n\n")
    assert "Uninvite Marc Côté from “Réunion” of room 4321" in asked.out
    edited = conference(shell, "person", "4321", "cam", "--language", "en")
    assert "Camille Roy of room 4321 is changed" in edited
    assert "Marc Côté has another code" in conference(shell, "codes", "4321", "--renew", "côt")
    assert "Marc Côté" in conference(shell, "show", "4321")


@pytest.mark.parametrize("words", [("remove", "9999"), ("uninvite", "4321", "Zoé")])
def test_nobody_is_asked_about_what_is_not_there(shell: Shell, words: tuple[str, ...]) -> None:
    conference(shell, "add", "Réunion", "--room", "4321", *CAMILLE)
    said = shell.types("conference", *words, "--data", str(shell.data))
    assert said.status == 1
    assert "[y/N]" not in said.out + said.err


async def test_the_doctor_says_what_keeps_invited_people_away(tmp_path: Path) -> None:
    values: dict[str, object] = {"storage": {"data": tmp_path}}
    bare = settings_from(values, origin="test")
    clock = VirtualClock()
    assert await examine_conferences(bare, clock) == []
    async with open_mailroom(bare, clock) as mailroom:
        book = SqlAlchemyBook(mailroom.database)
        conferences = Conferences(book, clock, mailroom.ports.tokens)
        start = clock.now() + timedelta(days=1)
        options = Options(streamed=True)
        draft = Draft("T", Kind.SINGLE_USE, starts_at=start, options=options, room="4321")
        await conferences.arrange(draft, (Guest("Marc", "marc@example.org"),))
        queue = SqlAlchemyMailQueue(mailroom.database)
        due = await queue.next(clock.now(), clock.now())
        assert due is not None
        await queue.give_up(due.id, "550 no such user")
    assert [str(each) for each in await examine_conferences(bare, clock)] == [
        "note  conferences: invitations tell no number to dial."
        " Write conferences.numbers, as people dial them.",
        "note  conferences: 4321 to be streamed, and no page is served."
        " Set web.listen and web.address.",
        "note  conferences: e-mails about 4321 were given up."
        " To whom, and why: vestibule conference show.",
    ]
    values |= {
        "conferences": {"numbers": [{"number": "514 555-0199"}]},
        "web": {"listen": "127.0.0.1:0", "address": "https://example.org"},
    }
    led_nowhere = settings_from(values, origin="test")
    assert "514 555-0199, which invitations tell, leads nowhere" in str(
        (await examine_conferences(led_nowhere, clock))[0]
    )
    values["numbers"] = [{"number": "5145550199", "flow": "conference_join"}]
    (only,) = await examine_conferences(settings_from(values, origin="test"), clock)
    assert "given up" in str(only)
