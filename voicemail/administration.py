"""What an administrator does to mailboxes: make, change, empty, delete. Each act is written down.

A sound goes before its row: a crash between the two leaves a row that the next try, or an audit,
ends, and never sound that nobody knows of.
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from call.clock import Clock
from voicemail.errors import MailboxRefused, MailboxUnknown, MessageUnknown
from voicemail.greetings import Greetings
from voicemail.message import Deed, Greeting, GreetingKind, Mailbox, Message
from voicemail.policy import mailbox_faults, pin_faults
from voicemail.ports import AudioStore, PinHasher, Spool, Store

_EVER = datetime.max.replace(tzinfo=UTC)


class Administration:
    """The acts of one person, `actor` in the history."""

    def __init__(
        self,
        actor: str,
        *,
        store: Store,
        sounds: AudioStore,
        spool: Spool,
        hasher: PinHasher,
        greetings: Greetings,
        clock: Clock,
        changed: Callable[[str], None],
    ) -> None:
        self._actor = actor
        self._store = store
        self._sounds = sounds
        self._spool = spool
        self._hasher = hasher
        self._greetings = greetings
        self._clock = clock
        self._changed = changed

    async def create(self, mailbox: Mailbox, pin: str) -> Mailbox:
        """Make a mailbox. Raises MailboxRefused with every reason, or MailboxExists."""
        _refuse(mailbox_faults(mailbox) + pin_faults(pin, mailbox.number))
        await self._store.add_mailbox(mailbox, await self._hasher.hashed(pin))
        await self.note("created", mailbox.number)
        return mailbox

    async def edit(self, mailbox: Mailbox) -> tuple[str, ...]:
        """Replace every setting of the mailbox with this number; tells which were different.

        Raises MailboxUnknown, or MailboxRefused with every reason.
        """
        before = await self._known(mailbox.number)
        _refuse(mailbox_faults(mailbox))
        names = [field.name for field in fields(Mailbox)]
        edited = tuple(n for n in names if getattr(before, n) != getattr(mailbox, n))
        if edited:
            await self._store.update_mailbox(mailbox)
            self._changed(mailbox.number)
            await self.note("edited", mailbox.number, ", ".join(edited))
        return edited

    async def change_pin(self, number: str, pin: str) -> None:
        """Give a mailbox another PIN and lift its lock. Raises MailboxUnknown, MailboxRefused."""
        await self._known(number)
        _refuse(pin_faults(pin, number))
        await self._store.set_pin_hash(number, await self._hasher.hashed(pin))
        await self._store.acquit(f"mailbox:{number}", ())
        await self.note("PIN changed", number)

    async def unlock(self, number: str) -> None:
        """Lift the lock that wrong PINs brought on a mailbox. Raises MailboxUnknown."""
        await self._known(number)
        await self._store.acquit(f"mailbox:{number}", ())
        await self.note("unlocked", number)

    async def empty(self, number: str, *, greetings: bool = False) -> int:
        """Erase every listed message, the trash, and with `greetings` the owner's greetings.

        A message whose e-mail has not left yet waits in the trash until it has.
        Returns how many messages there were. Raises MailboxUnknown.
        """
        mailbox = await self._known(number)
        now = self._clock.now()
        messages = [each for each in await self._store.all_messages(number) if each.in_box]
        for message in messages:
            if message.deleted is None:
                await self._store.delete(message.id, now)
        for message in await self._store.purgeable(number, _EVER):
            await self.purge(message)
        for kind in GreetingKind if greetings else ():
            await self._greetings.erase(number, kind)
        self._changed(mailbox.number)
        what = "messages and greetings" if greetings else "messages"
        await self.note("emptied", number, f"{len(messages)} {what}")
        return len(messages)

    async def delete(self, number: str) -> None:
        """Remove a mailbox with all it holds; what is worth keeping was exported before.

        Raises MailboxUnknown.
        """
        await self._known(number)
        for message in await self._store.all_messages(number):
            await self.purge(message)
        for kind in GreetingKind:
            await self._greetings.erase(number, kind)
        await self._store.delete_mailbox(number)
        self._changed(number)
        await self.note("deleted", number)

    async def delete_message(self, id: str) -> Message:
        """Put a message in the trash. Raises MessageUnknown."""
        message = await self._message(id)
        await self._store.delete(id, self._clock.now())
        self._changed(message.mailbox)
        await self.note("message deleted", message.mailbox, id)
        return message

    async def undelete_message(self, id: str) -> Message:
        """Take a message out of the trash. Raises MessageUnknown; MailboxRefused when full."""
        message = await self._message(id)
        if not await self._store.restore(id):
            _refuse((f"mailbox {message.mailbox} is full: delete another message first",))
        self._changed(message.mailbox)
        await self.note("message brought back", message.mailbox, id)
        return message

    async def set_greeting(self, number: str, kind: GreetingKind, path: Path) -> Greeting:
        """Make a sound file a greeting. Raises MailboxUnknown, SoundRefused."""
        greeting = await self._greetings.bring(number, kind, path)
        await self.note("greeting set", number, kind.value)
        return greeting

    async def erase_greeting(self, number: str, kind: GreetingKind) -> bool:
        """Remove a greeting; False when there was none. Raises MailboxUnknown."""
        await self._known(number)
        erased = await self._greetings.erase(number, kind)
        if erased:
            await self.note("greeting erased", number, kind.value)
        return erased

    async def purge(self, message: Message) -> None:
        """Forget a message and its sound for good."""
        await self._spool.remove(message.id)
        await self._sounds.delete(message.sound)
        await self._store.purge(message.id)

    async def note(self, action: str, number: str, detail: str = "") -> None:
        """Write down what was done to a mailbox."""
        await self._store.note(Deed(self._clock.now(), self._actor, action, number, detail))

    async def _known(self, number: str) -> Mailbox:
        mailbox = await self._store.mailbox(number)
        if mailbox is None:
            raise MailboxUnknown(number)
        return mailbox

    async def _message(self, id: str) -> Message:
        message = await self._store.message(id)
        if message is None:
            raise MessageUnknown(id)
        return message


def _refuse(faults: tuple[str, ...]) -> None:
    if faults:
        raise MailboxRefused("; ".join(faults))
