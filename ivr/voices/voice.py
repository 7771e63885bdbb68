"""The `Voice` of the program: segments in, ready clips out, and never silence.

A phrase is sought voice by voice in its own language, then voice by voice in the others; the first
that has it says it. A voice that fails is passed over, and the log says so once for each phrase.
When nothing at all can be said, the beep is played: the caller knows that somebody is there.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from call.errors import Unavailable
from call.sound import Clip
from ivr.phrases import Book
from ivr.prompts import Phrase, Recorded, Segment
from ivr.voices.casting import load_cast
from ivr.voices.espeak import Espeak
from ivr.voices.frames import FrameCache
from ivr.voices.shaping import tone
from ivr.voices.soundfiles import read_sound
from ivr.voices.speakers import HumanSpeaker, Speaker, SyntheticSpeaker, ToneSpeaker

log = logging.getLogger(__name__)

READY = 4096
"""Phrases remembered with their clips; names and numbers make some of them."""

UNHEARABLE = "common.no_recording"
"""The phrase said in place of a recording that cannot be read."""


class PromptVoice:
    """A `Voice` over a book, a list of speakers in order of preference, and a folder of frames.

    Phrases and recordings have a folder each: what people recorded can be cleared apart, and goes
    to `recorded` where that is given; the folder then keeps nothing of it. Raises Unavailable when
    the folder takes no sound, not even the beep made at the start.
    """

    def __init__(
        self,
        book: Book,
        speakers: Sequence[Speaker],
        folder: Path,
        *,
        language: str,
        recorded: Path | None = None,
    ) -> None:
        self._book = book
        self._speakers = tuple(speakers)
        self._language = language
        self._turns = {speaker.name: asyncio.Lock() for speaker in self._speakers}
        self._told: set[tuple[str, str, str]] = set()
        self._ready: dict[str, Clip] = {}
        try:
            self._phrases = FrameCache(folder / "phrases")
            self._recorded = FrameCache(folder / "recorded")
            if recorded is not None:
                self._recorded.clear()
                self._recorded = FrameCache(recorded)
            self._last_resort = FrameCache(folder).store("last resort", tone(440, 0.5, -12))
        except OSError as fault:
            raise Unavailable(f"the prompt folder {folder} takes no sound: {fault}") from fault

    @property
    def book(self) -> Book:
        """The phrases it can say."""
        return self._book

    async def clips(self, segments: Sequence[Segment]) -> tuple[Clip, ...]:
        """Raises Unspeakable for a phrase that is not in the book, or whose arguments are wrong."""
        language = self._language
        clips: list[Clip] = []
        for segment in segments:
            if isinstance(segment, Phrase):
                language = segment.language
                clips.append(await self._phrase(segment))
            else:
                clips.append(await self._recording(segment, language))
        return tuple(clips) or (self._last_resort,)

    def speaker_of(self, phrase: Phrase) -> tuple[str, Clip | None]:
        """Who says this phrase first of all, and the clip if it is already made."""
        for speaker, _, key in self._takes(phrase):
            return speaker.name, self._phrases.find(key)
        return "", None

    def forget_recordings(self, unused_since: datetime | None = None) -> None:
        """Removes the frames of recordings that nobody played since then, or of all of them.

        Frames are copies of what people said, and shall not outlive the message for long. Without
        an instant it is for the start, while none is played; later, an hour ago is safe.
        """
        self._recorded.clear(unused_since)

    def forget_phrases(self, unused_since: datetime) -> None:
        """Removes the frames of phrases that nobody heard since then (names, hours, numbers).

        They are made again when asked for; a month ago keeps the folder small. A voice file that
        was replaced is heard from then on.
        """
        self._ready.clear()
        self._phrases.clear(unused_since)

    async def _phrase(self, phrase: Phrase) -> Clip:
        said = repr(phrase)  # 1 and True are equal, and are not said alike
        if (ready := self._ready.get(said)) and self._phrases.holds(ready):
            return ready
        clip, first_choice = await self._sought(phrase)
        if first_choice:
            if len(self._ready) >= READY:
                self._ready.clear()
            self._ready[said] = clip
        return clip

    async def _sought(self, phrase: Phrase) -> tuple[Clip, bool]:
        """The clip of the first voice that can say it, and whether no better one had to fail."""
        first_choice = True
        for speaker, said, key in self._takes(phrase):
            try:
                clip = self._phrases.find(key) or await self._made(speaker, said, key)
            except (Unavailable, OSError) as fault:
                self._tell(said, speaker.name, fault)
                first_choice = False
            else:
                return clip, first_choice
        self._tell(phrase, "every voice", None)
        return self._last_resort, False

    async def _made(self, speaker: Speaker, phrase: Phrase, key: str) -> Clip:
        # No voice says a sentence twice alike, and a clip never changes: callers who ask together
        # wait for the first one's.
        async with self._turns[speaker.name]:
            if clip := self._phrases.find(key):
                return clip
            sound = await speaker.say(phrase)
            return await asyncio.to_thread(self._phrases.store, key, sound)

    def _takes(self, phrase: Phrase) -> Iterator[tuple[Speaker, Phrase, str]]:
        """Who could say a phrase, in which language, under which key; the best first."""
        others = sorted(self._book.languages - {phrase.language})
        for code in (phrase.language, *others):
            if code not in self._book.languages:
                continue
            said = replace(phrase, language=code)
            for speaker in self._speakers:
                if key := speaker.key(said):
                    yield speaker, said, key

    async def _recording(self, recorded: Recorded, language: str) -> Clip:
        try:
            return await asyncio.to_thread(self._frames_of, recorded.path)
        except (Unavailable, OSError) as fault:
            log.warning("recording cannot be played", extra={"fault": type(fault).__name__})
        return await self._phrase(Phrase(UNHEARABLE, language))

    def _frames_of(self, path: Path) -> Clip:
        stat = path.stat()
        key = f"{path}:{stat.st_mtime_ns}:{stat.st_size}"
        return self._recorded.find(key) or self._recorded.store(key, read_sound(path))

    def _tell(self, phrase: Phrase, speaker: str, fault: Exception | None) -> None:
        about = (phrase.id, phrase.language, speaker)
        if about in self._told:
            return
        self._told.add(about)
        log.warning(
            "phrase not said by this voice",
            extra={
                "phrase": phrase.id,
                "language": phrase.language,
                "voice": speaker,
                "fault": type(fault).__name__ if fault else "",
            },
        )


@asynccontextmanager
async def open_voice(
    book: Book,
    prompts: Path,
    cache: Path,
    *,
    language: str = "fr",
    people: bool = True,
    recorded: Path | None = None,
) -> AsyncIterator[PromptVoice]:
    """The voice of a running program: tones, recordings (unless `people` is False), espeak.

    `prompts` is the folder of the phrase files, whose voice files say who speaks; `cache` receives
    the frames, but for those of recordings where `recorded` is given. Raises BadVoices, and
    Unavailable when `cache` cannot be written.
    """
    cast = load_cast(prompts, book.languages)
    async with Espeak() as espeak:
        speakers: list[Speaker] = [ToneSpeaker(book)]
        speakers += [HumanSpeaker(book, cast)] if people else []
        speakers += [SyntheticSpeaker(book, cast, espeak)]
        yield PromptVoice(book, speakers, cache, language=language, recorded=recorded)
