"""Reads sound that people recorded: WAV of any rate, and the raw samples of our own spool."""

from pathlib import Path

import numpy as np
import soundfile

from call.errors import Unavailable
from call.sound import RATE, RAW_SUFFIX, Pcm
from ivr.voices.shaping import Wave, at_telephone_rate, pcm


class SoundUnavailable(Unavailable):
    """A sound file is missing, empty or unreadable."""


def read_sound(path: Path) -> Pcm:
    """The whole sound at 8 kHz, mono, level unchanged. Raises SoundUnavailable."""
    try:
        sound = _read_raw(path) if path.suffix == RAW_SUFFIX else _read_file(path)
    except (OSError, soundfile.LibsndfileError) as fault:
        raise SoundUnavailable(f"{path.name}: {fault}") from fault
    if not len(sound):
        raise SoundUnavailable(f"{path.name}: there is no sound in it")
    return sound


def _read_raw(path: Path) -> Pcm:
    octets = path.read_bytes()
    samples: Pcm = np.frombuffer(octets, dtype="<i2", count=len(octets) // 2).astype(np.int16)
    return samples


def _read_file(path: Path) -> Pcm:
    with soundfile.SoundFile(str(path)) as file:
        if file.samplerate == RATE and file.channels == 1 and file.subtype == "PCM_16":
            exact: Pcm = file.read(dtype="int16")
            return exact
        channels: Wave = file.read(dtype="float32", always_2d=True)
        rate: int = file.samplerate
    return pcm(at_telephone_rate(channels.mean(axis=1, dtype=np.float32), rate))
