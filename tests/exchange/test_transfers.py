"""Hold, and transfers, blind and attended, asked for by either side of a call."""

import asyncio
from collections.abc import Callable

import pytest

from call.leg import HangUpCause, Party
from routing.handling import Handling
from tests.exchange.house import MESSAGE, Caller, Habit, House, Story

Play = Callable[[Story], None]


async def talking(house: House, *, inside: bool = False) -> tuple[Caller, Caller]:
    """Somebody, from outside as a rule, talks with 102."""
    house.habits["102"] = [Habit(answers=1)]
    caller = house.extension_calls("104", "102") if inside else house.calls("102")
    await asyncio.sleep(2)
    called = house.at("102")[-1]
    assert caller.joined is called
    return caller, called


def test_whoever_is_put_on_hold_hears_music_until_they_are_taken_up_again(play: Play) -> None:
    async def story(house: House) -> None:
        caller, called = await talking(house)
        house.holds(called, True)
        assert caller.signal == "music"
        assert caller.joined is None
        house.holds(called, False)
        assert caller.signal == ""
        assert caller.joined is called

    play(story)


def test_whoever_holds_lets_the_other_hear_the_music_of_their_own_choice(play: Play) -> None:
    async def story(house: House) -> None:
        house.handlings["102"] = Handling(hold_music="jazz")
        caller, called = await talking(house)
        house.holds(called, True)
        assert caller.signal == "jazz"
        house.holds(called, False)
        house.holds(caller, True)
        assert called.signal == "music"  # whoever is outside has none of their own

    play(story)


def test_two_who_hold_each_other_talk_when_both_have_come_back(play: Play) -> None:
    async def story(house: House) -> None:
        caller, called = await talking(house)
        house.holds(called, True)
        house.holds(caller, True)
        house.holds(called, False)
        assert caller.joined is None
        house.holds(caller, False)
        assert caller.joined is called
        assert caller.signal == called.signal == ""

    play(story)


def test_whoever_hangs_up_while_the_other_holds_ends_the_call(play: Play) -> None:
    async def story(house: House) -> None:
        caller, called = await talking(house)
        house.holds(called, True)
        caller.caller_hangs_up()
        await asyncio.sleep(1)
        assert called.over

    play(story)


