"""An extension is called: its telephones ring, and one of them has the call."""

import asyncio
from collections.abc import Callable

from call.leg import HangUpCause
from tests.exchange.house import MESSAGE, Habit, House, Story

Play = Callable[[Story], None]


def test_a_caller_talks_with_whoever_answers(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits["102"] = [Habit(answers=4)]
        caller = house.calls("102")
        await asyncio.sleep(3)
        assert not caller.answered
        await asyncio.sleep(2)
        (luc,) = house.at("102")
        assert caller.joined is luc
        assert caller.heard == []

    play(story)


def test_every_telephone_rings_and_the_others_stop_when_one_answers(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits["102"] = [Habit(), Habit(answers=4), Habit(answers=4.5)]
        caller = house.calls("102")
        await asyncio.sleep(10)
        desk, mobile, late = house.at("102")
        assert caller.joined is mobile
        assert desk.over
        assert late.over
        assert not late.answered

    play(story)


def test_of_two_who_answer_in_the_same_instant_one_has_the_call(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits["102"] = [Habit(answers=4), Habit(answers=4)]
        caller = house.calls("102")
        await asyncio.sleep(10)
        one, other = house.at("102")
        assert caller.joined in (one, other)
        assert one.over is not other.over

    play(story)


def test_a_call_ends_for_both_when_either_hangs_up(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits["102"] = [Habit(answers=1, hangs_up=5)]
        caller = house.calls("102")
        await asyncio.sleep(10)
        assert caller.over
        caller = house.calls("102")
        await asyncio.sleep(3)
        caller.caller_hangs_up()
        await asyncio.sleep(1)
        assert house.at("102")[1].over

    play(story)


def test_a_caller_whom_nobody_answers_comes_to_the_voicemail(play: Play) -> None:
    async def story(house: House) -> None:
        caller = house.calls("102")
        await asyncio.sleep(21)
        (rang,) = house.at("102")
        assert rang.over
        assert MESSAGE in caller.heard

    play(story)


def test_a_caller_who_gives_up_stops_the_ringing(play: Play) -> None:
    async def story(house: House) -> None:
        caller = house.calls("102")
        await asyncio.sleep(5)
        caller.caller_hangs_up()
        await asyncio.sleep(1)
        assert house.at("102")[0].over

    play(story)


def test_a_caller_who_gives_up_in_the_instant_of_the_answer_leaves_nobody_behind(
    play: Play,
) -> None:
    async def story(house: House) -> None:
        house.habits["102"] = [Habit(answers=4)]
        for early in (True, False):
            caller = house.calls("102")
            await asyncio.sleep(0)
            if early:
                asyncio.get_running_loop().call_later(4, caller.caller_hangs_up)
            await asyncio.sleep(4)
            caller.caller_hangs_up()
            await asyncio.sleep(1)
            assert house.up() == []

    play(story)


def test_telephones_that_are_all_busy_do_not_keep_the_caller(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits["102"] = [Habit(refuses=1), Habit(refuses=2)]
        caller = house.calls("102")
        await asyncio.sleep(3)
        assert MESSAGE in caller.heard

    play(story)


def test_a_telephone_that_refuses_leaves_the_others_ringing(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits["102"] = [Habit(refuses=1), Habit(answers=6)]
        caller = house.calls("102")
        await asyncio.sleep(10)
        assert caller.joined is house.at("102")[1]

    play(story)


def test_a_caller_who_was_answered_hears_ringing_and_no_silence(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits["102"] = [Habit(answers=8)]
        caller = house.calls("5145550100")
        await asyncio.sleep(4)
        for key in "102":
            caller.press(key)
        await asyncio.sleep(5)
        assert caller.signal == "ringback"
        await asyncio.sleep(8)
        assert caller.signal == ""
        assert caller.joined is house.at("102")[0]

    play(story)


def test_an_extension_is_on_the_telephone_while_it_talks_and_no_longer(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits["102"] = [Habit(answers=4, hangs_up=10)]
        house.extension_calls("101", "102")
        await asyncio.sleep(1)
        assert house.exchange.busy("101")
        assert not house.exchange.busy("102")
        assert house.exchange.state("102").name == "RINGING"
        await asyncio.sleep(5)
        assert house.exchange.busy("102")
        await asyncio.sleep(10)
        assert not house.exchange.busy("101")
        assert not house.exchange.busy("102")

    play(story)


def test_a_number_that_leads_nowhere_is_refused_as_such(play: Play) -> None:
    async def story(house: House) -> None:
        caller = house.calls("999")
        await asyncio.sleep(1)
        assert caller.farewell is not None
        assert caller.farewell.cause is HangUpCause.NOT_FOUND

    play(story)
