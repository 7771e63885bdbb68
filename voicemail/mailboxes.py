"""The mailboxes of a company: the one object the rest of the program talks to."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from call.clock import Clock
from call.leg import Party
from voicemail.administration import Administration, Examine, nothing_more
from voicemail.audit import Audit
from voicemail.deposits import Deposits
from voicemail.entrance import Entrance
from voicemail.errors import MailboxUnknown, SoundUnavailable
from voicemail.forgetting import Oblivion
from voicemail.forwarding import Forwarding
from voicemail.greetings import Greetings
from voicemail.history import History
from voicemail.mail import Delivered
from voicemail.message import (
    Attachment,
    Counts,
    Deed,
    Deposit,
    Greeting,
    Kept,
    Mailbox,
    Message,
    TooShort,
)
from voicemail.moving import Moving
from voicemail.options import Options
from voicemail.policy import FAILURES_KEPT, HISTORY_KEPT
from voicemail.ports import AudioFormats, AudioStore, Ear, PinHasher, Spool, Tokens
from voicemail.reminders import Reminders
from voicemail.storage import Store
from voicemail.visit import Visit

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ports:
    """What the mailboxes stand on."""

    store: Store
    sounds: AudioStore
    spool: Spool
    hasher: PinHasher
    ear: Ear
    formats: AudioFormats
    clock: Clock
    tokens: Tokens


def _nobody_waits() -> None:
    """No outbox runs here: the e-mail waits for one that does."""


def nobody_counts() -> None:
    """The log tells of each message."""


def nobody_watches(_: str) -> None:
    """No lamp hangs here: the next program that has some reads the counts when it starts."""


class Mailboxes:
    """Makes mailboxes, takes messages, lets owners in.

    `mail_due` is called after each message that is to be mailed, and `changed`, with the number of
    the box, after every change of what `counts` tells; `kept` after each message that a caller
    left; none may raise. `node` names this
    process among those that share the database: places left by a crash are returned by the node
    that took them. What was done to a mailbox is forgotten after `history_kept`.
    """

    def __init__(
        self,
        ports: Ports,
        *,
        mail_due: Callable[[], None] = _nobody_waits,
        changed: Callable[[str], None] = nobody_watches,
        kept: Callable[[], None] = nobody_counts,
        node: str = "local",
        history_kept: timedelta = HISTORY_KEPT,
    ) -> None:
        self._ports = ports
        self._history_kept = history_kept
        self._mail_due = mail_due
        self._changed = changed
        self._history = History(ports.store, ports.clock)
        self._oblivion = Oblivion(
            store=ports.store, sounds=ports.sounds, spool=ports.spool, changed=changed
        )
        self._reminders = Reminders(store=ports.store, clock=ports.clock)
        self._greetings = Greetings(
            store=ports.store,
            sounds=ports.sounds,
            spool=ports.spool,
            ear=ports.ear,
            formats=ports.formats,
            clock=ports.clock,
            tokens=ports.tokens,
            history=self._history,
        )
        self._forwarding = Forwarding(
            store=ports.store,
            sounds=ports.sounds,
            spool=ports.spool,
            ear=ports.ear,
            clock=ports.clock,
            tokens=ports.tokens,
            history=self._history,
            mail_due=mail_due,
            changed=changed,
        )
        self._deposits = Deposits(
            store=ports.store,
            sounds=ports.sounds,
            spool=ports.spool,
            ear=ports.ear,
            greetings=self._greetings,
            clock=ports.clock,
            tokens=ports.tokens,
            mail_due=mail_due,
            changed=changed,
            kept=kept,
            node=node,
        )

    async def create(self, mailbox: Mailbox, pin: str) -> Mailbox:
        """Make a mailbox. Raises MailboxRefused with every reason, or MailboxExists."""
        return await self.administration("program").create(mailbox, pin)

    def administration(self, actor: str, examine: Examine = nothing_more) -> Administration:
        """What an administrator may do; `actor` is who does it, as the history will say.

        `examine` finds what is wrong with settings that lead out of the mailboxes: its reasons
        are told with the others.
        """
        ports = self._ports
        return Administration(
            actor,
            store=ports.store,
            hasher=ports.hasher,
            greetings=self._greetings,
            moving=Moving(
                store=ports.store, sounds=ports.sounds, clock=ports.clock, changed=self._changed
            ),
            oblivion=self._oblivion,
            history=self._history,
            clock=ports.clock,
            changed=self._changed,
            examine=examine,
        )

    def audit(self, claimed: frozenset[str] = frozenset()) -> Audit:
        """Compares the database with the sounds and the spool.

        `claimed` are sounds that other trades keep beside those of the mailboxes.
        """
        ports = self._ports
        return Audit(
            store=ports.store,
            sounds=ports.sounds,
            spool=ports.spool,
            clock=ports.clock,
            changed=self._changed,
            claimed=claimed,
        )

    async def all(self) -> tuple[Mailbox, ...]:
        """Every mailbox, by number."""
        return await self._ports.store.mailboxes()

    async def show(self, number: str) -> Mailbox:
        """Raises MailboxUnknown."""
        mailbox = await self._ports.store.mailbox(number)
        if mailbox is None:
            raise MailboxUnknown(number)
        return mailbox

    async def open_deposit(self, number: str, caller: Party, *, busy: bool = False) -> Deposit:
        """Take a place for one message; see Deposits.open."""
        return await self._deposits.open(number, caller, busy=busy)

    async def mark_urgent(self, deposit: Deposit, urgent: bool) -> Deposit:
        """Say whether the message will be urgent; see Deposits.mark_urgent."""
        return await self._deposits.mark_urgent(deposit, urgent)

    async def open_retake(self, deposit: Deposit) -> Path:
        """Where a second take goes; see Deposits.open_retake."""
        return await self._deposits.open_retake(deposit)

    async def is_enough(self, deposit: Deposit) -> bool:
        """Whether what was said is enough for a message; see Deposits.is_enough."""
        return await self._deposits.is_enough(deposit)

    async def accept_retake(self, deposit: Deposit) -> bool:
        """The second take becomes the message; see Deposits.accept_retake."""
        return await self._deposits.accept_retake(deposit)

    async def keep(self, deposit: Deposit) -> Kept | TooShort:
        """Make a message of what was recorded; see Deposits.keep."""
        return await self._deposits.keep(deposit)

    async def retry(self) -> int:
        """Keep the messages a failing disk or database held up; see Deposits.retry."""
        return await self._deposits.retry()

    async def discard(self, deposit: Deposit) -> None:
        """Forget what was recorded and give the place back."""
        await self._deposits.discard(deposit)

    async def recover(self) -> int:
        """At start-up: make messages of what a crash left, clean up; returns how many it made."""
        await self._ports.sounds.sweep()
        await self._ports.spool.sweep_greetings()
        return await self._deposits.recover()

    async def finish(self) -> None:
        """Before stopping: wait for every message that is being kept."""
        await self._deposits.finish()

    def entrance(self, caller: Party) -> Entrance:
        """The door for one call: it counts that call's tries."""
        ports = self._ports
        return Entrance(
            caller,
            store=ports.store,
            hasher=ports.hasher,
            history=self._history,
            clock=ports.clock,
            tokens=ports.tokens,
            begin=self._visit,
            mail_due=self._mail_due,
        )

    def _visit(self, mailbox: Mailbox) -> Visit:
        ports = self._ports
        return Visit(
            mailbox,
            store=ports.store,
            sounds=ports.sounds,
            clock=ports.clock,
            greetings=self._greetings,
            options=Options(
                mailbox.number, store=ports.store, hasher=ports.hasher, history=self._history
            ),
            forwarding=self._forwarding,
            history=self._history,
            changed=self._changed,
        )

    async def login(self, number: str, pin: str, caller: Party) -> Visit:
        """Open a mailbox in one try. Raises WrongPin or LockedOut."""
        return await self.entrance(caller).login(number, pin)

    async def greeting(self, number: str, *, busy: bool = False) -> Path | None:
        """The recorded greeting callers of a mailbox hear now; `busy`: its owner is speaking."""
        return await self._greetings.playing(number, busy=busy)

    async def heard(self, number: str, *, busy: bool) -> tuple[Path | None, Path | None]:
        """What callers of a mailbox are greeted with now; see Greetings.heard."""
        return await self._greetings.heard(number, busy=busy)

    async def messages(self, number: str) -> tuple[Message, ...]:
        """The messages of a mailbox, new ones first. Raises MailboxUnknown."""
        await self.show(number)
        return await self._ports.store.messages(number)

    async def trash(self, number: str) -> tuple[Message, ...]:
        """The deleted messages of a mailbox, oldest first. Raises MailboxUnknown."""
        await self.show(number)
        every = await self._ports.store.all_messages(number)
        return tuple(message for message in every if message.deleted is not None)

    async def counts(self, number: str) -> Counts | None:
        """What a mailbox holds now, as its lamp shows it; None where there is none."""
        if await self._ports.store.mailbox(number) is None:
            return None
        return await self._ports.store.counts(number)

    async def history(self, number: str | None, most: int) -> tuple[Deed, ...]:
        """What was done to a mailbox, or to all, the last deeds, oldest first."""
        return await self._ports.store.history(number, most)

    async def greetings(self, number: str) -> tuple[Greeting, ...]:
        """Every greeting of a mailbox. Raises MailboxUnknown."""
        await self.show(number)
        return await self._ports.store.greetings(number)

    async def message(self, id: str) -> Message | None:
        """One message, in the trash or not."""
        return await self._ports.store.message(id)

    async def deliveries(self, id: str) -> tuple[Delivered, ...]:
        """What became of the e-mail of a message, recipient by recipient."""
        return await self._ports.store.deliveries(id)

    async def export(self, recorded: Message | Greeting, path: Path) -> None:
        """Write the sound of a message or a greeting to a file; the suffix, .opus, .wav or .mp3,
        tells the format.

        Raises ValueError for another suffix, SoundUnavailable when it cannot be written.
        """
        attachment = Attachment(path.suffix.lower().removeprefix("."))
        wav = await self._ports.sounds.local(recorded.sound)
        octets = await self._ports.formats.encoded(wav, attachment)
        try:
            await asyncio.to_thread(path.write_bytes, octets)
        except OSError as fault:
            raise SoundUnavailable(str(fault)) from fault

    async def remind(self) -> None:
        """Tell owners by e-mail of a temporary greeting that nothing ends, once a week."""
        if await self._reminders.remind():
            self._mail_due()

    async def sweep(self) -> int:
        """Forget for good what has been in the trash long enough, and what was only to be e-mailed
        and was; returns how many messages."""
        now = self._ports.clock.now()
        await self._ports.store.forget_failures(now - FAILURES_KEPT)
        await self._ports.store.forget_history(now - self._history_kept)
        await self._greetings.sweep()
        purged = 0
        for mailbox in await self._ports.store.mailboxes():
            if mailbox.retention_days is not None:
                stale = now - timedelta(days=mailbox.retention_days)
                if await self._ports.store.retire(mailbox.number, stale, now):
                    self._changed(mailbox.number)
            before = now - timedelta(days=mailbox.trash_days)
            for message in await self._ports.store.purgeable(mailbox.number, before):
                await self._oblivion.forget(message)
                purged += 1
        return purged + await self._oblivion.forget_spent()
