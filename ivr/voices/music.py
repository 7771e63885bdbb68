"""Music for those who wait, composed here: slow chords, and a few notes above them.

Theory of the loop. Everything is written into a circle: what still sounds at the end goes on at the
beginning, so that there is no seam to hear. The band is limited in the same circle, by its
spectrum. It is made for the telephone: nothing below 200 Hz, as no handset gives it back, and
little above 2 kHz; and it is quiet enough to be talked over.
"""

import numpy as np
from numpy.typing import NDArray

from call.sound import RATE, Pcm
from ivr.voices.shaping import amplitude, pcm

LOUDNESS_DBFS = -20.0
"""RMS of the whole."""

_BEAT_S = 0.9
_BEATS = 4  # of each chord
_CHORDS = (
    (53, 57, 60, 64), (50, 57, 60, 65), (46, 58, 62, 65), (48, 58, 62, 65),
    (57, 60, 64, 67), (50, 57, 60, 65), (55, 58, 62, 65), (48, 58, 60, 65),
    (46, 57, 62, 65), (45, 55, 60, 64), (43, 58, 62, 65), (48, 55, 58, 64),
)  # fmt: skip
"""As numbers of keys of a piano, 69 being 440 Hz: F major seventh, and away, and back."""

_CHANCE = 0.6  # that a beat has a note
_PARTIALS = (1.0, 0.45, 0.18, 0.06)
_LOWEST, _HIGHEST, _SLOPE = 280.0, 3300.0, 100.0  # Hz

_Circle = NDArray[np.float64]


def hold_music(seed: int = 1) -> Pcm:
    """The loop: 43.2 s, whole frames. Each seed has its own melody over the same chords."""
    dice = np.random.default_rng(seed)
    bar = round(_BEATS * _BEAT_S * RATE)
    circle: _Circle = np.zeros(bar * len(_CHORDS))
    held = {key: 0.25 * _held(_hertz(key), bar) for key in {key for c in _CHORDS for key in c}}
    for number, chord in enumerate(_CHORDS):
        for key in chord:
            _add(circle, number * bar, held[key])
        for beat in np.flatnonzero(dice.random(_BEATS) < _CHANCE):
            note = 0.5 * _struck(_hertz(int(dice.choice(chord[1:])) + 12))
            _add(circle, number * bar + round(beat * _BEAT_S * RATE), note)
    return _finished(circle)


def _hertz(key: int) -> float:
    return float(440.0 * 2 ** ((key - 69) / 12))


def _held(hertz: float, samples: int) -> _Circle:
    """A note that comes softly, stays for a bar and goes softly."""
    edge = samples // 3
    envelope = np.ones(samples + edge)
    envelope[:edge] = np.sin(np.linspace(0, np.pi / 2, edge)) ** 2
    envelope[-edge:] = envelope[edge - 1 :: -1]
    return _voiced(hertz, len(envelope)) * envelope


def _struck(hertz: float) -> _Circle:
    """A note that is struck gently and dies away within three seconds."""
    time = np.arange(3 * RATE) / RATE
    rise = np.minimum(time / 0.03, 1.0)
    fall = np.minimum((3 - time) / 0.5, 1.0)
    return _voiced(hertz, len(time)) * rise * fall * np.exp(-time / 0.7)


def _voiced(hertz: float, samples: int) -> _Circle:
    turns = 2 * np.pi * hertz * np.arange(samples) / RATE
    partials = [
        part * np.sin(n * turns)
        for n, part in enumerate(_PARTIALS, start=1)
        if n * hertz < _HIGHEST
    ]
    sound: _Circle = np.sum(partials, axis=0)
    return sound


def _add(circle: _Circle, begin: int, note: _Circle) -> None:
    places = (begin + np.arange(len(note))) % len(circle)
    circle[places] += note


def _finished(circle: _Circle) -> Pcm:
    spectrum = np.fft.rfft(circle)
    hertz = np.fft.rfftfreq(len(circle), 1 / RATE)
    above = np.clip((hertz - _LOWEST) / _SLOPE + 1, 0, 1)
    below = np.clip((_HIGHEST - hertz) / _SLOPE + 1, 0, 1)
    sound = np.fft.irfft(spectrum * above * below, len(circle))
    sound *= amplitude(LOUDNESS_DBFS) / np.sqrt(np.square(sound).mean())
    return pcm(sound.astype(np.float32))
