"""The two depths that need no network: the pure dialogue, and a session on a fake leg."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from call.clock import Clock, VirtualClock
from call.leg import HangUpCause, HungUp, LegEvent
from call.media import KeyPressed, KeySource
from call.sound import FRAME_S, RATE, EndOfRecording
from ivr.actions import (
    Action,
    DialogueEvent,
    End,
    Hush,
    OperationEnded,
    Pause,
    Perform,
    Resume,
    Skip,
    Speak,
    StartRecording,
    StopRecording,
)
from ivr.dialogue import Dialogue
from ivr.operations import FAILED, Operations, Outcome
from ivr.prompts import Recorded, Segment
from ivr.session import Session
from ivr.testing.fake_leg import FakeLeg, FakeVoice
from ivr.testing.line import Line, seconds_of, speech
from ivr.testing.script import PATIENCE_S, Hears, NotAsScripted, Transcript

BETWEEN_KEYS_S = 0.25
"""Seconds between two keys of somebody who types quickly."""


class _Ear:
    """What was heard, and how far the script has come in it."""

    def __init__(self, transcript: Transcript, also: Callable[[Segment], None]) -> None:
        self._transcript = transcript
        self._also = also
        self._heard: list[Segment] = []
        self._cursor = 0

    def hear(self, segment: Segment, at: float) -> None:
        self._heard.append(segment)
        self._transcript.add(at, f"hears {_shown(segment)}")
        self._also(segment)

    def found(self, expected: Hears) -> bool:
        """Whether it was heard since the cursor, which then stands behind it."""
        for place in range(self._cursor, len(self._heard)):
            if expected.matches(self._heard[place]):
                self._cursor = place + 1
                return True
        return False

    def forget(self) -> None:
        """What was heard until now no longer counts."""
        self._cursor = len(self._heard)


def _shown(segment: Segment) -> str:
    if isinstance(segment, Recorded):
        return f"recording {segment.path}"
    arguments = "".join(f" {name}={value}" for name, value in segment.arguments)
    return f"{segment.id} ({segment.language}){arguments}"


class PureCall:
    """A caller on the pure dialogue: a `CallerDriver` in virtual time, with no task at all."""

    def __init__(
        self,
        dialogue: Dialogue,
        operations: Operations,
        clock: VirtualClock,
        hear: Callable[[Segment], None] = lambda _: None,
    ) -> None:
        self.dialogue = dialogue
        self.transcript = Transcript()
        self._operations = operations
        self._clock = clock
        self._ear = _Ear(self.transcript, hear)
        self._line = Line(self._ear.hear)
        self._ended_by_us = False

    async def begin(self) -> None:
        """The call is answered."""
        await self._carry_out(self.dialogue.start(self._now()))

    async def hears(self, expected: Hears) -> None:
        limit = self._now() + PATIENCE_S
        while not self._ear.found(expected):
            due = self._due()
            if due is None or due > limit or self.dialogue.ended:
                raise NotAsScripted(f"never {expected}")
            await self._advance(due)

    async def presses(self, keys: str) -> None:
        self._ear.forget()
        for key in keys:
            self.transcript.add(self._now(), f"presses {key}")
            await self._feed(KeyPressed(key, KeySource.RFC4733, self._now()))
            await self.waits(BETWEEN_KEYS_S)

    async def waits(self, seconds: float) -> None:
        end = self._now() + seconds
        while (due := self._due()) is not None and due <= end:
            await self._advance(due)
        self._clock.advance(max(0.0, end - self._now()))

    async def says(self, sound: Path | float) -> None:
        while self._line.speaking and (due := self._due()) is not None:
            await self._advance(due)
        self.transcript.add(self._now(), f"says {sound}")
        pcm = speech(sound)
        self._line.talk(pcm, self._now())
        await self.waits(len(pcm) / RATE)

    async def hangs_up(self) -> None:
        self.transcript.add(self._now(), "hangs up")
        await self._is_over(HungUp(HangUpCause.NORMAL, by_caller=True))

    async def hears_hang_up(self) -> None:
        limit = self._now() + PATIENCE_S
        while not self.dialogue.ended:
            due = self._due()
            if due is None or due > limit:
                raise NotAsScripted("nobody hung up")
            await self._advance(due)
        if not self._ended_by_us:
            raise NotAsScripted("the caller had hung up before")

    async def passes(self) -> bool:
        """Let time pass until the next thing happens; False when nothing will."""
        due = self._due()
        if due is None or self.dialogue.ended:
            return False
        await self._advance(due)
        return True

    def _now(self) -> float:
        return self._clock.monotonic()

    def _due(self) -> float | None:
        times = [t for t in (self._line.due, self.dialogue.deadline) if t is not None]
        return min(times, default=None)

    async def _advance(self, to: float) -> None:
        self._clock.advance(max(0.0, to - self._now()))
        events: list[LegEvent] = self._line.advance(self._now())
        for event in events:
            await self._feed(event)
        await self._carry_out(self.dialogue.tick(self._now()))

    async def _is_over(self, end: HungUp) -> None:
        """As a leg does: a recording under way is completed first."""
        for event in self._line.stop_recording(self._now(), EndOfRecording.HANG_UP):
            await self._feed(event)
        self._line.stop_playing()
        await self._feed(end)

    async def _feed(self, event: DialogueEvent) -> None:
        await self._carry_out(self.dialogue.receive(event, self._now()))

    async def _carry_out(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Speak(segments=segments, ticket=ticket):
                    said = [(segment, seconds_of(segment)) for segment in segments]
                    self._line.play(said, ticket, self._now())
                case Hush():
                    self._line.stop_playing()
                case Skip(seconds=seconds):
                    self._line.skip(seconds, self._now())
                case Pause():
                    self._line.pause(self._now())
                case Resume():
                    self._line.resume(self._now())
                case StartRecording(path=path, max_s=max_s, final_silence_s=silence):
                    now = self._now()
                    self._line.record(path, max_s=max_s, final_silence_s=silence, now=now)
                case StopRecording():
                    for event in self._line.stop_recording(self._now()):
                        await self._feed(event)
                case Perform():
                    await self._perform(action)
                case End():
                    self._ended_by_us = True
                    self.transcript.add(self._now(), "the other side hangs up")
                    await self._is_over(HungUp(HangUpCause.NORMAL, by_caller=False))

    async def _perform(self, action: Perform) -> None:
        try:
            outcome = await self._operations.perform(action.operation, action.arguments)
        except Exception:
            outcome = Outcome(FAILED)
        self.transcript.add(self._now(), f"{action.operation} -> {outcome.name}")
        await self._feed(OperationEnded(action.ticket, outcome))


class LegCall:
    """A caller on a session with a fake leg: a `CallerDriver` under `run_in_virtual_time`."""

    def __init__(self, dialogue: Dialogue, operations: Operations, clock: Clock) -> None:
        self.transcript = Transcript()
        self._ear = _Ear(self.transcript, lambda _: None)
        self._stirred = asyncio.Event()
        voice = FakeVoice()
        self.leg = FakeLeg(voice, self._hear)
        session = Session(dialogue, self.leg, voice, operations, clock)
        self._session = asyncio.get_running_loop().create_task(session.run())
        self._session.add_done_callback(lambda _: self._stirred.set())
        self._clock = clock

    async def outcome(self) -> str:
        """How the session ended, once it has; whatever it raised is raised here."""
        return await self._session

    async def hears(self, expected: Hears) -> None:
        await self._until(lambda: self._ear.found(expected), f"never {expected}")

    async def presses(self, keys: str) -> None:
        self._ear.forget()
        for key in keys:
            self.transcript.add(self._clock.monotonic(), f"presses {key}")
            self.leg.press(key)
            await asyncio.sleep(BETWEEN_KEYS_S)

    async def waits(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def says(self, sound: Path | float) -> None:
        while self.leg.line.speaking:  # noqa: ASYNC110 - virtual time: nothing is polled
            await asyncio.sleep(FRAME_S)
        self.transcript.add(self._clock.monotonic(), f"says {sound}")
        pcm = speech(sound)
        self.leg.talk(pcm)
        await asyncio.sleep(len(pcm) / RATE)

    async def hangs_up(self) -> None:
        self.transcript.add(self._clock.monotonic(), "hangs up")
        self.leg.caller_hangs_up()
        await self._session

    async def hears_hang_up(self) -> None:
        await self._until(self._session.done, "nobody hung up")
        await self._session

    def _hear(self, segment: Segment, at: float) -> None:
        self._ear.hear(segment, at)
        self._stirred.set()

    async def _until(self, so: Callable[[], bool], failure: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not so():
                    if self._session.done():
                        raise NotAsScripted(f"{failure}: the call is over")
                    self._stirred.clear()
                    await self._stirred.wait()
        except TimeoutError:
            raise NotAsScripted(failure) from None
