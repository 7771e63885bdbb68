"""Five telephones on the wire in one room: each hears exactly the four others.

Real calls, real RTP, the plane in its own process; the telephones share no code with the product.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest

from call.clock import SystemClock
from call.leg import HungUp
from call.media import KeyPressed, KeySource, RoomEvent, SpeakersChanged
from telephony.adapters.sip_transport import SipTransport
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.media.process import MediaProcess
from tests.meetings.humming import AMPLITUDE, NOTES, but, note, until_as_loud, until_heard
from tests.wire.phone import Phone, PhoneCall, Wire
from tests.wire.rtp_line import RtpLine, tone
from vestibule.meetings.ports import RoomLeg
from vestibule.tokens import WireTokens

pytestmark = pytest.mark.wire

PATIENCE_S = 180.0

OWN_TONES = NOTES[-1]
"""Who presses keys by tones in the sound itself; the others tell them as events."""


@dataclass
class Meeting:
    """A plane room, and the five calls that are in it, by their notes."""

    calls: dict[int, PhoneCall] = field(default_factory=dict)
    legs: dict[int, RoomLeg] = field(default_factory=dict)
    pressed: asyncio.Queue[tuple[int, KeyPressed]] = field(default_factory=asyncio.Queue)
    told: list[RoomEvent] = field(default_factory=list)
    room: int = -1

    @property
    def lines(self) -> dict[int, RtpLine]:
        return {hertz: call.line for hertz, call in self.calls.items()}

    async def attend(self, leg: SipLeg) -> None:
        """Every call goes straight into the room."""
        hertz = int(leg.caller.number)
        await leg.answer()
        self.legs[hertz] = leg
        leg.enter(self.room)
        while not isinstance(event := await leg.event(), HungUp):
            if isinstance(event, KeyPressed):
                self.pressed.put_nowait((hertz, event))


@asynccontextmanager
async def five_telephones(hum_s: float) -> AsyncIterator[Meeting]:
    meeting, clock = Meeting(), SystemClock()
    plane = MediaProcess("127.0.0.1")
    await plane.start()
    line = SipLine(
        LineSettings(),
        SipTransport("127.0.0.1", 0, clock),
        plane,
        clock,
        WireTokens(),
        meeting.attend,
        lambda number: True,
    )
    try:
        address = await line.start()
        meeting.room = plane.open_room(meeting.told.append)
        async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE_S):
            for hertz in NOTES:
                law, events = ("PCMA", None) if hertz == OWN_TONES else ("PCMU", 101)
                phone = Phone(str(hertz), wire=Wire(laws=[law], event_type=events))
                await stack.enter_async_context(phone)
                call = await phone.gets_through("5145550100", address)
                meeting.calls[hertz] = call
                if hum_s:
                    call.line.say(note(hertz, hum_s))
            yield meeting
    finally:
        await line.stop()
        await plane.stop()


async def test_each_hears_the_four_others_through_mutes_volumes_and_a_removal() -> None:
    async with five_telephones(PATIENCE_S) as meeting:
        lines, legs = meeting.lines, meeting.legs
        await until_heard(lines, {own: but(own) for own in NOTES})
        first, second, third, fourth, fifth = NOTES

        legs[second].mute(True)
        audible = [each for each in NOTES if each != second]
        await until_heard(lines, {own: but(own, audible) for own in NOTES})
        assert meeting.told
        assert isinstance(meeting.told[-1], SpeakersChanged)

        legs[second].mute(False)
        legs[third].set_volume(spoken_db=6.0)
        legs[fourth].set_volume(heard_db=-6.0)
        await until_heard(lines, {own: but(own) for own in NOTES})
        await until_as_loud(lines[first], {third: 2 * AMPLITUDE, fifth: AMPLITUDE})
        await until_as_loud(lines[fourth], {first: AMPLITUDE / 2})

        legs[fifth].quit_room()
        left = NOTES[:-1]
        wanted = {own: but(own, left) for own in left} | {fifth: set[int]()}
        await until_heard(lines, wanted)
        legs[fifth].enter(meeting.room, muted=True)
        wanted[fifth] = set(left)
        await until_heard(lines, wanted)

        await meeting.calls[first].hang_up()
        staying = {own: line for own, line in lines.items() if own != first}
        audible = [second, third, fourth]
        await until_heard(staying, {own: but(own, audible) for own in staying})


async def test_a_key_told_as_an_event_reaches_the_leg_and_no_ear_and_a_tone_reaches_both() -> None:
    async with five_telephones(0.0) as meeting:
        pressing, sounding, ear = NOTES[0], OWN_TONES, NOTES[1]
        for key in "159":
            meeting.calls[pressing].line.press(key)
        told = [await meeting.pressed.get() for _ in "159"]
        assert not meeting.calls[ear].line.heard().any()
        meeting.calls[sounding].line.say(tone("7", 0.4))
        told.append(await meeting.pressed.get())
        line = meeting.calls[ear].line
        assert await asyncio.to_thread(line.wait, _loud, PATIENCE_S)
    assert [(hertz, press.key, press.source) for hertz, press in told] == [
        *((pressing, key, KeySource.RFC4733) for key in "159"),
        (sounding, "7", KeySource.INBAND),
    ]


def _loud(line: RtpLine) -> bool:
    return bool(np.abs(line.heard()).max() > 2000)
