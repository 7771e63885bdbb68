"""The two short sounds by which a room hears that somebody came or went."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from call.sound import RATE, Pcm
from ivr.voices.shaping import Wave, amplitude, faded, pcm, whole_frames

_DBFS = -18.0  # of the loudest moment: heard beside a voice, and no start
_NOTE_S = 0.12  # from the first note to the second
_LENGTH_S = 0.40
_DECAY_S = 0.09  # in which a note falls to a third
_OVERTONE = 0.3  # how strong the octave above is at first; it falls twice as fast


class Chime(StrEnum):
    """What a room is told without words."""

    ARRIVAL = "arrival"
    """Somebody came in: two notes up."""
    DEPARTURE = "departure"
    """Somebody went: the same notes down."""


_NOTES: Mapping[Chime, tuple[float, float]] = MappingProxyType(
    {Chime.ARRIVAL: (659.3, 880.0), Chime.DEPARTURE: (880.0, 659.3)}
)


def chime(which: Chime) -> Pcm:
    """One chime, in whole frames, with edges that do not click."""
    first, second = _NOTES[which]
    sound = _bell(first, 0.0) + _bell(second, _NOTE_S)
    sound *= amplitude(_DBFS) / np.abs(sound).max()
    return whole_frames(pcm(faded(sound.astype(np.float32))))


def _bell(hertz: float, begins_s: float) -> Wave:
    """A struck note: a fundamental and its octave, falling."""
    time = np.arange(round(_LENGTH_S * RATE)) / RATE - begins_s
    attack = np.clip(time / 0.005, 0, 1)
    since = np.maximum(time, 0) / _DECAY_S
    turn = 2 * np.pi * hertz * time
    sound = np.exp(-since) * np.sin(turn) + _OVERTONE * np.exp(-2 * since) * np.sin(2 * turn)
    return (attack * sound).astype(np.float32)
