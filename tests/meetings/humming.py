"""Telephones that each hum a note of their own, and who hears which of them.

What a line heard in its last half second is looked at note by note: the notes are far from each
other and from those of keys, and make whole turns in the time that is looked at.
"""

import asyncio
from collections.abc import Mapping, Sequence

import numpy as np

from tests.wire.rtp_line import RATE, Pcm, RtpLine

NOTES = (350, 550, 1050, 1850, 2300)
"""Hz, one for each telephone."""

AMPLITUDE = 3000.0

HEARD_FROM = 300.0
"""The amplitude from which on a note is heard: a tenth of what is hummed."""

_LOOK = RATE // 2
_BEFORE = RATE // 10  # samples that may be of before, when listening begins


def note(hertz: float, seconds: float, amplitude: float = AMPLITUDE) -> Pcm:
    """A note, for so long."""
    at = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(amplitude * np.sin(2 * np.pi * hertz * at), dtype=np.int16)


def loudness(sound: Pcm, notes: Sequence[int] = NOTES) -> dict[int, float]:
    """The amplitude of each note in the last half second of a sound."""
    last = sound[-_LOOK:].astype(np.float64)
    strength = 2 * np.abs(np.fft.rfft(last)) / _LOOK
    return {hertz: float(strength[hertz * _LOOK // RATE]) for hertz in notes}


async def listen(line: RtpLine) -> dict[int, float]:
    """How loud each note is in the half second after this moment."""
    begin = len(line.heard())
    enough = begin + _BEFORE + _LOOK
    heard = await asyncio.to_thread(line.wait, lambda each: len(each.heard()) >= enough, 10)
    assert heard, "no sound came"
    return loudness(line.heard())


async def who_hears_whom(lines: Mapping[int, RtpLine]) -> dict[int, set[int]]:
    """For each note's telephone, the notes that it hears."""
    heard = await asyncio.gather(*map(listen, lines.values()))
    return {
        own: {hertz for hertz, amplitude in notes.items() if amplitude > HEARD_FROM}
        for own, notes in zip(lines, heard, strict=True)
    }


def but(own: int, among: Sequence[int] = NOTES) -> set[int]:
    """Everybody else's notes."""
    return set(among) - {own}
