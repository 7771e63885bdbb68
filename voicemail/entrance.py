"""Signing in to a mailbox by telephone: three tries a call, and a lock that outlives the call.

A failure is counted before the PIN is looked at and taken back when it was right, so that calls
made at once get no more tries between them than calls made one after the other. An unknown
number is counted, locked and answered like a known one.
"""

import logging

from call.clock import Clock
from call.leg import Party
from call.masking import masked
from voicemail.errors import LockedOut, WrongPin
from voicemail.greetings import Greetings
from voicemail.policy import (
    CALLER_FAILURES,
    CALLER_FAILURES_KEPT,
    FAILURES_KEPT,
    MAILBOX_FAILURES,
    TRIES_PER_CALL,
)
from voicemail.ports import AudioStore, Charge, PinHasher, Store
from voicemail.visit import Visit

log = logging.getLogger(__name__)


class Entrance:
    """The door as one call finds it."""

    def __init__(
        self,
        caller: Party,
        *,
        store: Store,
        sounds: AudioStore,
        hasher: PinHasher,
        greetings: Greetings,
        clock: Clock,
    ) -> None:
        self._caller = caller
        self._store = store
        self._sounds = sounds
        self._hasher = hasher
        self._greetings = greetings
        self._clock = clock
        self._failed = 0

    async def login(self, number: str, pin: str) -> Visit:
        """Open a mailbox. Raises WrongPin, or LockedOut: the call should end then.

        The third wrong PIN of a call raises LockedOut at once.
        """
        if self._failed >= TRIES_PER_CALL:
            raise LockedOut("too many tries in this call")
        subject, others = self._subjects(number)
        hashed = await self._store.pin_hash(number)
        shown = "unknown" if hashed is None else number  # it may be a PIN typed too early
        charges = [Charge(subject, MAILBOX_FAILURES, FAILURES_KEPT)]
        charges += [Charge(other, CALLER_FAILURES, CALLER_FAILURES_KEPT) for other in others]
        charged = await self._store.charge(charges, self._clock.now())
        if not charged.admitted:
            self._tell("login locked", shown)
            raise LockedOut("too many tries before this one")
        if not await self._hasher.matches(pin, hashed):
            self._refuse(shown)
        await self._store.acquit(subject, others)
        return await self._visit(number)

    def _subjects(self, number: str) -> tuple[str, list[str]]:
        others = [f"caller:{self._caller.number[:40]}"] if self._caller.number else []
        return f"mailbox:{number[:10]}", others

    def _refuse(self, shown: str) -> None:
        self._failed += 1
        self._tell("login refused", shown)
        if self._failed >= TRIES_PER_CALL:
            raise LockedOut("too many tries in this call")
        raise WrongPin("the number and the PIN do not go together")

    def _tell(self, event: str, shown: str) -> None:
        log.warning(event, extra={"mailbox": shown, "caller": masked(self._caller.number)})

    async def _visit(self, number: str) -> Visit:
        mailbox = await self._store.mailbox(number)
        if mailbox is None:
            raise WrongPin("the number and the PIN do not go together")
        return Visit(
            mailbox,
            tuple(message.id for message in await self._store.messages(number)),
            store=self._store,
            sounds=self._sounds,
            greetings=self._greetings,
            clock=self._clock,
        )
