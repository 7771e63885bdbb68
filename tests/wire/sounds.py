"""Sounds to send: made from a seed, so that no two are alike."""

import numpy as np

from tests.wire.hearing import RATE, Pcm


def speech_like(seconds: float, seed: int) -> Pcm:
    """Noise in syllables: as different from another seed as two sentences are."""
    random = np.random.default_rng(seed)
    count = int(seconds * RATE)
    noise = np.convolve(random.normal(size=count + 7), np.ones(8) / 8, mode="valid")[:count]
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * np.arange(count) / RATE + seed)
    return np.asarray(noise * syllables * 9000, dtype=np.int16)
