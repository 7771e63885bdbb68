"""What keeps a sum of many voices within what samples hold, without being heard.

Theory of operation. Each row is one frame of what somebody hears, and has a gain of its own that
goes on from frame to frame. While the row stays under the knee its gain is exactly 1 and not a
sample is touched. Above it the loudest sample of the frame says what the gain must be, by a curve
that leaves the knee with the slope of no limiter at all and never reaches full scale. The whole
frame is there before any of it is heard: so the gain arrives where it must be by the first sample
above the knee, and no edge is cut. It comes back slowly, so that a sentence is not pumped up
between its syllables.
"""

import numpy as np
from numpy.typing import NDArray

from call.sound import FRAME

Sound = NDArray[np.float32]
"""Sound to be mixed: samples as int16 has them, with room above and below; shape (n, 160)."""

Gains = NDArray[np.float32]
"""One gain a row, shape (n,)."""

KNEE = 26000.0
"""2 dB under full scale: a row that stays within is passed sample for sample."""

FULL = 32767.0
ROOM = 32600.0 - KNEE  # what is above the knee is fitted into this much
RELEASE = np.float32(0.1)  # of what is missing to 1, a frame: 0.2 s to come back
NEARLY = 0.995
_SAMPLES = np.arange(1, FRAME + 1, dtype=np.float32)
PROGRESS = _SAMPLES / FRAME
"""How far a frame is through, at each of its samples."""

QUICKEST = FRAME // 20  # samples: 1 ms, where a frame begins above the knee


def soften(sound: Sound, before: Gains) -> Gains:
    """Bring every row within full scale, in place; the gains at which the rows end.

    `before`: the gains at which the frame before ended, 1 at first.
    """
    peaks = np.maximum(sound.max(axis=1, initial=0), -sound.min(axis=1, initial=0))
    after: Gains = before + (1 - before) * RELEASE
    after[after > NEARLY] = 1
    [over] = (peaks > KNEE).nonzero()
    if over.size:
        after[over] = np.minimum(after[over], _demanded(peaks[over]))
    falls = after < before
    [falling] = falls.nonzero()
    if falling.size:
        rows = sound[falling]
        rows *= _falls(np.abs(rows), before[falling], after[falling])
        sound[falling] = np.clip(rows, -FULL, FULL)
    [rising] = ((before < 1) & ~falls).nonzero()
    if rising.size:
        was = before[rising, None]
        sound[rising] *= was + (after[rising, None] - was) * PROGRESS
    return after


def _demanded(peak: Gains) -> Gains:
    """The gain that fits a frame above the knee."""
    over = peak - np.float32(KNEE)
    return ((KNEE + over * ROOM / (over + ROOM)) / peak).astype(np.float32)


def _falls(size: Sound, before: Gains, after: Gains) -> Sound:
    """Down from gain to gain by the first sample above the knee."""
    first = np.maximum((size > KNEE).argmax(axis=1), QUICKEST).astype(np.float32)
    passed = np.minimum(_SAMPLES / first[:, None], np.float32(1))
    ways: Sound = before[:, None] + (after - before)[:, None] * passed
    return ways
