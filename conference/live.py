"""What a conference looks like just now, and what can be done to it from outside."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from conference.conference import Role
from conference.happening import Wish
from conference.room import Phase


@dataclass(frozen=True, slots=True)
class LivePerson:
    """Somebody who is there."""

    id: str
    """As wishes name them."""
    name: str
    number: str
    """What their telephone tells; "" where it is withheld."""
    role: Role
    since: datetime
    inside: bool
    """Whether they hear the others; else they wait."""
    muted: bool
    silenced: bool
    """Whether an administrator muted them."""
    talking: bool
    invitee: str = ""


@dataclass(frozen=True, slots=True)
class LiveRoom:
    """A conference that is being held."""

    conference: str
    """The id of the conference."""
    session: str
    room: str
    title: str
    phase: Phase
    locked: bool
    recording: bool
    announced: bool
    streamed: bool
    since: datetime
    """When the first one came."""
    began: datetime | None
    """When people first heard each other."""
    people: tuple[LivePerson, ...]


class Meetings(Protocol):
    """All conferences that are being held. Rooms are named by their four digits."""

    def live(self) -> Sequence[LiveRoom]:
        """How they stand."""

    def watch(self) -> AsyncIterator[Sequence[LiveRoom]]:
        """How they stand: at once, and again after each change, the newest where several came."""

    def wish(self, room: str, wish: Wish) -> None:
        """Do something to one. Raises NotHeld, and NotGranted with why."""

    def set_volume(self, room: str, member: str, *, spoken_db: float, heard_db: float) -> None:
        """How much louder somebody is heard, and hears. Raises NotHeld, and NotGranted."""

    async def call_in(self, room: str, number: str, name: str, role: Role, language: str) -> bool:
        """Call somebody in: who presses 1 is there; False where nobody did.

        `number` is an extension or a number outside. Raises NotHeld, and NotGranted where it
        cannot be called.
        """
