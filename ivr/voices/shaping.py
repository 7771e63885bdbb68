"""Makes sound fit for a telephone: one loudness for all voices, clean ends, tones, silence.

Pure numpy on whole sounds; nothing here runs during a call.
"""

import numpy as np
import soxr
from numpy.typing import NDArray

from call.sound import FRAME, RATE, Pcm

Wave = NDArray[np.float32]
"""Linear sound, full scale being 1.0, mono, shape (n,)."""

LOUDNESS_DBFS = -20.0
"""RMS of speech while somebody speaks: comfortable beside a live voice, far from clipping."""

PEAK_DBFS = -3.0
"""No sample goes above; resampling and companding keep a margin."""

SPEAKING_DB = 30.0
"""A frame this far below the loudest one is a pause, and does not count for the loudness."""

QUIET_DBFS = -50.0
"""Below this the ends of a sound are silence, and are cut."""

LEAD_S = 0.02
TAIL_S = 0.18
"""Silence before and after a sentence, so that two of them in a row sound like one voice."""


def amplitude(dbfs: float) -> float:
    """The amplitude of a level, full scale being 1.0."""
    return float(10.0 ** (dbfs / 20.0))


def wave(pcm: Pcm) -> Wave:
    """Samples as fractions of full scale."""
    return pcm.astype(np.float32) / np.float32(32768)


def pcm(sound: Wave) -> Pcm:
    """Fractions of full scale as samples; what is beyond full scale is held there."""
    return np.clip(np.rint(sound * 32768), -32768, 32767).astype(np.int16)


def at_telephone_rate(sound: Wave, rate: int) -> Wave:
    """The same sound at 8 kHz; what a telephone cannot carry is filtered out first."""
    if rate == RATE:
        return sound
    resampled: Wave = soxr.resample(sound, rate, RATE, quality="HQ").astype(np.float32)
    return resampled


def loudness_dbfs(sound: Wave) -> float:
    """RMS level of the frames in which somebody speaks; -120 for silence."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    power = np.square(frames, dtype=np.float64).mean(axis=1)
    if not len(power) or power.max() <= 0:
        return -120.0
    speaking = power[power > power.max() * 10 ** (-SPEAKING_DB / 10)]
    return float(10 * np.log10(speaking.mean()))


def levelled(sound: Wave) -> Wave:
    """The sound at the house loudness, or as near as the peak limit lets it; silence is kept."""
    peak = float(np.abs(sound).max(initial=0.0))
    if peak == 0.0:
        return sound
    wanted = amplitude(LOUDNESS_DBFS - loudness_dbfs(sound))
    return sound * np.float32(min(wanted, amplitude(PEAK_DBFS) / peak))


def trimmed(sound: Wave) -> Wave:
    """The sound without silence at its ends, then with the house's own short silences."""
    loud = np.flatnonzero(np.abs(sound) > amplitude(QUIET_DBFS))
    kept = sound[loud[0] : loud[-1] + 1] if len(loud) else sound[:0]
    lead, tail = (np.zeros(round(seconds * RATE), np.float32) for seconds in (LEAD_S, TAIL_S))
    return np.concatenate([lead, kept, tail])


def tone(hz: float, seconds: float, dbfs: float) -> Pcm:
    """A sine whose peak is at `dbfs`, with edges of 10 ms that do not click."""
    phase = 2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE
    return pcm(faded((np.sin(phase) * amplitude(dbfs)).astype(np.float32)))


def faded(sound: Wave) -> Wave:
    """The sound with edges of 10 ms that do not click."""
    edge = min(round(0.010 * RATE), len(sound) // 2)
    rise = np.sin(np.linspace(0, np.pi / 2, edge, dtype=np.float32)) ** 2
    envelope = np.ones(len(sound), np.float32)
    envelope[:edge] = rise
    envelope[len(sound) - edge :] = rise[::-1]
    return sound * envelope


def silence(seconds: float) -> Pcm:
    """Nothing, for that long."""
    return np.zeros(round(seconds * RATE), np.int16)


def whole_frames(sound: Pcm) -> Pcm:
    """The sound with silence added up to the next 20 ms frame; at least one frame."""
    frames = max(1, -(-len(sound) // FRAME))
    padded = np.zeros(frames * FRAME, np.int16)
    padded[: len(sound)] = sound
    return padded
