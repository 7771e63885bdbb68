"""Who hears whom and what in a conference, as its people experience it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from call.leg import HangUpCause
from conference.conference import Conference, Kind, Role
from conference.errors import NotGranted, NotHeld
from conference.happening import Departure, Expel, Finish, Lock, Mute, MuteAll, Record, Went
from conference.room import Phase
from tests.meetings.gathering import WEEKLY, Gathering, arranged, in_conference
from vestibule.meetings.ports import Entrant
from vestibule.meetings.viewing import Attendance


def test_without_an_administrator_everybody_waits_with_music_and_hears_nobody(
    tmp_path: Path,
) -> None:
    async def story(room: Gathering) -> None:
        alice = await room.comes("alice")
        bob = await room.comes("bob")
        assert (alice.heard[0], bob.heard[0]) == ("waiting", "waiting")
        assert alice.has_music
        assert bob.has_music
        assert alice.hears_others() == bob.hears_others() == set()
        assert [each.phase for each in room.hall.live()] == [Phase.WAITING]

    in_conference(tmp_path, story)


def test_the_conference_begins_when_an_administrator_comes(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        alice = await room.comes("alice")
        chair = await room.leads()
        assert not alice.has_music
        assert alice.hears_others() == {"chair"}
        assert chair.hears_others() == {"alice"}
        assert alice.heard[-3:] == ["(arrival)", "came_by_name chair", "begins"]

    in_conference(tmp_path, story)


def test_when_the_last_administrator_is_cut_off_all_wait_again_until_one_comes_back(
    tmp_path: Path,
) -> None:
    async def story(room: Gathering) -> None:
        chair = await room.leads()
        alice, bob = await room.comes("alice"), await room.comes("bob")
        alice.heard.clear()
        chair.loses_its_network()
        await asyncio.sleep(10)
        assert alice.heard == ["interrupted", "music"]
        assert alice.hears_others() == bob.hears_others() == set()
        assert bob.has_music
        await room.leads("chair again")
        assert alice.hears_others() == {"bob", "chair again"}
        assert alice.heard[-1] == "resumes"
        assert room.noted(Went)[0].how is Departure.CUT_OFF

    in_conference(tmp_path, story)


def test_one_of_two_administrators_may_leave(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = await room.leads(), await room.comes("alice")
        await room.leads("second")
        chair.caller_hangs_up()
        await asyncio.sleep(5)
        assert alice.hears_others() == {"second"}
        assert alice.heard[-2:] == ["(departure)", "left_by_name chair"]

    in_conference(tmp_path, story)


def test_a_room_without_administrators_begins_with_whoever_comes(tmp_path: Path) -> None:
    open_room = Conference("open", "4000", "Ouverte")

    async def story(room: Gathering) -> None:
        alice = await room.comes("alice", conference=open_room)
        bob = await room.comes("bob", conference=open_room)
        assert alice.hears_others() == {"bob"}
        assert bob.heard[:3] == ["(arrival)", "came_by_name bob", "others 1"]

    in_conference(tmp_path, story)


def test_it_is_counted_how_many_conferences_are_held_and_how_many_people_are_in_them(
    tmp_path: Path,
) -> None:
    async def story(room: Gathering) -> None:
        assert room.hall.attendance() == Attendance()
        alice = await room.comes("alice")
        assert room.hall.attendance() == Attendance(held=1, waiting=1)
        chair = await room.leads()
        room.hall.wish("4321", Record(True))
        await room.comes("bob", conference=replace(WEEKLY, id="other", room="4000"))
        assert room.hall.attendance() == Attendance(held=2, inside=2, waiting=1, recorded=1)
        chair.caller_hangs_up()
        await asyncio.sleep(5)
        assert room.hall.attendance() == Attendance(held=2, waiting=2)
        alice.caller_hangs_up()
        await asyncio.sleep(5)
        assert room.hall.attendance() == Attendance(held=1, waiting=1)

    in_conference(tmp_path, story)


def test_names_are_heard_as_people_said_them_and_forgotten_when_they_leave(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair = await room.leads()
        alice = await room.comes("alice", says=True)
        assert chair.heard[-3:] == ["(arrival)", "the name of alice", "came"]
        alice.caller_hangs_up()
        await asyncio.sleep(10)
        assert chair.heard[-4:-1] == ["(departure)", "the name of alice", "left"]
        assert not (tmp_path / "alice.raw").exists()

    in_conference(tmp_path, story)


def test_where_arrivals_are_not_announced_a_chime_tells_them(tmp_path: Path) -> None:
    discreet = arranged(announced=False)

    async def story(room: Gathering) -> None:
        chair = await room.leads(conference=discreet)
        chair.heard.clear()
        await room.comes("alice", conference=discreet)
        assert chair.heard == ["(arrival)"]

    in_conference(tmp_path, story)


def test_somebody_mutes_and_unmutes_themself_by_star_1(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = await room.leads(), await room.comes("alice")
        alice.types("*1")
        await asyncio.sleep(3)
        assert chair.hears_others() == set()
        assert alice.hears_others() == {"chair"}
        assert alice.heard[-1] == "muted"
        alice.types("*1")
        await asyncio.sleep(3)
        assert chair.hears_others() == {"alice"}
        assert alice.heard[-1] == "unmuted"

    in_conference(tmp_path, story)


def test_who_is_brought_along_does_not_count_the_colleague_who_brought_them(
    tmp_path: Path,
) -> None:
    async def story(room: Gathering) -> None:
        chair, bob = await room.leads(), await room.comes("bob")
        bob.takes_s = 2.0
        chair.heard.clear()
        room.exchange.dismiss(bob)
        carol = await room.comes("carol")
        assert carol.heard[-2:] == ["others 1", "hint"]
        assert chair.heard[:2] == ["(arrival)", "came_by_name carol"]
        assert chair.heard[2:] == ["(departure)", "left_by_name bob"]
        assert len(room.noted(Went)) == 1

    in_conference(tmp_path, story)


def test_who_takes_the_place_of_somebody_does_not_count_them(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        _, bob = await room.leads(), await room.comes("bob")
        bob.takes_s = 2.0
        carol = room.telephone("carol")
        assert room.exchange.give(bob, carol)
        await asyncio.sleep(10)
        assert carol.heard[-2:] == ["others 1", "hint"]
        assert carol.hears_others() == {"chair"}

    in_conference(tmp_path, story)


def test_who_takes_the_place_of_the_only_administrator_waits_and_no_session_ends(
    tmp_path: Path,
) -> None:
    async def story(room: Gathering) -> None:
        chair = await room.leads()
        chair.takes_s = 2.0
        carol = room.telephone("carol")
        assert room.exchange.give(chair, carol)
        await asyncio.sleep(10)
        assert carol.heard == ["waiting", "hint", "music"]
        assert [each.session for each in room.hall.live()] == ["session-1"]

    in_conference(tmp_path, story)


def test_whom_an_administrator_muted_cannot_undo_it(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = await room.leads(), await room.comes("alice")
        room.hall.wish("4321", Mute("alice", True))
        await asyncio.sleep(5)
        alice.types("*1")
        await asyncio.sleep(5)
        assert chair.hears_others() == set()
        assert alice.heard[-2:] == ["silenced", "still_silenced"]

    in_conference(tmp_path, story)


def test_all_are_muted_but_the_administrators_and_who_comes_later_too(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = await room.leads(), await room.comes("alice")
        chair.types("*5")
        await asyncio.sleep(5)
        bob = await room.comes("bob")
        assert chair.hears_others() == set()
        assert alice.hears_others() == bob.hears_others() == {"chair"}
        assert "listening" in bob.heard
        room.hall.wish("4321", MuteAll(False))
        await asyncio.sleep(5)
        assert chair.hears_others() == {"alice", "bob"}

    in_conference(tmp_path, story)


def test_who_is_muted_stays_so_through_an_interruption(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = await room.leads(), await room.comes("alice")
        bob = await room.comes("bob")
        alice.types("*1")
        await asyncio.sleep(3)
        chair.caller_hangs_up()
        await asyncio.sleep(5)
        await room.leads("second")
        assert bob.hears_others() == {"second"}

    in_conference(tmp_path, story)


def test_a_locked_conference_lets_administrators_in_and_nobody_else(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair = await room.leads()
        chair.types("*2")
        await asyncio.sleep(3)
        assert chair.heard[-1] == "locked"
        with pytest.raises(NotGranted):
            await room.comes("alice")
        assert (await room.leads("second")).hears_others() == {"chair"}
        room.hall.wish("4321", Lock(False))
        assert (await room.comes("bob")).hears_others() == {"chair", "second"}

    in_conference(tmp_path, story)


def test_who_is_expelled_hears_why_and_is_hung_up(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = await room.leads(), await room.comes("alice")
        room.hall.wish("4321", Expel("alice"))
        assert chair.hears_others() == set()
        await asyncio.sleep(5)
        assert alice.heard[-1] == "expelled"
        assert alice.cause is HangUpCause.NORMAL
        assert room.noted(Went)[0].how is Departure.EXPELLED

    in_conference(tmp_path, story)


def test_star_3_puts_out_who_came_last(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair = await room.leads()
        alice, bob = await room.comes("alice"), await room.comes("bob")
        chair.types("*3")
        await asyncio.sleep(10)
        assert (alice.over, bob.over) == (False, True)

    in_conference(tmp_path, story)


def test_an_administrator_ends_it_and_everybody_hears_that_it_is_over(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = await room.leads(), await room.comes("alice")
        chair.types("*0")
        await asyncio.sleep(3)
        assert chair.heard[-1] == "how_to_leave_alone"
        chair.types("1")
        await asyncio.sleep(5)
        assert (chair.heard[-1], alice.heard[-1]) == ("finished", "finished")
        assert chair.over
        assert alice.over
        assert room.hall.live() == []
        with pytest.raises(NotHeld):
            room.hall.wish("4321", Finish())

    in_conference(tmp_path, story)


def test_a_participant_leaves_by_star_0(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = await room.leads(), await room.comes("alice")
        alice.types("*0")
        await asyncio.sleep(5)
        assert alice.heard[-1] == "common.goodbye"
        assert alice.over
        assert "left_by_name alice" in chair.heard
        assert room.noted(Went)[0].how is Departure.HUNG_UP

    in_conference(tmp_path, story)


def test_a_participant_cannot_do_what_administrators_do(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        await room.leads()
        alice = await room.comes("alice")
        for keys in ("*2", "*3", "*5", "*#"):
            alice.types(keys)
            await asyncio.sleep(5)
        assert alice.heard[-4:] == ["administrators_only"] * 4
        (live,) = room.hall.live()
        assert (live.locked, live.recording) == (False, False)

    in_conference(tmp_path, story)


def test_keys_without_a_star_disturb_nobody(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = await room.leads(), await room.comes("alice")
        before = list(alice.heard), list(chair.heard)
        alice.types("1592#")
        await asyncio.sleep(5)
        assert (alice.heard, chair.heard) == before

    in_conference(tmp_path, story)


def test_volumes_are_turned_step_by_step_to_a_limit_and_kept_through_an_interruption(
    tmp_path: Path,
) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = await room.leads(), await room.comes("alice")
        for _ in range(4):
            alice.types("*6")
            await asyncio.sleep(3)
        assert alice.volumes == [(0, 4), (0, 8), (0, 12), (0, 12)]
        assert alice.heard[-2:] == ["hear_louder", "no_further"]
        alice.types("*7")
        await asyncio.sleep(3)
        assert alice.volumes[-1] == (-4, 12)
        chair.caller_hangs_up()
        await asyncio.sleep(5)
        alice.volumes.clear()
        await room.leads("second")
        assert alice.volumes == [(-4, 12)]

    in_conference(tmp_path, story)


def test_how_many_are_there_is_told_by_star_8(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        await room.leads()
        alice = await room.comes("alice", language="en")
        alice.types("*8")
        await asyncio.sleep(3)
        assert alice.heard[-1] == "others 1 (en)"

    in_conference(tmp_path, story)


def test_after_three_hours_it_is_over_with_two_warnings_before(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair = await room.leads()
        alice = await room.comes("alice")
        chair.heard.clear()
        await asyncio.sleep(2 * 3600 + 50 * 60 - 15)
        assert chair.heard == ["minutes 10"]
        await asyncio.sleep(9 * 60)
        assert chair.heard == ["minutes 10", "minutes 1"]
        await asyncio.sleep(60)
        assert chair.heard[-1] == alice.heard[-1] == "too_long"
        assert chair.over

    in_conference(tmp_path, story)


def test_nobody_waits_longer_than_an_hour_for_an_administrator(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        alice = await room.comes("alice")
        await asyncio.sleep(3600)
        assert alice.heard[-1] == "nobody_came"
        assert alice.over

    in_conference(tmp_path, story)


def test_a_telephone_on_hold_lets_nobody_hear_its_music(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = await room.leads(), await room.comes("alice")
        assert alice.watcher is not None
        alice.watcher.held(alice, True)
        assert chair.hears_others() == set()
        alice.types("*1")
        alice.watcher.held(alice, False)
        await asyncio.sleep(3)
        assert chair.hears_others() == set()
        alice.types("*1")
        await asyncio.sleep(3)
        assert chair.hears_others() == {"alice"}

    in_conference(tmp_path, story)


def test_who_comes_in_on_hold_is_heard_when_their_telephone_takes_the_call_up_again(
    tmp_path: Path,
) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = await room.leads(), room.telephone("alice")
        alice.held = True
        room.hall.join(alice, Entrant(WEEKLY, Role.PARTICIPANT, "fr", "alice"))
        await asyncio.sleep(10)
        assert chair.hears_others() == set()
        assert alice.watcher is not None
        alice.watcher.held(alice, False)
        assert chair.hears_others() == {"alice"}

    in_conference(tmp_path, story)


def test_a_conference_of_single_use_that_was_ended_is_over_for_good(tmp_path: Path) -> None:
    once = arranged(kind=Kind.SINGLE_USE)

    async def story(room: Gathering) -> None:
        room.book.conferences["weekly"] = once
        await room.leads(conference=once)
        room.hall.wish("4321", Finish())
        await asyncio.sleep(1)
        assert room.book.conferences["weekly"].ended_at == room.clock.now() - timedelta(seconds=1)

    in_conference(tmp_path, story)


def test_a_conference_of_single_use_that_all_left_may_be_resumed(tmp_path: Path) -> None:
    once = arranged(kind=Kind.SINGLE_USE)

    async def story(room: Gathering) -> None:
        room.book.conferences["weekly"] = once
        (await room.leads(conference=once)).caller_hangs_up()
        await asyncio.sleep(1)
        assert room.book.conferences["weekly"].ended_at is None
        await room.leads("again", conference=once)
        assert [session for session, _ in room.journal.begun] == ["session-1", "session-2"]

    in_conference(tmp_path, story)


def test_who_hangs_up_before_they_are_in_the_room_leaves_nothing_behind(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        telephone = room.telephone("alice")
        telephone.caller_hangs_up()
        said = tmp_path / "alice.raw"
        said.write_bytes(b"\1\0")
        room.hall.join(telephone, Entrant(WEEKLY, Role.PARTICIPANT, "fr", said=said))
        await asyncio.sleep(1)
        assert not said.exists()
        assert room.journal.begun == []

    in_conference(tmp_path, story)


def test_where_the_plane_has_no_room_left_the_call_ends(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        room.plane.is_full = True
        alice = await room.comes("alice")
        assert alice.cause is HangUpCause.UNAVAILABLE

    in_conference(tmp_path, story)


def test_it_is_recorded_from_the_beginning_where_that_was_arranged(tmp_path: Path) -> None:
    recorded = arranged(recorded=True)

    async def story(room: Gathering) -> None:
        alice = await room.comes("alice", conference=recorded)
        assert room.takes.begun == []
        chair = await room.leads(conference=recorded)
        assert "recording" in alice.heard
        chair.caller_hangs_up()
        await asyncio.sleep(5)
        await room.leads("second", conference=recorded)
        room.hall.wish("4321", Record(False))
        await asyncio.sleep(5)
        assert alice.heard[-1] == "not_recording"
        assert len(room.takes.begun) == 2
        assert room.takes.kept == room.takes.begun

    in_conference(tmp_path, story)


def test_where_nothing_can_be_recorded_everybody_hears_that_nothing_is(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        room.takes.is_full = True
        chair = await room.leads()
        chair.types("*#")
        await asyncio.sleep(10)
        assert chair.heard[-2:] == ["recording", "not_recording"]
        (live,) = room.hall.live()
        assert not live.recording

    in_conference(tmp_path, story)


def test_a_fault_of_ours_ends_the_call_it_happened_in_and_no_other(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = await room.leads(), await room.comes("alice")

        def broken(*, spoken_db: float, heard_db: float) -> None:
            raise RuntimeError("no such volume")

        alice.set_volume = broken
        alice.types("*6")
        await asyncio.sleep(5)
        assert alice.cause is HangUpCause.FAILED
        assert "cut_off_by_name alice" in chair.heard
        assert not chair.over

    in_conference(tmp_path, story, failing="no such volume")
