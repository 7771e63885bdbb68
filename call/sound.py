"""Sound as the program handles it: 8 kHz, mono, 20 ms at a time.

`Pcm` is linear sound in memory. A `Clip` is sound ready to be sent: whole 20 ms G.711 frames on
disk, one file for each law, made once and never altered. A `Recording` is sound that came in.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8000
"""Samples a second, everywhere."""

FRAME_S = 0.020
"""Seconds in one frame."""

FRAME = 160
"""Samples in one frame, and octets in one G.711 frame."""

Pcm = NDArray[np.int16]
"""Linear sound: int16, mono, 8 kHz, shape (n,)."""


RAW_SUFFIX = ".raw"
"""Suffix of a file of linear samples without header: little-endian int16."""


class Law(StrEnum):
    """The two companding laws of G.711; the values are the RTP encoding names (RFC 3551)."""

    PCMU = "PCMU"
    PCMA = "PCMA"


@dataclass(frozen=True, slots=True)
class Clip:
    """Sound ready to be sent, as G.711 frames on disk.

    `stem` is a path without suffix: `stem.pcmu` and `stem.pcma` hold the same sound, `frames`
    frames of 160 octets each. The files are immutable; a new sound has a new name.
    """

    stem: Path
    frames: int

    def file(self, law: Law) -> Path:
        """The file of frames for one law."""
        return self.stem.with_name(f"{self.stem.name}.{law.value.lower()}")

    @property
    def seconds(self) -> float:
        return self.frames * FRAME_S


class EndOfRecording(StrEnum):
    """Why a recording ended."""

    STOPPED = "stopped"  # told to stop: a key, an operation
    SILENCE = "silence"  # nobody spoke for the final silence asked for
    LIMIT = "limit"  # the maximum duration
    HANG_UP = "hang_up"  # the leg went away


@dataclass(frozen=True, slots=True)
class Recording:
    """Sound that came in: raw little-endian int16 samples at 8 kHz in `path`, no header."""

    path: Path
    seconds: float
    speech_s: float
    """Seconds in which somebody spoke."""
    ended_by: EndOfRecording
