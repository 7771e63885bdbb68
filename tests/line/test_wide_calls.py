"""Two telephones of others with wide codecs, one of them encrypting, bridged."""

import asyncio
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

from call.clock import SystemClock
from call.leg import HungUp
from call.media import RecordEnded
from telephony.adapters.sip_transport import SipTransport
from telephony.codecs import NAMES
from telephony.crypto import Secrecy, SrtpPolicy
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.media.process import MediaProcess
from tests.line.baresip_phone import baresip
from tests.media.plane import make_clip, tone
from tests.media.wide_phone import strength, wide_tone
from vestibule.tokens import WireTokens, draw_key

pytestmark = [
    pytest.mark.wire,
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("baresip") is None, reason="no baresip on this machine"),
]


RECORDED_S = 2.0


@dataclass
class Meeting:
    """Answers two calls, plays a tone to each, and bridges them until one has been recorded."""

    folder: Path
    legs: list[SipLeg] = field(default_factory=list)
    both: asyncio.Event = field(default_factory=asyncio.Event)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def attend(self, leg: SipLeg) -> None:
        await leg.answer()
        self.legs.append(leg)
        leg.play([make_clip(self.folder, f"tone{len(self.legs)}", tone(0.6, 440, 8000))], 1)
        if len(self.legs) == 2:
            leg.bridge(self.legs[0])
            leg.record(self.folder / "message.pcm", max_s=RECORDED_S)
            self.both.set()
        while not isinstance(event := await leg.event(), HungUp):
            if isinstance(event, RecordEnded):
                for each in self.legs:
                    await each.hang_up()
        if leg is self.legs[0]:
            self.heard.set()


async def test_telephones_with_opus_and_g722_hear_each_other_above_four_kilohertz(
    tmp_path: Path,
) -> None:
    high = {"opus": (6000, 1000), "g722": (5500, 800)}
    for name, (hertz, low) in high.items():
        says = wide_tone(20.0, hertz, 5000) + wide_tone(20.0, low, 5000)
        soundfile.write(tmp_path / f"{name}.wav", says, 16000, subtype="PCM_16")
    clock, plane = SystemClock(), MediaProcess("127.0.0.1")
    await plane.start()
    meeting = Meeting(tmp_path)
    line = SipLine(
        LineSettings(), SipTransport("127.0.0.1", 0, clock), plane, clock, WireTokens(),
        meeting.attend, lambda number: True, codecs=tuple(NAMES.values()),
        secrecy=Secrecy(SrtpPolicy.ACCEPT, draw_key),
    )  # fmt: skip
    host, port = await line.start()
    try:
        async with (
            asyncio.timeout(30),
            baresip(tmp_path / "a", tmp_path / "opus.wav", "srtp-mand", "opus/48000/2") as opus,
            baresip(tmp_path / "b", tmp_path / "g722.wav", codec="G722/16000/1") as g722,
        ):
            await opus.call(f"sip:100@{host}:{port}")
            await g722.call(f"sip:100@{host}:{port}")
            await meeting.heard.wait()
            await line.drain(5)
    finally:
        await line.stop()
        await plane.stop()
    by_g722 = a_second_of(g722.heard(16000), 16000)
    assert strength(by_g722, 6000) == pytest.approx(5000, rel=0.4)
    assert strength(by_g722, 1000) == pytest.approx(5000, rel=0.25)
    by_opus = a_second_of(opus.heard(48000), 48000)
    assert strength(by_opus, 5500, 48000) == pytest.approx(5000, rel=0.4)
    assert strength(by_opus, 800, 48000) == pytest.approx(5000, rel=0.25)
    kept = np.fromfile(tmp_path / "message.pcm", "<i2")
    assert len(kept) == RECORDED_S * 8000
    low, image = max(((1000, 2000), (800, 2500)), key=lambda each: strength(kept, each[0], 8000))
    assert strength(kept[4000:12000], low, 8000) == pytest.approx(5000, rel=0.25)
    assert strength(kept[4000:12000], image, 8000) < 100  # what is above stays above


def a_second_of(heard: np.ndarray, rate: int) -> np.ndarray:
    """The second before the last half, when nothing is played any more."""
    return heard[-int(1.2 * rate) : -int(0.2 * rate)]
