"""Two of our telephones call each other: the oracle works before it judges anybody."""

import asyncio
from itertools import pairwise

import numpy as np
import pytest

from tests.wire import hearing
from tests.wire.hearing import Pcm
from tests.wire.phone import Phone, PhoneCall, Wire
from tests.wire.rtp_line import FRAME, tone
from tests.wire.sounds import speech_like

pytestmark = pytest.mark.wire

SENTENCE = speech_like(1.0, 7)


async def both_ends(caller: Phone, called: Phone) -> tuple[PhoneCall, PhoneCall]:
    near = await caller.call("200", ("127.0.0.1", called.port))
    far = await asyncio.wait_for(called.incoming.get(), 20)
    return near, far


async def spoken(near: PhoneCall, sound: Pcm) -> None:
    assert await asyncio.to_thread(near.line.say(sound).wait, 10)


async def heard_until(far: PhoneCall, samples: int) -> Pcm:
    arrived = await asyncio.to_thread(
        far.line.wait, lambda line: len(line.arrivals) * FRAME > samples, 10
    )
    assert arrived
    return far.line.heard()


async def test_what_one_says_the_other_hears_whole_and_on_the_beat() -> None:
    async with Phone("100") as caller, Phone("200") as called:
        near, far = await both_ends(caller, called)
        await spoken(near, SENTENCE)
        sound = await heard_until(far, near.line.packets_sent * FRAME - 1)
        place = hearing.find(sound, SENTENCE)
        assert place.score > 0.98
        assert hearing.longest_gap_s(sound, SENTENCE, at=place.at) == 0
        assert hearing.drift(sound, SENTENCE, at=place.at) == 0
        await near.hang_up()
        assert far.ended_by_peer


async def test_a_lost_packet_is_heard_as_a_hole_and_a_late_one_in_its_place() -> None:
    plan: dict[int, tuple[int, ...]] = {}

    def fate(number: int) -> tuple[int, ...]:
        return plan.get(number, (0,))

    async with Phone("100", wire=Wire(fate=fate)) as caller, Phone("200") as called:
        near, far = await both_ends(caller, called)
        begun = near.line.packets_sent
        plan.update({begun + 15: (), begun + 25: (2,), begun + 30: (0, 0)})
        near.line.say(SENTENCE)
        sound = await heard_until(far, (begun + 60) * FRAME)
        place = hearing.find(sound, SENTENCE)
        assert hearing.longest_gap_s(sound, SENTENCE, at=place.at) == pytest.approx(0.020)
        assert hearing.drift(sound, SENTENCE, at=place.at) == 0
        numbers = [each.sequence for each in far.line.arrivals]
        steps = {(after - before) % 0x10000 for before, after in pairwise(numbers)}
        assert {0, 1, 2, 0xFFFF} <= steps


async def test_what_a_telephone_said_that_stood_still_is_whole_but_for_the_hole() -> None:
    async with Phone("100") as caller, Phone("200") as called:
        near, far = await both_ends(caller, called)
        near.line.say(SENTENCE)
        (take,) = near.line.takes
        await asyncio.to_thread(far.line.wait, lambda _: take.left >= 20 * FRAME, 10)
        caller.beat.stand_still(30)
        begun = near.line.packets_sent
        sound = await heard_until(far, (begun + 40) * FRAME)
        ((place, samples),) = take.holes
        assert samples == 30 * FRAME
        assert len(take.as_left()) == len(SENTENCE) + samples
        heard = hearing.find(sound, take.as_left())
        assert heard.score > 0.98
        assert not sound[heard.at + place :][:samples].any()
        assert hearing.drift(sound, take.as_left(), at=heard.at) == 0


async def test_what_came_before_the_end_of_a_call_is_heard() -> None:
    async with Phone("100") as caller, Phone("200") as called:
        near, far = await both_ends(caller, called)
        near.line.say(SENTENCE)
        (take,) = near.line.takes
        await asyncio.to_thread(near.line.wait, lambda _: take.left >= 10 * FRAME, 10)
        called.beat.leave(far.line)  # it is held up, and the call ends
        so_far, begun = len(far.line.arrivals), near.line.packets_sent
        await asyncio.to_thread(near.line.wait, lambda line: line.packets_sent > begun + 20, 10)
        await near.hang_up()
        assert far.ended.is_set()
        assert len(far.line.arrivals) > so_far + 20


async def test_a_key_under_which_a_telephone_stands_still_is_one_key() -> None:
    async with Phone("100") as caller, Phone("200") as called:
        near, far = await both_ends(caller, called)
        done = near.line.press("7", seconds=0.6)
        await asyncio.to_thread(far.line.wait, lambda line: line.keys_heard() == "7", 10)
        caller.beat.stand_still(30)
        assert await asyncio.to_thread(done.wait, 10)
        assert far.line.keys_heard() == "7"
        assert [key for key, _ in near.line.presses] == ["7"]


async def test_keys_arrive_once_each_as_events_and_by_info() -> None:
    async with Phone("100") as caller, Phone("200") as called:
        near, far = await both_ends(caller, called)
        for key in "8500#":
            done = near.line.press(key)
        assert await asyncio.to_thread(done.wait, 10)
        await asyncio.to_thread(far.line.wait, lambda line: len(line.keys_heard()) == 5, 20)
        assert far.line.keys_heard() == "8500#"
        assert (await near.press_info("4")).status == 200
        assert called.received("INFO") == 1


async def test_a_tone_is_the_two_frequencies_of_its_key() -> None:
    spectrum = np.abs(np.fft.rfft(tone("5", 1.0)))
    assert set(np.argsort(spectrum)[-2:]) == {770, 1336}


async def test_hold_and_resume_are_answered() -> None:
    async with Phone("100") as caller, Phone("200") as called:
        near, _ = await both_ends(caller, called)
        assert (await near.offer_again("sendonly")).status == 200
        assert (await near.offer_again("sendrecv")).status == 200
        await near.hang_up()
        assert called.received("ACK") == 3