def test_a_caller_is_transferred_to_a_colleague_and_hears_ringing_meanwhile(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits["103"] = [Habit(answers=5)]
        caller, called = await talking(house)
        house.transfers(called, "103")
        await asyncio.sleep(1)
        assert called.over
        assert called.told == [200]
        assert caller.signal == "ringback"
        await asyncio.sleep(6)
        assert caller.joined is house.at("103")[0]

    play(story)


def test_a_caller_is_transferred_out_of_hold(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits["103"] = [Habit(answers=5)]
        caller, called = await talking(house)
        house.holds(called, True)
        house.transfers(called, "103")
        await asyncio.sleep(1)
        assert caller.signal == "ringback"
        await asyncio.sleep(6)
        assert caller.joined is house.at("103")[0]
        assert caller.signal == ""

    play(story)


def test_a_caller_transferred_to_somebody_who_does_not_answer_comes_to_their_voicemail(
    play: Play,
) -> None:
    async def story(house: House) -> None:
        house.habits["103"] = [Habit()]
        caller, called = await talking(house)
        house.transfers(called, "103")
        await asyncio.sleep(25)
        assert MESSAGE in caller.heard

    play(story)


def test_whoever_was_called_is_transferred_by_the_caller(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits["103"] = [Habit(answers=5)]
        caller, called = await talking(house, inside=True)
        house.transfers(caller, "103")
        await asyncio.sleep(1)
        assert caller.over
        assert called.signal == "ringback"
        await asyncio.sleep(5)
        (colleague,) = house.at("103")
        assert called.joined is colleague
        assert colleague.shown is not None
        assert colleague.shown.caller.number == "102"

    play(story)


def test_a_transfer_to_a_number_that_leads_nowhere_leaves_the_call_as_it_is(play: Play) -> None:
    async def story(house: House) -> None:
        caller, called = await talking(house)
        house.transfers(called, "999")
        await asyncio.sleep(1)
        assert called.told == [404]
        assert caller.joined is called

    play(story)


def test_a_telephone_that_hangs_up_on_a_transfer_that_fails_is_rung_back(play: Play) -> None:
    async def story(house: House) -> None:
        caller, called = await talking(house)
        house.transfers(called, "999")
        called.caller_hangs_up()
        await asyncio.sleep(3)
        assert caller.joined is house.at("102")[-1]
        assert caller.joined is not called

    play(story)


def test_a_telephone_may_hang_up_as_soon_as_it_has_asked_for_a_transfer(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits["103"] = [Habit(answers=5)]
        caller, called = await talking(house)
        house.transfers(called, "103")
        called.caller_hangs_up()
        await asyncio.sleep(7)
        assert caller.joined is house.at("103")[0]

    play(story)


def test_a_caller_is_transferred_to_somebody_who_was_asked_before(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits["103"] = [Habit(answers=1)]
        caller, called = await talking(house)
        house.holds(called, True)
        second = house.extension_calls("102", "103")
        await asyncio.sleep(2)
        (colleague,) = house.at("103")
        assert second.joined is colleague
        house.transfers(called, "103", second)
        await asyncio.sleep(1)
        assert caller.joined is colleague
        assert caller.signal == ""
        assert called.over
        assert second.over
        colleague.caller_hangs_up()
        await asyncio.sleep(1)
        assert caller.over

    play(story)


def test_two_who_both_called_somebody_are_brought_together(play: Play) -> None:
    async def story(house: House) -> None:
        one, first = await talking(house)
        other = house.calls("102", Party("4185550199"))
        await asyncio.sleep(2)
        second = house.at("102")[-1]
        house.transfers(second, "4185550199", first)
        await asyncio.sleep(1)
        assert one.joined is other
        assert first.over
        assert second.over
        other.caller_hangs_up()
        await asyncio.sleep(1)
        assert one.over

    play(story)


def test_somebody_whom_two_were_called_for_brings_those_together(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits |= {"102": [Habit(answers=1)], "103": [Habit(answers=1)]}
        first, second = house.extension_calls("104", "102"), house.extension_calls("104", "103")
        await asyncio.sleep(2)
        (luc,), (noa,) = house.at("102"), house.at("103")
        house.transfers(first, "103", second)
        await asyncio.sleep(1)
        assert luc.joined is noa
        assert first.over
        assert second.over

    play(story)


def test_a_transfer_before_the_colleague_answers_goes_on_ringing_for_the_caller(
    play: Play,
) -> None:
    async def story(house: House) -> None:
        house.habits["103"] = [Habit(answers=8)]
        caller, called = await talking(house)
        house.holds(called, True)
        second = house.extension_calls("102", "103")
        await asyncio.sleep(2)
        house.transfers(called, "103", second)
        await asyncio.sleep(1)
        assert called.over
        assert second.over
        assert caller.signal == "ringback"
        await asyncio.sleep(9)
        assert caller.joined is house.at("103")[-1]
        assert house.at("103")[0].over

    play(story)


def test_a_transfer_to_a_call_that_is_over_leaves_the_call_as_it_is(play: Play) -> None:
    async def story(house: House) -> None:
        caller, called = await talking(house)
        gone = house.extension_calls("102", "999")
        await asyncio.sleep(1)
        house.transfers(called, "999", gone)
        assert called.told == [481]
        assert caller.joined is called

    play(story)


def test_a_transferred_caller_may_be_transferred_again(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits |= {"103": [Habit(answers=1)], "104": [Habit(answers=1)]}
        caller, called = await talking(house)
        house.transfers(called, "103")
        await asyncio.sleep(3)
        house.transfers(house.at("103")[0], "104")
        await asyncio.sleep(3)
        assert caller.joined is house.at("104")[0]

    play(story)


def test_keys_pressed_while_talking_are_no_answers_to_what_comes_after(play: Play) -> None:
    async def story(house: House) -> None:
        caller, called = await talking(house, inside=True)
        house.habits["103"] = [Habit()]
        for key in "103":
            called.press(key)
        house.transfers(caller, "5145550100")
        await asyncio.sleep(10)
        assert "aa.welcome" in called.heard
        assert house.at("103") == []

    play(story)


def test_whoever_takes_the_place_of_another_talks_in_their_stead(play: Play) -> None:
    async def story(house: House) -> None:
        caller, called = await talking(house)
        taker = house._leg(Party("103", internal=True), "102")
        taker.replaces = called.call_id
        house.exchange.spawn(house.reception.attend(taker), "taker")
        await asyncio.sleep(1)
        assert caller.joined is taker
        assert called.over
        caller.caller_hangs_up()
        await asyncio.sleep(1)
        assert taker.over

    play(story)


@pytest.mark.parametrize("rings", [True, False])
def test_whoever_takes_the_place_of_a_ringing_telephone_has_the_call(
    play: Play, rings: bool
) -> None:
    async def story(house: House) -> None:
        caller = house.calls("102")
        await asyncio.sleep(2)
        (rung,) = house.at("102")
        if not rings:
            caller.caller_hangs_up()
            await asyncio.sleep(1)
        taker = house._leg(Party("103", internal=True), "102")
        taker.replaces = rung.call_id
        house.exchange.spawn(house.reception.attend(taker), "taker")
        await asyncio.sleep(1)
        assert rung.over
        if rings:
            assert caller.joined is taker
        else:
            assert taker.farewell is not None
            assert taker.farewell.cause is HangUpCause.NOT_FOUND

    play(story)


def test_a_transfer_that_cannot_be_judged_leaves_the_call_as_it_is(play: Play) -> None:
    async def story(house: House) -> None:
        caller, called = await talking(house)
        house.database_is_down = True
        house.transfers(called, "103")
        await asyncio.sleep(1)
        assert called.told == [404]
        assert caller.joined is called

    play(story)


def test_the_transfer_may_be_asked_for_in_the_call_that_still_rings(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits["103"] = [Habit(answers=8)]
        caller, called = await talking(house)
        second = house.extension_calls("102", "103")
        await asyncio.sleep(2)
        house.transfers(second, "5145550123", called)
        await asyncio.sleep(1)
        assert second.told == [200]
        assert called.over
        assert second.over
        await asyncio.sleep(9)
        assert caller.joined is house.at("103")[-1]

    play(story)


def test_whoever_talks_with_nobody_has_nobody_to_transfer(play: Play) -> None:
    async def story(house: House) -> None:
        caller = house.extension_calls("101", "5145550100")
        await asyncio.sleep(2)
        house.transfers(caller, "102")
        await asyncio.sleep(1)
        assert caller.told == [603]
        assert caller.up

    play(story)
