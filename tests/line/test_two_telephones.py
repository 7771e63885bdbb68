"""Two telephones call the line, and their legs are bridged: they talk with each other."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from call.clock import SystemClock
from call.leg import HungUp, LegEvent
from call.media import Address, KeyPressed
from telephony.adapters.sip_transport import SipTransport
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.media.process import MediaProcess
from tests.wire.phone import Phone, Wire
from tests.wire.rtp_line import RtpLine, tone
from vestibule.tokens import WireTokens

pytestmark = pytest.mark.wire


@dataclass
class Exchange:
    """Answers every call, and bridges the second one with the first."""

    legs: list[SipLeg] = field(default_factory=list)
    told: list[tuple[int, LegEvent]] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    address: Address = ("127.0.0.1", 0)

    async def attend(self, leg: SipLeg) -> None:
        await leg.answer()
        self.legs.append(leg)
        number = len(self.legs)
        if number == 2:
            self.legs[0].bridge(leg)
        while True:
            event = await leg.event()
            self.told.append((number, event))
            if isinstance(event, HungUp):
                self.over.set()
                return


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    exchange, clock, plane = Exchange(), SystemClock(), MediaProcess("127.0.0.1")
    await plane.start()
    transport = SipTransport("127.0.0.1", 0, clock)
    line = SipLine(
        LineSettings(), transport, plane, clock, WireTokens(), exchange.attend, lambda number: True
    )
    try:
        exchange.address = await line.start()
        yield exchange
    finally:
        await line.stop()
        await plane.stop()


@pytest.mark.parametrize("law", ["PCMU", "PCMA"])
async def test_they_hear_each_other_and_each_others_keys_until_one_hangs_up(
    exchange: Exchange, law: str
) -> None:
    other = Wire(laws=(law,))
    async with Phone("101") as first, Phone("102", wire=other) as second, asyncio.timeout(60):
        calls = [await phone.gets_through("8500", exchange.address) for phone in (first, second)]
        for call, key in zip(calls, "14", strict=True):
            call.line.say(tone(key, 0.6))
        assert await asyncio.to_thread(calls[1].line.wait, lambda line: hears(line, "1"), 20)
        assert await asyncio.to_thread(calls[0].line.wait, lambda line: hears(line, "4"), 20)
        calls[0].line.press("7")
        assert await asyncio.to_thread(
            calls[1].line.wait, lambda line: "7" in line.keys_heard(), 20
        )
        await calls[1].press_info("8")
        assert await asyncio.to_thread(
            calls[0].line.wait, lambda line: "8" in line.keys_heard(), 20
        )
        await calls[1].hang_up()
        await exchange.over.wait()
        assert exchange.legs[0].up
        await calls[0].hang_up()
    pressed = [(number, event.key) for number, event in exchange.told if type(event) is KeyPressed]
    assert pressed == [(1, "7"), (2, "8")]


def hears(line: RtpLine, key: str) -> bool:
    """Whether 200 ms of the tones of a key came, and of no other."""
    sound = line.heard()[-1600:]
    wanted = tone(key, len(sound) / 8000)
    if len(sound) < 1600:
        return False
    both = [np.abs(np.fft.rfft(each.astype(float))) for each in (sound, wanted)]
    found, expected = (set(np.argsort(each)[-2:].tolist()) for each in both)
    return bool(found == expected and np.abs(sound).max() > 4000)
