"""What happens in a simulated call, moment by moment. Values: how they are told is elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from call.clock import Clock
from call.sound import Clip


class Kind(StrEnum):
    """What sort of thing happened."""

    WHY = "why"
    """A rule decided something; `id` names it."""
    STATE = "state"
    """The dialogue came to a state; `id` names it, flow and state."""
    SAYS = "says"
    """The caller hears a sentence; `id` names the phrase."""
    PLAYS = "plays"
    """The caller hears what somebody recorded."""
    SOUNDS = "sounds"
    """The caller hears a signal, or music, for `seconds`; `id` names it."""
    PRESSES = "presses"
    SPEAKS = "speaks"
    """The caller says something, for `seconds`."""
    SILENT = "silent"
    """Nobody does anything, for `seconds`."""
    WORKS = "works"
    """An operation was done; `id` names it, `text` its outcome."""
    RINGS = "rings"
    """Telephones ring for `seconds`; `text` names them, `id` says why."""
    ANSWERS = "answers"
    """Somebody takes the call."""
    ENDS = "ends"
    """The call is over; `id` says how."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened, `at_s` seconds after the call came in."""

    at_s: float
    kind: Kind
    text: str = ""
    id: str = ""
    language: str = ""
    seconds: float = 0.0
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(slots=True)
class Heard:
    """A clip as the caller hears it: from `at_s` on, until it ends or `until_s`."""

    at_s: float
    clip: Clip
    until_s: float | None = None
    repeat: bool = False


class Story:
    """Written while the call goes on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self.moments: list[Moment] = []
        self.heard: list[Heard] = []

    @property
    def now(self) -> float:
        """Seconds since the call came in."""
        return self._clock.monotonic() - self._began

    def add(
        self,
        kind: Kind,
        text: str = "",
        *,
        id: str = "",
        language: str = "",
        seconds: float = 0.0,
        **details: str,
    ) -> None:
        """Write what happens now."""
        at = round(self.now, 2)
        self.moments.append(
            Moment(at, kind, text, id, language, round(seconds, 2), MappingProxyType(details))
        )

    def sounds(self, clip: Clip, *, repeat: bool = False) -> None:
        """A clip begins to be heard."""
        self.hushed()
        self.heard.append(Heard(self.now, clip, None, repeat))

    def hushed(self) -> None:
        """What is heard just now is heard no longer."""
        if self.heard and self.heard[-1].until_s is None:
            self.heard[-1].until_s = self.now

    def of(self, *kinds: Kind) -> Iterator[Moment]:
        """The moments of some kinds, in order."""
        return (moment for moment in self.moments if moment.kind in kinds)
