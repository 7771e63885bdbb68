"""Keys as tones in the sound itself, found and made (ITU-T Q.23 and Q.24).

Theory of the detector. Every 10 ms it looks at the last 20 ms of all calls at once, as one matrix
product with the eight frequencies, each at five nearby pitches so that a tone off by 1.5 % still
projects whole. A look is a hit when two pitches, one of each group, hold nearly all the energy,
at the right levels and twist. Two hits in a row of one key are a press, provided that the phase
advanced from one look to the next as those frequencies do: this tells 1.5 % from 3.5 %, and voices
from tones. Energy shared with anything else lowers the hit ratio in proportion, which also says
how much of the look the tone filled; so 20 ms of tone never hit twice, and 40 ms always do.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from call.sound import FRAME, RATE, Pcm
from telephony.playout import Rows

ROWS = (697.0, 770.0, 852.0, 941.0)
COLUMNS = (1209.0, 1336.0, 1477.0, 1633.0)
PAD = "123A456B789C*0#D"

_HOP = FRAME // 2
_PITCHES = np.array([-0.016, -0.008, 0.0, 0.008, 0.016])
_FREQUENCIES = np.outer((*ROWS, *COLUMNS), 1 + _PITCHES).ravel()
_FULL_SCALE_DBM0 = 3.14  # a sine that fills G.711
_SOFTEST = 32124 * 10 ** ((-30.0 - _FULL_SCALE_DBM0) / 20)  # amplitude of one tone: -30 dBm0
_PURITY = 0.89  # share of the energy in the two tones: 15 dB of noise leave 0.94
_TWIST_HIGH = 10 ** (5.0 / 10)  # high group over low: +4 dB, and 1 for measuring
_TWIST_LOW = 10 ** (-9.0 / 10)  # -8 dB, and 1 for measuring
_DEVIATION = 0.025  # between the 1.5 % to take and the 3.5 % to refuse
_STEADY = 10 ** (6.0 / 10)  # how much louder one look may be than the next
_RELEASE = 4  # misses that end a press: longer than a 10 ms dropout, shorter than a 40 ms pause


def _basis() -> NDArray[np.complex64]:
    turns = np.outer(np.arange(FRAME), _FREQUENCIES) / RATE
    basis: NDArray[np.complex64] = np.exp(-2j * np.pi * turns).astype(np.complex64)
    return basis


class ToneDetector:
    """Finds key presses in the sound of many calls, each press once."""

    def __init__(self, calls: int) -> None:
        self._basis = _basis()
        self._tail = np.zeros((calls, _HOP), dtype=np.float32)
        self._phasor = np.zeros((calls, len(_FREQUENCIES)), dtype=np.complex64)
        self._hit = np.full(calls, -1, dtype=np.int64)
        self._power = np.zeros(calls, dtype=np.float32)
        self._down = np.full(calls, -1, dtype=np.int64)
        self._misses = np.zeros(calls, dtype=np.int64)

    def forget(self, call: int) -> None:
        """A call begins: nothing was heard of it."""
        self._tail[call] = 0
        self._phasor[call] = 0
        self._power[call] = 0
        self._hit[call] = self._down[call] = -1
        self._misses[call] = 0

    def down(self, calls: Rows) -> Rows:
        """Those of the calls in whose sound a key is down."""
        return calls[self._down[calls] >= 0]

    def feed(self, calls: Rows, sound: Pcm) -> list[tuple[int, str]]:
        """One more frame of some calls, shape (calls, 160): the presses that begin in it."""
        wide = np.concatenate([self._tail[calls], sound.astype(np.float32)], axis=1)
        self._tail[calls] = wide[:, FRAME:]
        return [
            press
            for begin in (0, _HOP)
            for press in self._look(calls, wide[:, begin : begin + FRAME])
        ]

    def _look(self, calls: Rows, block: NDArray[np.float32]) -> list[tuple[int, str]]:
        phasor = block @ self._basis
        power = (phasor.real**2 + phasor.imag**2) * np.float32(2 / FRAME)
        every = np.arange(len(calls))
        low = power[:, :20].argmax(axis=1)
        high = power[:, 20:].argmax(axis=1) + 20
        row, column = power[every, low], power[every, high]
        total = np.square(block).sum(axis=1)
        enough = _SOFTEST**2 * FRAME / 2
        hit = (row + column >= _PURITY * total) & (np.minimum(row, column) >= enough)
        hit &= (column <= row * _TWIST_HIGH) & (column >= row * _TWIST_LOW)
        key = np.where(hit, low // 5 * 4 + (high - 20) // 5, -1)
        again = hit & (key == self._hit[calls]) & self._steady(calls, phasor, low, high, total)
        self._phasor[calls], self._hit[calls], self._power[calls] = phasor, key, total
        return self._judge(calls, key, again)

    def _steady(
        self,
        calls: Rows,
        phasor: NDArray[np.complex64],
        low: NDArray[np.intp],
        high: NDArray[np.intp],
        total: NDArray[np.float32],
    ) -> NDArray[np.bool_]:
        """Whether level and both frequencies hold from the look before to this one."""
        before = self._power[calls]
        steady = (total <= before * _STEADY) & (before <= total * _STEADY)
        every = np.arange(len(calls))
        for chosen in (low, high):
            pitch = _FREQUENCIES[chosen]
            nominal = _FREQUENCIES[chosen // 5 * 5 + 2]
            turn = phasor[every, chosen] * np.conj(self._phasor[calls, chosen])
            # The basis restarts at each look, so a pure pitch advances by its turns in one hop.
            turn *= np.exp(-2j * np.pi * pitch * _HOP / RATE)
            measured = pitch + np.angle(turn) * RATE / (2 * np.pi * _HOP)
            steady &= np.abs(measured - nominal) <= _DEVIATION * nominal
        return steady

    def _judge(
        self, calls: Rows, key: NDArray[np.int64], again: NDArray[np.bool_]
    ) -> list[tuple[int, str]]:
        down = self._down[calls]
        missed = key != down
        self._misses[calls] = np.where(missed, self._misses[calls] + 1, 0)
        pressed = again & missed
        released = (down >= 0) & (self._misses[calls] >= _RELEASE)
        self._down[calls] = np.where(pressed, key, np.where(released, -1, down))
        self._misses[calls[pressed]] = 0
        return [
            (int(call), PAD[int(k)]) for call, k in zip(calls[pressed], key[pressed], strict=True)
        ]


def key_tones(key: str, *, seconds: float = 0.1, pause_s: float = 0.08) -> Pcm:
    """The two tones of a key, then a pause; each tone at -9 dBm0, whole frames.

    Raises ValueError for what is not a key.
    """
    place = PAD.index(key.upper())
    time = np.arange(round(seconds * RATE)) / RATE
    level = 32124 * 10 ** ((-9.0 - _FULL_SCALE_DBM0) / 20)
    tones: Sequence[float] = (ROWS[place // 4], COLUMNS[place % 4])
    sound = sum(level * np.sin(2 * np.pi * tone * time) for tone in tones)
    padded = np.zeros(-(-round((seconds + pause_s) * RATE) // FRAME) * FRAME)
    padded[: len(time)] = sound
    return padded.astype(np.int16)
