"""The message lamps of the telephones that watch our mailboxes."""

from collections.abc import Sequence

from call.errors import Misuse
from telephony.lamps import LampBook, Lamps
from telephony.sip.summary import Waiting
from vestibule.settings import BadSettings, Lamp
from voicemail.history import ADMINISTRATOR
from voicemail.mailboxes import Mailboxes
from voicemail.message import Deed

FOLLOW_EVERY_S = 5.0
"""Administrators' commands run in programs of their own; a lamp is true again this soon after."""

_MOST_DEEDS = 100


class MailboxLamps:
    """Joins lamps and mailboxes, which each need the other.

    The mailboxes are opened with `changed`, then given to `watch`; the line that has `lamps` is
    started after both.
    """

    def __init__(self, book: LampBook, telephones: Sequence[Lamp]) -> None:
        self.lamps = Lamps(self._waiting, book)
        self._mailboxes: Mailboxes | None = None
        self._followed: frozenset[Deed] | None = None
        for each in telephones:
            try:
                self.lamps.announce(each.mailbox, each.telephone)
            except Misuse as fault:
                raise BadSettings(f"lamps: {each.mailbox}: {fault}") from fault

    def changed(self, number: str) -> None:
        """What a mailbox holds has changed."""
        self.lamps.lamp_changed(number)

    def watch(self, mailboxes: Mailboxes) -> None:
        """Count the messages of these mailboxes from now on."""
        self._mailboxes = mailboxes

    async def follow(self) -> None:
        """Look at what administrators did to mailboxes since the last time."""
        if self._mailboxes is None:
            raise Misuse("no mailboxes to follow")
        last = await self._mailboxes.history(None, _MOST_DEEDS)
        deeds = frozenset(deed for deed in last if deed.actor.startswith(ADMINISTRATOR))
        if self._followed is not None:
            for number in sorted({deed.mailbox for deed in deeds - self._followed}):
                self.changed(number)
        self._followed = deeds

    async def _waiting(self, account: str) -> Waiting | None:
        if self._mailboxes is None:
            raise Misuse("no mailboxes to count the messages of")
        counts = await self._mailboxes.counts(account)
        if counts is None:
            return None
        return Waiting(counts.new, counts.old, counts.urgent_new, counts.urgent_old)
