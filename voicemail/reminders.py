"""Reminders by e-mail of what owners forget: a temporary greeting that nothing ends."""

from datetime import datetime, timedelta

from call.clock import Clock
from voicemail.mail import MailTask, TaskKind
from voicemail.message import Greeting, GreetingKind, Mailbox
from voicemail.storage import Store

EVERY = timedelta(days=7)
"""Between two reminders, the first one so long after the greeting was recorded."""


class Reminders:
    """Tells owners, by e-mail, what still holds."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def remind(self) -> int:
        """Queue the reminders that are due, each once however often this is done; returns how
        many greetings there are to be reminded of."""
        now, found = self._clock.now(), 0
        for mailbox in await self._store.mailboxes():
            greeting = await self._store.greeting(mailbox.number, GreetingKind.TEMPORARY)
            if greeting is not None and (task := reminder(mailbox, greeting, now)) is not None:
                await self._store.queue(task)
                found += 1
        return found


def reminder(mailbox: Mailbox, greeting: Greeting, now: datetime) -> MailTask | None:
    """The e-mail that a temporary greeting calls for by now; None for one that ends by itself.

    Its id counts the weeks, so that each week has one reminder at most.
    """
    weeks = (now - greeting.kept) // EVERY
    if weeks < 1 or greeting.until is not None or not mailbox.addresses:
        return None
    id = f"{mailbox.number}-{greeting.kept:%y%m%d%H%M}-temporary-{weeks}"
    return MailTask(id, TaskKind.TEMPORARY, mailbox.number, "", mailbox.addresses, now)
