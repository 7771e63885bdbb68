"""The third depth of a script: a real telephone, and what it hears decided from the sound.

`WireCall` is a `CallerDriver`. Whether a phrase was said is judged by correlation with the clips
that the phrase may sound as; nothing is asked of the server. Phrases heard to their end are
measured over their whole length, and the measures are kept in `measures`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ivr.testing.line import speech
from ivr.testing.script import PATIENCE_S, Hears, NotAsScripted, Transcript
from tests.wire import hearing
from tests.wire.hearing import FRAME, RATE, Found, Pcm
from tests.wire.phone import PhoneCall
from tests.wire.rtp_line import Take

Sounds = Callable[[Hears], Awaitable[Sequence[Pcm]]]
"""Every sound that would be what is expected: each language, each value of what is not given."""

SURE = 0.8
"""Score from which a sound is taken for a clip."""

OPENING_S = 1.0
"""Seconds of a clip that must have been received before it counts as heard."""

LOOK_EVERY = 10
"""Frames received between two looks."""

QUIET_S = 0.3
"""Silence after which nothing is being said any more."""

SPARE = RATE // 4
"""Samples to be received after a clip before it counts as received to its end: a tone that is cut
short fits, a little earlier, quite well."""

PRESS_S = 0.1
GAP_S = 0.08


@dataclass(frozen=True, slots=True)
class Measure:
    """How one phrase, received to its end, sounded."""

    what: str
    at_s: float
    seconds: float
    score: float
    gap_s: float
    drift: int
    """Samples by which its worst half second was away from its place."""
    altered: int
    """Audible frames that were others."""
    clipped: int


@dataclass(frozen=True, slots=True)
class _Recognised:
    what: str
    clips: Sequence[Pcm]
    at: int
    until: int
    """Sample at which the caller's next key may have cut it short."""

    @property
    def longest(self) -> int:
        """Samples of the longest clip it may be."""
        return max(len(clip) for clip in self.clips)


