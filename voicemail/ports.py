"""What the mailboxes ask of the world: a store, sounds, a spool, a hasher, mail.

Every method raises only its port's own error (StoreUnavailable, SoundUnavailable,
MailUnavailable) besides those it names.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from voicemail.message import (
    Attachment,
    Folder,
    Greeting,
    GreetingKind,
    Mailbox,
    Message,
    Ticket,
)


class Tokens(Protocol):
    """Chance as an input."""

    def token(self, octets: int) -> bytes:
        """So many octets nobody can guess."""

    def fraction(self) -> float:
        """A number in [0, 1), for spreading retries."""


class PinHasher(Protocol):
    """One-way PINs."""

    async def hashed(self, pin: str) -> str:
        """The PIN as it may be stored."""

    async def matches(self, pin: str, hashed: str | None) -> bool:
        """Whether the PIN is the one hashed; against None it takes as long, and is False."""


class Ear(Protocol):
    """Hears whether somebody spoke."""

    async def speech_s(self, pcm: bytes) -> float:
        """Seconds of speech in raw int16 samples at 8 kHz."""


class AudioStore(Protocol):
    """Sounds by name, whole or absent, immutable."""

    async def put(self, name: str, pcm: bytes) -> None:
        """Keep raw samples under a name, durable when this returns; the same name twice with
        the same sound is harmless."""

    async def local(self, name: str) -> Path:
        """A WAV file on this machine. Raises SoundUnavailable when there is no such sound."""

    async def delete(self, name: str) -> None:
        """Forget a sound; silent when it is gone already."""

    async def sweep(self) -> None:
        """Remove what interrupted writes left. Only while nothing is being written."""


class AudioFormats(Protocol):
    """Sound files in other formats."""

    async def encoded(self, wav: Path, attachment: Attachment) -> bytes:
        """The sound of a stored file as the octets of an attachment."""

    async def decoded(self, path: Path) -> bytes:
        """Raw samples of any sound file, levelled and faded. Raises SoundRefused."""


class Spool(Protocol):
    """Recordings under way, on a disk of this machine."""

    async def open(self, ticket: Ticket) -> Path:
        """Make the ticket durable, then tell where the recording goes."""

    async def read(self, id: str) -> bytes:
        """What was recorded, whole samples only; empty when nothing was."""

    async def remove(self, id: str) -> None:
        """Forget a recording and its ticket, the recording first; silent when gone."""

    async def tickets(self) -> tuple[Ticket, ...]:
        """The recordings on disk, oldest first. What has no readable ticket is set aside."""

    async def set_aside(self, id: str) -> None:
        """Move a recording nobody can be found for out of the way, never deleting it."""

    async def open_greeting(self, id: str) -> Path:
        """Where a greeting goes while it is recorded."""

    async def read_greeting(self, path: Path) -> bytes:
        """What was recorded of a greeting; empty when nothing was."""

    async def remove_greeting(self, path: Path) -> None:
        """Forget a greeting's recording; silent when gone."""

    async def sweep_greetings(self) -> None:
        """Forget every greeting's recording: a crash cancels them."""


class TaskKind(StrEnum):
    """What an e-mail is about."""

    MESSAGE = "message"  # a voice message, to its owner
    FAILURE = "failure"  # an e-mail that was given up, to the operator


@dataclass(frozen=True, slots=True)
class MailTask:
    """An e-mail that is due. `message` names the voice message it is about."""

    id: str
    """Makes the Message-ID, and the file name where e-mails are files."""
    kind: TaskKind
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


class MailStore(Protocol):
    """The outbox, in the same database as the messages."""

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
    ) -> None:
        """Note each recipient's reply, end the lease, and queue the notice of a failure.

        Deferred recipients are tried again at `retry`; None gives them up. The task is done when
        every recipient accepted, dead when none is left to try and one was not served. Does
        nothing when the lease was lost.
        """

    async def release(self, worker: str) -> None:
        """End every lease of a worker that is known to be gone."""

    async def next_due(self) -> datetime | None:
        """When something can next be claimed; None when nothing waits."""


class Reservation(StrEnum):
    """The answer to a request for a place in a mailbox."""

    TAKEN = "taken"
    FULL = "full"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Charge:
    """One wrong PIN counted against a subject: a mailbox or a caller's number."""

    subject: str
    threshold: int
    memory: timedelta
    """After this long without another, earlier ones no longer count."""


class Store(MailStore, Protocol):
    """Everything but the sound. Each method is one transaction."""

    async def add_mailbox(self, mailbox: Mailbox, pin_hash: str) -> None:
        """Raises MailboxExists."""

    async def mailboxes(self) -> tuple[Mailbox, ...]:
        """All of them, by number."""

    async def mailbox(self, number: str) -> Mailbox | None:
        """The mailbox with this number."""

    async def pin_hash(self, number: str) -> str | None:
        """The hashed PIN of a mailbox."""

    async def set_pin_hash(self, number: str, pin_hash: str) -> None:
        """Give a mailbox another PIN."""

    async def charge(self, charges: Sequence[Charge], now: datetime) -> bool:
        """Count a failure against each subject before a PIN is looked at.

        False, and nothing is counted, when one of them is locked already. Locks by
        `policy.lock_until`.
        """

    async def acquit(self, cleared: str, refunded: Sequence[str]) -> None:
        """The PIN was right: clear one subject, take one failure back from the others."""

    async def reserve(self, ticket: Ticket, node: str) -> Reservation:
        """Take a place if the messages out of the trash and the open deposits leave one."""

    async def release_place(self, id: str) -> None:
        """Give a place back."""

    async def places(self, node: str) -> tuple[str, ...]:
        """Ids of the places a node holds."""

    async def keep(self, message: Message, task: MailTask | None) -> None:
        """The message, its e-mail and the end of its reservation, together or not at all.

        Does nothing more than end the reservation when the message exists.
        """

    async def message(self, id: str) -> Message | None:
        """The message with this id, in the trash or not."""

    async def messages(self, number: str) -> tuple[Message, ...]:
        """The messages of a mailbox out of the trash, new ones first, then oldest first."""

    async def file(self, id: str, folder: Folder) -> None:
        """Put a message in a folder."""

    async def set_deleted(self, id: str, deleted: datetime | None) -> None:
        """Put a message in the trash, or take it out."""

    async def purgeable(self, before: datetime) -> tuple[Message, ...]:
        """Messages in the trash since before then, whose e-mail waits no more."""

    async def purge(self, id: str) -> None:
        """Forget a message for good."""

    async def greeting(self, number: str, kind: GreetingKind) -> Greeting | None:
        """The greeting of that kind."""

    async def set_greeting(self, greeting: Greeting) -> Greeting | None:
        """Replace the greeting of its kind; returns the one replaced."""

    async def erase_greeting(self, number: str, kind: GreetingKind) -> Greeting | None:
        """Remove the greeting of a kind; returns it."""

    async def forget_failures(self, before: datetime) -> None:
        """Forget wrong PINs whose last was before then."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An e-mail on its way: who it goes to now, and what."""

    id: str
    recipients: tuple[str, ...]
    mail: EmailMessage


class MailConnection(Protocol):
    """One conversation with whatever takes e-mail."""

    async def send(self, envelope: Envelope) -> Mapping[str, Reply]:
        """Hand an e-mail over; a reply for every recipient. Raises MailUnavailable."""


class MailTransport(Protocol):
    """Where e-mail goes."""

    def connection(self) -> AbstractAsyncContextManager[MailConnection]:
        """Connect, greet, sign in. Raises MailUnavailable."""
