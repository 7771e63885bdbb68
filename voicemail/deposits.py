"""Leaving a message: a place in the box, a recording on disk, then a message, exactly once.

Theory of operation. The id of the message is chosen before the recording begins and names
everything about it: its place in the box, its ticket and its sound in the spool, its file in the
audio store, its row, its e-mail. What lies in the spool is a message owed to somebody. `_settle`
pays it in four steps, each harmless when repeated, in an order that leaves enough behind, whenever
the program dies, for the same four steps to be done again at the next start:

    sound to the audio store (durable), row and e-mail in one transaction, spool emptied.

A row that exists ends the matter: the spool is only emptied. Keeping a deposit and recovering from
a crash are the same function. The recording of a box that was removed meanwhile is set aside.

A second take lies beside the first and is nothing until it takes its place, in one step: whatever
happens before, the first is the message, whatever happens after, the second.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from call.clock import Clock
from call.errors import Unavailable
from call.leg import Party
from call.masking import masked
from call.sound import RATE
from voicemail.errors import MailboxFull, MailboxUnknown
from voicemail.greetings import Greetings
from voicemail.ids import new_id
from voicemail.message import Deposit, Kept, Mailbox, Message, Ticket, TooShort
from voicemail.policy import cap_notices, message_mail, printable
from voicemail.ports import AudioStore, Ear, Spool, Tokens
from voicemail.storage import Reservation, Store

log = logging.getLogger(__name__)

_OCTETS_A_SECOND = 2 * RATE


class Deposits:
    """Takes the messages callers leave."""

    def __init__(
        self,
        *,
        store: Store,
        sounds: AudioStore,
        spool: Spool,
        ear: Ear,
        greetings: Greetings,
        clock: Clock,
        tokens: Tokens,
        mail_due: Callable[[], None],
        changed: Callable[[str], None],
        kept: Callable[[], None],
        node: str,
    ) -> None:
        self._store = store
        self._sounds = sounds
        self._spool = spool
        self._ear = ear
        self._greetings = greetings
        self._clock = clock
        self._tokens = tokens
        self._mail_due = mail_due
        self._changed = changed
        self._told_kept = kept
        self._node = node
        self._open: set[str] = set()
        self._settling: set[asyncio.Task[Kept | TooShort]] = set()
        self._late: dict[str, Ticket] = {}

    async def open(self, number: str, caller: Party, *, busy: bool = False) -> Deposit:
        """Take a place for one message. Raises MailboxUnknown, MailboxFull or Unavailable.

        `busy` tells which greeting is to be played: the owner is on the telephone.
        """
        mailbox = await self._known(number)
        now = self._clock.now()
        caller = Party(printable(caller.number, 40), printable(caller.name))
        ticket = Ticket(new_id(now, self._tokens), number, caller, now)
        await self._reserve(ticket, mailbox)
        self._open.add(ticket.id)
        try:
            return await self._deposit(ticket, mailbox, busy=busy)
        except BaseException:
            self._open.discard(ticket.id)
            with contextlib.suppress(Unavailable):
                await self._forget(ticket.id)
            raise

    async def _known(self, number: str) -> Mailbox:
        mailbox = await self._store.mailbox(number)
        if mailbox is None:
            raise MailboxUnknown(number)
        return mailbox

    async def _reserve(self, ticket: Ticket, mailbox: Mailbox) -> None:
        match await self._store.reserve(ticket, self._node):
            case Reservation.FULL:
                raise MailboxFull(mailbox.name, mailbox.language)
            case Reservation.UNKNOWN:
                raise MailboxUnknown(mailbox.number)

    async def _deposit(self, ticket: Ticket, mailbox: Mailbox, *, busy: bool) -> Deposit:
        greeting, spoken_name = await self._greetings.heard(mailbox.number, busy=busy)
        return Deposit(
            ticket=ticket,
            name=mailbox.name,
            language=mailbox.language,
            max_s=mailbox.max_message_s,
            greeting=greeting,
            spoken_name=spoken_name,
            zero=mailbox.zero,
            star=mailbox.star,
            spool=await self._spool.open(ticket),
        )

    async def mark_urgent(self, deposit: Deposit, urgent: bool) -> Deposit:
        """Say whether the message will be urgent; durable, like the deposit it returns."""
        ticket = replace(deposit.ticket, urgent=urgent)
        await self._spool.amend(ticket)
        return replace(deposit, ticket=ticket)

    async def is_enough(self, deposit: Deposit) -> bool:
        """Whether enough was said, as things stand, for `keep` to make a message of it."""
        return await self._is_message(deposit, await self._spool.read(deposit.id))

    async def open_retake(self, deposit: Deposit) -> Path:
        """Where a second take goes. The first stays the message until `accept_retake`."""
        return await self._spool.open_retake(deposit.id)

    async def accept_retake(self, deposit: Deposit) -> bool:
        """The second take becomes the message; False when too little was said: the first stays."""
        taken = await self._is_message(deposit, await self._spool.read_retake(deposit.id))
        if taken:
            await self._spool.accept_retake(deposit.id)
        else:
            await self._spool.remove_retake(deposit.id)
        return taken

    async def _is_message(self, deposit: Deposit, pcm: bytes) -> bool:
        """Whether enough is said in a take, by what the mailbox asks for."""
        mailbox = await self._known(deposit.ticket.mailbox)
        return bool(pcm) and await self._ear.speech_s(pcm) >= mailbox.min_speech_s

    async def keep(self, deposit: Deposit) -> Kept | TooShort:
        """Make a message of what was recorded; when this returns Kept, nothing can lose it.

        The message is the last complete take: one under way is forgotten. A caller that is
        cancelled meanwhile does not stop it. Keeping twice is keeping once. Raises Unavailable
        when a disk or the database fails: the recording stays in the spool, and becomes its
        message by `retry`, or at the next start. Raises MailboxUnknown, and sets the recording
        aside, when the box was removed meanwhile.
        """
        task = asyncio.create_task(self._settle_or_wait(deposit.ticket))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)
        return await asyncio.shield(task)

    async def retry(self) -> int:
        """Keep what could not be kept when its call ended; returns how many messages it made.

        Raises Unavailable as long as it cannot be.
        """
        kept = 0
        for ticket in tuple(self._late.values()):
            with contextlib.suppress(MailboxUnknown):  # set aside, and logged
                kept += isinstance(await self._settle(ticket), Kept)
            del self._late[ticket.id]
        return kept

    async def discard(self, deposit: Deposit) -> None:
        """Forget what was recorded and give the place back."""
        await self._forget(deposit.id)

    async def recover(self) -> int:
        """Turn what a crash left in the spool into messages, once each; returns how many
        there were.

        A recording that cannot be settled now is logged and waits for the next time; the others
        do not wait for it.
        """
        found = 0
        for ticket in await self._spool.tickets():
            if ticket.id in self._open:
                continue
            try:
                found += isinstance(await self._settle(ticket), Kept)
            except MailboxUnknown:
                continue
            except Unavailable:
                log.exception("recording not recovered", extra={"deposit": ticket.id})
        await self._return_places()
        if found:
            log.warning("messages recovered after a crash", extra={"messages": found})
        return found

    async def _return_places(self) -> None:
        waiting = {ticket.id for ticket in await self._spool.tickets()}
        for place in await self._store.places(self._node):
            if place not in self._open and place not in waiting:
                await self._store.release_place(place)

    async def finish(self) -> None:
        """Wait for every message that is being kept."""
        if self._settling:
            await asyncio.wait(self._settling)

    async def _settle_or_wait(self, ticket: Ticket) -> Kept | TooShort:
        try:
            return await self._settle(ticket)
        except Unavailable:
            self._late[ticket.id] = ticket
            raise

    async def _settle(self, ticket: Ticket) -> Kept | TooShort:
        """The four steps; each may have been done before."""
        mailbox = await self._store.mailbox(ticket.mailbox)
        if mailbox is None:
            await self._set_aside(ticket)
            raise MailboxUnknown(ticket.mailbox)
        message = await self._store.message(ticket.id)
        if message is None:
            pcm = await self._spool.read(ticket.id)
            speech_s = await self._ear.speech_s(pcm)
            if not pcm or speech_s < mailbox.min_speech_s:
                await self._forget(ticket.id)
                return TooShort(speech_s)
            message = await self._keep(ticket, mailbox, pcm)
        await self._spool.remove(ticket.id)
        self._open.discard(ticket.id)
        return Kept(message)

    async def _set_aside(self, ticket: Ticket) -> None:
        """Keep the recording out of the way; a copy in the audio store would belong to nobody."""
        await self._spool.set_aside(ticket.id)
        await self._sounds.delete(_sound(ticket))
        self._open.discard(ticket.id)
        log.error("recording of no mailbox set aside", extra={"deposit": ticket.id})

    async def _keep(self, ticket: Ticket, mailbox: Mailbox, pcm: bytes) -> Message:
        message = Message(
            id=ticket.id,
            mailbox=ticket.mailbox,
            caller=ticket.caller,
            received=ticket.started,
            duration_s=len(pcm) / _OCTETS_A_SECOND,
            sound=_sound(ticket),
            urgent=ticket.urgent,
            in_box=mailbox.store_on_server,
        )
        await self._sounds.put(message.sound, pcm)
        now = self._clock.now()
        notices = cap_notices(message.id, mailbox, now)
        await self._store.keep(message, message_mail(message, mailbox, now), notices)
        self._mail_due()
        self._changed(message.mailbox)
        self._told_kept()
        log.info(
            "message kept",
            extra={
                "message_id": message.id,
                "mailbox": message.mailbox,
                "caller": masked(message.caller.number),
                "duration_s": message.duration_s,
            },
        )
        return message

    async def _forget(self, id: str) -> None:
        await self._spool.remove(id)
        await self._store.release_place(id)
        self._open.discard(id)


def _sound(ticket: Ticket) -> str:
    """The name of a message's sound in the audio store."""
    return f"messages/{ticket.mailbox}/{ticket.id}"
