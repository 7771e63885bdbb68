"""When packets arrived, by the kernel's own stamps, and how evenly."""

import socket
import struct
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from telephony import rtp

SO_TIMESTAMPNS = 35
"""The kernel stamps each arrival, so that a busy reader does not blur what it measures."""

ROOM_FOR_STAMP = 64
WANTED_MS = 20.0
TOLERANCE_MS = 5.0

_STAMP = struct.Struct("@ll")


@dataclass(slots=True)
class Arrivals:
    """The packets of one call: `times` in seconds of the realtime clock, and their sequence."""

    times: "array[float]" = field(default_factory=lambda: array("d"))
    sequences: "array[int]" = field(default_factory=lambda: array("H"))

    def add(self, at: float, sequence: int) -> None:
        self.times.append(at)
        self.sequences.append(sequence)

    def within(self, begin: float, end: float) -> "Arrivals":
        """Those of a window."""
        kept = [n for n, at in enumerate(self.times) if begin <= at < end]
        return Arrivals(
            array("d", (self.times[n] for n in kept)),
            array("H", (self.sequences[n] for n in kept)),
        )


@dataclass(frozen=True, slots=True)
class Pacing:
    """Times between successive packets of one call, over all calls, in milliseconds."""

    packets: int
    lost: int
    p50: float
    p99: float
    p999: float
    worst: float
    even: float
    """Share within 20 ± 5 ms, 0 to 1."""


def stamp(line: socket.socket) -> None:
    """Have the kernel stamp what arrives on a socket."""
    line.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)


def stamped_at(ancillary: list[tuple[int, int, bytes]]) -> float:
    """The stamp of one packet, in seconds of the realtime clock."""
    whole, nanoseconds = _STAMP.unpack(ancillary[0][2])
    return float(whole + nanoseconds / 1e9)


def pacing(calls: Iterable[Arrivals]) -> Pacing | None:
    """How evenly the packets of these calls came; None when there are too few to tell."""
    spans, lost = [], 0
    for call in calls:
        if len(call.times) > 1:
            spans.append(np.diff(np.frombuffer(call.times)) * 1000)
            lost += missing(call.sequences)
    if not spans:
        return None
    between = np.concatenate(spans)
    p50, p99, p999 = np.percentile(between, [50, 99, 99.9])
    return Pacing(
        packets=len(between),
        lost=lost,
        p50=float(p50),
        p99=float(p99),
        p999=float(p999),
        worst=float(between.max()),
        even=float(np.mean(np.abs(between - WANTED_MS) <= TOLERANCE_MS)),
    )


def missing(sequences: Iterable[int]) -> int:
    """Sequence numbers that never came; one that came late is not missing."""
    steps, previous, seen = 0, None, set()
    for sequence in sequences:
        if previous is not None:
            steps += rtp.sequence_steps(previous, sequence)
        previous = sequence
        seen.add(steps)
    return max(seen) - min(seen) + 1 - len(seen) if seen else 0
