"""Signing in to a mailbox by telephone: three tries a call, and a lock that outlives the call.

A failure is counted before the PIN is looked at and taken back when it was right, so that calls
made at once get no more tries between them than calls made one after the other. An unknown
number is counted, locked and answered like a known one; only the log, the history and the
owner's e-mail know the difference.
"""

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime

from call.clock import Clock
from call.errors import Unavailable
from call.leg import Party
from call.masking import masked
from voicemail.errors import LockedOut, WrongPin
from voicemail.history import CALLER, History
from voicemail.ids import new_id
from voicemail.mail import MailTask, TaskKind
from voicemail.message import Mailbox
from voicemail.policy import (
    CALLER_FAILURES,
    CALLER_FAILURES_KEPT,
    FAILURES_KEPT,
    MAILBOX_FAILURES,
    TRIES_PER_CALL,
)
from voicemail.ports import PinHasher, Tokens
from voicemail.storage import Charge, Store
from voicemail.visit import Visit

log = logging.getLogger(__name__)


class Entrance:
    """The door as one call finds it.

    `begin` makes the visit of an owner who was let in; `mail_due` is called when an e-mail is.
    """

    def __init__(
        self,
        caller: Party,
        *,
        store: Store,
        hasher: PinHasher,
        history: History,
        clock: Clock,
        tokens: Tokens,
        begin: Callable[[Mailbox], Visit],
        mail_due: Callable[[], None],
    ) -> None:
        self._caller = caller
        self._store = store
        self._hasher = hasher
        self._history = history
        self._clock = clock
        self._tokens = tokens
        self._begin = begin
        self._mail_due = mail_due
        self._failed = 0

    async def recognise(self) -> Visit | Mailbox | None:
        """Whose telephone calls: a visit where it opens its mailbox by itself, the mailbox where
        the PIN is still to be asked, None for a stranger.

        A number alone opens nothing: anybody can send one. The network must vouch for it.
        """
        mailbox = await self._store.mailbox(self._caller.number) if self._caller.number else None
        if mailbox is None or not (mailbox.trust_own_phone and self._caller.internal):
            return mailbox
        log.info("login by own telephone", extra={"mailbox": mailbox.number})
        return self._begin(mailbox)

    async def login(self, number: str, pin: str) -> Visit:
        """Open a mailbox. Raises WrongPin, or LockedOut: the call should end then.

        The third wrong PIN of a call raises LockedOut at once.
        """
        if self._failed >= TRIES_PER_CALL:
            raise LockedOut("too many tries in this call")
        hashed = await self._store.pin_hash(number)
        subject = f"mailbox:{number}" if hashed is not None else _unknown(number)
        others = [f"caller:{self._caller.number[:40]}"] if self._caller.number else []
        shown = "unknown" if hashed is None else number  # it may be a PIN typed too early
        charges = [Charge(subject, MAILBOX_FAILURES, FAILURES_KEPT)]
        charges += [Charge(other, CALLER_FAILURES, CALLER_FAILURES_KEPT) for other in others]
        charged = await self._store.charge(charges, self._clock.now())
        if not charged.admitted:
            self._tell("login locked", shown)
            raise LockedOut("too many tries before this one")
        if not await self._hasher.matches(pin, hashed):
            self._failed += 1
            self._tell("login refused", shown)
            if hashed is not None:
                await self._warn(number, charged.locked_until)
            self._refuse()
        await self._store.acquit(subject, others)
        mailbox = await self._store.mailbox(number)
        if mailbox is None:
            raise WrongPin("the number and the PIN do not go together")
        return self._begin(mailbox)

    def _refuse(self) -> None:
        if self._failed >= TRIES_PER_CALL:
            raise LockedOut("too many tries in this call")
        raise WrongPin("the number and the PIN do not go together")

    async def _warn(self, number: str, locked_until: datetime | None) -> None:
        """Let the owner know of a wrong PIN, by e-mail when it locked the mailbox."""
        who = masked(self._caller.number)
        await self._history.note("login refused", number, who, actor=CALLER)
        if locked_until is None:
            return
        await self._history.note("mailbox locked", number, locked_until.isoformat(), actor=CALLER)
        try:
            await self._mail(number)
        except Unavailable:
            log.exception("owner not told of the lock", extra={"mailbox": number})

    async def _mail(self, number: str) -> None:
        mailbox = await self._store.mailbox(number)
        if mailbox is None or not mailbox.addresses:
            return
        now = self._clock.now()
        id, kind = new_id(now, self._tokens), TaskKind.LOCKOUT
        await self._store.queue(MailTask(id, kind, number, "", mailbox.addresses, now))
        self._mail_due()

    def _tell(self, event: str, shown: str) -> None:
        log.warning(event, extra={"mailbox": shown, "caller": masked(self._caller.number)})


def _unknown(number: str) -> str:
    """The subject of a number nobody has: it may be a PIN typed too early, so it is not written
    as it stands."""
    return f"unknown:{hashlib.blake2s(number.encode()).hexdigest()[:32]}"
