"""What an administrator does to mailboxes: make, change, move, empty, delete. Each act is written
down.

A sound goes before its row: a crash between the two leaves a row that the next try, or an audit,
ends, and never sound that nobody knows of.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from call.clock import Clock
from voicemail.archive import Archive
from voicemail.errors import MailboxRefused, MailboxUnknown, MessageUnknown
from voicemail.forgetting import Oblivion
from voicemail.greetings import Greetings
from voicemail.history import History
from voicemail.message import Greeting, GreetingKind, Mailbox, Message
from voicemail.moving import Brought, Exported, Moving
from voicemail.policy import mailbox_faults, pin_faults
from voicemail.ports import PinHasher
from voicemail.storage import Store

_EVER = datetime.max.replace(tzinfo=UTC)

Examine = Callable[[Mailbox], Awaitable[Sequence[str]]]
"""Finds what keeps a mailbox from being set so, beyond what the mailboxes themselves know."""


async def nothing_more(_: Mailbox) -> Sequence[str]:
    """Nobody knows of anything else a mailbox must agree with."""
    return ()


class Administration:
    """The acts of one person, `actor` in the history."""

    def __init__(
        self,
        actor: str,
        *,
        store: Store,
        hasher: PinHasher,
        greetings: Greetings,
        moving: Moving,
        oblivion: Oblivion,
        history: History,
        clock: Clock,
        changed: Callable[[str], None],
        examine: Examine,
    ) -> None:
        self._actor = actor
        self._store = store
        self._hasher = hasher
        self._greetings = greetings
        self._moving = moving
        self._oblivion = oblivion
        self._history = history
        self._clock = clock
        self._changed = changed
        self._examine = examine

    # ---- The mailbox

    async def create(self, mailbox: Mailbox, pin: str, faults: Sequence[str] = ()) -> Mailbox:
        """Make a mailbox. Raises MailboxRefused with every reason, or MailboxExists.

        `faults` are reasons found on the way here.
        """
        refused = pin_faults(pin, mailbox.number)
        _refuse((*faults, *await self.faults(mailbox), *refused))
        await self._store.add_mailbox(mailbox, await self._hasher.hashed(pin))
        await self._note("created", mailbox.number)
        return mailbox

    async def edit(self, mailbox: Mailbox, faults: Sequence[str] = ()) -> tuple[str, ...]:
        """Replace every setting of the mailbox with this number; tells which were different.

        `faults` are reasons found on the way here. Raises MailboxUnknown, or MailboxRefused with
        every reason.
        """
        before = await self._known(mailbox.number)
        _refuse((*faults, *await self.faults(mailbox)))
        names = [field.name for field in fields(Mailbox)]
        edited = tuple(n for n in names if getattr(before, n) != getattr(mailbox, n))
        if edited:
            if not await self._store.update_mailbox(mailbox):
                raise MailboxUnknown(mailbox.number)
            self._changed(mailbox.number)
            await self._note("edited", mailbox.number, ", ".join(edited))
        return edited

    async def change_pin(self, number: str, pin: str) -> None:
        """Give a mailbox another PIN and lift its lock. Raises MailboxUnknown, MailboxRefused."""
        await self._known(number)
        _refuse(pin_faults(pin, number))
        await self._store.set_pin_hash(number, await self._hasher.hashed(pin))
        await self._store.acquit(f"mailbox:{number}", ())
        await self._note("PIN changed", number)

    async def unlock(self, number: str) -> None:
        """Lift the lock that wrong PINs brought on a mailbox. Raises MailboxUnknown."""
        await self._known(number)
        await self._store.acquit(f"mailbox:{number}", ())
        await self._note("unlocked", number)

    async def empty(self, number: str, *, greetings: bool = False) -> int:
        """Erase every listed message, the trash, and with `greetings` the owner's greetings.

        A message whose e-mail has not left yet waits in the trash until it has.
        Returns how many messages there were. Raises MailboxUnknown.
        """
        await self._known(number)
        now = self._clock.now()
        messages = [each for each in await self._store.all_messages(number) if each.in_box]
        for message in messages:
            if message.deleted is None:
                await self._store.delete(message.id, now)
        self._changed(number)
        for message in await self._store.purgeable(number, _EVER):
            await self._oblivion.forget(message)
        await self._note("emptied", number, f"messages: {len(messages)}")
        for kind in GreetingKind if greetings else ():
            await self._greetings.erase(number, kind, actor=self._actor)
        return len(messages)

    async def delete(self, number: str, archive: Path) -> Exported:
        """Remove a mailbox once all it holds is in an archive, a file that is there before
        anything is removed.

        E-mails on their way go with it: their messages are in the archive. Raises MailboxUnknown;
        MailboxRefused when a message came in meanwhile: it is still there, and so is the box.
        """
        exported = await self._moving.export(number, archive)
        for message in exported.messages:
            await self._oblivion.forget(message)
        for kind in GreetingKind:
            await self._greetings.erase(number, kind, actor=self._actor)
        if not await self._store.delete_mailbox(number):
            _refuse((f"a message came into mailbox {number} meanwhile: delete it once more",))
        self._changed(number)
        await self._note("deleted", number, archive.name)
        return exported

    # ---- As a file

    async def export(self, number: str, path: Path) -> Exported:
        """Write a mailbox to a file; see Moving."""
        exported = await self._moving.export(number, path)
        await self._note("exported", number, f"messages: {len(exported.messages)}")
        return exported

    async def read_archive(self, path: Path) -> Archive:
        """Read and check an archive; nothing is changed. Raises ArchiveRefused."""
        return await self._moving.read(path)

    async def bring(self, archive: Archive, number: str) -> Brought:
        """Put what an archive holds into a mailbox; see Moving."""
        brought = await self._moving.bring(archive, number)
        await self._note("imported", number, f"messages: {brought.messages}")
        return brought

    # ---- What is in it

    async def delete_message(self, id: str) -> Message:
        """Put a message in the trash. Raises MessageUnknown."""
        message = await self._message(id)
        if message.deleted is None:
            await self._store.delete(id, self._clock.now())
            self._changed(message.mailbox)
            await self._note("message deleted", message.mailbox, id)
        return message

    async def undelete_message(self, id: str) -> Message:
        """Take a message out of the trash. Raises MessageUnknown; MailboxRefused when full."""
        message = await self._message(id)
        if message.deleted is not None:
            if not await self._store.restore(id):
                _refuse((f"mailbox {message.mailbox} is full: delete another message first",))
            self._changed(message.mailbox)
            await self._note("message restored", message.mailbox, id)
        return message

    async def set_greeting(self, number: str, kind: GreetingKind, path: Path) -> Greeting:
        """Make a sound file a greeting. Raises MailboxUnknown, SoundRefused."""
        greeting = await self._greetings.bring(number, kind, path)
        await self._note("greeting set", number, kind.value)
        return greeting

    async def erase_greeting(self, number: str, kind: GreetingKind) -> bool:
        """Remove a greeting; False when there was none. Raises MailboxUnknown."""
        await self._known(number)
        return await self._greetings.erase(number, kind, actor=self._actor)

    async def _note(self, action: str, number: str, detail: str = "") -> None:
        await self._history.note(action, number, detail, actor=self._actor)

    async def faults(self, mailbox: Mailbox) -> tuple[str, ...]:
        """Everything that keeps a mailbox from being set so; empty when it may be."""
        return (*mailbox_faults(mailbox), *await self._examine(mailbox))

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


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise MailboxRefused("; ".join(faults))
