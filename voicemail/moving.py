"""Taking a mailbox out as an archive, and bringing an archive in."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from call.clock import Clock
from voicemail.archive import Archive, ArchiveWriter, read_archive
from voicemail.errors import MailboxUnknown, SoundUnavailable
from voicemail.ids import ALPHABET, LENGTH
from voicemail.message import Greeting, Mailbox, Message
from voicemail.ports import AudioStore
from voicemail.storage import Reservation, Store


@dataclass(frozen=True, slots=True)
class Exported:
    """What is in an archive."""

    messages: tuple[Message, ...]
    greetings: tuple[Greeting, ...]
    silent: int
    """Messages of which it has the envelope alone: their sound is lost."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of an archive: `left_out` are messages for which the box had no place."""

    messages: int
    greetings: int
    there_already: int
    left_out: int


class Moving:
    """Takes mailboxes out and brings them in."""

    def __init__(
        self, *, store: Store, sounds: AudioStore, clock: Clock, changed: Callable[[str], None]
    ) -> None:
        self._store = store
        self._sounds = sounds
        self._clock = clock
        self._changed = changed

    async def export(self, number: str, path: Path) -> Exported:
        """Write a mailbox to a ZIP file, whole or not at all, in place of what was there.

        One sound at a time is in memory. A message whose sound is lost is in it by its envelope
        alone. Raises MailboxUnknown, and SoundUnavailable when a sound that is there cannot be
        read, or the file cannot be written.
        """
        mailbox = await self._known(number)
        try:
            writer = await asyncio.to_thread(ArchiveWriter, path)
            try:
                return await self._write(writer, mailbox)
            finally:
                await asyncio.to_thread(writer.abandon)
        except OSError as fault:
            raise SoundUnavailable(f"{path}: {fault.strerror or fault}") from fault

    async def _write(self, writer: ArchiveWriter, mailbox: Mailbox) -> Exported:
        messages = await self._store.all_messages(mailbox.number)
        greetings = await self._store.greetings(mailbox.number)
        silent = 0
        for message in messages:
            wav = await self._wav(message.sound)
            silent += wav is None
            await asyncio.to_thread(writer.add_message, message, wav)
        for greeting in greetings:
            wav = await self._wav(greeting.sound)
            await asyncio.to_thread(writer.add_greeting, greeting, wav)
        await asyncio.to_thread(writer.finish, mailbox, self._clock.now())
        return Exported(messages, greetings, silent)

    async def _wav(self, sound: str) -> bytes | None:
        """A sound; None when it is lost. One that is there must come."""
        if await self._sounds.written(sound) is None:
            return None
        return await self._sounds.read(sound)

    async def read(self, path: Path) -> Archive:
        """Read and check an archive; nothing is changed. Raises ArchiveRefused."""
        return await asyncio.to_thread(read_archive, path)

    async def bring(self, archive: Archive, number: str) -> Brought:
        """Put what an archive holds into a mailbox, with nothing e-mailed.

        A message comes whole or not at all, and once however often it is brought. A greeting
        comes where the box has none of its kind. Raises MailboxUnknown.
        """
        await self._known(number)
        came = [await self._bring(archive, each, number) for each in archive.messages]
        there = {greeting.kind for greeting in await self._store.greetings(number)}
        wanted = [each for each in archive.greetings if each.kind not in there]
        for greeting in wanted:
            await self._bring_greeting(archive, greeting, number)
        self._changed(number)
        return Brought(
            messages=came.count(Reservation.TAKEN),
            greetings=len(wanted),
            there_already=came.count(None),
            left_out=came.count(Reservation.FULL),
        )

    async def _bring(self, archive: Archive, message: Message, number: str) -> Reservation | None:
        """One message; None when it is there already. The trash takes no place."""
        known = await self._store.message(message.id)
        id = message.id
        if known is not None and known.mailbox != number:
            id = _other_id(message.id, number)
            known = await self._store.message(id)
        if known is not None:
            return None
        sound = f"messages/{number}/{id}"
        brought = replace(message, id=id, mailbox=number, sound=sound)
        await self._put(archive, message.sound, sound)
        if brought.deleted is not None:
            await self._store.keep(brought, None)
            return Reservation.TAKEN
        room = await self._store.deliver(brought, None)
        if room is not Reservation.TAKEN:
            await self._sounds.delete(sound)
        if room is Reservation.UNKNOWN:
            raise MailboxUnknown(number)
        return room

    async def _bring_greeting(self, archive: Archive, greeting: Greeting, number: str) -> None:
        stamp = f"{greeting.kept:%Y%m%dt%H%M%S}"
        sound = f"greetings/{number}/{greeting.kind.value}-{stamp}"
        await self._put(archive, greeting.sound, sound)
        await self._store.set_greeting(replace(greeting, mailbox=number, sound=sound))

    async def _put(self, archive: Archive, inside: str, name: str) -> None:
        await self._sounds.put(name, await asyncio.to_thread(archive.sound, inside))

    async def _known(self, number: str) -> Mailbox:
        mailbox = await self._store.mailbox(number)
        if mailbox is None:
            raise MailboxUnknown(number)
        return mailbox


def _other_id(id: str, number: str) -> str:
    """The id of a copy in another box: the same whenever it is brought, of the same time."""
    drawn = hashlib.blake2s(f"{id} {number}".encode(), digest_size=16).digest()
    chance = "".join(ALPHABET[octet & 31] for octet in drawn)
    return (id[: LENGTH - len(chance)] + chance)[:LENGTH]
