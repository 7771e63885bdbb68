"""What keeping a spoken message asks of the world, beside `routing.ports`.

The sounds and the spool are those that the greetings of mailboxes lie in. Each method raises only
an Unavailable of its own.
"""

from pathlib import Path
from typing import Protocol


class Sounds(Protocol):
    """Sounds by name, whole or absent, immutable."""

    async def put(self, name: str, pcm: bytes) -> None:
        """Keep raw samples under a name, durable when this returns."""

    async def local(self, name: str) -> Path:
        """A WAV file on this machine."""

    async def delete(self, name: str) -> None:
        """Forget a sound; silent when it is gone already."""


class Takes(Protocol):
    """Recordings under way. A crash cancels them."""

    async def open_greeting(self, id: str) -> Path:
        """Where a recording goes."""

    async def read_greeting(self, path: Path) -> bytes:
        """What was recorded, raw samples; empty when nothing was."""

    async def remove_greeting(self, path: Path) -> None:
        """Forget a recording; silent when it is gone."""


class Ear(Protocol):
    """Hears whether somebody spoke."""

    async def speech_s(self, pcm: bytes) -> float:
        """Seconds of speech in raw int16 samples at 8 kHz."""


class PinHasher(Protocol):
    """One-way PINs."""

    async def hashed(self, pin: str) -> str:
        """The PIN as it may be stored."""

    async def matches(self, pin: str, hashed: str | None) -> bool:
        """Whether the PIN is the one hashed; against None it takes as long, and is False."""


class Attempts(Protocol):
    """Tries at a PIN, counted over all calls."""

    async def charge(self, subject: str, caller: str) -> bool:
        """Count one before the PIN is looked at; False, uncounted, while one of them is locked."""

    async def acquit(self, subject: str, caller: str) -> None:
        """The PIN was right."""
