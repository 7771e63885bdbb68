"""What it costs to hear calls live, and what is heard, on good networks and on bad ones.

    python -m bench.live [CALLS] [SECONDS]

Lets CALLS telephones speak for SECONDS of virtual time over each network in turn, hears all of them
live, and prints the processor time for each call and frame, how many frames had to be guessed, and
how many wait at the end of a beat. Then, on an even network, what it costs beside to record every
call (both sides apart), and to watch for speech.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from call.g711 import SILENCE, encode
from call.media import Direction, Side, Stream
from call.sound import FRAME, FRAME_S, Law
from telephony.media.attention import Attention
from telephony.media.line import NO_SOCKET
from telephony.media.live import GUESSED, Live
from telephony.media.outbound import GROUPS, Outbound
from telephony.media.recording import Recording
from telephony.media.taping import Tapes
from telephony.media.writer import Sink, ThreadWriter
from telephony.playout import Ring, Timeline

_BEGUN = 100
_WARM = 50  # frames that are not measured

Lateness = Callable[[np.random.Generator, int], np.ndarray]
"""Draws how many frames late so many packets come; not at all, where it is NaN."""

NETWORKS: dict[str, Lateness] = {
    "even": lambda dice, count: np.zeros(count),
    "jitter up to 20 ms": lambda dice, count: dice.uniform(0, 1, count),
    "jitter up to 80 ms": lambda dice, count: dice.uniform(0, 4, count),
    "1 % lost": lambda dice, count: np.where(dice.random(count) < 0.01, np.nan, 0.0),
    "5 % lost": lambda dice, count: np.where(dice.random(count) < 0.05, np.nan, 0.0),
    "silent half of the time": lambda dice, count: np.where(
        (np.arange(count) + dice.integers(100)) // 50 % 2, np.nan, 0.0
    ),
}


class Party:
    """So many calls, heard live."""

    def __init__(self, calls: int, frames: int, lateness: Lateness) -> None:
        dice = np.random.default_rng(1)
        self.ring = Ring(calls)
        self.live = Live(self.ring, calls)
        self._timelines = [Timeline(_BEGUN) for _ in range(calls)]
        self._arrivals: list[list[tuple[int, int]]] = [[] for _ in range(frames + 1)]
        sound = dice.integers(-9000, 9000, (50, FRAME)).astype(np.int16)
        self._said = [memoryview(frame.tobytes()) for frame in encode(sound, Law.PCMU)]
        for call in range(calls):
            self.ring.clear(call, _BEGUN)
            self.live.set_law(call, Law.PCMU)
            self.live.begin(call, _BEGUN)
            when = np.arange(frames) + dice.random() + lateness(dice, frames)
            for number in np.argsort(when):
                if when[number] < frames:
                    self._arrivals[int(when[number])].append((call, int(number)))

    def arrive(self, frame: int) -> None:
        """Let arrive what arrives in this frame."""
        now = _BEGUN + frame
        for call, number in self._arrivals[frame]:
            place = self._timelines[call].place(number & 0xFFFF, number * FRAME, 1, FRAME, now)
            if place is not None:
                said = self._said[(number + call) % len(self._said)]
                self.ring.write(call, place, said, SILENCE[Law.PCMU], now)


def measure(calls: int, frames: int, name: str, lateness: Lateness) -> None:
    """Hear one network, and print what came of it."""
    party = Party(calls, frames, lateness)
    live, used, guessed = party.live, 0.0, 0
    for frame in range(frames):
        party.arrive(frame)
        began = time.process_time()
        for group in range(GROUPS):
            live.beat(group, _BEGUN + frame)
        if frame >= _WARM:
            used += time.process_time() - began
            guessed += int((live.frame == GUESSED).sum())
    heard = calls * (frames - _WARM)
    waiting = np.mean([live.delay(call) for call in range(calls)])
    print(f"{name:<26} {used / heard * 1e6:6.2f} µs   guessed {guessed / heard * 100:6.2f} %   "
          f"waiting {waiting:5.2f} frames")  # fmt: skip


class _NoLine:
    """What is sent goes nowhere."""

    descriptor = NO_SOCKET

    def send(self, packet: memoryview | bytes) -> None:
        return

    def quickest(self) -> Callable[[memoryview], object]:
        return self.send


def measure_users(calls: int, frames: int, folder: Path) -> None:
    """Record everybody, and watch everybody's speech; print what it costs beside."""
    party = Party(calls, frames, NETWORKS["even"])
    live, outbound, writer = party.live, Outbound(calls), ThreadWriter()
    tapes, attention = Tapes(live, outbound), Attention(live, calls)
    stream = Stream(Law.PCMU, 0, 101, ("127.0.0.1", 9), Direction.SENDRECV)
    for call in range(calls):
        outbound.begin(call, _NoLine(), stream, (call, 0, 0))  # type: ignore[arg-type]
        attention.watch(call, True)
        sink = Sink(folder / f"{call}.raw")
        tapes.record(call, Recording(writer, sink, 3600, None, call // GROUPS), Side.APART)
    used = np.zeros(2)
    for frame in range(frames):
        party.arrive(frame)
        for group in range(GROUPS):
            outbound.beat(group, lambda call, ticket: None)
            live.beat(group, _BEGUN + frame)
            times = [time.thread_time()]
            tapes.beat(group, lambda call, recording, cause: None)
            times.append(time.thread_time())
            attention.beat(group, frame * FRAME_S, lambda call, event: None)
            times.append(time.thread_time())
            used += np.diff(times) * (frame >= _WARM)
        writer.hand_over()
    writer.close()
    heard = calls * (frames - _WARM)
    for name, seconds in zip(("both sides recorded", "speech watched"), used, strict=True):
        print(f"{name:<26} {seconds / heard * 1e6:6.2f} µs")


def main() -> None:
    """Take the number of calls and the seconds from the command line."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    frames = round(float(sys.argv[2] if len(sys.argv) > 2 else 20.0) / FRAME_S)
    print(f"{calls} calls, {frames * FRAME_S:.0f} s; for each call and frame:")
    for name, lateness in NETWORKS.items():
        measure(calls, frames, name, lateness)
    with tempfile.TemporaryDirectory() as folder:
        measure_users(calls, frames, Path(folder))


if __name__ == "__main__":
    main()
