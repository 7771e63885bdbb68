"""The worker that mails what is due, tries again what was deferred, and gives up what was refused.

A task is leased from the store for a while, so that a worker that dies frees it. One attempt:

    claim -> compose -> connect -> note "handing over" -> send -> note each recipient's reply

A server that refuses an e-mail for its size alone gets a smaller one within the same attempt.

A reply is noted before the connection is closed, to keep short the one moment in which a crash
leaves a doubt: after the server has the text and before its answer is on our disk. A task found
in that doubt is sent again, under the same Message-ID: a copy too many rather than a message lost.

A refusal (5xx) ends a recipient at once. A deferral (4xx), and a server that cannot be reached or
that refuses *us*, is retried with doubling pauses for three days. What ends without having been
delivered is kept, logged, and told to the operator by an e-mail of its own.

A message that was only to be e-mailed is forgotten once every recipient's server accepted it; one
that failed for any of them lies in its mailbox from then on, and whoever watches it is told.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage

from call.clock import Clock
from call.errors import Unavailable
from voicemail.composing import Composer
from voicemail.errors import MailAccountRefused
from voicemail.forgetting import Oblivion
from voicemail.mail import (
    Delivery,
    Envelope,
    LeasedTask,
    MailTask,
    MailTransport,
    Reply,
    TaskKind,
    TaskState,
)
from voicemail.ports import Tokens
from voicemail.storage import Store

log = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=72)
"""From the message's arrival; RFC 5321 §4.5.4.1 asks for at least four to five days of a relay,
but a telephone message is stale by then, and it waits in the mailbox all the same."""

LEASE = timedelta(minutes=10)
ATTEMPT_S = 300.0
"""The longest an attempt may take: well within the lease, so that nobody else begins meanwhile."""

MUCH_SMALLER = 4
"""A server that refuses a size without saying which it takes is sent a part of it: one in four."""

AT_ONCE = 4
_LONGEST_WAIT_S = 3600.0
"""The wall clock may be set back or forward during a wait: look again after this long."""


def pause(attempts: int, fraction: float) -> timedelta:
    """How long to wait after so many attempts: doubling, spread by ± 20 % with `fraction`."""
    doubled = FIRST_PAUSE * (1 << min(attempts - 1, 20))
    return min(doubled, LONGEST_PAUSE) * (0.8 + 0.4 * fraction)


def _nobody_counts(_: Delivery) -> None:
    """The log tells of each."""


class OutboxWorker:
    """Mails what is due. `run` until `stop`; `wake` when something was added.

    `changed` is called with the number of a mailbox in which a message lies because its e-mail
    failed, `answered` with what became of an e-mail for each recipient, at each attempt.
    """

    def __init__(
        self,
        *,
        store: Store,
        composer: Composer,
        oblivion: Oblivion,
        transport: MailTransport,
        clock: Clock,
        tokens: Tokens,
        changed: Callable[[str], None],
        answered: Callable[[Delivery], None] = _nobody_counts,
        worker: str = "local",
        operator: str | None = None,
    ) -> None:
        self._store = store
        self._composer = composer
        self._oblivion = oblivion
        self._transport = transport
        self._clock = clock
        self._tokens = tokens
        self._changed = changed
        self._answered = answered
        self._worker = worker
        self._operator = operator
        self._awake = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Look into the outbox now."""
        self._awake.set()

    def stop(self) -> None:
        """End `run` after the e-mails under way."""
        self._stopping = True
        self._awake.set()

    async def run(self) -> None:
        """Mail what is due, sleep until something is, and again; returns after `stop`."""
        released = False
        while not self._stopping:
            self._awake.clear()
            try:
                if not released:
                    await self._store.release(self._worker)
                    released = True
                wait_s = await self.work()
            except Unavailable:
                log.exception("outbox unavailable")
                wait_s = FIRST_PAUSE.total_seconds()
            await self._sleep(wait_s)

    async def _sleep(self, wait_s: float | None) -> None:
        if self._stopping:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._awake.wait()

    async def waiting(self) -> int:
        """How many e-mails are still to be sent. Raises Unavailable."""
        return await self._store.mails_waiting()

    async def work(self) -> float | None:
        """Mail everything that is due, a few at once, none behind a slow one; returns the seconds
        until more is due, None for never."""
        begun: set[asyncio.Task[None]] = set()
        try:
            while not self._stopping and await self._begin(begun):
                await self._wait_for_one(begun)
        finally:
            ends = await asyncio.gather(*begun, return_exceptions=True)
        for end in ends:
            if end is not None:
                raise end
        due = await self._store.next_due()
        if due is None:
            return None
        return min(max(0.0, (due - self._clock.now()).total_seconds()), _LONGEST_WAIT_S)

    async def _begin(self, begun: set[asyncio.Task[None]]) -> bool:
        """Begin what is due, as many as there are hands free; whether any is under way."""
        self._awake.clear()
        free = AT_ONCE - len(begun)
        if free:
            leased = await self._store.claim(self._worker, self._clock.now(), LEASE, free)
            begun.update(asyncio.create_task(self._attempt(each)) for each in leased)
        return bool(begun)

    async def _wait_for_one(self, begun: set[asyncio.Task[None]]) -> None:
        """Wait until one is over, or something was added; raises what one ended with."""
        woken = asyncio.create_task(self._awake.wait())
        try:
            await asyncio.wait({*begun, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
        over = {each for each in begun if each.done()}
        begun -= over
        for end in await asyncio.gather(*over, return_exceptions=True):
            if end is not None:
                raise end

    async def _attempt(self, leased: LeasedTask) -> None:
        """One attempt at one task; whatever goes wrong with it is a reply like another."""
        if leased.in_doubt:
            log.warning("mail sent again after a crash", extra={"task": leased.task.id})
        try:
            async with asyncio.timeout(ATTEMPT_S):
                await self._send(leased)
        except MailAccountRefused as fault:
            log.error("mail server refuses our account", extra={"reason": str(fault)})
            await self._defer(leased, str(fault))
        except (Unavailable, TimeoutError) as fault:
            await self._defer(leased, str(fault) or type(fault).__name__)
        except Exception as fault:
            log.exception("mail not composed or sent", extra={"task": leased.task.id})
            await self._defer(leased, type(fault).__name__)

    async def _send(self, leased: LeasedTask) -> None:
        task = leased.task
        mail = await self._composer.compose(task)
        if mail is None:
            log.info("mail of nothing given up", extra={"task": task.id})
            await self._drop(leased)
            return
        async with self._transport.connection() as connection:
            if not await self._store.handing_over(task.id, self._worker):
                return
            replies = await connection.send(Envelope(task.id, task.recipients, mail))
            if not any(reply.too_large for reply in replies.values()):
                await self._settle(leased, replies)
                return
            largest = connection.largest
        await self._settle(leased, await self._send_smaller(task, mail, replies, largest))

    async def _send_smaller(
        self,
        task: MailTask,
        refused: EmailMessage,
        replies: Mapping[str, Reply],
        largest: int | None,
    ) -> Mapping[str, Reply]:
        """The replies once those who found the e-mail too large were sent a smaller one, if there
        is one. The others' replies stand, whatever becomes of it."""
        size = len(await asyncio.to_thread(refused.as_bytes))
        most = largest if largest is not None and largest < size else size // MUCH_SMALLER
        smaller = await self._composer.compose(task, most)
        if smaller is None or len(await asyncio.to_thread(smaller.as_bytes)) >= size:
            return replies
        again = tuple(to for to, reply in replies.items() if reply.too_large)
        try:
            async with self._transport.connection() as connection:
                said = await connection.send(Envelope(task.id, again, smaller))
        except Unavailable as fault:
            said = dict.fromkeys(again, Reply(Delivery.DEFERRED, str(fault)))
        return {**replies, **said}

    async def _drop(self, leased: LeasedTask) -> None:
        """End a task whose message or mailbox is gone: nobody is to be told."""
        reply = Reply(Delivery.REFUSED, "deleted before it was mailed")
        replies = dict.fromkeys(leased.task.recipients, reply)
        await self._store.settle(leased.task.id, self._worker, replies, retry=None)

    async def _defer(self, leased: LeasedTask, reason: str) -> None:
        reply = Reply(Delivery.DEFERRED, reason)
        await self._settle(leased, dict.fromkeys(leased.task.recipients, reply))

    async def _settle(self, leased: LeasedTask, replies: Mapping[str, Reply]) -> None:
        task, now = leased.task, self._clock.now()
        retry = now + pause(leased.attempts, self._tokens.fraction())
        again = retry if retry - task.created < GIVE_UP_AFTER else None
        lost = [reply for reply in replies.values() if _is_lost(reply, again)]
        notice = self._notice(leased, now) if lost else None
        state = await self._store.settle(task.id, self._worker, replies, retry=again, notice=notice)
        for reply in replies.values():
            event, level = _told(reply, again)
            log.log(level, event, extra={"task": task.id, "reply": reply.text[:200]})
            self._answered(Delivery.REFUSED if _is_lost(reply, again) else reply.delivery)
        if task.kind is TaskKind.MESSAGE and state is not None:
            await self._follow(task, state, failed=bool(lost))

    async def _follow(self, task: MailTask, state: TaskState, *, failed: bool) -> None:
        """What the end of a message's e-mail brings for the message."""
        if failed:
            self._changed(task.mailbox)
        if state is TaskState.DONE:
            try:
                await self._oblivion.forget_spent()
            except Unavailable:  # the e-mail is sent; the hourly sweep forgets the rest
                log.warning("spent messages kept a while", exc_info=True)

    def _notice(self, leased: LeasedTask, now: datetime) -> MailTask | None:
        """The e-mail that tells the operator of a message; other failures the log tells alone."""
        task = leased.task
        if self._operator is None or task.kind is not TaskKind.MESSAGE:
            return None
        return MailTask(
            f"{task.id}-failed-{leased.attempts}",
            TaskKind.FAILURE,
            task.mailbox,
            task.message,
            (self._operator,),
            now,
        )


def _is_lost(reply: Reply, again: datetime | None) -> bool:
    """Whether a recipient will never be served."""
    if reply.delivery is Delivery.DEFERRED:
        return again is None
    return reply.delivery is Delivery.REFUSED


def _told(reply: Reply, again: datetime | None) -> tuple[str, int]:
    """What the log says of one recipient's reply."""
    if _is_lost(reply, again):
        return "mail given up", logging.ERROR
    if reply.delivery is Delivery.DEFERRED:
        return "mail deferred", logging.WARNING
    return "mail sent", logging.INFO
