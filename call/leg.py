"""One end of a call, as the dialogue sees it: something that plays, records, hears keys, hangs up.

A SIP dialog with its media slot is a leg; so is a line of pyVoIP, and so is the fake that tests
drive by hand. What a leg cannot do, it says by raising `Misuse` at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from call.media import KeyPressed, PlayEnded, RecordEnded, Side
from call.sound import Clip


class HangUpCause(StrEnum):
    """Why a leg ended, or should end."""

    NORMAL = "normal"
    REJECTED = "rejected"
    BUSY = "busy"
    NOT_FOUND = "not_found"
    NO_ANSWER = "no_answer"
    UNAVAILABLE = "unavailable"
    MEDIA_LOST = "media_lost"
    SHUTDOWN = "shutdown"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Party:
    """Who is at the other end, as the network told it. `number` is "" when withheld."""

    number: str
    name: str = ""
    internal: bool = False
    """The network vouches that this is one of our own telephones, and that the number is its own.

    What a stranger's network tells of a number proves nothing: anyone can send any number.
    """


@dataclass(frozen=True, slots=True)
class HungUp:
    """The leg is over; the last event a leg ever tells."""

    cause: HangUpCause
    by_caller: bool


LegEvent = KeyPressed | PlayEnded | RecordEnded | HungUp


class Leg(Protocol):
    """One end of a call.

    `play`, `record`, the stops and what moves a play are posted and return at once; what comes of
    them arrives through `event`. What moves a play does nothing when nothing plays. After HungUp
    nothing more arrives and every command is silently ignored, so that a hang-up wins every race.
    """

    @property
    def call_id(self) -> str:
        """Names the call in logs and records; unique."""

    @property
    def caller(self) -> Party:
        """Who called."""

    @property
    def dialed(self) -> str:
        """The number that was dialled, as the network gave it (user part)."""

    async def answer(self) -> None:
        """Take the call; returns when sound may flow. Does nothing when already answered."""

    async def event(self) -> LegEvent:
        """The next thing that happens, in order; waits for it. After HungUp, HungUp again."""

    async def end(self) -> HungUp:
        """Wait until the leg is over, and take no event away."""

    def play(self, clips: Sequence[Clip], ticket: int, *, repeat: bool = False) -> None:
        """Play the clips in place of whatever plays; PlayEnded(ticket) tells the last frame.

        With `repeat` they begin again, without end: hold music, ringing.
        """

    def stop_playing(self) -> None:
        """Stop what plays, within a frame."""

    def skip(self, seconds: float) -> None:
        """Go on `seconds` further in what plays, or back where they are negative.

        Back goes no further than the beginning; past the end, PlayEnded is told.
        """

    def pause(self) -> None:
        """Let silence take the place of what plays, until `resume` or another command to play."""

    def resume(self) -> None:
        """Go on with what is paused, where it stopped."""

    def record(
        self,
        path: Path,
        *,
        max_s: float,
        final_silence_s: float | None = None,
        side: Side = Side.RECEIVED,
    ) -> None:
        """Record what is heard into `path`, or another `side`; RecordEnded tells the end."""

    def stop_recording(self) -> None:
        """End the recording; RecordEnded follows."""

    async def hang_up(self, cause: HangUpCause = HangUpCause.NORMAL) -> None:
        """End the leg. A recording under way is completed first and told by RecordEnded."""
