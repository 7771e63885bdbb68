"""Whoever tries the program finds a conference to join."""

from dataclasses import replace
from pathlib import Path

from call.clock import VirtualClock
from tests.conference.doorway import TUESDAY, WEEKLY, MemoryBook
from vestibule.demo import MEETING, demo_settings, furnish_room, invitation
from vestibule.numbers import Destination, find_destination


def test_the_demo_tells_the_number_the_room_and_the_codes(tmp_path: Path) -> None:
    settings = demo_settings("127.0.0.1:0", tmp_path, None)
    told = "\n".join(invitation(settings, "127.0.0.1", 5060))
    for code in MEETING.generic_codes:
        assert code.code in told
    assert f"room {MEETING.room}" in told
    for number in ("8600", *(each.number for each in settings.conferences.numbers)):
        dialed = "".join(filter(str.isdigit, number))
        assert f"sip:{dialed}@" in told
        assert find_destination(dialed, settings.numbers) == Destination("conference_join")


async def test_its_room_is_arranged_once_and_left_as_it_was_changed() -> None:
    book, clock = MemoryBook(), VirtualClock(TUESDAY)
    await furnish_room(book, clock)
    assert await book.all() == [MEETING]
    changed = replace(MEETING, title="Autre chose", room="5000")
    book.conferences[MEETING.id] = changed
    await furnish_room(book, clock)
    assert await book.all() == [changed]


async def test_a_room_that_is_another_conferences_stays_so() -> None:
    assert WEEKLY.room == MEETING.room
    book = MemoryBook({WEEKLY.id: WEEKLY})
    await furnish_room(book, VirtualClock(TUESDAY))
    assert await book.all() == [WEEKLY]
