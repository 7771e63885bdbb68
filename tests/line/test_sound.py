"""A telephone, the line and the real media plane: sound and keys from end to end."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from call.clock import SystemClock
from call.leg import HungUp, LegEvent
from call.media import KeyPressed, KeySource, PlayEnded, RecordEnded
from call.sound import Clip, EndOfRecording
from telephony.adapters.sip_transport import SipTransport
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.media.process import MediaProcess
from tests.wire.phone import Phone
from tests.wire.rtp_line import tone
from vestibule.tokens import WireTokens

pytestmark = pytest.mark.wire


async def test_a_caller_hears_presses_speaks_and_hangs_up(tmp_path: Path) -> None:
    events: list[LegEvent] = []
    clip = Clip(tmp_path / "clip", 10)
    for law, silence in (("pcmu", 0x7F), ("pcma", 0x55)):
        (tmp_path / f"clip.{law}").write_bytes(bytes([silence]) * 1600)
    recording = tmp_path / "message.pcm"
    pressed, recording_begun = asyncio.Event(), asyncio.Event()

    async def attend(leg: SipLeg) -> None:
        await leg.answer()
        leg.play([clip], 1)
        while True:
            events.append(event := await leg.event())
            match event:
                case PlayEnded():
                    leg.record(recording, max_s=60)
                    recording_begun.set()
                case KeyPressed():
                    pressed.set()
                case HungUp():
                    return

    clock = SystemClock()
    plane = MediaProcess("127.0.0.1")
    await plane.start()
    line = SipLine(
        LineSettings(),
        SipTransport("127.0.0.1", 0, clock),
        plane,
        clock,
        WireTokens(),
        attend,
        lambda number: True,
    )
    try:
        address = await line.start()
        async with Phone("5145550123") as phone, asyncio.timeout(60):
            call = await phone.gets_through("5145550100", address)
            await recording_begun.wait()
            spoken = call.line.say(tone("1", 1.0))
            await asyncio.to_thread(spoken.wait)
            call.line.press("8")
            await call.press_info("8")
            await pressed.wait()
            await call.hang_up()
            await line.drain(20)
    finally:
        await line.stop()
        await plane.stop()

    kinds = [type(event) for event in events]
    assert kinds == [PlayEnded, KeyPressed, RecordEnded, HungUp]
    key, ended = events[1], events[2]
    assert isinstance(key, KeyPressed)
    assert key.key == "8"
    assert key.source in (KeySource.RFC4733, KeySource.SIP_INFO)
    assert isinstance(ended, RecordEnded)
    assert ended.ended_by is EndOfRecording.HANG_UP
    assert ended.seconds > 0.9
    heard = np.frombuffer(recording.read_bytes(), "<i2")
    assert np.abs(heard).max() > 2_000
