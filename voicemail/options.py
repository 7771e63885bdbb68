"""What an owner sets in their own mailbox by telephone: the PIN and the language."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from voicemail.errors import MailboxRefused, MailboxUnknown
from voicemail.history import History
from voicemail.message import Mailbox
from voicemail.policy import LANGUAGES, pin_faults
from voicemail.ports import PinHasher
from voicemail.storage import Store


class PinChange(StrEnum):
    """What became of a new PIN."""

    CHANGED = "changed"
    DIFFERENT = "different"  # the two typings are not the same
    REFUSED = "refused"  # anybody would try it first


class Options:
    """The settings one owner may change; each is read again before it is changed."""

    def __init__(self, number: str, *, store: Store, hasher: PinHasher, history: History) -> None:
        self._number = number
        self._store = store
        self._hasher = hasher
        self._history = history

    async def change_pin(self, pin: str, again: str) -> PinChange:
        """Make what was typed twice the PIN."""
        if pin != again:
            return PinChange.DIFFERENT
        if pin_faults(pin, self._number):
            return PinChange.REFUSED
        await self._store.set_pin_hash(self._number, await self._hasher.hashed(pin))
        await self._history.note("PIN changed", self._number)
        return PinChange.CHANGED

    async def set_language(self, language: str) -> Mailbox:
        """Speak and write to the owner in that language from now on. Raises MailboxRefused."""
        if language not in LANGUAGES:
            raise MailboxRefused(f"the language is one of {', '.join(LANGUAGES)}")
        mailbox = await self._change(lambda mailbox: replace(mailbox, language=language))
        await self._history.note("language changed", self._number, language)
        return mailbox

    async def welcome(self) -> Mailbox:
        """The owner has been through the first login: it is not asked for again."""
        mailbox = await self._change(lambda mailbox: replace(mailbox, welcomed=True))
        await self._history.note("first login completed", self._number)
        return mailbox

    async def _change(self, change: Callable[[Mailbox], Mailbox]) -> Mailbox:
        mailbox = await self._store.mailbox(self._number)
        if mailbox is None or not await self._store.update_mailbox(change(mailbox)):
            raise MailboxUnknown(self._number)
        return change(mailbox)
