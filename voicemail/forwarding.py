"""Passing a message on to other mailboxes, with an introduction or as it is.

Each copy is a message of its own, with a sound of its own, so that one owner's deleting takes
nothing from another. It keeps who called and when, and says who passed it on.
"""

import asyncio
import logging
import wave
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from call.clock import Clock
from call.errors import Unavailable
from call.sound import RATE
from voicemail.errors import SoundUnavailable
from voicemail.history import History
from voicemail.ids import new_id
from voicemail.message import Folder, Mailbox, Message
from voicemail.policy import cap_notices, message_mail
from voicemail.ports import AudioStore, Ear, Spool, Tokens
from voicemail.storage import Reservation, Store

log = logging.getLogger(__name__)

_OCTETS_A_SECOND = 2 * RATE

_PAUSE = bytes(2 * round(0.3 * RATE))
"""Silence between an introduction and the message."""


class NotAdded(StrEnum):
    """Why a mailbox gets no copy."""

    UNKNOWN = "unknown"
    OWN = "own"  # it is the mailbox the message lies in
    FULL = "full"


class Forwarding:
    """Passes messages on. One instance serves every mailbox.

    `mail_due` is called when e-mail has become due, `changed` with the number of each mailbox
    that got a message.
    """

    def __init__(
        self,
        *,
        store: Store,
        sounds: AudioStore,
        spool: Spool,
        ear: Ear,
        clock: Clock,
        tokens: Tokens,
        history: History,
        mail_due: Callable[[], None],
        changed: Callable[[str], None],
    ) -> None:
        self._store = store
        self._sounds = sounds
        self._spool = spool
        self._ear = ear
        self._clock = clock
        self._tokens = tokens
        self._history = history
        self._mail_due = mail_due
        self._changed = changed

    async def open(self, sender: Mailbox, message: Message) -> "OpenForward":
        """Begin to pass a message on. Nothing is sent until the owner says so."""
        return OpenForward(self, sender, message)

    async def open_introduction(self) -> Path:
        """A place to record an introduction into."""
        return await self._spool.open_greeting(new_id(self._clock.now(), self._tokens))

    async def recipient(self, sender: Mailbox, number: str) -> Mailbox | NotAdded:
        """The mailbox with this number, if a message may be passed on to it now."""
        if number == sender.number:
            return NotAdded.OWN
        mailbox = await self._store.mailbox(number)
        if mailbox is None:
            return NotAdded.UNKNOWN
        taken = (await self._store.counts(number)).taken
        return NotAdded.FULL if taken >= mailbox.max_messages else mailbox

    async def send(self, forward: "OpenForward") -> tuple[str, ...]:
        """Deliver a copy to every recipient that has a place; returns their numbers.

        A copy that cannot be delivered now keeps nobody else from theirs.
        """
        introduction = await self._introduction(forward.introduction)
        original = await _samples(await self._sounds.local(forward.message.sound))
        sound = introduction + _PAUSE + original if introduction else original
        transcript = "" if introduction else forward.message.transcript
        copy = replace(
            forward.message,
            duration_s=len(sound) / _OCTETS_A_SECOND,
            transcript=transcript,
            folder=Folder.NEW,
            deleted=None,
            forwarded_by=forward.sender.number,
        )
        reached = [
            number for number in forward.recipients if await self._delivered(copy, number, sound)
        ]
        await self.cancel(forward)
        if reached:
            self._mail_due()
            detail = f"{forward.message.id} to {', '.join(reached)}"
            await self._history.note("message forwarded", forward.sender.number, detail)
        return tuple(reached)

    async def cancel(self, forward: "OpenForward") -> None:
        """Forget the introduction."""
        if forward.introduction is not None:
            await self._spool.remove_greeting(forward.introduction)

    async def _introduction(self, spool: Path | None) -> bytes:
        """What was said before the message; empty where nobody spoke."""
        if spool is None:
            return b""
        pcm = await self._spool.read_greeting(spool)
        return pcm if pcm and await self._ear.speech_s(pcm) > 0 else b""

    async def _delivered(self, copy: Message, number: str, sound: bytes) -> bool:
        try:
            return await self._deliver(copy, number, sound)
        except Unavailable:
            log.exception("message not forwarded", extra={"message_id": copy.id, "mailbox": number})
            return False

    async def _deliver(self, copy: Message, number: str, sound: bytes) -> bool:
        mailbox = await self._store.mailbox(number)
        if mailbox is None:
            return False
        now = self._clock.now()
        id = new_id(now, self._tokens)
        message = replace(
            copy,
            id=id,
            mailbox=number,
            sound=f"messages/{number}/{id}",
            in_box=mailbox.store_on_server,
        )
        await self._sounds.put(message.sound, sound)
        task = message_mail(message, mailbox, now)
        room = await self._store.deliver(message, task, cap_notices(id, mailbox, now))
        if room is not Reservation.TAKEN:
            await self._sounds.delete(message.sound)
            return False
        self._changed(number)
        log.info(
            "message forwarded",
            extra={"message_id": id, "from": copy.id, "mailbox": number},
        )
        return True


class OpenForward:
    """A message about to be passed on: to whom, and with what introduction."""

    def __init__(self, forwarding: Forwarding, sender: Mailbox, message: Message) -> None:
        self.sender = sender
        self.message = message
        self.introduction: Path | None = None
        """Where it is recorded, while there is one."""
        self.max_s = sender.max_message_s
        self._forwarding = forwarding
        self._recipients: list[str] = []

    @property
    def recipients(self) -> tuple[str, ...]:
        """The numbers added so far, in order, each once."""
        return tuple(self._recipients)

    async def add(self, number: str) -> Mailbox | NotAdded:
        """One more mailbox to pass the message on to; one that was added counts once."""
        mailbox = await self._forwarding.recipient(self.sender, number)
        if isinstance(mailbox, Mailbox) and number not in self._recipients:
            self._recipients.append(number)
        return mailbox

    async def open_introduction(self) -> Path:
        """A place to record an introduction into; an earlier take is forgotten."""
        await self._forwarding.cancel(self)
        self.introduction = await self._forwarding.open_introduction()
        return self.introduction

    async def send(self) -> tuple[str, ...]:
        """Deliver the copies; returns the numbers of those who got one."""
        return await self._forwarding.send(self)

    async def cancel(self) -> None:
        """Think better of it: nothing is sent, the introduction is forgotten."""
        await self._forwarding.cancel(self)


async def _samples(path: Path) -> bytes:
    """The raw samples of a stored WAV file."""
    try:
        return await asyncio.to_thread(_read, path)
    except (OSError, EOFError, wave.Error) as fault:
        raise SoundUnavailable(f"{path.name}: {fault}") from fault


def _read(path: Path) -> bytes:
    with path.open("rb") as octets, wave.open(octets, "rb") as file:
        return file.readframes(file.getnframes())
