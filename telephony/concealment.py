"""What is heard in place of sound that was lost: the pitch goes on, fades, and is silence at 60 ms.

In the manner of ITU-T G.711 Appendix I, without its delay. At the first frame lost the pitch period
is sought where the last 10 ms resemble the sound before best; that period, then two, then three of
them, are said again and again, so that a vowel goes on and does not buzz. After 10 ms the guess
fades by a fifth every 10 ms; where the sound does not repeat itself, it is fainter from the
beginning. What comes after the gap is joined in one of two ways: by fading from
the guess into it, where sound is heard as it comes; or, where what follows is known already and
must stay as it was received, by bending the end of the guess towards it.

All calls that lose a frame at the same moment are served together.
"""

import numpy as np
from numpy.typing import NDArray

from call.sound import FRAME

KEPT = 3  # frames of what was heard that are kept
_HISTORY = KEPT * FRAME
_SHORTEST, _LONGEST = 40, 120  # samples in a pitch period: 200 to 67 Hz (G.711 App. I)
_FAINTER = 80  # samples before the guess begins to fade
_GONE = 480  # samples after which it is silence
_JOIN = 40  # samples in which the guess gives way to what is received
_BEND = 40  # samples in which it bends to what follows; no pitch period is shorter
_SMOOTH = 40  # samples in which one period gives way to several
_ALIKE = 80  # samples that are compared to find the pitch

_LEAST_TRUST = 0.5  # how loud a guess is where nothing repeats itself

_LAGS = np.arange(_SHORTEST, _LONGEST + 1)
_TIME = np.arange(FRAME)
_GAIN = np.clip((_GONE - np.arange(_GONE)) / (_GONE - _FAINTER), 0, 1).astype(np.float32)
_GAIN_OF_FRAME = _GAIN.reshape(KEPT, FRAME)
_ENTRY = np.clip((_TIME + 0.5) / _JOIN, 0, 1).astype(np.float32)
_EXIT = np.clip((_TIME - (FRAME - _BEND) + 0.5) / _BEND, 0, 1).astype(np.float32)
_CHANGE = np.clip((_TIME + 0.5) / _SMOOTH, 0, 1).astype(np.float32)

Rows = NDArray[np.intp]
Frames = NDArray[np.int16]
"""Linear sound, one frame a call: shape (calls, 160)."""


