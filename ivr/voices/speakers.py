"""The voices a phrase may be said in: a tone, people's recordings, the synthetic voice.

Each one tells by a key whether it has a phrase, and which sound that is; two equal keys are the
same sound. The sound itself is made only when nobody has made it before.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from call.sound import Pcm
from ivr.phrases import Book
from ivr.prompts import Phrase
from ivr.voices.casting import Cast
from ivr.voices.espeak import Espeak, VoiceUnavailable
from ivr.voices.shaping import levelled, pcm, silence, tone, trimmed, wave
from ivr.voices.soundfiles import read_sound

REVISION = 1
"""Part of every key: a change in how sound is shaped makes all clips anew."""


class Speaker(Protocol):
    """One voice."""

    @property
    def name(self) -> str:
        """What lists and logs call it."""

    def key(self, phrase: Phrase) -> str | None:
        """Names the sound of this phrase in this voice; None when the voice does not have it."""

    async def say(self, phrase: Phrase) -> Pcm:
        """The sound, at the house loudness. Raises Unavailable."""


class ToneSpeaker:
    """Says the phrases that are tones."""

    name = "tone"

    def __init__(self, book: Book) -> None:
        self._book = book

    def key(self, phrase: Phrase) -> str | None:
        sound = self._book.entry(phrase).tone
        return None if sound is None else f"tone/{REVISION}/{sound}"

    async def say(self, phrase: Phrase) -> Pcm:
        sound = self._book.entry(phrase).tone
        if sound is None:
            raise VoiceUnavailable(f"{phrase.id} is no tone")
        pip = tone(sound.hz, sound.seconds, sound.dbfs)
        return np.concatenate([pip, *[silence(sound.seconds), pip] * (sound.times - 1)])


class HumanSpeaker:
    """Says the phrases somebody recorded as whole sentences, where the recordings are installed."""

    name = "human"

    def __init__(self, book: Book, cast: Mapping[str, Cast]) -> None:
        self._book = book
        self._cast = cast

    def key(self, phrase: Phrase) -> str | None:
        files = self._files(phrase)
        if not files:
            return None
        try:
            stats = [(file, file.stat()) for file in files]
        except OSError:
            return None
        seen = " ".join(f"{file}:{stat.st_mtime_ns}:{stat.st_size}" for file, stat in stats)
        return f"human/{REVISION}/{seen}"

    async def say(self, phrase: Phrase) -> Pcm:
        files = self._files(phrase)
        if not files:
            raise VoiceUnavailable(f"{phrase.id} is not recorded")
        return await asyncio.to_thread(_joined, files)

    def _files(self, phrase: Phrase) -> tuple[Path, ...]:
        """The recordings of the whole sentence; none unless all of them are there."""
        names = self._book.entry(phrase).recordings
        for folder in self._cast[phrase.language].recordings if names else ():
            files = tuple(folder / f"{name}.wav" for name in names)
            if all(file.is_file() for file in files):
                return files
        return ()


class SyntheticSpeaker:
    """Says every phrase, by espeak."""

    name = "espeak"

    def __init__(self, book: Book, cast: Mapping[str, Cast], espeak: Espeak) -> None:
        self._book = book
        self._cast = cast
        self._espeak = espeak

    def key(self, phrase: Phrase) -> str | None:
        voice = self._cast[phrase.language].espeak
        return f"espeak/{REVISION}/{phrase.language}/{voice}/{self._book.spoken(phrase)}"

    async def say(self, phrase: Phrase) -> Pcm:
        voice = self._cast[phrase.language].espeak
        return await self._espeak.say(self._book.spoken(phrase), voice)


def _joined(files: tuple[Path, ...]) -> Pcm:
    """The recordings one after the other, each with its own short silences."""
    sounds = [trimmed(levelled(wave(read_sound(file)))) for file in files]
    return pcm(np.concatenate(sounds))
