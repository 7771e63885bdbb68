"""Sentences in a conference come one after the other, and what is stale is left out."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conference.conference import Role
from conference.errors import NotGranted
from conference.happening import Announce, Expel, Finish, MuteAll, Record
from tests.meetings.gathering import Gathering, Telephone, arranged, in_conference

QUIET = arranged(announced=False)
"""Who comes and goes there is a chime."""

NAMES = ("alice", "bob", "carol", "dave", "eve", "frank", "grace")


def test_the_room_waits_for_a_short_sentence_of_one_person(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = await room.leads(), await room.comes("alice")
        alice.types("*8")
        await asyncio.sleep(0.5)
        room.hall.wish("4321", MuteAll(True))
        await asyncio.sleep(1)
        assert chair.heard[-1] != "all_muted"
        await asyncio.sleep(1)
        assert alice.heard[-2:] == ["others 1", "all_muted"]

    in_conference(tmp_path, story)


def test_somebodys_help_holds_up_the_room_for_four_seconds_at_most(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = await room.leads(), await room.comes("alice")
        for _ in range(4):
            alice.types("*8")
            alice.types("**")
        await asyncio.sleep(1)
        room.hall.wish("4321", MuteAll(True))
        for _ in range(10):
            alice.types("**")
            await asyncio.sleep(0.5)
        assert "all_muted" in chair.heard

    in_conference(tmp_path, story)


def test_a_key_cuts_the_answer_to_the_one_before(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        _, alice = await room.leads(), await room.comes("alice")
        alice.types("**")
        await asyncio.sleep(0.5)
        alice.types("*1")
        await asyncio.sleep(0.1)
        assert alice.heard[-2:] == ["help", "muted"]

    in_conference(tmp_path, story)


def test_a_chime_is_heard_at_once_beneath_what_somebody_is_told(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair, alice = (
            await room.leads(conference=QUIET),
            await room.comes("alice", conference=QUIET),
        )
        alice.types("**")
        await asyncio.sleep(0.5)
        await room.comes("bob", conference=QUIET, after=0.1)
        assert chair.heard[-1] == alice.heard[-1] == "(arrival)"
        assert alice.line.speaking

    in_conference(tmp_path, story)


def test_who_comes_in_a_crowd_is_told_within_seconds_how_many_are_there(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        await room.leads(conference=QUIET)
        people = [await room.comes(name, conference=QUIET, after=0.2) for name in NAMES]
        await asyncio.sleep(2.0)
        for others, telephone in enumerate(people, start=1):
            assert f"others {others}" in telephone.heard

    in_conference(tmp_path, story)


def test_a_person_waits_until_the_room_was_spoken_to(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        _, alice = await room.leads(), await room.comes("alice")
        room.hall.wish("4321", MuteAll(True))
        await asyncio.sleep(0.5)
        alice.types("*8")
        await asyncio.sleep(1)
        assert alice.heard[-1] == "all_muted"
        await asyncio.sleep(1)
        assert alice.heard[-1] == "others 1"

    in_conference(tmp_path, story)


def test_many_who_come_at_once_are_three_names_and_a_chime(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair = await room.leads()
        chair.heard.clear()
        for name in NAMES:
            await room.comes(name, after=0)
        await asyncio.sleep(30)
        named = [what for what in chair.heard if what.startswith("came_by_name")]
        assert named[0] == "came_by_name alice"
        assert len(named) <= 4
        assert chair.heard[-1] == "(arrival)"
        assert chair.heard.count("(arrival)") == len(named) + 1

    in_conference(tmp_path, story)


def test_the_arrival_of_somebody_who_left_since_is_not_told(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        chair = await room.leads()
        chair.heard.clear()
        await room.comes("alice", after=0)
        bob = await room.comes("bob", after=0.5)
        bob.caller_hangs_up()
        await asyncio.sleep(20)
        assert "came_by_name alice" in chair.heard
        assert "came_by_name bob" not in chair.heard

    in_conference(tmp_path, story)


def test_what_was_to_be_said_in_the_waiting_room_is_not_said_inside(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        alice = await room.comes("alice", after=0.5)
        await room.leads()
        assert alice.heard[0] == "waiting"
        assert "hint" not in alice.heard
        assert "music" not in alice.heard

    in_conference(tmp_path, story)


def test_everybody_hears_that_the_program_is_about_to_stop(tmp_path: Path) -> None:
    async def story(room: Gathering) -> None:
        alice = await room.comes("alice")
        room.hall.warn_of_stop()
        await asyncio.sleep(5)
        assert alice.heard[-2:] == ["stopping", "music"]
        chair = await room.leads()
        room.hall.warn_of_stop()
        await asyncio.sleep(5)
        assert chair.heard[-1] == alice.heard[-1] == "stopping"

    in_conference(tmp_path, story)


DEEDS = st.tuples(
    st.sampled_from(["comes", "leads", "goes", "lost", "keys", "expel", "wish"]),
    st.integers(0, 6),
    st.sampled_from(["*1", "*2", "*3", "*5", "*8", "**", "*6", "*#", "*0", "9", "*0 1"]),
    st.sampled_from([0.0, 0.1, 0.7, 2.0, 6.0]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(DEEDS, min_size=5, max_size=25))
def test_whatever_people_do_nobody_is_spoken_to_by_two_voices_and_all_seats_are_true(
    tmp_path_factory: pytest.TempPathFactory, deeds: list[tuple[str, int, str, float]]
) -> None:
    folder = tmp_path_factory.mktemp("room")

    async def story(room: Gathering) -> None:
        there: list[Telephone] = []
        for number, (deed, which, keys, pause) in enumerate(deeds):
            who = there[which % len(there)] if there else None
            if deed in ("comes", "leads"):
                role = Role.ADMINISTRATOR if deed == "leads" else Role.PARTICIPANT
                if any(live.locked for live in room.hall.live()):
                    role = Role.ADMINISTRATOR
                there.append(await room.comes(f"p{number}", role, says=which > 3, after=pause))
            elif who is not None:
                _do(room, who, deed, keys)
                await asyncio.sleep(pause)
            _look(room)
        await asyncio.sleep(30)
        _look(room)
        assert len(room.takes.kept) >= len(room.takes.begun) - 1

    in_conference(folder, story)


def _do(room: Gathering, who: Telephone, deed: str, keys: str) -> None:
    if deed == "goes":
        who.caller_hangs_up()
    elif deed == "lost":
        who.loses_its_network()
    elif deed == "keys":
        who.types(keys.replace(" ", ""))
    elif room.hall.live():
        wish = {"*1": MuteAll(True), "*2": Announce(False), "*5": Record(True), "*0 1": Finish()}
        wanted = Expel(who.call_id) if deed == "expel" else wish.get(keys)
        with contextlib.suppress(NotGranted):
            if wanted is not None:
                room.hall.wish("4321", wanted)


def _look(room: Gathering) -> None:
    """Whoever the live state has inside hears exactly the others who are inside and not muted."""
    for live in room.hall.live():
        inside = {each.id for each in live.people if each.inside}
        heard = {each.id for each in live.people if each.inside and not each.muted}
        for telephone in room.plane.telephones:
            if telephone.over:
                continue
            others = heard - {telephone.call_id} if telephone.call_id in inside else set()
            assert telephone.hears_others() == others
