"""The tones by which a network tells how a call goes, each as one round that may be repeated.

North America's precise tone plan (ITU-T E.180, supplement 2): pairs of frequencies, each at its
level, and how long they sound and rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from call.sound import RATE, Pcm
from ivr.voices.shaping import Wave, amplitude, faded, pcm, silence

_FULL_SCALE_DBM0 = 3.14  # a sine that fills G.711


class Signal(StrEnum):
    """What a caller is told without words."""

    RINGBACK = "ringback"
    """The other side rings."""
    BUSY = "busy"
    REORDER = "reorder"
    """The call cannot be completed; also called fast busy."""
    DIAL = "dial"


@dataclass(frozen=True, slots=True)
class _Plan:
    hertz: tuple[float, float]
    dbm0: float  # of each of the two
    sounds_s: float
    rests_s: float


_PLANS: Mapping[Signal, _Plan] = MappingProxyType(
    {
        Signal.RINGBACK: _Plan((440.0, 480.0), -19.0, 2.0, 4.0),
        Signal.BUSY: _Plan((480.0, 620.0), -24.0, 0.5, 0.5),
        Signal.REORDER: _Plan((480.0, 620.0), -24.0, 0.25, 0.25),
        # Whole periods of both frequencies: where it begins again is not heard.
        Signal.DIAL: _Plan((350.0, 440.0), -13.0, 1.0, 0.0),
    }
)


def signal(which: Signal) -> Pcm:
    """One round of a signal."""
    plan = _PLANS[which]
    turns = 2 * np.pi * np.outer(plan.hertz, np.arange(round(plan.sounds_s * RATE))) / RATE
    level = amplitude(plan.dbm0 - _FULL_SCALE_DBM0)
    sound: Wave = (level * np.sin(turns).sum(axis=0)).astype(np.float32)
    if not plan.rests_s:
        return pcm(sound)
    return np.concatenate([pcm(faded(sound)), silence(plan.rests_s)])
