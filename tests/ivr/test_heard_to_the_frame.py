"""From the key on the telephone to the sound in its ear: the real line, plane, session and flow.

Only the network is imaginary, and time is virtual, so that every frame can be told from the others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from call.clock import VirtualClock
from call.g711 import SILENCE, decode, encode
from call.sound import FRAME, Clip, Law
from ivr.dialogue import Dialogue
from ivr.prompts import Phrase, PhraseBook, Segment
from ivr.session import Session
from ivr.testing import run_in_virtual_time
from telephony import rtp
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.media.engine import TICK_S
from telephony.media.virtual import FarEnd, VirtualPlane
from tests.ivr.conftest import small_dialogue
from tests.ivr.memory_mailbox import MemoryMailbox
from tests.line.scripted import OFFER, Caller, Scene, ScriptedWire, SerialTokens
from tests.media.plane import make_clip, noise, tone

NEAR = OFFER.replace(b"192.0.2.7", b"127.0.0.1").replace(b"40000", b"20000")
"""An offer of the telephone that the plane puts at the end of its first slot."""


class StoredVoice:
    """Says each phrase with a sound of its own, stored ready."""

    def __init__(self, sounds: dict[str, Clip]) -> None:
        self._sounds = sounds

    async def clips(self, segments: Sequence[Segment]) -> tuple[Clip, ...]:
        return tuple(self._sounds[s.id] for s in segments if isinstance(s, Phrase))


class SoundScene(Scene):
    """A line with the real media plane, one session for each call."""

    def __init__(self, clock: VirtualClock, attend: Callable[[SipLeg], Awaitable[None]]) -> None:
        super().__init__()
        self.clock = clock
        self.sound = VirtualPlane(clock)
        self.wire = ScriptedWire(clock)
        self.line = SipLine(
            LineSettings(linger_s=0.0), self.wire, self.sound, clock, SerialTokens(), attend,
            lambda number: True,
        )  # fmt: skip

    async def beats(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.sound.catch_up()


def heard_by(
    dialogue: Dialogue,
    folder: Path,
    sounds: dict[str, Clip],
    caller_does: Callable[[FarEnd], Awaitable[None]],
) -> list[bytes]:
    """Call the dialogue; the frames that the caller's telephone received, in order."""

    async def main(clock: VirtualClock) -> list[bytes]:
        async def attend(leg: SipLeg) -> None:
            voice, mailbox = StoredVoice(sounds), MemoryMailbox(folder)
            await Session(dialogue, leg, voice, mailbox, clock).run()

        async with SoundScene(clock, attend) as scene:
            beating = asyncio.create_task(scene.beats())
            caller = Caller(scene)
            await caller.invites(NEAR)
            await caller.acknowledges()
            far = scene.sound.far_end(0)
            await caller_does(far)
            await caller.hangs_up()
            await asyncio.sleep(0.1)
            beating.cancel()
        packets = [rtp.parse(packet) for _, packet in far.heard]
        return [packet.payload for packet in packets if packet.payload_type == 0]

    return run_in_virtual_time(main)


LISTEN = """
[states.first]
kind     = "play"
prompt   = ["common.one_moment", "common.no_recording"]
controls = { "*" = "back", "#" = "forward", 0 = "pause", 2 = "restart" }
keys     = { 9 = "one" }
on       = { done = "out" }
"""


def test_each_control_is_heard_within_a_frame_and_is_exact(
    tmp_path: Path, book: PhraseBook
) -> None:
    sounds = [noise(4.0, seed=1), noise(12.0, seed=2)]
    names = ("common.one_moment", "common.no_recording")
    clips = {name: make_clip(tmp_path, name, s) for name, s in zip(names, sounds, strict=True)}
    stored = encode(np.concatenate(sounds), Law.PCMU).reshape(-1, FRAME)
    places = {frame.tobytes(): n for n, frame in enumerate(stored)}

    async def does(far: FarEnd) -> None:
        for key in "*#*002#":
            await asyncio.sleep(2.0)
            far.press(key)
        await asyncio.sleep(2.0)

    dialogue = small_dialogue(tmp_path, book, LISTEN)
    heard = [places.get(frame) for frame in heard_by(dialogue, tmp_path, clips, does)]
    begin = heard.index(0)
    jumps: list[tuple[int, int | None, int | None]] = []
    for n, (before, after) in enumerate(zip(heard[begin:], heard[begin + 1 :], strict=False)):
        expected = None if before is None else before + 1
        if after != expected:
            jumps.append((n + 1, before, after))
    assert [(before, after) for _, before, after in jumps] == [
        (99 + late(jumps[0]), 0),  # * two seconds from the beginning goes to the beginning
        (jumps[1][1], (jumps[1][1] or 0) + 151),  # forward
        (jumps[2][1], (jumps[2][1] or 0) - 149),  # back, into the clip before
        (jumps[3][1], None),  # a pause
        (None, (jumps[3][1] or 0) + 1),  # and on
        (jumps[5][1], 0),  # from the beginning
        (jumps[6][1], (jumps[6][1] or 0) + 151),
    ]
    assert max(late(jump) for jump in jumps) <= 1


def late(jump: tuple[int, int | None, int | None]) -> int:
    """Frames from the press, each two seconds after the one before, to what is heard of it."""
    return jump[0] % 100


MESSAGE = """
params = { spool = "text" }
[states.first]
kind    = "record"
into    = "recording"
max     = "8s"
warning = "3s"
on      = { done = "out", limit = "one" }
"""


def test_the_warning_is_heard_in_a_message_and_is_not_kept_with_it(
    tmp_path: Path, book: PhraseBook
) -> None:
    spoken = noise(10.0, seed=5)
    pips = tone(0.46, hertz=440.0)
    clips = {
        "common.beep": make_clip(tmp_path, "beep", tone(0.3, hertz=800.0)),
        "common.warning": make_clip(tmp_path, "warning", pips[: 22 * FRAME]),
        "vm.goodbye": make_clip(tmp_path, "goodbye", noise(1.0, seed=6)),
    }
    path = tmp_path / "message.raw"

    async def does(far: FarEnd) -> None:
        far.speak(spoken)
        await asyncio.sleep(12.0)

    heard = heard_by(small_dialogue(tmp_path, book, MESSAGE, spool=path), tmp_path, clips, does)
    sound = b"".join(heard)
    beep, warning, goodbye = (
        sound.index(clip.file(Law.PCMU).read_bytes()) / FRAME * 0.02 for clip in clips.values()
    )
    assert warning - beep == pytest.approx(0.3 + 5.0, abs=0.06)
    assert goodbye - beep == pytest.approx(0.3 + 8.0, abs=0.06)
    quiet = bytes([SILENCE[Law.PCMU]]) * FRAME
    assert sound.count(quiet) > 300
    kept = np.fromfile(path, dtype="<i2")
    assert len(kept) == 8 * 8000
    said = decode(encode(spoken, Law.PCMU), Law.PCMU).astype("<i2").tobytes()
    assert kept[2 * FRAME :].astype("<i2").tobytes() in said
