"""What is noted of a conference, and how it looks from outside while it is held."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from call.media import PlaneDied
from conference.conference import Role
from conference.errors import NotGranted, NotHeld
from conference.happening import Ending, Mute, Over, Record
from conference.live import LiveRoom
from conference.ports import Spoke
from tests.meetings.gathering import Gathering, arranged, in_conference


def test_everything_is_noted_in_order_and_the_end_is_last(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        alice, chair = await room.comes("alice"), await room.leads()
        room.hall.wish("4321", Mute("alice", True))
        chair.caller_hangs_up()
        await asyncio.sleep(5)
        alice.caller_hangs_up()
        await asyncio.sleep(5)
        kinds = "Came Came Began Muted Went Interrupted Went Over"
        assert room.journal.kinds == kinds.split()
        assert room.noted(Over) == [Over(Ending.EMPTY)]
        assert room.journal.begun == [("session-1", "weekly")]

    in_conference(tmp_path, story)


def test_a_database_that_is_away_holds_nobody_up_and_misses_nothing(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        room.journal.away = 5
        alice, chair = await room.comes("alice", after=1), await room.leads()
        assert alice.hears_others() == {"chair"}
        chair.caller_hangs_up()
        alice.caller_hangs_up()
        await asyncio.sleep(20)
        assert room.journal.kinds[0] == "Came"
        assert room.journal.kinds[-1] == "Over"

    in_conference(tmp_path, story)


def test_who_spoke_is_noted_for_how_long_short_pauses_included(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = await room.leads(), await room.comes("alice")
        began = room.clock.now()
        room.plane.speak(alice)
        await asyncio.sleep(3)
        room.plane.speak(alice, chair)
        await asyncio.sleep(1)
        room.plane.speak(chair)
        await asyncio.sleep(1)
        room.plane.speak(alice)
        await asyncio.sleep(2)
        room.plane.speak()
        await asyncio.sleep(5)
        room.plane.speak(chair)
        await asyncio.sleep(1)
        chair.caller_hangs_up()
        await asyncio.sleep(1)
        spoken = [each for each in room.journal.entries if isinstance(each.what, Spoke)]
        assert [each.what for each in spoken] == [
            Spoke("chair", 2),
            Spoke("alice", 7),
            Spoke("chair", 1),
        ]
        assert spoken[1].at == began + timedelta(seconds=7)

    in_conference(tmp_path, story)


def test_who_is_there_talks_and_is_muted_is_seen_at_once_and_after_each_change(
    tmp_path: Path,
) -> None:
    async def story(room: Gathering) -> None:
        seen: list[Sequence[LiveRoom]] = []

        async def look() -> None:
            changes = room.hall.watch()
            while True:
                seen.append(await anext(changes))

        watching = asyncio.ensure_future(look())
        await asyncio.sleep(0)
        assert seen == [[]]
        await room.leads()
        alice = await room.comes("alice", language="en")
        room.plane.speak(alice)
        room.hall.wish("4321", Mute("alice", True))
        await asyncio.sleep(0)
        ((live,), before) = seen[-1], len(seen)
        assert (live.room, live.title, live.session) == ("4321", "La réunion du lundi", "session-1")
        chair, other = live.people
        assert (chair.role, chair.talking, chair.muted) == (Role.ADMINISTRATOR, False, False)
        assert (other.name, other.number, other.inside) == ("alice", "5145550102", True)
        assert (other.talking, other.muted, other.silenced) == (True, True, True)
        assert other.since - chair.since == timedelta(seconds=10)
        await asyncio.sleep(30)
        assert len(seen) == before
        watching.cancel()

    in_conference(tmp_path, story)


def test_what_is_wished_of_a_room_that_is_empty_or_cannot_be_is_told_why(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        with pytest.raises(NotHeld, match="4321"):
            room.hall.wish("4321", Record(True))
        alice = await room.comes("alice")
        with pytest.raises(NotGranted, match="waiting for an administrator"):
            room.hall.wish("4321", Record(True))
        with pytest.raises(NotGranted, match="no such person"):
            room.hall.wish("4321", Mute("bob", True))
        with pytest.raises(NotGranted, match="no such person"):
            room.hall.set_volume("4321", "bob", spoken_db=0, heard_db=0)
        with pytest.raises(NotGranted, match="not 40"):
            room.hall.set_volume("4321", "alice", spoken_db=40, heard_db=0)
        room.hall.set_volume("4321", "alice", spoken_db=6, heard_db=-6)
        await room.leads()
        assert alice.volumes == [(6, -6)]

    in_conference(tmp_path, story)


def test_what_was_recorded_until_the_plane_died_is_kept(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        await room.leads(conference=arranged(recorded=True))
        (opened,) = room.plane.rooms.values()
        opened.recording = None
        opened.listener(PlaneDied())
        await asyncio.sleep(1)
        assert room.takes.kept == room.takes.begun
        assert len(room.takes.kept) == 1
        room.plane.rooms.clear()

    in_conference(tmp_path, story)


def test_a_recording_that_is_stopped_before_it_could_begin_is_none(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        await room.leads()
        room.hall.wish("4321", Record(True))
        room.hall.wish("4321", Record(False))
        room.hall.wish("4321", Record(True))
        await asyncio.sleep(5)
        room.hall.wish("4321", Record(False))
        await asyncio.sleep(5)
        assert len([path for path in room.takes.kept if path.exists()]) == 1

    in_conference(tmp_path, story)
