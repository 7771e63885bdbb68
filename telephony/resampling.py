"""Sound at 16 kHz as two parts: what a narrow line carries of it, and the high band above.

One half-band filter serves both ways: `Halver` takes 16 kHz to 8 kHz, `Doubler` back. The high band
is what the way down and up again loses, delayed as much; so that both parts, added, are the whole.
Each object is the state of one stream; blocks of it go on without a seam.
"""

import numpy as np
from numpy.typing import NDArray

from call.sound import Pcm

Sound = NDArray[np.float32]

WideFrame = NDArray[np.int16]
"""Linear sound at 16 kHz, shape (n,)."""

_ARM = 16  # taps on each side of the middle: beyond 4.7 kHz, 70 dB less
_TAPS = 4 * _ARM - 1
_MIDDLE = 2 * _ARM - 1
DELAY = 2 * _MIDDLE
"""Samples at 16 kHz by which the way down and up delays: 3.9 ms."""


def _half_band() -> Sound:
    """The taps beside the middle one, which is a half; every second one is nothing."""
    n = np.arange(_TAPS) - _MIDDLE
    taps = 0.5 * np.sinc(n / 2) * np.kaiser(_TAPS, 7.0)
    sides = taps[::2]
    half: Sound = (sides * (0.5 / sides.sum())).astype(np.float32)
    return half


_SIDES = _half_band()
_TWICE = _SIDES * np.float32(2)
_LEAST, _MOST = np.float32(-32768), np.float32(32767)


class Halver:
    """From 16 kHz to 8 kHz."""

    __slots__ = ("_before",)

    def __init__(self) -> None:
        self._before: Sound = np.zeros(_TAPS - 1, dtype=np.float32)

    def halve(self, wide: WideFrame) -> Pcm:
        """Half as many samples, of everything below 3.4 kHz; `wide` has an even number."""
        line: Sound = np.concatenate((self._before, wide), dtype=np.float32)
        self._before = line[-(_TAPS - 1) :]
        sides = np.correlate(line[::2], _SIDES, "valid")  # they are symmetric
        return _rounded(sides + line[1::2][_ARM - 1 : _ARM - 1 + len(sides)] * np.float32(0.5))


class Doubler:
    """From 8 kHz to 16 kHz."""

    __slots__ = ("_before",)

    def __init__(self) -> None:
        self._before: Sound = np.zeros(2 * _ARM - 1, dtype=np.float32)

    def double(self, narrow: Pcm) -> Sound:
        """Twice as many samples, with nothing new above 4 kHz."""
        line: Sound = np.concatenate((self._before, narrow), dtype=np.float32)
        self._before = line[-(2 * _ARM - 1) :]
        wide = np.empty(2 * len(narrow), dtype=np.float32)
        wide[::2] = np.correlate(line, _TWICE, "valid")
        wide[1::2] = line[_ARM : _ARM + len(narrow)]
        return wide


class Splitter:
    """What is received at 16 kHz in its two parts."""

    __slots__ = ("_before", "_doubler", "_halver")

    def __init__(self) -> None:
        self._halver, self._doubler = Halver(), Doubler()
        self._before: WideFrame = np.zeros(DELAY, dtype=np.int16)

    def split(self, wide: WideFrame) -> tuple[Pcm, WideFrame]:
        """The narrow part, and the high band that goes with it."""
        narrow = self._halver.halve(wide)
        late: WideFrame = np.concatenate((self._before, wide))
        self._before = late[-DELAY:]
        return narrow, _rounded(late[: len(wide)] - self._doubler.double(narrow))


class Joiner:
    """What is sent at 16 kHz, from its two parts."""

    __slots__ = ("_doubler",)

    def __init__(self) -> None:
        self._doubler = Doubler()

    def join(self, narrow: Pcm, high: WideFrame | Sound | None) -> WideFrame:
        """The whole; without a high band, the narrow part alone. It saturates."""
        wide = self._doubler.double(narrow)
        return _rounded(wide if high is None else wide + high)


def _rounded(sound: Sound) -> NDArray[np.int16]:
    whole = np.rint(sound)
    np.minimum(np.maximum(whole, _LEAST, out=whole), _MOST, out=whole)
    return whole.astype(np.int16)
