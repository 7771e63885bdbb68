"""What the directory asks of the world."""

from collections.abc import Collection, Sequence
from typing import Protocol

from directory.extension import Extension, Phone, Proofs, Registration


class Listing(Protocol):
    """Extensions and telephones, kept. Raises StoreUnavailable beside what is told."""

    def stamp(self) -> object:
        """What is another soon after anything changed; cheap, and no more than a hint."""

    async def extensions(self) -> Sequence[Extension]:
        """Every extension, by number."""

    async def add_extension(
        self, extension: Extension, phone: Phone | None, proofs: Proofs | None
    ) -> None:
        """Keep a new extension and its first telephone. Raises ExtensionExists."""

    async def put_extension(self, extension: Extension) -> None:
        """Write an extension anew. Raises ExtensionUnknown."""

    async def remove_extension(self, number: str) -> Sequence[Phone]:
        """Remove an extension with its telephones, which it gives. Raises ExtensionUnknown."""

    async def phones(self) -> Sequence[tuple[Phone, Proofs]]:
        """Every telephone, by extension and user name."""

    async def add_phone(self, phone: Phone, proofs: Proofs) -> None:
        """Keep a new telephone. Raises ExtensionUnknown where its extension is not there."""

    async def put_proofs(self, user: str, proofs: Proofs) -> None:
        """Replace what is kept of a password. Raises PhoneUnknown."""

    async def remove_phone(self, user: str) -> None:
        """Remove a telephone. Raises PhoneUnknown."""


class Registrations(Protocol):
    """Where telephones are, written down for the next start. Raises only StoreUnavailable."""

    async def registrations(self) -> Sequence[Registration]:
        """Everything that was written down."""

    async def write_registrations(
        self, kept: Collection[Registration], gone: Collection[tuple[str, str]]
    ) -> None:
        """Write some anew, and strike out others by their user and contact; all at once."""


class Chance(Protocol):
    """Where passwords come from."""

    def token(self, octets: int) -> bytes:
        """Octets that nobody can guess."""
