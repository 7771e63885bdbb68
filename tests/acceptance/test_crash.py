"""`kill -9` at twenty random instants while callers leave messages: none is lost, none is doubled.

Two companies live through ten each, at the same time. Each time the server is started again at
once, while the sound of the killed one may still be dying. What each caller knew at the kill is
written down; what is there is looked at when the last server has mailed all it owed.
"""

import asyncio
import contextlib
import io
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr.testing.script import Hears
from tests.acceptance.server import Server, command, demo_server, gone, listening
from tests.voicemail.office import read_mail
from tests.wire import hearing
from tests.wire.hearing import RATE, Pcm
from tests.wire.phone import CallRefused, Phone, PhoneCall
from tests.wire.running_demo import ROOT, Demo

pytestmark = pytest.mark.wire

COMPANIES = 2
KILLS = 10
"""In each company."""

CALLERS = 5
BOXES = ("101", "102")
SEED = 20270701

SURE_AFTER_S = 1.0
"""Whoever hung up longer ago than this before the kill has a message."""

LEAST_SPOKEN_S = 3.0
"""Whoever was still speaking after so long has one too: a second is lost at most, and the least
speech of a message is one more. The rest is the caller's own breath."""

DYING_S = 5.0

BEEP = Hears("common.beep")
KEPT = Hears("vm.leave.kept")


@dataclass
class Caller:
    """One caller's plan, and what they knew when the server died under them."""

    number: str
    box: str
    waits_s: float
    ends: str
    """Either "#", "hangs up" or "goes on"."""
    sound: Pcm
    call: PhoneCall | None = None
    speaks_since: float | None = None
    hung_up_at: float | None = None
    confirmed: bool = False
    spoken_s: float = 0.0
    killed_at: float = 0.0

    @property
    def has_left_a_message(self) -> bool:
        """Whether a message must be there."""
        gone_s = self.killed_at - self.hung_up_at if self.hung_up_at is not None else 0.0
        return self.confirmed or gone_s > SURE_AFTER_S or self.spoken_s > LEAST_SPOKEN_S

    @property
    def certain(self) -> Pcm:
        """What of their words must be in it."""
        ended = self.confirmed or self.hung_up_at is not None
        whole_s = len(self.sound) / RATE if ended else self.spoken_s - SURE_AFTER_S
        return self.sound[: int(whole_s * RATE)]


async def test_twenty_kills_lose_no_message_and_double_none(tmp_path: Path) -> None:
    owed = await asyncio.gather(
        *(lives_through_kills(tmp_path / f"data{company}", company) for company in range(COMPANIES))
    )
    assert sum(owed) >= COMPANIES * KILLS, "too few calls got far enough to tell anything"


async def lives_through_kills(data: Path, company: int) -> int:
    """A company's server is killed again and again; how many messages were owed at the end."""
    dice = random.Random(SEED + company)
    callers: list[Caller] = []
    deaths: list[asyncio.Task[bool]] = []
    clips: dict[str, list[Pcm]] = {}
    for kill in range(KILLS):
        async with demo_server(data) as server:
            clips = clips or await sounds(server)
            some = plans(dice, kill)
            parts = await until_killed(server, some, dice.uniform(1.8, 5.6), clips)
            assert parts, "the media plane is a process of its own"
            deaths.append(asyncio.create_task(gone(parts, DYING_S)))
        callers += some
    assert all(await asyncio.gather(*deaths))
    async with demo_server(data) as server:
        messages = {box: await listed(data, box) for box in BOXES}
        await until_mailed(server, sum(map(len, messages.values())))
    assert_balanced(callers, messages, server)
    assert server.complaints() == []
    assert not list((data / "spool").glob("*.raw"))
    return sum(each.has_left_a_message for each in callers)


def plans(dice: random.Random, kill: int) -> list[Caller]:
    """What the callers of one round mean to do."""
    voice, _ = soundfile.read(ROOT / "audio_fixtures" / "caller_10s.wav", dtype="int16")
    return [
        Caller(
            number=f"5145551{kill:02}{place}",
            box=BOXES[place % 2],
            waits_s=dice.uniform(0, 0.6),
            ends=ends,
            sound=np.roll(voice, -dice.randrange(0, 8 * RATE))[: int(seconds * RATE)],
        )
        for place, (ends, seconds) in enumerate(
            (ends, 10 if ends == "goes on" else dice.uniform(1.8, 2.5))
            for ends in dice.choices(["#", "hangs up", "goes on"], [3, 3, 2], k=CALLERS)
        )
    ]


