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
"""Sound to be mixed: samples as int16 has them, with room above and below; shape (n, samples)."""

Gains = NDArray[np.float32]
"""One gain a row, shape (n,)."""

KNEE = 26000.0
"""2 dB under full scale: a row that stays within is passed sample for sample."""

_FULL = 32767.0
_ROOM = 32600.0 - KNEE  # what is above the knee is fitted into this much
_RELEASE = np.float32(0.1)  # of what is missing to 1, a frame: 0.2 s to come back
_NEARLY = 0.995
_QUICKEST = FRAME // 20  # samples: 1 ms, where a frame begins above the knee


def soften(sound: Sound, before: Gains) -> Gains:
    """Bring every row within full scale, in place; the gains at which the rows end.

    `before`: the gains at which the frame before ended, 1 at first.
    """
    peaks = np.maximum(sound.max(axis=1, initial=0), -sound.min(axis=1, initial=0))
    [touched] = ((peaks > KNEE) | (before < 1)).nonzero()
    if not touched.size:
        return before
    rows, was = sound[touched], before[touched]
    now = _eased(peaks[touched], was)
    rows *= _ways(np.abs(rows), was, now)
    sound[touched] = np.clip(rows, -_FULL, _FULL)
    after = before.copy()
    after[touched] = now
    return after


def _eased(peak: Gains, before: Gains) -> Gains:
    """The gain each row ends at: what its peak demands, or the way back to 1."""
    over = np.maximum(peak - KNEE, 0)
    demanded = (np.minimum(peak, KNEE) + over * _ROOM / (over + _ROOM)) / np.maximum(peak, 1)
    demanded[over == 0] = 1
    released = before + (1 - before) * _RELEASE
    released[released > _NEARLY] = 1
    gains: Gains = np.minimum(demanded, released).astype(np.float32)
    return gains


def _ways(size: Sound, before: Gains, after: Gains) -> Sound:
    """From gain to gain: down by the first sample above the knee, up by the end of the frame."""
    width = size.shape[1]
    first = np.where((size > KNEE).any(axis=1), (size > KNEE).argmax(axis=1), width)
    arrival = np.where(after < before, np.maximum(first, _QUICKEST * width // FRAME), width)
    passed = np.minimum(np.arange(1, width + 1) / arrival[:, None], 1)
    ways: Sound = (before[:, None] + (after - before)[:, None] * passed).astype(np.float32)
    return ways
