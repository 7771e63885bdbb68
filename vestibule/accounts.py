"""Who is who while the program runs: extensions and the accounts of their telephones, in memory.

Administrators' commands run in programs of their own, so the database is read again each second.
What is asked here is answered at once, in the midst of a call or of a REGISTER.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from call.leg import Party
from directory.extension import Extension, Phone, Proofs
from directory.ports import Listing
from telephony.sip.challenges import Secret

LOOK_EVERY_S = 1.0

_READ_ANYWAY = 10
"""Looks after which the directory is read even if nothing seems to be another."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What one look into the database gave."""

    extensions: Mapping[str, Extension]
    phones: Mapping[str, tuple[Phone, Proofs]]
    users: Mapping[str, tuple[str, ...]]


_NOBODY = _Known(MappingProxyType({}), MappingProxyType({}), MappingProxyType({}))


def _nobody_watches(user: str) -> None:
    """Nobody keeps anything of an account that is gone."""


class Accounts:
    """The extensions and the accounts as they were a second ago.

    `gone` is called for each account that is no more, or whose password is another: what was let
    in by the old one is to be forgotten.
    """

    def __init__(
        self, listing: Listing, realm: str, gone: Callable[[str], None] = _nobody_watches
    ) -> None:
        self._listing = listing
        self._realm = realm
        self._known = _NOBODY
        self._stamp: object = None
        self._looks = 0
        # A stamp may be another before what was written can be read: it is read once more.
        self._settled = False
        self.gone = gone

    async def look(self) -> None:
        """Read the directory, if it changed. Raises StoreUnavailable; what was known stays."""
        stamp, self._looks = self._listing.stamp(), self._looks + 1
        if stamp == self._stamp and self._settled and self._looks % _READ_ANYWAY:
            return
        extensions = {each.number: each for each in await self._listing.extensions()}
        phones = {phone.user: (phone, proofs) for phone, proofs in await self._listing.phones()}
        users: dict[str, tuple[str, ...]] = {}
        for user, (phone, _) in phones.items():
            users[phone.extension] = (*users.get(phone.extension, ()), user)
        self._settled, self._stamp = stamp == self._stamp, stamp
        before, self._known = self._known, _Known(extensions, phones, users)
        for user, (_, proofs) in before.phones.items():
            if user not in phones or phones[user][1] != proofs:
                self.gone(user)

    # Who is who

    @property
    def extensions(self) -> Mapping[str, Extension]:
        """Every extension, by number."""
        return self._known.extensions

    def users_of(self, extension: str) -> Sequence[str]:
        """The SIP users that stand for an extension; none where it has no telephone."""
        return self._known.users.get(extension, ())

    def language_of(self, extension: str) -> str:
        """What the owner of an extension hears; "" where there is none."""
        known = self._known.extensions.get(extension)
        return "" if known is None else known.language

    def extension_of(self, user: str) -> str:
        """The number of the extension that a SIP user stands for; "" where there is none."""
        known = self._known.phones.get(user)
        return known[0].extension if known else ""

    # What the line asks

    @property
    def there_are(self) -> bool:
        """Whether there is any account at all."""
        return bool(self._known.phones)

    def secret(self, user: str) -> Secret | None:
        """What proves an account; None where there is none in our realm."""
        known = self._known.phones.get(user)
        if known is None or known[1].realm != self._realm:
            return None
        return Secret(known[1].md5, known[1].sha256)

    def party(self, user: str) -> Party | None:
        """Who calls when this account does, whatever its telephone says."""
        extension = self._known.extensions.get(self.extension_of(user))
        return None if extension is None else Party(extension.number, extension.name, internal=True)
