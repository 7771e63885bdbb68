"""A leg without a network, and a voice without sound: a session runs on them in virtual time."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from call.errors import Misuse
from call.leg import HangUpCause, HungUp, LegEvent, Party
from call.media import KeyPressed, KeySource, Side
from call.sound import FRAME_S, Clip, EndOfRecording, Pcm
from call.telling import Telling
from ivr.prompts import Segment
from ivr.testing.line import Line, seconds_of


class FakeVoice:
    """Makes a clip of the right length for each segment, and remembers what each clip says."""

    def __init__(self) -> None:
        self._said: dict[Path, Segment] = {}

    async def clips(self, segments: Sequence[Segment]) -> tuple[Clip, ...]:
        return tuple(self._clip(segment) for segment in segments)

    def segment(self, clip: Clip) -> Segment:
        """What a clip of this voice says."""
        return self._said[clip.stem]

    def _clip(self, segment: Segment) -> Clip:
        stem = Path("imaginary") / str(len(self._said))
        self._said[stem] = segment
        return Clip(stem, round(seconds_of(segment) / FRAME_S))


class FakeLeg:
    """One end of a call, moved by hand; implements `call.leg.Leg`.

    `hear` is told each segment when it begins. Runs on the time of the running event loop, which
    is virtual under `run_in_virtual_time`.
    """

    def __init__(
        self,
        voice: FakeVoice,
        hear: Callable[[Segment, float], None],
        *,
        caller: Party | None = None,
        dialed: str = "5145550100",
        call_id: str = "fake-1",
    ) -> None:
        self._voice = voice
        self._events = Telling()
        self._timer: asyncio.TimerHandle | None = None
        self._over = False
        self._caller = caller or Party("5145550123")
        self._dialed = dialed
        self._call_id = call_id
        self.line = Line(hear)
        self.answered = False

    @property
    def call_id(self) -> str:
        return self._call_id

    @property
    def caller(self) -> Party:
        return self._caller

    @property
    def dialed(self) -> str:
        return self._dialed

    @property
    def over(self) -> bool:
        """Whether either side hung up."""
        return self._over

    async def answer(self) -> None:
        self.answered = True

    async def event(self) -> LegEvent:
        return await self._events.next()

    async def end(self) -> HungUp:
        return await self._events.end()

    def play(self, clips: Sequence[Clip], ticket: int, *, repeat: bool = False) -> None:
        if not self._over:
            said = [(self._voice.segment(clip), clip.seconds) for clip in clips]
            self.line.play(said, ticket, self._now(), repeat=repeat)
            self._arm()

    def stop_playing(self) -> None:
        self.line.stop_playing()
        self._arm()

    def skip(self, seconds: float) -> None:
        self.line.skip(seconds, self._now())
        self._arm()

    def pause(self) -> None:
        self.line.pause(self._now())
        self._arm()

    def resume(self) -> None:
        self.line.resume(self._now())
        self._arm()

    def record(
        self,
        path: Path,
        *,
        max_s: float,
        final_silence_s: float | None = None,
        side: Side = Side.RECEIVED,
    ) -> None:
        if side is not Side.RECEIVED:
            raise Misuse("where nothing sounds, only what the caller says is recorded")
        if not self._over:
            now = self._now()
            self.line.record(path, max_s=max_s, final_silence_s=final_silence_s, now=now)
            self._arm()

    def stop_recording(self) -> None:
        self._tell(self.line.stop_recording(self._now()))

    async def hang_up(self, cause: HangUpCause = HangUpCause.NORMAL) -> None:
        self._end(HungUp(cause, by_caller=False))

    def press(self, key: str, source: KeySource = KeySource.RFC4733) -> None:
        """The caller presses a key."""
        if not self._over:
            self._tell([KeyPressed(key, source, self._now())])

    def talk(self, pcm: Pcm) -> None:
        """The caller begins to say something."""
        self.line.talk(pcm, self._now())
        self._arm()

    def caller_hangs_up(self) -> None:
        """The caller goes away: what was recorded is completed and told first."""
        self._end(HungUp(HangUpCause.NORMAL, by_caller=True))

    def _end(self, last: HungUp) -> None:
        if self._over:
            return
        self._tell(self.line.stop_recording(self._now(), EndOfRecording.HANG_UP))
        self.line.stop_playing()
        self._over = True
        self._tell([last])

    def _tell(self, events: Sequence[LegEvent]) -> None:
        for event in events:
            self._events.tell(event)
        self._arm()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _arm(self) -> None:
        """One timer, at the next moment at which the line has something to tell."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.line.due is not None and not self._over:
            self._timer = asyncio.get_running_loop().call_at(self.line.due, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._tell(self.line.advance(self._now()))
