"""Calls with a telephone of others that encrypts its sound."""

import asyncio
import base64
import logging
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

from call.clock import SystemClock
from call.leg import HungUp, Party
from call.media import PlayEnded, RecordEnded
from telephony.adapters.sip_transport import SipTransport
from telephony.crypto import Secrecy, SrtpPolicy
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.media.process import MediaProcess
from telephony.sip.events import Peer, Transport
from tests.line.baresip_phone import baresip
from tests.media.plane import make_clip, noise
from tests.wire.hearing import find
from vestibule.tokens import WireTokens, draw_key

pytestmark = [
    pytest.mark.wire,
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("baresip") is None, reason="no baresip on this machine"),
]

WORDS, SAID = noise(0.8, seed=1), noise(1.2, seed=2)


@dataclass
class Conversation:
    """Answers one call: plays, records, hangs up when both are done."""

    folder: Path
    events: list[object] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def recording(self) -> Path:
        return self.folder / "message.pcm"

    async def attend(self, leg: SipLeg) -> None:
        await leg.answer()
        leg.record(self.recording, max_s=1.6)
        leg.play([make_clip(self.folder, "words", WORDS)], 1)
        while not self.over.is_set():
            self.events.append(event := await leg.event())
            done = {type(each) for each in self.events} >= {PlayEnded, RecordEnded}
            if isinstance(event, HungUp):
                self.over.set()
            elif done:
                await leg.hang_up()


@asynccontextmanager
async def a_line(
    attend: Callable[[SipLeg], Awaitable[None]], policy: SrtpPolicy, draw: Callable[[], bytes]
) -> AsyncIterator[tuple[SipLine, tuple[str, int]]]:
    clock, plane = SystemClock(), MediaProcess("127.0.0.1")
    await plane.start()
    line = SipLine(
        LineSettings(), SipTransport("127.0.0.1", 0, clock), plane, clock, WireTokens(),
        attend, lambda number: True, secrecy=Secrecy(policy, draw),
    )  # fmt: skip
    try:
        yield line, await line.start()
    finally:
        await line.stop()
        await plane.stop()


@pytest.mark.parametrize("direction", ["they call", "we call"])
async def test_a_telephone_that_insists_on_encryption_hears_and_is_heard(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, direction: str
) -> None:
    caplog.set_level(logging.DEBUG, "telephony.sip.trace")
    soundfile.write(tmp_path / "says.wav", SAID, 8000, subtype="PCM_16")
    conversation = Conversation(tmp_path)
    keys: list[bytes] = []

    def draw() -> bytes:
        keys.append(draw_key())
        return keys[-1]

    policy = SrtpPolicy.ACCEPT if direction == "they call" else SrtpPolicy.REQUIRE
    async with (
        asyncio.timeout(30),
        a_line(conversation.attend, policy, draw) as (line, (host, port)),
        baresip(tmp_path / "phone", tmp_path / "says.wav", "srtp-mand") as phone,
    ):
        if direction == "they call":
            await phone.call(f"sip:100@{host}:{port}")
        else:
            uri, us = f"sip:phone@127.0.0.1:{phone.port}", f"sip:100@{host}:{port}"
            peer = Peer(Transport.UDP, "127.0.0.1", phone.port)
            leg = line.dial(uri, peer=peer, from_uri=us, caller=Party("100"))
            await conversation.attend(leg)
        await conversation.over.wait()
        await line.drain(5)
    assert find(phone.heard(), WORDS).score > 0.99
    # It speaks as soon as it is answered; we record once it knows that it is.
    assert find(np.fromfile(conversation.recording, "<i2"), SAID[2400:]).score > 0.99
    _assert_told_nowhere(keys, caplog)


def _assert_told_nowhere(keys: list[bytes], caplog: pytest.LogCaptureFixture) -> None:
    told = " ".join(str(vars(record)) for record in caplog.records)
    assert "a=crypto:" in told
    assert "inline:..." in told
    assert keys
    for key in keys:
        assert base64.b64encode(key).decode()[:10] not in told
        assert repr(key)[2:12] not in told
