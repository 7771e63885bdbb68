"""Who in a room speaks, by how loud everybody is above their own quiet.

Theory of operation. Every second frame is looked at. Of each person the quietest look of the last
one to two seconds is known: a steady noise is its own quiet, and speech falls to its surroundings
between words. Somebody speaks who is well above their quiet at two looks, and until they have not
been for 400 ms. In a room, whoever is far weaker than the loudest is taken for an echo of it, or
for the next desk.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from call.sound import FRAME
from telephony.media.compiled import Loops
from telephony.playout import Rows

Squares = NDArray[np.float32]
"""The squares of one frame's samples, added up, for each of several calls."""


def squares_of(dbfs: float) -> float:
    """What the squares of a frame of this loudness add up to."""
    return float((32768 * 10 ** (dbfs / 20)) ** 2 * FRAME)


LOOK = 2
"""Frames from one look to the next."""

SILENT = squares_of(-60)  # below this nobody's quiet is believed
NOISY = squares_of(-30)  # nor above this: whoever is much louder speaks
WEAKEST = squares_of(-42)
BEGIN, GO_ON = 8.0, 4.0  # above one's quiet, as power: 9 dB, 6 dB
STEADY = np.float32(0.05)  # of the way to the present loudness, a look: 0.8 s
SPAN = 25  # looks after which the quietest is sought anew: 1 s
ONSET = 2
"""Looks at which somebody is loud who speaks."""

_PAUSE = 10  # looks: 400 ms
_ECHO = 100.0  # times weaker than the loudest, as power: 20 dB
_OVERTAKES = 2.5  # times louder than who was loudest: 4 dB


class Speakers:
    """Follows the loudness of all calls in rooms."""

    def __init__(self, calls: int, loops: Loops | None = None, *, pause: int = _PAUSE) -> None:
        """`pause`: looks at which somebody is quiet who speaks no more."""
        self._pause = pause
        self._loops = loops
        self.speaks = np.zeros(calls, dtype=np.bool_)
        """Whether each call is heard speaking."""
        self._steady = np.zeros(calls, dtype=np.float32)
        # The quietest look of the span before, and of this one.
        self._least = np.full((2, calls), NOISY, dtype=np.float32)
        self._age = np.zeros(calls, dtype=np.int32)
        self._run = np.zeros(calls, dtype=np.int32)  # frames above; below, counted negative

    def forget(self, call: int) -> None:
        """Begin anew with a call."""
        self.speaks[call] = False
        self._steady[call] = self._run[call] = self._age[call] = 0
        self._least[:, call] = NOISY

    def look(self, calls: Rows, seen: Squares) -> None:
        """Take several looks at these calls; `seen` has a row for each, of all calls."""
        if self._loops is not None:
            self._loops.weigh(
                calls, seen, self._steady, self._least, self._age, self._run, self.speaks,
                self._pause,
            )  # fmt: skip
            return
        for squares in seen[:, calls]:
            self.feed(calls, squares)

    def feed(self, calls: Rows, squares: Squares) -> None:
        """Take a look at one frame of each of these calls."""
        steady = self._steady[calls]
        self._steady[calls] = steady + (squares - steady) * STEADY
        spoke = self.speaks[calls]
        bar = np.maximum(WEAKEST, self._quiet(calls, squares) * np.where(spoke, GO_ON, BEGIN))
        above, run = squares > bar, self._run[calls]
        run = np.where(above, np.maximum(run, 0) + 1, np.minimum(run, 0) - 1)
        self._run[calls] = run
        self.speaks[calls] = np.where(spoke, run > -self._pause, run >= ONSET)

    def _quiet(self, calls: Rows, squares: Squares) -> Squares:
        """How loud each call is when nobody speaks there."""
        age = self._age[calls] + 1
        before, present = self._least[:, calls]
        present = np.minimum(present, squares)
        quiet: Squares = np.clip(np.minimum(before, present), SILENT, NOISY)
        over = age >= SPAN
        self._age[calls] = np.where(over, 0, age)
        self._least[0, calls] = np.where(over, present, before)
        self._least[1, calls] = np.where(over, np.float32(NOISY), present)
        return quiet

    def among(self, calls: Sequence[int], told: tuple[int, ...]) -> tuple[int, ...]:
        """Who of a room speaks, the loudest first; `told`, when that is as good as before."""
        speaking = [call for call in calls if self.speaks[call]]
        if not speaking:
            return ()
        power = {call: float(self._steady[call]) for call in speaking}
        most = max(power.values())
        heard = [call for call in speaking if power[call] * _ECHO >= most]
        if set(heard) == set(told) and power[told[0]] * _OVERTAKES >= most:
            return told
        return tuple(sorted(heard, key=lambda call: -power[call]))
