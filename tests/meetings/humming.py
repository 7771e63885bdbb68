"""Telephones that each hum a note of their own, and who hears which of them.

What a line heard in its last half second is looked at note by note: the notes are far from each
other and from those of keys, and make whole turns in the time that is looked at.
"""

import asyncio
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from tests.wire.rtp_line import RATE, Pcm, RtpLine

NOTES = (350, 550, 1050, 1850, 2300)
"""Hz, one for each telephone."""

AMPLITUDE = 3000.0

HEARD_FROM = 300.0
"""The amplitude from which on a note is heard: a tenth of what is hummed."""

PATIENCE_S = 40.0

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


async def until_heard(lines: Mapping[int, RtpLine], wanted: Mapping[int, set[int]]) -> None:
    """Wait until each of these telephones hears exactly these notes, and nothing else.

    An announcement may be in the way for a while, and on a busy machine a few lost frames.
    """
    heard: dict[int, set[int]] = {}
    try:
        async with asyncio.timeout(PATIENCE_S):
            while heard != wanted:
                heard = await who_hears_whom(lines)
    except TimeoutError:
        assert heard == wanted


async def until_as_loud(line: RtpLine, wanted: Mapping[int, float]) -> None:
    """Wait until notes are heard at these amplitudes, to a tenth."""
    heard: dict[int, float] = {}
    try:
        async with asyncio.timeout(PATIENCE_S):
            while heard != pytest.approx(wanted, rel=0.1):
                loud = await listen(line)
                heard = {hertz: loud[hertz] for hertz in wanted}
    except TimeoutError:
        assert heard == pytest.approx(wanted, rel=0.1)


def but(own: int, among: Sequence[int] = NOTES) -> set[int]:
    """Everybody else's notes."""
    return set(among) - {own}
