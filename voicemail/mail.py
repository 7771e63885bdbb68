"""E-mail that is due, as values, and the ports it leaves by.

Every method raises only its port's own error (StoreUnavailable, MailUnavailable) besides those it
names.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from enum import StrEnum
from typing import Protocol


class TaskKind(StrEnum):
    """What an e-mail is about."""

    MESSAGE = "message"  # a voice message, to its owner
    FAILURE = "failure"  # an e-mail that was given up, to the operator
    NEARLY_FULL = "nearly_full"  # nine tenths of the places are taken, to the owner
    FULL = "full"  # no message more fits, to the owner
    LOCKOUT = "lockout"  # wrong PINs locked the mailbox, to the owner
    TEMPORARY = "temporary"  # a temporary greeting is still played, to the owner


@dataclass(frozen=True, slots=True)
class MailTask:
    """An e-mail that is due, about a mailbox, and about one of its messages or none ("")."""

    id: str
    """Makes the Message-ID, and the file name where e-mails are files; 40 characters at most."""
    kind: TaskKind
    mailbox: str
    message: str
    recipients: tuple[str, ...]
    created: datetime


@dataclass(frozen=True, slots=True)
class LeasedTask:
    """A task one worker holds for a while; `recipients` are those still to be served."""

    task: MailTask
    attempts: int
    """This attempt included."""
    in_doubt: bool
    """An earlier attempt handed it over and did not live to hear the answer."""


class Delivery(StrEnum):
    """What became of an e-mail for one recipient."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Reply:
    """The server's word on one recipient."""

    delivery: Delivery
    text: str = ""
    too_large: bool = False
    """Refused for its size alone (RFC 1870): a smaller one may be taken."""


class TaskState(StrEnum):
    """How far an e-mail is."""

    READY = "ready"
    DONE = "done"  # every recipient's server accepted it
    DEAD = "dead"  # none is left to try, and one was not served


class RecipientState(StrEnum):
    """How far an e-mail is for one recipient, as administrators read it."""

    QUEUED = "queued"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a message's e-mail for one recipient."""

    task: str
    address: str
    state: RecipientState
    reply: str
    """The server's last words; "" before it said any."""
    attempts: int
    due: datetime
    """When the next attempt is due, or the last one was."""


class MailStore(Protocol):
    """The outbox, in the same database as the messages."""

    async def queue(self, task: MailTask) -> None:
        """Have an e-mail sent; does nothing when its id is known."""

    async def deliveries(self, message: str) -> tuple[Delivered, ...]:
        """What became of the e-mails of a message, in order."""

    async def claim(
        self, worker: str, now: datetime, lease: timedelta, most: int
    ) -> tuple[LeasedTask, ...]:
        """Lease tasks that are due and free, oldest due first."""

    async def handing_over(self, id: str, worker: str) -> bool:
        """Note that the message text is about to leave. False when the lease was lost."""

    async def settle(
        self,
        id: str,
        worker: str,
        replies: Mapping[str, Reply],
        *,
        retry: datetime | None,
        notice: MailTask | None = None,
    ) -> TaskState | None:
        """Note each recipient's reply, end the lease, and queue the notice of a failure.

        Deferred recipients are tried again at `retry`; None gives them up. A message whose e-mail
        failed for any of its recipients is in its mailbox from then on, in the same transaction.
        None, and nothing is done, when the lease was lost.
        """

    async def release(self, worker: str) -> None:
        """End every lease of a worker that is known to be gone."""

    async def next_due(self) -> datetime | None:
        """When something can next be claimed; None when nothing waits."""

    async def mails_waiting(self) -> int:
        """How many e-mails are still to be sent, or to be tried again."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An e-mail on its way: who it goes to now, and what."""

    id: str
    recipients: tuple[str, ...]
    mail: EmailMessage


class MailConnection(Protocol):
    """One conversation with whatever takes e-mail."""

    @property
    def largest(self) -> int | None:
        """Octets of the largest e-mail the other side takes, where it said so."""

    async def send(self, envelope: Envelope) -> Mapping[str, Reply]:
        """Hand an e-mail over; a reply for every recipient. Raises MailUnavailable."""


class MailTransport(Protocol):
    """Where e-mail goes."""

    def connection(self) -> AbstractAsyncContextManager[MailConnection]:
        """Connect, greet, sign in. Raises MailUnavailable."""
