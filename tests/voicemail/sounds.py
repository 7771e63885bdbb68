"""Sound made for the tests: a voice that is nobody's, and silence."""

import numpy as np

from call.sound import RATE


def voice(seconds: float, seed: int = 1) -> bytes:
    """Raw samples of something a speech detector takes for a person talking without a pause."""
    rng = np.random.default_rng(seed)
    at = np.arange(round(seconds * RATE)) / RATE
    pitch = 120 + 15 * np.sin(2 * np.pi * 2.5 * at)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    formants = ((500, 1.0), (1500, 0.5), (2500, 0.25))
    sound = np.zeros_like(at)
    for harmonic in range(1, 28):
        hertz = harmonic * 120
        level = sum(gain / (1 + ((hertz - centre) / 120) ** 2) for centre, gain in formants)
        sound += level * np.sin(harmonic * phase)
    sound *= 0.75 + 0.25 * np.sin(2 * np.pi * 4 * at)
    sound += 0.01 * rng.standard_normal(at.size)
    octets: bytes = (9000 * sound / np.abs(sound).max()).astype("<i2").tobytes()
    return octets


def hush(seconds: float) -> bytes:
    """Raw samples in which nobody speaks: the hiss of a line."""
    rng = np.random.default_rng(2)
    return rng.normal(0, 8, round(seconds * RATE)).astype("<i2").tobytes()
