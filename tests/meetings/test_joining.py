"""The way into a conference, from the telephone of whoever takes it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from call.errors import Unavailable
from call.leg import Party
from conference.conference import Options, Role
from conference.door import CALLER_FAILURES
from ivr.loader import load_flows
from ivr.machine import Flows
from ivr.operations import CATALOGUE
from ivr.phrase_file import load_book
from tests.conference.doorway import ANYBODY, AVA, CAMILLE, CLIENT, NOBODY, ONCE, OPEN, WEEKLY
from tests.exchange.house import Habit
from tests.meetings.threshold import NUMBER, STRAIGHT, MeetingHouse, Story, in_meeting_house
from vestibule.meetings.ports import Entrant

ROOT = Path(__file__).parents[2]

Play = Callable[[Story], None]

MARC = Party("4505550000", "Marc Roy")


@pytest.fixture(scope="session")
def flows() -> Flows:
    book = load_book(ROOT / "prompts")
    return load_flows(ROOT / "flows", book=book, operations=CATALOGUE, extensions=("101", "102"))


@pytest.fixture
def play(flows: Flows, tmp_path: Path) -> Play:
    """Play a story in virtual time, and look that nothing remains of it."""
    return lambda story: in_meeting_house(flows, tmp_path, story)


def in_room(house: MeetingHouse) -> Entrant:
    """The only one who was let in."""
    (entrant,) = house.threshold.entrants
    return entrant


# ---- In


def test_whoever_has_the_code_says_a_name_and_is_in_under_it(play: Play) -> None:
    async def story(house: MeetingHouse) -> None:
        marc = await house.comes(f"4321#{AVA.code}", MARC)
        await house.until_heard(marc, "common.beep")
        await asyncio.sleep(1)
        house.says(marc, 2)
        await asyncio.sleep(2.5)
        await house.types(marc, "#")
        entrant = in_room(house)
        assert (entrant.invitee, entrant.name, entrant.role, entrant.language) == (
            AVA.id, "Ava Reed", Role.PARTICIPANT, "en",
        )  # fmt: skip
        assert len(house.threshold.said[0]) > 16_000, "a second at least"
        assert marc.up

    play(story)


def test_an_administrator_by_a_code_of_their_own_is_one_in_the_room(play: Play) -> None:
    async def story(house: MeetingHouse) -> None:
        await house.comes(f"4321#{CAMILLE.code}", MARC)
        await asyncio.sleep(20)
        assert in_room(house).role is Role.ADMINISTRATOR

    play(story)


def test_whoever_says_nothing_at_the_tone_is_in_without_a_name(play: Play) -> None:
    async def story(house: MeetingHouse) -> None:
        await house.comes(f"4321#{ANYBODY.code}", MARC)
        await asyncio.sleep(20)
        entrant = in_room(house)
        assert (entrant.invitee, entrant.name, entrant.said) == ("", "Marc Roy", None)

    play(story)


@pytest.mark.parametrize("keys", ["4321#1975#", "4321#1975"])
def test_everything_may_be_typed_in_one_go(play: Play, keys: str) -> None:
    async def story(house: MeetingHouse) -> None:
        marc = await house.comes(keys, MARC)
        await house.until_heard(marc, "common.beep")
        assert marc.heard[-2:] == ["conf.say_name", "common.beep"]
        await asyncio.sleep(10)
        assert in_room(house).invitee == CAMILLE.id

    play(story)


@pytest.mark.parametrize("late_s", [0.1, 0.6, 2.0])
def test_a_pound_key_after_the_last_digit_spoils_nothing(play: Play, late_s: float) -> None:
    async def story(house: MeetingHouse) -> None:
        marc = await house.comes("4321#", MARC)
        for keys in ("1111", CAMILLE.code):
            await house.until_heard(marc, "conf.enter_code")
            marc.heard.clear()
            for key in keys:
                marc.press(key)
            await asyncio.sleep(late_s)
            marc.press("#")
            await asyncio.sleep(6)
        assert "common.invalid" not in marc.heard
        await asyncio.sleep(20)
        assert in_room(house).invitee == CAMILLE.id

    play(story)


@pytest.mark.parametrize("late_s", [0.05, 0.3, 1.0, 2.0])
def test_a_pound_key_that_comes_late_takes_nobody_the_time_to_say_a_name(
    play: Play, late_s: float
) -> None:
    async def story(house: MeetingHouse) -> None:
        marc = await house.comes("4321#", MARC)
        for key in AVA.code:
            marc.press(key)
        await asyncio.sleep(late_s)
        marc.press("#")
        await house.until_heard(marc, "common.beep")
        await asyncio.sleep(1)
        house.says(marc, 2)
        await asyncio.sleep(10)
        assert in_room(house).said is not None

    play(story)


def test_a_conference_that_announces_nobody_asks_for_no_name(play: Play) -> None:
    async def story(house: MeetingHouse) -> None:
        quiet = replace(WEEKLY, options=Options(announced=False))
        house.book.conferences[WEEKLY.id] = quiet
        marc = await house.comes(f"4321#{AVA.code}", MARC)
        assert in_room(house).invitee == AVA.id
        assert "conf.say_name" not in marc.heard

    play(story)


def test_a_room_without_codes_is_entered_by_its_number(play: Play) -> None:
    async def story(house: MeetingHouse) -> None:
        await house.comes(f"{OPEN.room}#", MARC)
        await asyncio.sleep(20)
        assert in_room(house).conference == OPEN

    play(story)


def test_a_number_of_its_own_leads_straight_to_the_code_of_a_room(play: Play) -> None:
    async def story(house: MeetingHouse) -> None:
        marc = await house.comes(AVA.code, MARC, STRAIGHT)
        assert marc.heard[0] == "conf.enter_code"
        await asyncio.sleep(20)
        assert in_room(house).conference == WEEKLY

    play(story)


def test_a_caller_who_is_transferred_to_the_conferences_is_led_in_like_any_other(
    play: Play,
) -> None:
    async def story(house: MeetingHouse) -> None:
        house.habits["102"] = [Habit(answers=1)]
        caller = house.calls("102", MARC)
        await asyncio.sleep(2)
        called = house.at("102")[-1]
        house.transfers(called, NUMBER)
        await asyncio.sleep(2)
        assert called.over
        assert "conf.enter_room" in caller.heard
        await house.types(caller, f"4321#{AVA.code}")
        await asyncio.sleep(20)
        assert in_room(house).invitee == AVA.id

    play(story)


def test_a_colleague_in_a_conference_brings_a_caller_along_without_a_code(play: Play) -> None:
    async def story(house: MeetingHouse) -> None:
        house.habits["102"] = [Habit(answers=1)]
        caller = house.calls("102", MARC)
        await asyncio.sleep(2)
        called = house.at("102")[-1]
        house.holds(called, True)
        second = await house.comes(f"4321#{CAMILLE.code}", Party("102", internal=True))
        await asyncio.sleep(20)
        assert [each.role for each in house.threshold.entrants] == [Role.ADMINISTRATOR]
        house.transfers(called, "8600", second)
        await asyncio.sleep(1)
        assert caller.heard[-1] == "conf.say_name"
        await asyncio.sleep(20)
        assert called.over
        assert second.over
        brought = house.threshold.entrants[-1]
        assert (brought.name, brought.role, brought.invitee) == ("Marc Roy", Role.PARTICIPANT, "")

    play(story)


def test_a_colleague_is_known_by_name_in_a_room_that_asks_nobody_who_they_are(play: Play) -> None:
    async def story(house: MeetingHouse) -> None:
        await house.comes(f"4321#{ANYBODY.code}", Party("101", "SIP phone", internal=True))
        await asyncio.sleep(20)
        assert in_room(house).name == "somebody at 101"

    play(story)


# ---- Not in


def test_whoever_comes_too_early_hears_when_it_begins(play: Play) -> None:
    async def story(house: MeetingHouse) -> None:
        marc = await house.comes(f"{ONCE.room}#", MARC)
        await asyncio.sleep(30)
        assert marc.heard == ["conf.enter_room", "conf.starts", "conf.opens", "common.goodbye"]
        assert marc.over

    play(story)


def test_where_the_database_is_away_the_caller_is_told_of_the_trouble_and_no_more(
    play: Play,
) -> None:
    async def story(house: MeetingHouse) -> None:
        async def away(_: str) -> None:
            raise Unavailable("the database cannot be reached")

        house.book.in_room = away  # type: ignore[method-assign]  # for this story alone
        marc = await house.comes("4321#", MARC)
        await asyncio.sleep(20)
        assert marc.heard[-2:] == ["common.trouble", "common.goodbye"]
        assert marc.over

    play(story)


def test_a_room_that_is_locked_while_one_says_a_name_is_locked(play: Play) -> None:
    async def story(house: MeetingHouse) -> None:
        house.threshold.locks_soon = True
        marc = await house.comes(f"4321#{AVA.code}", MARC)
        await asyncio.sleep(30)
        assert marc.heard[-2:] == ["conf.is_locked", "common.goodbye"]

    play(story)


def test_a_locked_room_is_open_to_its_administrators(play: Play) -> None:
    async def story(house: MeetingHouse) -> None:
        house.threshold.is_locked = True
        marc = await house.comes(f"4321#{AVA.code}", MARC)
        assert marc.heard[-1] == "conf.is_locked"
        await house.comes(f"4321#{CAMILLE.code}", CLIENT)
        await asyncio.sleep(20)
        assert in_room(house).role is Role.ADMINISTRATOR

    play(story)


def test_each_wrong_code_is_answered_later_than_the_one_before(play: Play) -> None:
    async def story(house: MeetingHouse) -> None:
        marc = await house.comes("4321#", MARC)
        took = []
        for code in ("1111", "2222", "3333"):
            marc.heard.clear()
            typed = house.clock.now()
            for key in code:
                marc.press(key)
            await house.until_heard(marc, "conf.locked_out" if code == "3333" else "conf.bad_code")
            took.append((house.clock.now() - typed).total_seconds())
            await asyncio.sleep(6)
        assert took == pytest.approx([1, 2, 4], abs=0.2)
        await asyncio.sleep(10)
        assert marc.over

    play(story)


def test_whoever_has_guessed_too_often_is_not_even_asked_for_a_code(play: Play) -> None:
    async def story(house: MeetingHouse) -> None:
        for _ in range(CALLER_FAILURES):
            marc = await house.comes("4321#5555", MARC)
            await asyncio.sleep(3)
            marc.caller_hangs_up()
        marc = await house.comes("4321#", MARC)
        assert marc.heard[-1] == "conf.locked_out"
        await asyncio.sleep(10)
        assert marc.over

    play(story)


# ---- Silence, and hanging up, at each step

STEPS = {"the room": "", "the code": "4321#", "a wrong code": "4321#1111", "the name": "4321#1975"}


@pytest.mark.parametrize("keys", STEPS.values(), ids=STEPS)
def test_whoever_says_nothing_is_sent_away_or_let_in_and_never_left_in_silence(
    play: Play, keys: str
) -> None:
    async def story(house: MeetingHouse) -> None:
        marc = await house.comes(keys, NOBODY)
        await asyncio.sleep(90)
        if keys.endswith(CAMILLE.code):
            assert in_room(house).said is None
        else:
            assert marc.heard[-1] == "common.goodbye"
            assert marc.over

    play(story)


@pytest.mark.parametrize("keys", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("after_s", [0.0, 1.0, 2.0])
def test_hanging_up_leaves_nothing_behind(play: Play, keys: str, after_s: float) -> None:
    async def story(house: MeetingHouse) -> None:
        marc = await house.comes(keys, MARC)
        await asyncio.sleep(after_s)
        marc.caller_hangs_up()
        await asyncio.sleep(10)
        assert house.threshold.entrants == []

    play(story)


def test_hanging_up_while_saying_the_name_is_not_coming_in(play: Play) -> None:
    async def story(house: MeetingHouse) -> None:
        marc = await house.comes(f"4321#{AVA.code}", MARC)
        await house.until_heard(marc, "common.beep")
        await asyncio.sleep(1)
        house.says(marc, 3)
        await asyncio.sleep(1)
        marc.caller_hangs_up()
        await asyncio.sleep(10)
        assert house.threshold.entrants == []

    play(story)


def test_hanging_up_while_a_wrong_code_is_weighed_counts_it_all_the_same(play: Play) -> None:
    async def story(house: MeetingHouse) -> None:
        for _ in range(CALLER_FAILURES):
            marc = await house.comes("4321#", MARC)
            for key in "5555":
                marc.press(key)
            await asyncio.sleep(0.1)
            marc.caller_hangs_up()
        marc = await house.comes("4321#", MARC)
        assert marc.heard[-1] == "conf.locked_out"

    play(story)