async def sounds(server: Server) -> dict[str, list[Pcm]]:
    """How the beep and the confirmation sound, in both languages."""
    async with listening(server) as demo:
        return {str(each): await _clips(demo, each) for each in (BEEP, KEPT)}


async def _clips(demo: Demo, what: Hears) -> list[Pcm]:
    return [clip[: int(0.6 * RATE)] for clip in await demo.sounds(what)]


async def until_killed(
    server: Server, callers: list[Caller], after_s: float, clips: dict[str, list[Pcm]]
) -> list[int]:
    """Let them all call, kill the server in the midst of it, and note what each knew then.

    Gives the processes that the server leaves behind.
    """
    async with contextlib.AsyncExitStack() as phones:
        calling = [
            asyncio.create_task(
                leave(await phones.enter_async_context(Phone(each.number)), each, server, clips)
            )
            for each in callers
        ]
        await asyncio.sleep(after_s)
        parts = server.parts()
        server.kill()
        killed_at = time.monotonic()
        for task in calling:
            task.cancel()
        await asyncio.gather(*calling, return_exceptions=True)
        for each in callers:
            note(each, killed_at, clips)
        for task in calling:
            if not task.cancelled():
                assert task.exception() is None or isinstance(
                    task.exception(), TimeoutError | CallRefused
                )
    return parts


async def leave(phone: Phone, caller: Caller, server: Server, clips: dict[str, list[Pcm]]) -> None:
    """Call, skip the greeting, speak after the beep, end as planned."""
    await asyncio.sleep(caller.waits_s)
    caller.call = await phone.call(f"*{caller.box}", server.address)
    caller.call.line.press("#")
    while not heard(caller.call, clips[str(BEEP)]):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.2)
    said = caller.call.line.say(caller.sound)
    caller.speaks_since = time.monotonic()
    while not said.is_set():  # noqa: ASYNC110 - the line has a thread of its own
        await asyncio.sleep(0.02)
    if caller.ends == "#":
        for _ in ("the end", "kept as it is"):
            caller.call.line.press("#")
        await caller.call.ended.wait()
    elif caller.ends == "hangs up":
        caller.hung_up_at = time.monotonic()
        await caller.call.hang_up()


def heard(call: PhoneCall, clips: list[Pcm]) -> bool:
    return any(hearing.find(call.line.heard(), clip).score > 0.8 for clip in clips)


def note(caller: Caller, killed_at: float, clips: dict[str, list[Pcm]]) -> None:
    """Write down what a caller knew, and put their receiver down without a word."""
    caller.killed_at = killed_at
    if caller.call is None:
        return
    if caller.speaks_since is not None:
        longest_s = len(caller.sound) / RATE
        caller.spoken_s = min(killed_at - caller.speaks_since, longest_s)
    caller.confirmed = caller.ends == "#" and heard(caller.call, clips[str(KEPT)])
    caller.call.ended.set()
    caller.call.line.close()


async def listed(data: Path, box: str) -> dict[str, list[str]]:
    """The ids of the messages of a box, by the caller's number."""
    status, lines, complaints = await command("message", "list", box, "--data", str(data))
    assert status == 0, complaints
    found: dict[str, list[str]] = {}
    for line in lines.splitlines():
        found.setdefault(line.split()[-1], []).append(line.split()[0])
    return found


async def until_mailed(server: Server, count: int) -> None:
    """Until as many e-mails are written as there are messages, and time for one too many."""
    async with asyncio.timeout(60):
        while len(server.mails()) < count:  # noqa: ASYNC110 - another process writes them
            await asyncio.sleep(0.1)
    await asyncio.sleep(1)


def assert_balanced(
    callers: list[Caller], messages: dict[str, dict[str, list[str]]], server: Server
) -> None:
    """Every message owed is there once and mailed once, with the words that were said."""
    mails = {path.stem: read_mail(path.read_bytes()) for path in server.mails()}
    for caller in callers:
        ids = messages[caller.box].get(caller.number, [])
        assert len(ids) <= 1, caller
        assert ids or not caller.has_left_a_message, caller
        if ids and caller.has_left_a_message:
            (sound,) = mails[ids[0]].iter_attachments()
            assert_said(io.BytesIO(sound.get_content()), caller)
    ids = [id for box in messages.values() for each in box.values() for id in each]
    assert sorted(mails) == sorted(ids)


def assert_said(file: io.BytesIO, caller: Caller) -> None:
    stored, _ = soundfile.read(file, dtype="int16")
    place = hearing.find(np.asarray(stored, dtype=np.int16), caller.certain)
    assert place.score >= 0.95, caller
