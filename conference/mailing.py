"""What mails the e-mails about conferences that are due, and tries again what was put off.

One attempt: take the e-mail, which holds it for a while; write it; hand it over; note what became
of it. Whoever dies on the way leaves it held, and it is sent once that time is over: a second copy
where the server had it already, under the same Message-ID and date, and never none.

A refusal for good (5xx) gives an e-mail up at once. A server that is away, or that asks to come
again (4xx), is tried after half of the time that went by since the e-mail became due, so that the
pauses grow; two days after it became due it is given up, which the log tells.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from enum import StrEnum
from typing import Protocol

from call.clock import Clock
from call.errors import Unavailable
from conference.letter import Letter, envelop
from conference.ports import MailDue, MailKind, MailQueue

log = logging.getLogger(__name__)

SHORTEST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=2)

ATTEMPT_S = 120.0
"""The longest an attempt may take."""
HELD = timedelta(seconds=180)
"""How long nobody else is given an e-mail: longer than an attempt, and short after a crash."""

LOOK_EVERY_S = 3.0
"""Commands in other processes make e-mails due, and cannot wake us."""

AT_ONCE = 4

REMEMBERED = timedelta(days=30)
"""How long ids of e-mails that were sent are known, so that none is sent again."""


class Outcome(StrEnum):
    """What became of an e-mail."""

    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's word."""

    outcome: Outcome
    text: str = ""


class Post(Protocol):
    """Where e-mails go."""

    async def deliver(self, id: str, to: str, mail: EmailMessage) -> Answer:
        """Hand one over. Raises an error of Unavailable where it cannot be just now."""


Write = Callable[[MailDue], Awaitable[Letter | None]]
"""What writes letters of a kind; None where there is nothing to tell any more."""


def pause(due: MailDue, now: datetime) -> timedelta:
    """How long to wait before the next attempt."""
    return min(max((now - due.created) / 2, SHORTEST_PAUSE), LONGEST_PAUSE)


class Mailing:
    """Mails what is due. `run` until `stop`; `wake` when something was added in this process."""

    def __init__(
        self,
        *,
        queue: MailQueue,
        writers: Mapping[MailKind, Write],
        post: Post,
        clock: Clock,
        sender: str,
    ) -> None:
        self._queue = queue
        self._writers = writers
        self._post = post
        self._clock = clock
        self._sender = sender
        self._awake = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Look for what is due now."""
        self._awake.set()

    def stop(self) -> None:
        """End `run` after the e-mails under way."""
        self._stopping = True
        self._awake.set()

    async def run(self) -> None:
        """Mail what is due, and again whenever something is; returns after `stop`.

        Raises StoreUnavailable: it is worth another beginning then.
        """
        while not self._stopping:
            self._awake.clear()
            await self.work()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._awake.wait()

    async def work(self) -> None:
        """Mail everything that is due, a few at once. Raises StoreUnavailable."""
        hands = [asyncio.create_task(self._carry()) for _ in range(AT_ONCE)]
        try:
            ends = await asyncio.gather(*hands, return_exceptions=True)
        finally:
            for hand in hands:
                hand.cancel()
        for end in ends:
            if end is not None:
                raise end

    async def forget(self) -> None:
        """Forget what was sent or given up long ago. Raises StoreUnavailable."""
        await self._queue.forget(self._clock.now() - REMEMBERED)

    async def _carry(self) -> None:
        """Mail one after another, until none is due."""
        while not self._stopping:
            now = self._clock.now()
            due = await self._queue.next(now, now + HELD)
            if due is None:
                return
            await self._attempt(due)

    async def _attempt(self, due: MailDue) -> None:
        """One attempt; whatever goes wrong with it is a reason to try again."""
        answer: Answer | None
        try:
            async with asyncio.timeout(ATTEMPT_S):
                answer = await self._deliver(due)
        except (Unavailable, TimeoutError) as fault:
            answer = Answer(Outcome.LATER, str(fault) or type(fault).__name__)
        except Exception as fault:
            log.exception("conference mail not written or sent", extra={"mail": due.id})
            answer = Answer(Outcome.LATER, type(fault).__name__)
        if answer is None:
            log.info("conference mail of nothing left out", extra={"mail": due.id})
            await self._queue.sent(due.id)
        else:
            await self._note(due, answer)

    async def _deliver(self, due: MailDue) -> Answer | None:
        """Write one and hand it over; None where there is nothing to tell any more."""
        write = self._writers.get(due.kind)
        letter = None if write is None else await write(due)
        if letter is None:
            return None
        mail = envelop(letter, due, self._sender)
        return await self._post.deliver(due.id, due.invitee.email, mail)

    async def _note(self, due: MailDue, answer: Answer) -> None:
        now = self._clock.now()
        told = {"mail": due.id, "kind": due.kind.value, "reply": answer.text[:200]}
        if answer.outcome is Outcome.TAKEN:
            log.info("conference mail sent", extra=told)
            await self._queue.sent(due.id)
        elif answer.outcome is Outcome.LATER and now - due.created < GIVE_UP_AFTER:
            log.warning("conference mail deferred", extra=told)
            await self._queue.put_off(due.id, now + pause(due, now), answer.text[:500])
        else:
            log.error("conference mail given up", extra=told)
            await self._queue.give_up(due.id, answer.text[:500])
