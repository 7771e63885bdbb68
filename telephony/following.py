"""The packets that were foretold: of many calls at once, those that plainly follow the one before.

Theory of operation. While a call is undisturbed, the whole header of its next packet is known in
advance: one number of 64 bits (flags, payload type, sequence, timestamp) and an SSRC. All arrivals
of a beat are compared with what was foretold in a few strokes; those that are equal are counted
here, and `Timeline` hears of them only when somebody asks it something (`settle`). Every other
packet is placed by `Timeline` itself, after which the next one is foretold again (`foretell`).
Either way leads to the same place, the same counts and the same jitter.

Nothing is foretold past the wrap of a sequence number or of a timestamp, nor while sound is not
aligned to frames.
"""

import numpy as np
from numpy.typing import NDArray

from call.sound import FRAME
from telephony.playout import PAUSE, Rows, Timeline

HEADER_HEAD = np.dtype(">i8")
"""How the first eight octets of a packet are read."""
HEADER_SSRC = np.dtype(">u4")
"""How its last four are."""

HEAD, SSRC, LEFT, ARRIVED, NEXT = range(5)  # columns of what is foretold
_STEP = np.array([(1 << 32) + FRAME, 0, -1, 0, 1], dtype=np.int64)  # and what a packet adds to them
_FLAGS = -0x80 << 56  # version 2, no padding, extension or sources; signed, as the column is


class Following:
    """What is foretold of every call, and how much of it came true."""

    def __init__(self, calls: int) -> None:
        self.foretold = np.zeros((calls, 5), dtype=np.int64)
        self.jitter = np.zeros(calls)
        self._granted = [0] * calls  # packets foretold and not told to the timeline
        self.listened = np.zeros(calls, dtype=np.bool_)
        """Whose sound is kept, as anybody reads it."""

    def foretell(self, call: int, timeline: Timeline, payload_type: int) -> None:
        """Expect what follows plainly from where a settled timeline is, if anything does."""
        told = timeline.next_frame()
        if told is None or timeline.ssrc is None:
            self._forget(call)
            return
        sequence, timestamp, left = told
        head = _FLAGS | payload_type << 48 | sequence << 32 | timestamp
        frame = timeline.head // FRAME
        self.foretold[call] = (head, timeline.ssrc, left, timeline.arrived, frame)
        self.jitter[call] = timeline.reception.jitter
        self._granted[call] = left

    def begin(self, call: int) -> None:
        """Expect nothing of a call that is new; nobody reads it."""
        self._forget(call)
        self.listened[call] = False

    def forget(self, call: int, timeline: Timeline) -> None:
        """Expect nothing more, once the timeline is told what came."""
        self.settle(call, timeline)
        self._forget(call)

    def _forget(self, call: int) -> None:
        self.foretold[call] = 0
        self._granted[call] = 0

    def settle(self, call: int, timeline: Timeline) -> None:
        """Tell the timeline what came as foretold since it was told last."""
        left = int(self.foretold[call, LEFT])
        if left != self._granted[call]:
            arrived, jitter = int(self.foretold[call, ARRIVED]), float(self.jitter[call])
            timeline.follow(self._granted[call] - left, arrived, jitter)
            self._granted[call] = left

    def arrived(self, call: int) -> int:
        """The frame in which a packet came last, if it was foretold or another was upon it."""
        return int(self.foretold[call, ARRIVED])

    def take(
        self,
        calls: Rows,
        heads: NDArray[np.int64],
        ssrcs: NDArray[np.uint32],
        whole: NDArray[np.bool_] | bool,
        now: int,
    ) -> tuple[NDArray[np.bool_], Rows, NDArray[np.int64]]:
        """One packet from each of several calls, and whether its payload is one whole frame.

        Which of them came as foretold, the calls of those, and the frames they belong to.
        """
        state = self.foretold.take(calls, axis=0)
        follows = (
            (state[:, HEAD] == heads)
            & (state[:, SSRC] == ssrcs)
            & (state[:, LEFT] > 0)
            & (state[:, ARRIVED] >= now - PAUSE)
            & whole
        )
        if not follows.all():
            calls, state = calls[follows], state[follows]
        change = np.abs(now - 1 - state[:, ARRIVED]) * FRAME
        jitter = self.jitter[calls]
        self.jitter[calls] = jitter + (change - jitter) / 16  # RFC 3550, A.8
        frames = state[:, NEXT].copy()
        state += _STEP
        state[:, ARRIVED] = now
        self.foretold[calls] = state
        return follows, calls, frames
