"""One call of a line on a PBX, behind the `call.leg.Leg` port."""

import asyncio
import logging
import uuid
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Protocol

from call.leg import HangUpCause, HungUp, LegEvent, Party
from call.media import (
    KeyPressed,
    MediaEvent,
    MediaLost,
    MediaPlane,
    PlaneDied,
    PlayEnded,
    RecordEnded,
    Side,
    Stream,
)
from call.sound import Clip
from call.telling import Telling
from telephony.adapters.pyvoip.extension import LineDown, NotOnThisLine

log = logging.getLogger(__name__)


class Signalling(Protocol):
    """The call as pyVoIP signals it. The commands block, and raise LineDown when it is over."""

    stream: Stream

    def party(self, header: str) -> Party:
        """Number and name in From or To."""

    def take(self) -> None:
        """Answer 200."""

    def refuse(self) -> None:
        """Answer 486."""

    def end(self) -> None:
        """Send BYE."""


class Line(Protocol):
    """The line that a leg belongs to."""

    def forget(self, leg: "PyVoipLeg") -> None:
        """A leg is over."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Have work done by a task that the line keeps."""


class PyVoipLeg:
    """One call of the line. Used in the event loop only."""

    def __init__(self, line: Line, media: MediaPlane) -> None:
        self._line = line
        self._media = media
        self._call_id = uuid.uuid4().hex
        self._events = Telling()
        self._call: Signalling | None = None
        self._answered = False
        self._recording = False
        self._over: HungUp | None = None
        self._told = False
        self._released = False
        self.slot = media.open(self._heard)
        self.port = media.port(self.slot)

    def ring(self, call: Signalling) -> None:
        """The call of pyVoIP that this leg speaks for."""
        self._call = call

    @property
    def call_id(self) -> str:
        return self._call_id

    @property
    def caller(self) -> Party:
        return self._signalling.party("From")

    @property
    def dialed(self) -> str:
        return self._signalling.party("To").number

    @property
    def _signalling(self) -> Signalling:
        if self._call is None:
            raise NotOnThisLine("the leg has no call yet")
        return self._call

    async def answer(self) -> None:
        if self._answered or self._over is not None:
            return
        self._answered = True
        self._media.connect(self.slot, self._signalling.stream)
        try:
            await asyncio.to_thread(self._signalling.take)
        except LineDown:
            self.ended(HangUpCause.FAILED, by_caller=False)

    async def event(self) -> LegEvent:
        return await self._events.next()

    async def end(self) -> HungUp:
        return await self._events.end()

    def play(self, clips: Sequence[Clip], ticket: int, *, repeat: bool = False) -> None:
        if self._over is None:
            self._media.play(self.slot, clips, ticket, repeat=repeat)

    def stop_playing(self) -> None:
        if self._over is None:
            self._media.stop_playing(self.slot)

    def skip(self, seconds: float) -> None:
        if self._over is None:
            self._media.skip(self.slot, seconds)

    def pause(self) -> None:
        if self._over is None:
            self._media.pause(self.slot)

    def resume(self) -> None:
        if self._over is None:
            self._media.resume(self.slot)

    def record(
        self,
        path: Path,
        *,
        max_s: float,
        final_silence_s: float | None = None,
        side: Side = Side.RECEIVED,
    ) -> None:
        if self._over is None:
            self._recording = True
            self._media.record(
                self.slot, path, max_s=max_s, final_silence_s=final_silence_s, side=side
            )

    def stop_recording(self) -> None:
        if self._over is None:
            self._media.stop_recording(self.slot)

    async def hang_up(self, cause: HangUpCause = HangUpCause.NORMAL) -> None:
        if self._over is not None:
            return
        call = self._signalling
        end = call.end if self._answered else call.refuse
        self.ended(cause, by_caller=False)
        try:
            await asyncio.to_thread(end)
        except LineDown:
            log.info("pyvoip call was over already", extra={"call_id": self._call_id})

    def moved(self, stream: Stream) -> None:
        """The PBX moved the sound of an answered call."""
        if self._over is None and self._answered:
            self._media.connect(self.slot, stream)

    def ended(self, cause: HangUpCause, *, by_caller: bool) -> None:
        """The call is over. A recording under way is told first, HungUp after it."""
        if self._over is not None:
            return
        self._over = HungUp(cause, by_caller)
        self._line.forget(self)
        self._media.close(self.slot)
        if not self._recording:
            self._tell_over()

    def discard(self) -> None:
        """Give the slot back: the call was never told to anybody."""
        self._told = True
        self.ended(HangUpCause.FAILED, by_caller=False)

    def _tell_over(self) -> None:
        if self._over is not None and not self._told:
            self._told = True
            self._events.tell(self._over)

    def _heard(self, event: MediaEvent) -> None:
        if self._told:
            return
        match event:
            case KeyPressed() | PlayEnded() if self._over is None:
                self._events.tell(event)
            case RecordEnded():
                self._recording = False
                self._events.tell(event)
                self._tell_over()
            case MediaLost():
                self._end_call(HangUpCause.MEDIA_LOST)
            case PlaneDied():
                self._recording = False
                self._end_call(HangUpCause.FAILED)
                self._tell_over()
            case _:
                pass

    def _end_call(self, cause: HangUpCause) -> None:
        self._line.spawn(self.hang_up(cause))
