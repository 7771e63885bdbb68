"""Forwarding's four rules, and find-me/follow-me, as callers and those who are called meet them."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from call.leg import Party
from routing.handling import FollowMe, Forward, ForwardRule, Handling, WhenBusy
from tests.exchange.house import MESSAGE, Habit, House, Story

Play = Callable[[Story], None]

MOBILE = "4505550111"
COTTAGE = "8195550122"

ACCEPTS = Habit(answers=3, presses=((4, "1"),))


def forwards(rule: ForwardRule, target: str = MOBILE, ring_s: int = 10) -> Handling:
    return Handling(forward=Forward(target=target, rule=rule, enabled=True, ring_s=ring_s))


def follows(*targets: str, name: bool = False, **more: bool | int) -> Handling:
    return Handling(
        ring_s=5,
        follow_me=FollowMe(targets or (MOBILE,), enabled=True, ask_name=name, **more),
    )


# ---- Forwarding


def test_always_forwarding_rings_the_number_at_once_and_the_extension_not_at_all(
    play: Play,
) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [Habit(answers=4)]
        house.handlings["102"] = forwards(ForwardRule.ALWAYS)
        caller = house.calls("102")
        await asyncio.sleep(5)
        assert house.at("102") == []
        (mobile,) = house.at(MOBILE)
        assert caller.joined is mobile
        assert mobile.shown is not None
        assert mobile.shown.diversions == ("102",)

    play(story)


def test_forwarding_on_no_answer_rings_the_extension_first(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [Habit(answers=4)]
        house.handlings["102"] = forwards(ForwardRule.NO_ANSWER)
        caller = house.calls("102")
        await asyncio.sleep(9)
        assert house.at(MOBILE) == []
        await asyncio.sleep(6)
        assert house.at("102")[0].over
        assert caller.joined is house.at(MOBILE)[0]

    play(story)


def test_forwarding_together_rings_both_and_the_first_has_the_call(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits |= {MOBILE: [Habit(answers=4)], "102": [Habit()]}
        house.handlings["102"] = forwards(ForwardRule.TOGETHER)
        caller = house.calls("102")
        await asyncio.sleep(5)
        assert caller.joined is house.at(MOBILE)[0]
        assert house.at("102")[0].over

    play(story)


def test_a_caller_who_presses_1_is_transferred(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [Habit(answers=4)]
        house.handlings["102"] = forwards(ForwardRule.PRESS_1)
        caller = house.calls("102")
        await asyncio.sleep(11)
        assert caller.heard == ["fw.offer"]
        assert house.at(MOBILE) == []
        caller.press("1")
        await asyncio.sleep(4)
        assert caller.heard[-2:] == ["common.one_moment", "ringback"]
        await asyncio.sleep(4)
        assert caller.joined is house.at(MOBILE)[0]

    play(story)


def test_a_caller_who_does_not_press_1_comes_to_the_voicemail(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [Habit(answers=4)]
        house.handlings["102"] = forwards(ForwardRule.PRESS_1)
        caller = house.calls("102")
        await asyncio.sleep(25)
        assert house.at(MOBILE) == []
        assert MESSAGE in caller.heard

    play(story)


def test_two_who_forward_to_each_other_let_nobody_go_round_in_circles(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits["103"] = [Habit()]
        house.handlings |= {
            "102": forwards(ForwardRule.ALWAYS, "103"),
            "103": forwards(ForwardRule.ALWAYS, "102"),
        }
        caller = house.calls("102")
        await asyncio.sleep(130)
        assert MESSAGE in caller.heard

    play(story)


def test_who_is_on_the_telephone_may_let_a_sentence_say_so(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits["102"] = [Habit(answers=1)]
        house.handlings["102"] = Handling(when_busy=WhenBusy.MESSAGE)
        house.calls("102")
        await asyncio.sleep(2)
        second = house.calls("102", Party("4185550199"))
        await asyncio.sleep(6)
        assert second.heard[:2] == ["ext.on_the_phone", MESSAGE]
        assert len(house.at("102")) == 1

    play(story)


def test_who_has_no_voicemail_and_does_not_want_to_be_disturbed_cannot_be_reached(
    play: Play,
) -> None:
    async def story(house: House) -> None:
        house.handlings["102"] = Handling(do_not_disturb=True, voicemail=False)
        caller = house.calls("102")
        await asyncio.sleep(8)
        assert caller.heard == ["ext.unreachable", "ext.busy_tone"]
        assert caller.over

    play(story)


# ---- Find-me/follow-me


def test_who_is_followed_hears_who_calls_and_presses_1_while_the_caller_hears_music(
    play: Play,
) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [Habit(answers=3, presses=((9, "1"),))]
        house.handlings["102"] = follows()
        caller = house.calls("102")
        await asyncio.sleep(10)
        (mobile,) = house.at(MOBILE)
        assert caller.signal == "music"
        assert mobile.heard[:2] == ["fm.call_for", "fm.from_number"]
        await asyncio.sleep(9)
        assert caller.joined is mobile
        assert caller.signal == ""

    play(story)


def test_who_wants_no_music_lets_the_caller_hear_ringing(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [ACCEPTS]
        house.handlings["102"] = follows(music=False)
        caller = house.calls("102")
        await asyncio.sleep(6)
        assert not caller.answered
        await asyncio.sleep(10)
        assert caller.joined is house.at(MOBILE)[0]

    play(story)


def test_who_refuses_with_2_sends_the_caller_to_the_voicemail(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [Habit(answers=3, presses=((4, "2"),))]
        house.handlings["102"] = follows()
        caller = house.calls("102")
        await asyncio.sleep(20)
        (mobile,) = house.at(MOBILE)
        assert mobile.heard[-1] == "common.goodbye"
        assert mobile.over
        assert MESSAGE in caller.heard

    play(story)


def test_3_repeats_who_calls(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [Habit(answers=3, presses=((7, "3"), (14, "1")))]
        house.handlings["102"] = follows()
        caller = house.calls("102")
        await asyncio.sleep(30)
        (mobile,) = house.at(MOBILE)
        assert mobile.heard.count("fm.call_for") == 2
        assert caller.joined is mobile

    play(story)


def test_a_mobile_voicemail_that_answers_and_presses_nothing_takes_no_call(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [Habit(answers=3)]
        house.handlings["102"] = follows()
        caller = house.calls("102")
        await asyncio.sleep(60)
        (mobile,) = house.at(MOBILE)
        assert mobile.heard.count("fm.call_for") == 2
        assert mobile.joined is None
        assert mobile.over
        assert MESSAGE in caller.heard

    play(story)


def test_who_hangs_up_without_a_key_takes_no_call(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [Habit(answers=3, hangs_up=2)]
        house.handlings["102"] = follows()
        caller = house.calls("102")
        await asyncio.sleep(16)
        assert MESSAGE in caller.heard

    play(story)


def test_the_first_to_press_1_has_the_call_and_the_others_are_told(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits |= {
            MOBILE: [Habit(answers=3)],
            COTTAGE: [Habit(answers=4, presses=((2, "1"),))],
            "5795550133": [Habit()],
        }
        house.handlings["102"] = follows(MOBILE, COTTAGE, "5795550133")
        caller = house.calls("102")
        await asyncio.sleep(18)
        (mobile,), (cottage,), (ringing,) = (
            house.at(each) for each in (MOBILE, COTTAGE, "5795550133")
        )
        assert caller.joined is cottage
        assert mobile.heard[-2:] == ["fm.taken", "common.goodbye"]
        assert mobile.over
        assert ringing.over
        assert not ringing.answered

    play(story)


def test_two_who_press_1_in_the_same_instant_leave_exactly_one_call(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits |= {MOBILE: [ACCEPTS], COTTAGE: [ACCEPTS]}
        house.handlings["102"] = follows(MOBILE, COTTAGE)
        caller = house.calls("102")
        await asyncio.sleep(25)
        (mobile,), (cottage,) = house.at(MOBILE), house.at(COTTAGE)
        assert caller.joined in (mobile, cottage)
        assert mobile.over is not cottage.over
        lost = mobile if mobile.over else cottage
        assert "fm.taken" in lost.heard

    play(story)


def test_who_answered_is_told_when_the_caller_gives_up(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [Habit(answers=3)]
        house.handlings["102"] = follows()
        caller = house.calls("102")
        await asyncio.sleep(11)
        caller.caller_hangs_up()
        await asyncio.sleep(6)
        (mobile,) = house.at(MOBILE)
        assert mobile.heard[-2:] == ["fm.gone", "common.goodbye"]
        assert mobile.over

    play(story)


def test_the_caller_says_their_name_and_it_is_heard(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [Habit(answers=3, presses=((12, "1"),))]
        house.handlings["102"] = follows(name=True)
        caller = house.calls("102")
        await asyncio.sleep(7.5)
        assert caller.heard == ["fm.say_name", "common.beep"]
        house.says(caller, 1.5)
        await asyncio.sleep(18)
        (mobile,) = house.at(MOBILE)
        assert mobile.heard[:3] == ["fm.call_for", "fm.from", "a recording"]
        await asyncio.sleep(8)
        assert caller.joined is mobile

    play(story)


def test_a_caller_who_says_nothing_is_named_by_their_number(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [Habit(answers=3)]
        house.handlings["102"] = follows(name=True)
        house.calls("102")
        await asyncio.sleep(30)
        assert house.at(MOBILE)[0].heard[:2] == ["fm.call_for", "fm.from_number"]

    play(story)


def test_further_attempts_ring_again_before_the_voicemail(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [Habit(refuses=2)]
        house.handlings["102"] = follows(more_tries=2)
        caller = house.calls("102")
        await asyncio.sleep(20)
        assert len(house.at(MOBILE)) == 3
        assert MESSAGE in caller.heard

    play(story)


def test_the_voicemail_can_be_left_out(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [Habit(refuses=2)]
        house.handlings["102"] = follows(skip_voicemail=True)
        caller = house.calls("102")
        await asyncio.sleep(20)
        assert MESSAGE not in caller.heard
        assert "ext.unreachable" in caller.heard

    play(story)


def test_who_is_followed_sees_the_extension_where_the_caller_number_is_not_passed_on(
    play: Play,
) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [Habit()]
        shown = follows()
        house.handlings["102"] = replace(
            shown, follow_me=replace(shown.follow_me, pass_number=False)
        )
        house.calls("102")
        await asyncio.sleep(8)
        (mobile,) = house.at(MOBILE)
        assert mobile.shown is not None
        assert mobile.shown.caller.number == "102"

    play(story)


def test_forwarding_leaves_follow_me_out(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits |= {MOBILE: [Habit()], COTTAGE: [Habit()]}
        house.handlings["102"] = replace(
            forwards(ForwardRule.NO_ANSWER), follow_me=follows(COTTAGE).follow_me
        )
        house.calls("102")
        await asyncio.sleep(90)
        assert len(house.at(MOBILE)) == 1
        assert house.at(COTTAGE) == []

    play(story)


def test_a_colleague_is_announced_by_name_and_a_stranger_by_number(play: Play) -> None:
    async def story(house: House) -> None:
        house.habits[MOBILE] = [Habit(answers=1)]
        house.handlings["102"] = follows()
        house.calls("102", Party("101", "Camille", internal=True))
        await asyncio.sleep(9)
        assert house.at(MOBILE)[-1].heard[1] == "fm.from_name"
        house.calls("102", Party("5145550123", "MONTREAL QC"))
        await asyncio.sleep(9)
        assert house.at(MOBILE)[-1].heard[1] == "fm.from_number"
        house.calls("102", Party(""))
        await asyncio.sleep(9)
        assert house.at(MOBILE)[-1].heard[1] == "fm.from_nobody"

    play(story)
