"""The sound of one imaginary call, in time that is given: what is played, what is recorded.

Sans-IO like the dialogue: commands take `now`, `due` tells when something happens next, `advance`
tells what happened. It keeps what the caller could hear. A finished recording is written to its
path, so that what stands behind can be the real thing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from call.leg import LegEvent
from call.media import PlayEnded, RecordEnded
from call.sound import RATE, EndOfRecording, Pcm
from ivr.prompts import Recorded, Segment
from ivr.testing.saying import Hear, Saying

BEEP = "common.beep"

_LOUDNESS = 4000
"""Sample value of imaginary speech: well above any silence threshold."""


def seconds_of(segment: Segment) -> float:
    """How long an imaginary voice takes: a beep 0.3 s, a recording 3 s, a sentence 2 s."""
    if isinstance(segment, Recorded):
        return 3.0
    return 0.3 if segment.id == BEEP else 2.0


def speech(sound: Path | float) -> Pcm:
    """A sound file (8 kHz mono), or so many seconds of something that is not silence."""
    if isinstance(sound, Path):
        pcm, rate = soundfile.read(sound, dtype="int16")
        if rate != RATE or pcm.ndim != 1:
            raise ValueError(f"{sound} is not 8 kHz mono")
        return np.asarray(pcm, dtype=np.int16)
    sign = np.arange(round(sound * RATE)) // 10 % 2 * 2 - 1
    return (sign * _LOUDNESS).astype(np.int16)


@dataclass(slots=True)
class _Take:
    """A recording under way."""

    path: Path
    started: float
    max_s: float
    final_silence_s: float | None


class Line:
    """One imaginary call's sound. `hear` is told each segment at the moment it begins."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._saying: Saying | None = None
        self._take: _Take | None = None
        self._talks: list[tuple[float, Pcm]] = []

    @property
    def speaking(self) -> bool:
        """Whether something is being said to the caller."""
        return self._saying is not None

    @property
    def recording(self) -> bool:
        return self._take is not None

    @property
    def due(self) -> float | None:
        """When something happens next, if nobody does anything."""
        times: list[float] = []
        if self._saying is not None and self._saying.due is not None:
            times.append(self._saying.due)
        if self._take is not None:
            times.append(self._end_of(self._take)[0])
        return min(times, default=None)

    def play(
        self,
        said: Sequence[tuple[Segment, float]],
        ticket: int,
        now: float,
        *,
        repeat: bool = False,
    ) -> None:
        """Say segments, each for its seconds, in place of what is being said."""
        self._saying = Saying(said, ticket, now, self._hear, repeat=repeat)

    def stop_playing(self) -> None:
        self._saying = None

    def skip(self, seconds: float, now: float) -> None:
        """Go on further in what is being said, or back."""
        if self._saying is not None:
            self._saying.skip(seconds, now)

    def pause(self, now: float) -> None:
        """Be silent in place of what is being said, until `resume`."""
        if self._saying is not None:
            self._saying.pause(now)

    def resume(self, now: float) -> None:
        """Go on with what is paused."""
        if self._saying is not None:
            self._saying.resume(now)

    def record(
        self, path: Path, *, max_s: float, final_silence_s: float | None, now: float
    ) -> None:
        self._take = _Take(path, now, max_s, final_silence_s)

    def stop_recording(
        self, now: float, why: EndOfRecording = EndOfRecording.STOPPED
    ) -> list[LegEvent]:
        """End the recording, if there is one."""
        if self._take is None:
            return []
        take, self._take = self._take, None
        return [self._finished(take, now, why)]

    def talk(self, pcm: Pcm, now: float) -> None:
        """The caller begins to say something."""
        self._talks.append((now, pcm))

    def advance(self, now: float) -> list[LegEvent]:
        """What has happened up to `now`, in order."""
        events: list[LegEvent] = []
        if self._saying is not None:
            self._saying.cue(now)
            if self._saying.over(now):
                events.append(PlayEnded(self._saying.ticket))
                self.stop_playing()
        if self._take is not None:
            end, why = self._end_of(self._take)
            if end <= now:
                events += self.stop_recording(end, why)
        return events

    def _end_of(self, take: _Take) -> tuple[float, EndOfRecording]:
        limit = take.started + take.max_s
        if take.final_silence_s is None:
            return limit, EndOfRecording.LIMIT
        heard = [start + len(pcm) / RATE for start, pcm in self._talks]
        quiet = max([take.started, *heard]) + take.final_silence_s
        return min((limit, EndOfRecording.LIMIT), (quiet, EndOfRecording.SILENCE))

    def _finished(self, take: _Take, now: float, why: EndOfRecording) -> RecordEnded:
        seconds = now - take.started
        taken = np.zeros(round(seconds * RATE), dtype=np.int16)
        for start, pcm in self._talks:
            offset = round((start - take.started) * RATE)
            heard = pcm[max(0, -offset) :][: max(0, len(taken) - max(0, offset))]
            taken[max(0, offset) :][: len(heard)] = heard
        with take.path.open("ab") as file:  # as a leg does: behind what the file holds
            file.write(taken.astype("<i2").tobytes())
        return RecordEnded(take.path, seconds, float(np.count_nonzero(taken)) / RATE, why)
