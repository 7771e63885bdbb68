"""What a dialogue takes in and gives out. Actions are values; a session carries them out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from call.leg import HangUpCause, LegEvent
from ivr.flow import Held
from ivr.operations import Outcome
from ivr.prompts import Segment


@dataclass(frozen=True, slots=True)
class OperationEnded:
    """The operation of `ticket` ended."""

    ticket: int
    outcome: Outcome


DialogueEvent = LegEvent | OperationEnded


@dataclass(frozen=True, slots=True)
class Speak:
    """Say the segments in place of what is being said; PlayEnded(ticket) tells the end."""

    segments: tuple[Segment, ...]
    ticket: int


@dataclass(frozen=True, slots=True)
class Hush:
    """Stop what is being said."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Go on `seconds` further in what is being said, or back where they are negative."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Let silence take the place of what is being said."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with what is paused."""


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Record the caller into `path`; RecordEnded tells the end."""

    path: Path
    max_s: float
    final_silence_s: float | None


@dataclass(frozen=True, slots=True)
class StopRecording:
    """End the recording; RecordEnded follows."""


@dataclass(frozen=True, slots=True)
class Perform:
    """Do an operation; OperationEnded(ticket) tells the end. Arguments may be secret: no repr."""

    operation: str
    arguments: Mapping[str, Held] = field(repr=False)
    ticket: int


@dataclass(frozen=True, slots=True)
class Report:
    """Log a fault of which the caller hears no more than that there is trouble."""

    fault: str


@dataclass(frozen=True, slots=True)
class End:
    """Hang up: the dialogue is over."""

    cause: HangUpCause


Control = Skip | Pause | Resume
"""What moves a play; it counts for the Speak before it."""

Action = Speak | Hush | Control | StartRecording | StopRecording | Perform | Report | End


class Activity(Enum):
    """What a dialogue is doing; there is nothing else it may be doing."""

    SPEAKING = "speaking"
    WAITING = "waiting"
    """For keys, with a deadline."""
    RECORDING = "recording"
    WORKING = "working"
    """An operation is under way."""
    ENDED = "ended"
