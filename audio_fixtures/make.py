"""Makes the sound that callers speak in tests: not words, but a voice to every detector.

    python audio_fixtures/make.py [FOLDER]

A pulse train at the pitch of a voice, or noise, goes through three resonators whose frequencies
glide from vowel to vowel; syllables swell and fade, phrases are parted by breaths. Everything
comes from a seed, in plain arithmetic, so that the same files are made everywhere. No sound is
like another: a recording can be aligned with what was sent to the sample.
"""

import math
import random
import sys
import wave
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RATE = 8000
"""Samples a second."""

PEAK = 16000
"""The largest sample: -6 dBFS."""

VOWELS = (
    (280, 2250, 2890),
    (400, 2000, 2550),
    (660, 1700, 2400),
    (730, 1090, 2440),
    (300, 870, 2240),
)
"""Formant frequencies in Hz of i, é, è, a, ou, as any phonetics table gives them."""

BANDWIDTHS = (70, 110, 160)
"""Hz, of the three formants."""


@dataclass(frozen=True, slots=True)
class Speech:
    """A fixture: how long it lasts, how high the voice is, and the seed of what it says."""

    seconds: float
    pitch_hz: float
    seed: int


FIXTURES = {
    "caller_10s.wav": Speech(10.0, 118, 1),
    "greeting_3s.wav": Speech(3.0, 205, 2),
    "caller_half_second.wav": Speech(0.5, 150, 3),
}


@dataclass(frozen=True, slots=True)
class Syllable:
    """A stretch of sound: `voiced` by pulses, else by noise; `loudness` 0 is a breath."""

    samples: int
    formants: tuple[float, float, float]
    pitch_hz: float
    loudness: float
    voiced: bool


def syllables(speech: Speech, dice: random.Random) -> Iterator[Syllable]:
    """What is said, without end: phrases of some syllables, each phrase falling in pitch."""
    while True:
        count = dice.randint(5, 9)
        for place in range(count):
            first, second, third = (hz * (0.95 + 0.1 * dice.random()) for hz in dice.choice(VOWELS))
            formants = (first, second, third)
            pitch = speech.pitch_hz * (1.12 - 0.25 * place / count + 0.08 * dice.random())
            if dice.random() < 0.35:
                hiss = round(RATE * (0.04 + 0.03 * dice.random()))
                yield Syllable(hiss, (2000, 2700, 3300), pitch, 0.25, voiced=False)
            length = round(RATE * (0.13 + 0.12 * dice.random()))
            yield Syllable(length, formants, pitch, 0.6 + 0.4 * dice.random(), voiced=True)
        yield Syllable(
            round(RATE * (0.12 + 0.14 * dice.random())), VOWELS[0], 100, 0.0, voiced=False
        )


def source(speech: Speech, dice: random.Random) -> Iterator[tuple[float, tuple[float, ...]]]:
    """Each sample of the excitation, with the formants it goes through."""
    formants: tuple[float, ...] = VOWELS[0]
    phase = 0.0
    for syllable in syllables(speech, dice):
        for n in range(syllable.samples):
            # A tenth of the way every 4 ms: the mouth does not jump from a vowel to the next.
            if n % 32 == 0:
                formants = tuple(
                    now + 0.3 * (target - now)
                    for now, target in zip(formants, syllable.formants, strict=True)
                )
            swell = math.sin(math.pi * (n + 0.5) / syllable.samples) ** 0.5
            phase += syllable.pitch_hz / RATE
            pulse = 0.0
            if phase >= 1.0:
                phase -= 1.0
                pulse = 1.0
            breath = 0.12 * (dice.random() - 0.5)
            excitation = pulse + breath * 0.2 if syllable.voiced else breath * 4
            yield excitation * swell * syllable.loudness, formants


def resonated(excitation: Iterator[tuple[float, tuple[float, ...]]]) -> Iterator[float]:
    """The excitation through one two-pole resonator for each formant, in parallel."""
    memory = [(0.0, 0.0)] * len(BANDWIDTHS)
    poles = [(0.0, 0.0)] * len(BANDWIDTHS)
    known: tuple[float, ...] = ()
    for sample, formants in excitation:
        if formants is not known:
            poles = [_pole(hz, band) for hz, band in zip(formants, BANDWIDTHS, strict=True)]
            known = formants
        total = 0.0
        for k, (cosine, damping) in enumerate(poles):
            last, before = memory[k]
            value = sample + cosine * last - damping * before
            memory[k] = (value, last)
            total += value / (1 + k)
        yield total


def _pole(hz: float, bandwidth: float) -> tuple[float, float]:
    radius = math.exp(-math.pi * bandwidth / RATE)
    return 2 * radius * math.cos(2 * math.pi * hz / RATE), radius * radius


def speak(speech: Speech) -> "array[int]":
    """The sound of a fixture: int16 samples at 8 kHz, its loudest at PEAK."""
    dice = random.Random(speech.seed)
    voice = resonated(source(speech, dice))
    sound = [next(voice) for _ in range(round(speech.seconds * RATE))]
    scale = PEAK / max(map(abs, sound))
    return array("h", (round(sample * scale) for sample in sound))


def write(file: Path, sound: "array[int]") -> None:
    """A mono 16-bit WAV file."""
    samples = array("h", sound)
    if sys.byteorder == "big":
        samples.byteswap()
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())


def main() -> None:
    """Makes every fixture in the folder given, or beside this file."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name, speech in FIXTURES.items():
        write(folder / name, speak(speech))
        print(folder / name)


if __name__ == "__main__":
    main()
