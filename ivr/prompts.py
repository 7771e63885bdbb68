"""What a caller is told, before it is sound: phrases with arguments, and recordings.

The dialogue speaks in segments. A `PhraseBook` turns a phrase into text; a `Voice` turns segments
into clips. Both are ports: the dialogue is tested with neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from call.sound import Clip

Value = str | int | float | bool | datetime | Path | None
"""What a dialogue variable, an argument of a phrase or of an operation may hold."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A named sentence in one language, with its arguments in the order of their names."""

    id: str
    language: str
    arguments: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """Something a person recorded: a greeting, a name, a message (a sound file)."""

    path: Path


Segment = Phrase | Recorded


class PhraseBook(Protocol):
    """The sentences the program can say, in each language."""

    @property
    def languages(self) -> frozenset[str]:
        """The languages every phrase exists in."""

    def parameters(self, phrase: str) -> Mapping[str, str] | None:
        """Names and types of a phrase's arguments; None when there is no such phrase."""

    def text(self, phrase: Phrase) -> str:
        """The sentence as it is spoken and printed, grammar applied."""


class Voice(Protocol):
    """Turns what is said into sound."""

    async def clips(self, segments: Sequence[Segment]) -> tuple[Clip, ...]:
        """Ready clips, one or more for each segment, in order; never empty, never raises for a
        missing sound: it says the phrase with another voice instead."""
