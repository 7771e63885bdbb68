"""What wide calls say above 4 kHz, beside the narrow sound that everybody hears.

Theory of operation. A wide call is a narrow one with something on top. What it says is split when
it is received: the narrow part goes the way of all calls, through ring, tapes, bridges and rooms,
which need not know of it; the high band is kept beside, frame by frame. Whoever is wide and hears
wide ones gets the high band of those added when their own sound is joined again; see `resampling`.
Where frames are guessed, or left out, the high band is nothing, or left out with them.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from call.sound import FRAME
from telephony.media.live import GUESSED, Live
from telephony.media.outbound import GROUPS, Outbound
from telephony.playout import DEPTH, Rows
from telephony.resampling import WideFrame

WIDE = 2 * FRAME
"""Samples at 16 kHz in one frame."""


class HighBand:
    """The high band of what all wide calls say, brought to those who hear it."""

    def __init__(self, live: Live, outbound: Outbound, calls: int) -> None:
        self._live = live
        self._heard = outbound.high
        self.said = np.zeros((calls, WIDE), dtype=np.int16)
        self._received: dict[int, NDArray[np.int16]] = {}
        self._groups: list[list[int]] = [[] for _ in range(GROUPS)]
        self._is_wide = np.zeros(calls, dtype=np.bool_)

    def __bool__(self) -> bool:
        """Whether any call is wide."""
        return bool(self._received)

    def open(self, call: int) -> None:
        """A call is wide from now on."""
        self._received[call] = np.zeros(DEPTH * WIDE, dtype=np.int16)
        self._groups[call % GROUPS].append(call)
        self._is_wide[call] = True
        self.said[call] = self._heard[call] = 0

    def close(self, call: int) -> None:
        """It is wide no more; nothing when it was not."""
        if self._received.pop(call, None) is not None:
            self._groups[call % GROUPS].remove(call)
            self._is_wide[call] = False
            self.said[call] = self._heard[call] = 0

    def write(self, call: int, position: int, high: WideFrame) -> None:
        """Keep what was received at a place of the call's timeline, in samples at 8 kHz."""
        received = self._received[call]
        begin = 2 * position % len(received)
        fits = high[: len(received) - begin]
        received[begin : begin + len(fits)] = fits
        received[: len(high) - len(fits)] = high[len(fits) :]

    def beat(self, group: int) -> None:
        """Take what goes with the frames heard live in this beat."""
        for call in self._groups[group]:
            if self._live.takes(call):
                received, frame = self._received[call], int(self._live.frame[call])
                begin = frame % DEPTH * WIDE
                self.said[call] = 0 if frame == GUESSED else received[begin : begin + WIDE]

    def cross(self, group: int, other: Callable[[int], int | None]) -> None:
        """Let those of a group who are bridged hear the `other`."""
        for call in self._groups[group]:
            if (mouth := other(call)) is not None:
                self._heard[call] = self.said[mouth] if self._is_wide[mouth] else 0

    def mix(
        self,
        calls: Rows,
        where: Rows,
        says: NDArray[np.float32],
        hears: NDArray[np.float32],
    ) -> None:
        """Let those in rooms hear the others: `where` is each one's room, gains are factors."""
        wide = np.flatnonzero(self._is_wide[calls])
        if not wide.size:
            return
        rooms, places = np.unique(where[wide], return_inverse=True)
        spoken = self.said[calls[wide]] * says[wide, None]
        totals = np.zeros((len(rooms), WIDE), dtype=np.float32)
        np.add.at(totals, places, spoken)
        heard = (totals[places] - spoken) * hears[wide, None]
        self._heard[calls[wide]] = np.clip(np.rint(heard), -32768, 32767)
