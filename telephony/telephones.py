"""The registered telephones of one line: let in by their accounts, written down behind the calls.

What the registrar tells is written by one task, all that has come meanwhile in one go, so that no
REGISTER ever waits for a disk. After a restart the telephones are where they were.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from call.clock import Clock
from call.errors import Unavailable
from telephony.guard import Accounts, Guard
from telephony.lockout import Locked
from telephony.sip.agent import UserAgent
from telephony.sip.events import (
    Binding,
    BindingEnded,
    BindingEvent,
    BindingKept,
    BindingSilent,
    Output,
    Peer,
)

log = logging.getLogger(__name__)

AGAIN_S = 5.0
"""Seconds before another try where bindings could not be written down."""


class BindingBook(Protocol):
    """Where bindings are written down. Every method raises Unavailable."""

    async def load(self) -> Sequence[tuple[Binding, datetime]]:
        """What was written down, each with the instant at which it is over."""

    async def write(
        self,
        kept: Collection[tuple[Binding, datetime]],
        gone: Collection[tuple[str, str]],
    ) -> None:
        """Write some down, and strike out others by their user and URI; all at once."""


def _nobody_watches(user: str) -> None:
    """Nobody shows where telephones are."""


class Telephones:
    """The telephones of one line. Make it with accounts and a book, and give it to the line.

    `changed` is called with a user whenever one of its telephones comes, goes, falls silent or is
    heard again.
    """

    def __init__(
        self,
        accounts: Accounts,
        book: BindingBook,
        *,
        realm: str,
        changed: Callable[[str], None] = _nobody_watches,
    ) -> None:
        self._accounts = accounts
        self._book = book
        self._realm = realm
        self.changed = changed
        self._core: UserAgent | None = None
        self._carry: Callable[[Sequence[Output]], None] = _nowhere
        self._clock: Clock | None = None
        self._read: Sequence[tuple[Binding, datetime]] = ()
        self._unwritten: dict[tuple[str, str], tuple[Binding, datetime] | None] = {}
        self._known: set[tuple[str, str]] = set()
        self._there_is = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._again: asyncio.TimerHandle | None = None
        self._hindered = False

    # what the program asks

    def at(self, user: str) -> Sequence[Binding]:
        """Where an account can be reached just now, the preferred telephone first."""
        if self._core is None or self._clock is None:
            return ()
        return self._core.registrar.telephones(user, self._clock.monotonic())

    @property
    def bound(self) -> int:
        """How many telephones are registered."""
        return 0 if self._core is None else self._core.registrar.bound

    def forget(self, user: str) -> None:
        """An account is no more, or has another password: its telephones are to come again."""
        if self._core is not None and self._clock is not None:
            self._carry(self._core.registrar.forget(user, self._clock.monotonic()))

    # what the line asks

    @property
    def accounts(self) -> Accounts:
        """Whose telephones they are."""
        return self._accounts

    def guard(self, token: Callable[[], str]) -> Guard:
        """What lets telephones in at the door of the line."""
        return Guard(self._realm, self._accounts, token, self.lives_at, _locked)

    def lives_at(self, peer: Peer) -> bool:
        """Whether a telephone is registered from this very peer."""
        return self._core is not None and self._core.registrar.lives_at(peer)

    async def load(self) -> None:
        """Read the bindings of the last run, before the first telephone is heard."""
        try:
            self._read = await self._book.load()
        except Unavailable as fault:
            log.warning("registrations lost", extra={"why": str(fault)})

    def start(
        self,
        core: UserAgent,
        carry: Callable[[Sequence[Output]], None],
        clock: Clock,
        welcome: Callable[[str, float], None],
    ) -> None:
        """Take up the bindings that were read: who registered from there is heard as before."""
        self._core, self._carry, self._clock = core, carry, clock
        now = clock.monotonic()
        for binding, until in self._read:
            remaining_s = (until - clock.now()).total_seconds()
            known = self._accounts.party(binding.user) is not None
            if known and remaining_s > 0:
                welcome(binding.peer.host, now)
                self._known.add((binding.user, binding.uri))
            carry(core.registrar.restore(binding, remaining_s if known else 0.0, now))
        if self._read:
            log.info("telephones taken up", extra={"count": core.registrar.bound})
        self._task = asyncio.get_running_loop().create_task(self._work(), name="registrations")

    async def stop(self) -> None:
        """Write down what is not yet; the telephones stay registered for the next start."""
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

    def told(self, event: BindingEvent) -> None:
        """Take what the core tells."""
        match event:
            case BindingKept(binding, remaining_s) if self._clock is not None:
                key = (binding.user, binding.uri)
                until = self._clock.now() + timedelta(seconds=remaining_s)
                self._unwritten[key] = (binding, until)
                self._there_is.set()
                if key not in self._known:
                    self._known.add(key)
                    self._log("telephone registered", binding.user, agent=binding.agent)
                    self.changed(binding.user)
            case BindingEnded(user, uri):
                self._unwritten[user, uri] = None
                self._there_is.set()
                if (user, uri) in self._known:
                    self._known.discard((user, uri))
                    self._log("telephone gone", user)
                    self.changed(user)
            case BindingSilent(user, _, silent):
                self._log("telephone silent" if silent else "telephone heard again", user)
                self.changed(user)

    # the rest

    def _log(self, what: str, user: str, **more: str) -> None:
        log.info(what, extra={"account": user, "telephones": len(self.at(user)), **more})

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._there_is.wait()
            self._there_is.clear()
            if not await self._attempt():
                self._again = loop.call_later(AGAIN_S, self._there_is.set)

    async def _attempt(self) -> bool:
        """Whether all was written; what hinders it is logged when it begins."""
        try:
            await self._write()
        except Unavailable as fault:
            if not self._hindered:
                log.warning("registrations not kept", extra={"why": str(fault)})
            self._hindered = True
            return False
        except Exception:
            log.exception("registrations failed")
            return False
        self._hindered = False
        return True

    async def _write(self) -> None:
        while self._unwritten:
            batch = dict(self._unwritten)
            kept = [written for written in batch.values() if written is not None]
            gone = [key for key, written in batch.items() if written is None]
            await self._book.write(kept, gone)
            for key, written in batch.items():
                if self._unwritten.get(key) is written:
                    self._unwritten.pop(key, None)


def _locked(locked: Locked) -> None:
    log.warning(
        "too many wrong SIP passwords: locked",
        extra={
            "account": locked.account or "any",
            "source": locked.source or "any",
            "seconds": round(locked.seconds),
        },
    )


def _nowhere(outputs: Sequence[Output]) -> None:
    """Nothing is carried before the line is open."""
