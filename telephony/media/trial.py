"""How hard a number of calls is for this machine: tried on the real plane, over loopback.

The slots are connected in pairs, each to the other: every one of them sends 50 packets a second
and receives as many, plays a prompt without end, and records where that is asked for. What a trial
tells of the plane's process holds for real calls; what call logic and telephones cost is not in it.
"""

import asyncio
import os
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from call.g711 import encode
from call.media import MediaEvent, MediaStatistics, Stream
from call.sound import FRAME, RATE, Clip, Law
from telephony.media.engine import MediaSettings
from telephony.media.process import MediaProcess, slots_within

_AT_ONCE = 50  # slots opened before the plane is given time to take them
_BREATH_S = 0.01
_PROMPT_S = 5
_FIRST = 50
_FURTHER = 8  # times as many calls at most: a guess from few calls is a rough one
_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME, _RSS = 11, 12, 21  # fields of /proc/PID/stat after the name in parentheses


@dataclass(frozen=True, slots=True)
class Step:
    """What a number of calls cost while they were up."""

    calls: int
    busy: float
    """Share of its time that the plane worked."""
    processor: float
    """Cores that its process used."""
    late_s: float
    """Its worst beat of a second, in seconds; of two seconds that of the better one."""
    memory: int
    """Octets that its process held."""


@dataclass(frozen=True, slots=True)
class Round:
    """One kind of call, with more and more of them."""

    record: bool
    priority: str
    """The scheduling the plane obtained."""
    compiled: bool
    """Whether the loops of its beat were compiled."""
    steps: tuple[Step, ...]
    lost: int
    """Packets that did not arrive."""


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """How far a trial goes.

    It ends at `most` calls, or with the step that is `busy` or more, or whose beats are more than
    `late_s` seconds late. A step lasts `step_s` seconds; `folder` takes what is recorded.
    """

    folder: Path
    most: int
    busy: float = 0.6
    late_s: float = 0.010
    step_s: float = 2.0
    host: str = "127.0.0.1"


async def try_calls(plan: TrialPlan, *, record: bool) -> Round:
    """Raise the number of calls until it is enough. Raises Unavailable when nothing can begin."""
    limit = slots_within(resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    most = max(2, min(plan.most, limit) // 2 * 2)
    plane = MediaProcess(plan.host, settings=MediaSettings(slots=most))
    await plane.start()
    trial = _Trial(plane, plan, record=record)
    steps: list[Step] = []
    try:
        for calls in _numbers(most, plan.busy, steps):
            await trial.raise_to(calls)
            steps.append(await trial.measure())
            if steps[-1].busy >= plan.busy or steps[-1].late_s > plan.late_s:
                break
    finally:
        await plane.stop()
    return Round(record, plane.priority, plane.compiled, tuple(steps), trial.lost)


def _numbers(most: int, busy: float, steps: Sequence[Step]) -> Iterator[int]:
    """How many calls to try next, judging by the steps so far: few, half of enough, enough."""
    yield min(_FIRST, most)
    for share in (0.5, 1.0):
        first, last = steps[0], steps[-1]
        a_call = last.busy / last.calls
        if last.calls > first.calls:
            a_call = max(a_call / 4, (last.busy - first.busy) / (last.calls - first.calls))
        further = last.calls + (share * busy - last.busy) / a_call if a_call > 0 else most
        calls = min(most, last.calls * _FURTHER, int(further) // 2 * 2)
        if calls > last.calls:
            yield calls


class _Trial:
    """The calls of one round."""

    def __init__(self, plane: MediaProcess, plan: TrialPlan, *, record: bool) -> None:
        self._plane = plane
        self._plan = plan
        self._record = record
        self._slots: list[int] = []
        self._prompt = _prompt(plan.folder)
        self.lost = 0

    async def raise_to(self, calls: int) -> None:
        """Open pairs until there are so many calls."""
        while len(self._slots) < calls:
            self._pair()
            if len(self._slots) % _AT_ONCE == 0:
                await asyncio.sleep(_BREATH_S)

    def _pair(self) -> None:
        plane = self._plane
        pair = plane.open(self._heard), plane.open(self._heard)
        for slot, other in (pair, pair[::-1]):
            plane.connect(slot, Stream(Law.PCMU, 0, 101, (plane.host, plane.port(other))))
            plane.play(slot, [self._prompt], 0, repeat=True)
            if self._record:
                plane.record(slot, self._plan.folder / f"{slot}.raw", max_s=3600.0)
        self._slots += pair

    def _heard(self, event: MediaEvent) -> None:
        if isinstance(event, MediaStatistics):
            self.lost += event.packets_lost

    async def measure(self) -> Step:
        """What the calls cost, once they have settled."""
        await asyncio.sleep(self._plan.step_s / 2)
        pid = self._plane.pid
        before, began, late_s = _used(pid)[0], time.monotonic(), self._plane.load.late_s
        await asyncio.sleep(self._plan.step_s / 2)
        (after, memory), load = _used(pid), self._plane.load
        processor = (after - before) / (time.monotonic() - began)
        # One late beat is this machine's bad moment; late in both halves is too many calls.
        late_s = min(late_s, load.late_s)
        return Step(len(self._slots), load.busy, processor, late_s, memory)


def _used(pid: int | None) -> tuple[float, int]:
    """Processor seconds a process has used, and octets it holds; nothing of one that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0, 0
    seconds = (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS
    return seconds, int(fields[_RSS]) * resource.getpagesize()


def _prompt(folder: Path) -> Clip:
    """A few seconds of something to play."""
    clip = Clip(folder / "prompt", _PROMPT_S * RATE // FRAME)
    time_s = np.arange(_PROMPT_S * RATE) / RATE
    sound = (8000 * np.sin(2 * np.pi * 440 * time_s)).astype(np.int16)
    clip.file(Law.PCMU).write_bytes(encode(sound, Law.PCMU).tobytes())
    return clip
