"""The message lamps of telephones: what counts messages, joined to the SIP core that tells them.

Every change goes the same way: its account is due, one task counts its messages, and the core
tells whoever knows otherwise. So a burst of changes is counted once or twice, a SUBSCRIBE is
answered with what is true by then, and where messages cannot be counted the lamps stay as they
are until they can. Accounts are counted again from time to time, for changes made elsewhere.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from call.clock import Clock
from call.errors import Misuse, Unavailable
from call.masking import masked
from telephony.sip.agent import UserAgent
from telephony.sip.announcing import telephone_at
from telephony.sip.events import (
    Kept,
    LampEvent,
    Output,
    SubscribeReceived,
    SubscriptionEnded,
    SubscriptionKept,
)
from telephony.sip.message import Pairs
from telephony.sip.summary import Waiting

log = logging.getLogger(__name__)

COUNT_LIMIT_S = 5.0
"""Seconds a count may take; a telephone repeats its SUBSCRIBE meanwhile."""

AGAIN_S = 5.0
"""Seconds before another try where messages could not be counted or subscriptions kept."""

TRY_LATER: Pairs = (("Retry-After", "30"),)

Counts = Callable[[str], Awaitable[Waiting | None]]
"""The messages that wait for an account; None where there is no such account.

Raises Unavailable when they cannot be counted just now.
"""


class LampBook(Protocol):
    """Where subscriptions are written down. Every method raises Unavailable."""

    async def load(self) -> Sequence[tuple[Kept, datetime]]:
        """What was written down, each with the instant at which it is over."""

    async def save(self, kept: Kept, until: datetime) -> None:
        """Write down one subscription, in place of what was written of it."""

    async def remove(self, subscription: str) -> None:
        """Strike one out; one that is not there does no harm."""


class Lamps:
    """The message lamps of one line.

    Make it with `counts` and a book and give it to the line; then `lamp_changed` is all there is
    to call. Accounts that somebody watches are counted every `recount_s` seconds.
    """

    def __init__(self, counts: Counts, book: LampBook, *, recount_s: float = 60.0) -> None:
        self._counts = counts
        self._book = book
        self._recount_s = recount_s
        self._contacts: list[tuple[str, str]] = []
        self._core: UserAgent | None = None
        self._carry: Callable[[Sequence[Output]], None] = _nowhere
        self._expect: Callable[[str], None] = lambda host: None
        self._clock: Clock | None = None
        self._read: Sequence[tuple[Kept, datetime]] = ()
        self._due: dict[str, list[SubscribeReceived]] = {}
        self._unwritten: dict[str, tuple[Kept, datetime] | None] = {}
        self._there_is = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._again: asyncio.TimerHandle | None = None
        self._hindered: set[str] = set()

    # what the program says

    def lamp_changed(self, account: str) -> None:
        """The messages of an account changed, or the account came or went."""
        self._due.setdefault(account, [])
        self._there_is.set()

    def announce(self, account: str, uri: str) -> None:
        """Have the telephone at `uri` (a SIP URI with an IP address) told, though it never asks.

        Raises Misuse for what is no such URI.
        """
        telephone_at(uri)
        self._contacts.append((account, uri))
        if self._core is not None:
            self._expect(self._core.announcing.add(account, uri).host)
            self.lamp_changed(account)

    # what the line says

    async def load(self) -> None:
        """Read the subscriptions of the last run, before the first telephone is heard."""
        try:
            self._read = await self._book.load()
        except Unavailable as fault:
            log.warning("subscriptions lost", extra={"why": str(fault)})

    async def start(
        self,
        core: UserAgent,
        carry: Callable[[Sequence[Output]], None],
        clock: Clock,
        expect: Callable[[str], None],
    ) -> None:
        """Take up the subscriptions that were read, and tell everybody what waits."""
        self._core, self._carry, self._clock, self._expect = core, carry, clock, expect
        for kept, until in self._read:
            remaining_s = (until - clock.now()).total_seconds()
            carry(core.subscriptions.restore(kept, remaining_s, clock.monotonic()))
        await self._attempt("writing", self._write)
        for account, uri in self._contacts:
            expect(core.announcing.add(account, uri).host)
        self._recount()
        self._task = asyncio.get_running_loop().create_task(self._work(), name="message lamps")

    async def stop(self) -> None:
        """Tell no more; what is to be written down is."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if self._again is not None:
            self._again.cancel()
        self._core = None
        with contextlib.suppress(Unavailable):
            await self._write()

    def told(self, event: LampEvent) -> None:
        """Take what the core tells."""
        match event:
            case SubscribeReceived():
                self._due.setdefault(event.account, []).append(event)
            case SubscriptionKept(kept, remaining_s) if self._clock is not None:
                until = self._clock.now() + timedelta(seconds=remaining_s)
                self._unwritten[kept.subscription] = (kept, until)
            case SubscriptionEnded(subscription):
                self._unwritten[subscription] = None
        self._there_is.set()

    # the task

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._next()
            self._there_is.clear()
            counted = await self._attempt("counting", self._count_due)
            written = await self._attempt("writing", self._write)
            if not (counted and written):
                self._again = loop.call_later(AGAIN_S, self._there_is.set)

    async def _attempt(self, what: str, do: Callable[[], Awaitable[None]]) -> bool:
        """Whether it was done; what hinders it is logged when it begins."""
        try:
            await do()
        except Unavailable as fault:
            if what not in self._hindered:
                log.warning("lamps put off", extra={"at": what, "why": str(fault)})
            self._hindered.add(what)
            return False
        except Exception:
            log.exception("lamps failed", extra={"at": what})
            return False
        if what in self._hindered:
            log.info("lamps go on", extra={"at": what})
            self._hindered.remove(what)
        return True

    async def _next(self) -> None:
        """Wait for something to do; when nothing is for long, everything is."""
        try:
            async with asyncio.timeout(self._recount_s):
                await self._there_is.wait()
        except TimeoutError:
            self._recount()

    def _recount(self) -> None:
        if self._core is not None:
            for account in {*self._core.subscriptions.accounts, *self._core.announcing.accounts}:
                self.lamp_changed(account)

    async def _write(self) -> None:
        while self._unwritten:
            subscription, written = next(iter(self._unwritten.items()))
            if written is None:
                await self._book.remove(subscription)
            else:
                await self._book.save(*written)
            if self._unwritten.get(subscription) is written:
                self._unwritten.pop(subscription, None)

    async def _count_due(self) -> None:
        while self._due:
            account = next(iter(self._due))
            asks = self._due.pop(account)
            try:
                waiting = await self._count(account)
            except Exception:
                self._due.setdefault(account, [])
                self._put_off(asks)
                raise
            self._show(account, waiting, asks)

    async def _count(self, account: str) -> Waiting | None:
        try:
            async with asyncio.timeout(COUNT_LIMIT_S):
                return await self._counts(account)
        except TimeoutError as late:
            raise Unavailable("messages are counted too slowly") from late

    def _show(self, account: str, waiting: Waiting | None, asks: list[SubscribeReceived]) -> None:
        core, now = self._open_core(), self._now
        for ask in asks:
            if waiting is None:
                log.info("no lamp", extra={"account": masked(account)})
                self._carry(core.subscriptions.refuse(ask.ask, 404, now))
            else:
                self._carry(core.subscriptions.grant(ask.ask, waiting, now))
        self._carry(core.subscriptions.tell(account, waiting, now))
        self._carry(core.announcing.tell(account, waiting, now))

    def _put_off(self, asks: list[SubscribeReceived]) -> None:
        """Telephones that are known keep what they know; others are to come again."""
        core, now = self._open_core(), self._now
        for ask in asks:
            if ask.fresh:
                self._carry(core.subscriptions.refuse(ask.ask, 503, now, TRY_LATER))
            else:
                self._carry(core.subscriptions.grant(ask.ask, None, now))

    def _open_core(self) -> UserAgent:
        if self._core is None:
            raise Misuse("the line is not open")
        return self._core

    @property
    def _now(self) -> float:
        return self._clock.monotonic() if self._clock is not None else 0.0


def _nowhere(outputs: Sequence[Output]) -> None:
    raise Misuse("the line is not open")