class WireCall:
    """A caller with a real telephone in a call that is answered already."""

    def __init__(
        self,
        call: PhoneCall,
        sounds: Sounds,
        said: MutableMapping[Path | float, Take] | None = None,
    ) -> None:
        """`said`: what was said in calls before."""
        self.call = call
        self.said = {} if said is None else said
        self.transcript = Transcript()
        self._sounds = sounds
        self._began = time.monotonic()
        self._cursor = 0
        self._heard: list[_Recognised] = []

    @property
    def measures(self) -> list[Measure]:
        """The phrases recognised that nothing cut short, one after the other."""
        sound = self.call.line.heard()
        whole = [each for each in self._heard if each.at + each.longest + SPARE <= each.until]
        return [_measured(sound, each) for each in whole]

    async def hears(self, expected: Hears) -> None:
        clips = await self._expected(expected)
        if not clips:
            raise NotAsScripted(f"nobody knows how it sounds: {expected}")
        limit = time.monotonic() + PATIENCE_S
        seen = self._cursor
        while True:
            over = self.call.ended.is_set()  # what came before the end is heard
            sound = self.call.line.heard()
            recognised = _recognised(sound, clips, since=seen)
            if recognised is not None:
                self._take(expected, clips, *recognised)
                return
            longest = max(min(len(clip), int(OPENING_S * RATE)) for clip in clips)
            seen = max(self._cursor, len(sound) - longest)
            if over or time.monotonic() > limit:
                raise NotAsScripted(f"never {expected}")
            await self._more(len(sound))

    async def _expected(self, expected: Hears) -> Sequence[Pcm]:
        if expected.recording is not None and expected.recording in self.said:
            return [self.said[expected.recording].as_left()]
        return await self._sounds(expected)

    async def presses(self, keys: str) -> None:
        self._forget()
        self.transcript.add(self._now(), f"presses {keys}")
        # All are queued at once: a busy machine may hold this task up for longer than callers are
        # waited for between two keys, but not the telephone.
        pressed = [self.call.line.press(key, seconds=PRESS_S, gap_s=GAP_S) for key in keys]
        await until(pressed[-1].is_set, within_s=20)

    async def waits(self, seconds: float) -> None:
        wanted = len(self.call.line.heard()) + int(seconds * RATE)
        while len(self.call.line.heard()) < wanted and not self.call.ended.is_set():
            await self._more(len(self.call.line.heard()))

    async def says(self, sound: Path | float) -> None:
        while not hearing.is_quiet(self.call.line.heard(), last_s=QUIET_S):
            if self.call.ended.is_set():
                raise NotAsScripted("the call is over")
            await self._more(len(self.call.line.heard()))
        self.transcript.add(self._now(), f"says {sound}")
        await until(self.call.line.say(speech(sound)).is_set, within_s=200)
        self.said[sound] = self.call.line.takes[-1]

    async def hangs_up(self) -> None:
        self.transcript.add(self._now(), "hangs up")
        self._forget()
        await self.call.hang_up()

    async def hears_hang_up(self) -> None:
        try:
            await asyncio.wait_for(self.call.ended.wait(), PATIENCE_S)
        except TimeoutError:
            raise NotAsScripted("nobody hung up") from None
        if not self.call.ended_by_peer:
            raise NotAsScripted("the caller had hung up before")
        self._forget()

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _take(self, expected: Hears, clips: Sequence[Pcm], clip: Pcm, place: Found) -> None:
        self.transcript.add(place.at_s, f"{expected} (score {place.score:.3f})")
        self._cursor = place.at + min(len(clip), int(OPENING_S * RATE))
        self._heard.append(_Recognised(str(expected), clips, place.at, 1 << 62))

    def _forget(self) -> None:
        """What was received until now no longer counts, and what is being said may stop."""
        self._cursor = len(self.call.line.heard())
        self._heard = [
            _Recognised(e.what, e.clips, e.at, min(e.until, self._cursor)) for e in self._heard
        ]

    async def _more(self, samples: int) -> None:
        """Wait for some frames more than `samples`, or for the end of the call."""
        line, wanted = self.call.line, samples // FRAME + LOOK_EVERY
        await until(
            lambda: len(line.arrivals) >= wanted or self.call.ended.is_set(),
            within_s=LOOK_EVERY * 0.04,
        )


async def until(so: Callable[[], bool], *, within_s: float) -> None:
    """Wait until something is so, for some time at most.

    Telephones have threads of their own; with a thread more for each that waits there would soon
    be none left to wait with.
    """
    limit = time.monotonic() + within_s
    while not so() and time.monotonic() < limit:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.02)


def _recognised(sound: Pcm, clips: Sequence[Pcm], *, since: int) -> tuple[Pcm, Found] | None:
    """The clip whose opening is best heard at or after `since`, if one is."""
    best: tuple[Pcm, Found] | None = None
    for clip in clips:
        place = hearing.find(sound, clip[: int(OPENING_S * RATE)], since=since)
        if place.score >= SURE and (best is None or place.score > best[1].score):
            best = clip, place
    return best


def _measured(sound: Pcm, heard: _Recognised) -> Measure:
    """Measured as the clip that fits best over its whole length, where it fits best.

    Sentences that differ in a name open alike, and half a tone fits beside the whole one.
    """
    since = max(0, heard.at - RATE // 2)
    near = sound[: heard.at + heard.longest + RATE // 2]
    fits = [(hearing.find(near, clip, since=since), clip) for clip in heard.clips]
    place, clip = max(fits, key=lambda fit: fit[0].score)
    part = sound[place.at : place.at + len(clip)]
    return Measure(
        what=heard.what,
        at_s=place.at / RATE,
        seconds=len(clip) / RATE,
        score=hearing.likeness(sound, clip, at=place.at),
        gap_s=hearing.longest_gap_s(sound, clip, at=place.at),
        drift=hearing.drift(sound, clip, at=place.at),
        altered=hearing.unlike_frames(sound, clip, at=place.at),
        clipped=hearing.clipped_samples(np.asarray(part, dtype=np.int16)),
    )
