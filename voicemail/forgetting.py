"""Forgetting messages for good, in an order that a crash may break off anywhere.

The recording first, so that the next start does not make the message anew; then the sound; then
the row, by which what is left undone is found again.
"""

from collections.abc import Callable

from voicemail.message import Message
from voicemail.ports import AudioStore, Spool
from voicemail.storage import Store


class Oblivion:
    """Takes messages out of the spool, the audio store and the database.

    `changed` is called with the number of the mailbox of each.
    """

    def __init__(
        self, *, store: Store, sounds: AudioStore, spool: Spool, changed: Callable[[str], None]
    ) -> None:
        self._store = store
        self._sounds = sounds
        self._spool = spool
        self._changed = changed

    async def forget(self, message: Message) -> None:
        """Forget a message; what is gone already is passed over."""
        await self._spool.remove(message.id)
        await self._sounds.delete(message.sound)
        await self._store.purge(message.id)
        self._changed(message.mailbox)

    async def forget_spent(self) -> int:
        """Forget what was only to be e-mailed and was accepted for everybody; returns how many."""
        spent = await self._store.spent()
        for message in spent:
            await self.forget(message)
        return len(spent)
