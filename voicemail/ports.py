"""What the mailboxes ask of the world beside a database and mail.

Every method raises only its port's own error (SoundUnavailable, TranscriberUnavailable) besides
those it names.
"""

from datetime import datetime
from pathlib import Path
from typing import Protocol

from voicemail.message import Attachment, Ticket


class Tokens(Protocol):
    """Chance as an input."""

    def token(self, octets: int) -> bytes:
        """So many octets nobody can guess."""

    def fraction(self) -> float:
        """A number in [0, 1), for spreading retries."""


class PinHasher(Protocol):
    """One-way PINs."""

    async def hashed(self, pin: str) -> str:
        """The PIN as it may be stored."""

    async def matches(self, pin: str, hashed: str | None) -> bool:
        """Whether the PIN is the one hashed; against None it takes as long, and is False."""


class Ear(Protocol):
    """Hears whether somebody spoke."""

    async def speech_s(self, pcm: bytes) -> float:
        """Seconds of speech in raw int16 samples at 8 kHz."""


class AudioStore(Protocol):
    """Sounds by name, whole or absent, immutable."""

    async def put(self, name: str, pcm: bytes) -> None:
        """Keep raw samples under a name, durable when this returns; the same name twice with
        the same sound is harmless."""

    async def local(self, name: str) -> Path:
        """A WAV file on this machine. Raises SoundUnavailable when there is no such sound."""

    async def read(self, name: str) -> bytes:
        """The WAV file itself; no copy of it is left anywhere. Raises SoundUnavailable."""

    async def written(self, name: str) -> datetime | None:
        """When a sound was last written, in UTC; None when it is gone."""

    async def set_aside(self, name: str) -> None:
        """Move a sound that belongs to nothing out of the way, never deleting it; silent when it
        is gone."""

    async def unclaimed(self) -> frozenset[str]:
        """Every sound that was set aside."""

    async def delete(self, name: str) -> None:
        """Forget a sound; silent when it is gone already."""

    async def names(self) -> frozenset[str]:
        """Every sound there is."""

    async def sweep(self) -> None:
        """Remove what interrupted writes left. Only while nothing is being written."""


class AudioFormats(Protocol):
    """Sound files in other formats."""

    async def encoded(
        self, wav: Path, attachment: Attachment, bit_rate: int | None = None
    ) -> bytes:
        """The sound of a stored file as the octets of an attachment.

        `bit_rate` is in bits a second, about, for MP3 and Opus; None for the usual one.
        """

    async def decoded(self, path: Path) -> bytes:
        """Raw samples of any sound file, levelled and faded. Raises SoundRefused."""


class Transcriber(Protocol):
    """Writes down what is said."""

    async def text(self, wav: Path, language: str) -> str:
        """What is said in a sound file, "" when nothing is. Raises TranscriberUnavailable."""


class Spool(Protocol):
    """Recordings under way, on a disk of this machine."""

    async def open(self, ticket: Ticket) -> Path:
        """Make the ticket durable, then tell where the recording goes."""

    async def read(self, id: str) -> bytes:
        """What was recorded, whole samples only; empty when nothing was."""

    async def amend(self, ticket: Ticket) -> None:
        """Replace the ticket of a recording by another of the same id, durably."""

    async def open_retake(self, id: str) -> Path:
        """Where a second take goes; one that was begun before is forgotten."""

    async def read_retake(self, id: str) -> bytes:
        """What was recorded of the second take; empty when nothing was."""

    async def accept_retake(self, id: str) -> None:
        """The second take replaces the first, at once and durably."""

    async def remove_retake(self, id: str) -> None:
        """Forget the second take; silent when there is none."""

    async def remove(self, id: str) -> None:
        """Forget a recording and its ticket, the recording first; silent when gone."""

    async def tickets(self) -> tuple[Ticket, ...]:
        """The recordings on disk, oldest first. What has no readable ticket is set aside."""

    async def set_aside(self, id: str) -> None:
        """Move a recording nobody can be found for out of the way, never deleting it."""

    async def waiting(self) -> frozenset[str]:
        """Ids of the recordings on disk, with a ticket or without. Changes nothing."""

    async def unclaimed(self) -> frozenset[str]:
        """Names of what was set aside."""

    async def open_greeting(self, id: str) -> Path:
        """Where a greeting goes while it is recorded."""

    async def read_greeting(self, path: Path) -> bytes:
        """What was recorded of a greeting; empty when nothing was."""

    async def remove_greeting(self, path: Path) -> None:
        """Forget a greeting's recording; silent when gone."""

    async def sweep_greetings(self) -> None:
        """Forget every greeting's recording: a crash cancels them."""
