"""What voices say next, laid out ahead of its time, so that a beat asks few of them.

A voice in the middle of a clip lays out its next frames here at once. A beat then copies one frame
for each call in a few strokes, and asks only those voices whose frames are used up. Whatever
changes what a voice says takes back what is laid out and was not said.
"""

from collections.abc import Sequence

import numpy as np

from call.g711 import Octets
from call.sound import FRAME
from telephony.playout import Rows

LAID = 10  # frames: 200 ms
ASK, REST = 0, -1
_ROW = LAID * FRAME


class Ahead:
    """The next frames of every voice, and whose turn it is to be asked."""

    def __init__(self, calls: int) -> None:
        self.laid = np.zeros((calls, LAID, FRAME), dtype=np.uint8)
        # Frames laid out and not said; ASK where there are none, REST where none are wanted.
        self.left = np.zeros(calls, dtype=np.int64)
        self._octets = memoryview(self.laid.data).cast("B")
        self._lefts = memoryview(self.left.data)

    def begin(self, call: int) -> None:
        """A voice is new: it is to be asked."""
        self._lefts[call] = ASK

    def rest(self, call: int, resting: bool) -> None:
        """Ask a voice no more; or again, once what it laid out is said."""
        if resting:
            self._lefts[call] = REST
        elif self._lefts[call] == REST:
            self._lefts[call] = ASK

    def not_resting(self, calls: Rows) -> Sequence[int]:
        """Those of the calls whose voice is to be asked."""
        asked: list[int] = calls[self.left[calls] != REST].tolist()
        return asked

    def lay_out(self, call: int, clip: memoryview, begin: int) -> int:
        """Take the frames of a clip from an octet on, its last one apart, as far as there is room.

        The octet after them.
        """
        frames = min(LAID, (len(clip) - begin) // FRAME - 1)
        if frames <= 0:
            return begin
        end, until = begin + frames * FRAME, (call + 1) * _ROW
        self._octets[until - frames * FRAME : until] = clip[begin:end]
        self._lefts[call] = frames
        return end

    def take_back(self, call: int) -> int:
        """Forget what is laid out and was not said; how many octets."""
        left: int = self._lefts[call]
        if left <= 0:
            return 0
        self._lefts[call] = ASK
        return left * FRAME

    def say(self, calls: Rows, into: Octets) -> Sequence[int]:
        """Copy a frame to each of the calls that has one laid out; the calls that are to be asked.

        `into` has a row for each call there may be.
        """
        left = self.left[calls]
        laid = left > 0
        if laid.any():
            rows, frames = calls[laid], left[laid]
            into[rows] = self.laid[rows, LAID - frames]
            self.left[rows] = frames - 1
        asked: list[int] = calls[left == ASK].tolist()
        return asked
