"""The directory as administrators keep it: extensions come and go, and their telephones."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from call.clock import Clock
from directory.errors import (
    ExtensionExists,
    ExtensionRefused,
    ExtensionUnknown,
    PhoneRefused,
    PhoneUnknown,
)
from directory.extension import LONGEST_NAME, Extension, Phone, Proofs, faults, proofs_of
from directory.ports import Chance, Listing

ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""What user names and passwords are made of: 32 signs, none that is taken for another."""

PASSWORD_SIGNS = 20
"""A hundred bits, typed once into a telephone."""

GROUP = 5
SUFFIX_SIGNS = 4

MOST_PHONES = 10
"""Telephones of one extension; all of them ring."""


@dataclass(frozen=True, slots=True)
class NewPhone:
    """A telephone just made, or with a new password, which is told here and nowhere else."""

    phone: Phone
    password: str = field(repr=False)


class Directory:
    """Everybody and their telephones. `realm` is the one that telephones prove themselves in."""

    def __init__(self, listing: Listing, clock: Clock, chance: Chance, realm: str) -> None:
        self._listing = listing
        self._clock = clock
        self._chance = chance
        self._realm = realm

    async def extensions(self) -> Sequence[Extension]:
        """Every extension, by number."""
        return await self._listing.extensions()

    async def extension(self, number: str) -> Extension:
        """One extension. Raises ExtensionUnknown."""
        for extension in await self._listing.extensions():
            if extension.number == number:
                return extension
        raise ExtensionUnknown(number)

    async def examine(self, extension: Extension) -> None:
        """Raises what `add` would."""
        _check(extension)
        if extension.number in {each.number for each in await self._listing.extensions()}:
            raise ExtensionExists(extension.number)

    async def add(self, extension: Extension, phone_name: str | None) -> NewPhone | None:
        """Make an extension, and its first telephone unless that has no name.

        Raises ExtensionRefused with all that is wrong, and ExtensionExists.
        """
        await self.examine(extension)
        made = None if phone_name is None else self._draw(extension.number, phone_name)
        phone = None if made is None else made.phone
        proofs = None if made is None else _proofs_of(made, self._realm)
        await self._listing.add_extension(extension, phone, proofs)
        return made

    async def change(
        self,
        number: str,
        *,
        name: str | None = None,
        language: str | None = None,
        listed: bool | None = None,
    ) -> Extension:
        """Change what is named of an extension. Raises ExtensionUnknown and ExtensionRefused."""
        before = await self.extension(number)
        after = replace(
            before,
            name=before.name if name is None else name,
            language=before.language if language is None else language,
            listed=before.listed if listed is None else listed,
        )
        _check(after)
        await self._listing.put_extension(after)
        return after

    async def remove(self, number: str) -> Sequence[Phone]:
        """Remove an extension; the telephones that went with it. Raises ExtensionUnknown."""
        return await self._listing.remove_extension(number)

    async def phones(self, extension: str | None = None) -> Sequence[Phone]:
        """Every telephone, or those of one extension. Raises ExtensionUnknown."""
        if extension is not None:
            await self.extension(extension)
        phones = [phone for phone, _ in await self._listing.phones()]
        return [phone for phone in phones if extension in (None, phone.extension)]

    async def add_phone(self, extension: str, name: str) -> NewPhone:
        """Make a telephone of an extension. Raises ExtensionUnknown and PhoneRefused."""
        phones = await self.phones(extension)
        if len(phones) >= MOST_PHONES:
            raise PhoneRefused(f"extension {extension} has {MOST_PHONES} telephones, the most")
        made = self._draw(extension, name)
        await self._listing.add_phone(made.phone, _proofs_of(made, self._realm))
        return made

    async def new_password(self, user: str) -> NewPhone:
        """Give a telephone another password; with the old one it is let in no more.

        Raises PhoneUnknown.
        """
        made = NewPhone(await self._phone(user), self._password())
        await self._listing.put_proofs(user, _proofs_of(made, self._realm))
        return made

    async def remove_phone(self, user: str) -> Phone:
        """Remove a telephone. Raises PhoneUnknown."""
        phone = await self._phone(user)
        await self._listing.remove_phone(user)
        return phone

    async def _phone(self, user: str) -> Phone:
        for phone in await self.phones():
            if phone.user == user:
                return phone
        raise PhoneUnknown(user)

    def _draw(self, extension: str, name: str) -> NewPhone:
        """A telephone with a user name of its own: no caller's number is ever taken for it."""
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            raise PhoneRefused(f"the name of a telephone has 1 to {LONGEST_NAME} characters")
        user = f"{extension}-{self._signs(SUFFIX_SIGNS)}"
        return NewPhone(Phone(user, extension, name, self._clock.now()), self._password())

    def _password(self) -> str:
        signs = self._signs(PASSWORD_SIGNS)
        return "-".join(signs[at : at + GROUP] for at in range(0, PASSWORD_SIGNS, GROUP))

    def _signs(self, many: int) -> str:
        return "".join(ALPHABET[octet % len(ALPHABET)] for octet in self._chance.token(many))


def _proofs_of(made: NewPhone, realm: str) -> Proofs:
    """What is kept of the password of a telephone just made."""
    return proofs_of(made.phone.user, realm, made.password)


def _check(extension: Extension) -> None:
    if found := list(faults(extension)):
        raise ExtensionRefused("\n".join(found))
