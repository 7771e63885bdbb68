"""What the door of a conference hands to those who hold it, and what they need of a leg."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from conference.conference import Conference, Role
from vestibule.exchange.ports import SwitchedLeg


@dataclass(frozen=True, slots=True)
class Entrant:
    """Somebody whom the door let in."""

    conference: Conference
    role: Role
    language: str
    name: str = ""
    """As invited, or as their telephone tells; "" where nobody knows."""
    invitee: str = ""
    """The id of the invitee whose code they gave."""
    said: Path | None = None
    """The name as they said it, raw samples of 8 kHz, theirs who take the leg; None without."""


class RoomLeg(SwitchedLeg, Protocol):
    """A leg that can be in a room of the media plane."""

    def enter(self, room: int, *, muted: bool = False) -> None:
        """Hear everybody in a room, and be heard by them; any bridge or other room is left.

        Who enters `muted` is heard in no frame, until `mute` undoes it.
        """

    def quit_room(self) -> None:
        """Be in no room."""

    def mute(self, on: bool) -> None:
        """Let the others of the room hear this peer no more, or again; forgotten when it leaves."""

    def set_volume(self, *, spoken_db: float, heard_db: float) -> None:
        """How much louder the others hear this peer, and how much louder it hears them.

        From -40 to +20 dB; forgotten when it leaves.
        """

    @property
    def held(self) -> bool:
        """Whether the call is on hold."""

    @property
    def slot(self) -> int:
        """How the media plane names it, where it tells who speaks."""


class Door(Protocol):
    """Where callers whose code was right are let into a conference."""

    def admits(self, conference: Conference, role: Role) -> bool:
        """Whether it is not locked for them."""

    def join(self, leg: SwitchedLeg, entrant: Entrant) -> None:
        """Take a leg out of its dialogue, and into the conference, or into its waiting room.

        What follows is said there, until the leg is over. Raises NotGranted where it is locked.
        """