class Concealment:
    """What each call heard last, and what it hears while nothing comes."""

    def __init__(self, calls: int) -> None:
        self.past = np.zeros((KEPT, calls, FRAME), dtype=np.int16)
        self.turn = np.zeros(calls, dtype=np.intp)  # which of the frames is the oldest
        self._source = np.zeros((calls, _HISTORY), dtype=np.int16)  # heard before the gap
        self._lag = np.full(calls, _SHORTEST, dtype=np.intp)
        self._trust = np.zeros(calls, dtype=np.float32)  # how loud the guess begins
        self.gap = np.ones(calls, dtype=np.bool_)
        self._run = np.full(calls, KEPT, dtype=np.intp)  # frames guessed in this gap

    def forget(self, call: int) -> None:
        """What comes now follows nothing."""
        self.past[:, call] = 0
        self.gap[call] = True
        self._run[call] = KEPT

    def heard(self, calls: Rows, frames: Frames) -> None:
        """These frames were received, and are heard as they are."""
        turn = self.turn[calls]
        self.past[turn, calls] = frames
        self.turn[calls] = (turn + 1) % KEPT
        self.gap[calls] = False

    def rejoined(self, calls: Rows, frames: Frames) -> NDArray[np.bool_]:
        """These were received; the first after a gap is altered in place, so that nothing clicks.

        Tells which were altered.
        """
        altered = self.gap[calls] & (self._run[calls] < KEPT)
        if altered.any():
            guess = self._guess(calls[altered])
            frames[altered] = np.rint(guess + (frames[altered] - guess) * _ENTRY)
        self.heard(calls, frames)
        return altered

    def left_out(self, calls: Rows) -> None:
        """Frames are left out on purpose: what is heard next does not follow what was."""
        self._begin(calls[~self.gap[calls]])

    def lost(self, calls: Rows) -> Frames:
        """What to hear in place of one frame of each call."""
        self._begin(calls[~self.gap[calls]])
        guess = np.zeros((len(calls), FRAME), dtype=np.int16)
        audible = self._run[calls] < KEPT
        if audible.any():
            guess[audible] = np.rint(self._guess(calls[audible]))
        turn = self.turn[calls]
        self.past[turn, calls] = guess
        self.turn[calls] = (turn + 1) % KEPT
        self._run[calls] += 1
        return guess

    def bend(self, calls: Rows, guess: Frames, which: NDArray[np.bool_], following: Frames) -> None:
        """Let those guesses of `lost` end, in place, in the frames that are known to follow."""
        calls, next_period = calls[which], following[which].astype(np.float32)
        lag = self._lag[calls, None]
        before = _pick(next_period, np.maximum(lag + _TIME - FRAME, 0))
        # What is said before the first sample received leads to it, as a period to the next.
        step = next_period[:, :1] - _pick(next_period, lag)
        bent = guess[which] * (1 - _EXIT) + (before + step * _EXIT) * _EXIT
        guess[which] = np.rint(np.clip(bent, -32768, 32767))

    def _begin(self, calls: Rows) -> None:
        """A gap begins: keep what was heard before it, and find its pitch."""
        if not calls.size:
            return
        turn = self.turn[calls]
        past = [self.past[(turn + n) % KEPT, calls] for n in range(KEPT)]
        source = np.concatenate(past, axis=1)
        self._source[calls] = source
        self._lag[calls], likeness = pitch(source)
        self._trust[calls] = np.clip(likeness, _LEAST_TRUST, 1)
        self._run[calls] = 0
        self.gap[calls] = True

    def _guess(self, calls: Rows) -> NDArray[np.float32]:
        """The next frame of a gap, of calls whose guess is not silence yet."""
        source = self._source[calls].astype(np.float32)
        lag, run = self._lag[calls, None], self._run[calls, None]
        time = run * FRAME + _TIME
        few = _repeated(source, lag, np.maximum(run, 1), time)
        many = _repeated(source, lag, run + 1, time) if run.any() else few
        # The first sample follows the last one heard: what they differ by dies away.
        step = source[:, -1:] - _pick(source, _HISTORY - 1 - lag)
        fading = np.clip(1 - (time + 1) / (lag // 4 + 1), 0, 1)
        guess = few + (many - few) * _CHANGE + step * fading
        gain = _GAIN_OF_FRAME[self._run[calls]] * self._trust[calls, None]
        sound: NDArray[np.float32] = np.clip(guess, -32768, 32767) * gain
        return sound


def _pick(rows: NDArray[np.float32], places: NDArray[np.intp]) -> NDArray[np.float32]:
    """From each row, the samples at its places."""
    picked: NDArray[np.float32] = rows[np.arange(len(rows))[:, None], places]
    return picked


def _repeated(
    source: NDArray[np.float32],
    lag: NDArray[np.intp],
    periods: NDArray[np.intp],
    time: NDArray[np.intp],
) -> NDArray[np.float32]:
    """The last periods of a sound over and over; its end runs into its beginning."""
    length = lag * periods
    place = time % length
    begin = _HISTORY - length
    quarter = lag // 4
    into = np.maximum(place - (length - quarter) + 0.5, 0) / quarter
    sound = _pick(source, begin + place)
    earlier = _pick(source, np.maximum(begin + place - length, 0))
    repeated: NDArray[np.float32] = (sound + (earlier - sound) * into).astype(np.float32)
    return repeated


def pitch(past: NDArray[np.int16]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Samples in a pitch period at the end of each row, and how alike the last two are, up to 1.

    A row is 60 ms.
    """
    sound = past.astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(sound, _ALIKE, axis=1)
    earlier, last = windows[:, _HISTORY - _ALIKE - _LAGS], windows[:, -1]
    products = np.einsum("nlk,nk->nl", earlier, last)
    likeness = products / np.sqrt(np.einsum("nlk,nlk->nl", earlier, earlier) + 1)
    best = np.argmax(likeness, axis=1)
    power = np.einsum("nk,nk->n", last, last) + 1
    return _LAGS[best], np.max(likeness, axis=1) / np.sqrt(power)
