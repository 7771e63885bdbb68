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
from types import MappingProxyType
from typing import Protocol

from voicemail.message import (
    Attachment,
    Counts,
    Deed,
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

    async def read(self, name: str) -> bytes:
        """The WAV file itself; no copy of it is left anywhere. Raises SoundUnavailable."""

    async def written(self, name: str) -> datetime | None:
        """When a sound was last written, in UTC; None when it is gone."""

    async def set_aside(self, name: str) -> None:
        """Move a sound that belongs to nothing out of the way, never deleting it; silent when it
        is gone."""

    async def unclaimed(self) -> frozenset[str]:
        """Every sound that was set aside."""

    async def delete(self, name: str) -> None:
        """Forget a sound; silent when it is gone already."""

    async def names(self) -> frozenset[str]:
        """Every sound there is."""

    async def sweep(self) -> None:
        """Remove what interrupted writes left. Only while nothing is being written."""


class AudioFormats(Protocol):
    """Sound files in other formats."""

    async def encoded(
        self, wav: Path, attachment: Attachment, bit_rate: int | None = None
    ) -> bytes:
        """The sound of a stored file as the octets of an attachment.

        `bit_rate` is in bits a second, about, for MP3 and Opus; None for the usual one.
        """

    async def decoded(self, path: Path) -> bytes:
        """Raw samples of any sound file, levelled and faded. Raises SoundRefused."""


class Transcriber(Protocol):
    """Writes down what is said."""

    async def text(self, wav: Path, language: str) -> str:
        """What is said in a sound file, "" when nothing is. Raises TranscriberUnavailable."""


class Spool(Protocol):
    """Recordings under way, on a disk of this machine."""

    async def open(self, ticket: Ticket) -> Path:
        """Make the ticket durable, then tell where the recording goes."""

    async def read(self, id: str) -> bytes:
        """What was recorded, whole samples only; empty when nothing was."""

    async def amend(self, ticket: Ticket) -> None:
        """Replace the ticket of a recording by another of the same id, durably."""

    async def open_retake(self, id: str) -> Path:
        """Where a second take goes; one that was begun before is forgotten."""

    async def read_retake(self, id: str) -> bytes:
        """What was recorded of the second take; empty when nothing was."""

    async def accept_retake(self, id: str) -> None:
        """The second take replaces the first, at once and durably."""

    async def remove_retake(self, id: str) -> None:
        """Forget the second take; silent when there is none."""

    async def remove(self, id: str) -> None:
        """Forget a recording and its ticket, the recording first; silent when gone."""

    async def tickets(self) -> tuple[Ticket, ...]:
        """The recordings on disk, oldest first. What has no readable ticket is set aside."""

    async def set_aside(self, id: str) -> None:
        """Move a recording nobody can be found for out of the way, never deleting it."""

    async def waiting(self) -> frozenset[str]:
        """Ids of the recordings on disk, with a ticket or without. Changes nothing."""

    async def unclaimed(self) -> frozenset[str]:
        """Names of what was set aside."""

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


@dataclass(frozen=True, slots=True)
class Charged:
    """The answer to a charge."""

    admitted: bool
    """Whether the PIN may be looked at; otherwise nothing was counted."""
    locked_until: datetime | None = None
    """Until when the first subject is locked, if this failure is one."""


class Store(MailStore, Protocol):
    """Everything but the sound. Each method is one transaction."""

    async def add_mailbox(self, mailbox: Mailbox, pin_hash: str) -> None:
        """Raises MailboxExists."""

    async def update_mailbox(self, mailbox: Mailbox) -> bool:
        """Replace every setting of the mailbox with this number; False when there is none.

        Where it keeps messages on the server from then on, those on their way by e-mail are in it.
        """

    async def delete_mailbox(self, number: str) -> bool:
        """Forget a mailbox and its rows everywhere but in the history.

        False, and nothing is done, while it has a message: sounds and messages go before.
        """

    async def mailboxes(self) -> tuple[Mailbox, ...]:
        """All of them, by number."""

    async def mailbox(self, number: str) -> Mailbox | None:
        """The mailbox with this number."""

    async def pin_hash(self, number: str) -> str | None:
        """The hashed PIN of a mailbox."""

    async def set_pin_hash(self, number: str, pin_hash: str) -> None:
        """Give a mailbox another PIN."""

    async def charge(self, charges: Sequence[Charge], now: datetime) -> Charged:
        """Count a failure against each subject before a PIN is looked at.

        Not admitted, and nothing is counted, when one of them is locked already. Locks by
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

    async def keep(
        self,
        message: Message,
        task: MailTask | None,
        notices: Mapping[int, MailTask] = MappingProxyType({}),
    ) -> None:
        """The message, its e-mail and the end of its reservation, together or not at all.

        Of `notices`, that of the number of messages there are then is queued. Does nothing more
        than end the reservation when the message exists.
        """

    async def deliver(
        self,
        message: Message,
        task: MailTask | None,
        notices: Mapping[int, MailTask] = MappingProxyType({}),
    ) -> Reservation:
        """Put a message in a mailbox if there is a place, with its e-mail, as `keep` does."""

    async def message(self, id: str) -> Message | None:
        """The message with this id, in the trash or not."""

    async def messages(self, number: str) -> tuple[Message, ...]:
        """The messages listed in a mailbox: new ones first, urgent first, then oldest first."""

    async def all_messages(self, number: str) -> tuple[Message, ...]:
        """Every message of a mailbox, oldest first: listed, in the trash, on its way by e-mail."""

    async def counts(self, number: str) -> Counts:
        """What a mailbox holds now."""

    async def file(self, id: str, folder: Folder) -> None:
        """Put a message in a folder."""

    async def delete(self, id: str, now: datetime) -> None:
        """Put a message in the trash."""

    async def restore(self, id: str) -> bool:
        """Take a message out of the trash if there is a place for it; False when there is none."""

    async def retire(self, number: str, before: datetime, now: datetime) -> int:
        """Put in the trash the messages received before then that were heard; returns how many."""

    async def admit(self, id: str) -> None:
        """Put in its mailbox a message that was only to be e-mailed."""

    async def set_transcript(self, id: str, text: str) -> None:
        """Note what was said in a message."""

    async def purgeable(self, number: str, before: datetime) -> tuple[Message, ...]:
        """Messages of a mailbox in the trash since before then, whose e-mail waits no more."""

    async def stranded(self) -> tuple[Message, ...]:
        """Messages that are only to be e-mailed, and that no e-mail carries: nobody gets them."""

    async def spent(self) -> tuple[Message, ...]:
        """Messages that were only to be e-mailed, and were accepted for every recipient."""

    async def purge(self, id: str) -> None:
        """Forget a message for good."""

    async def greeting(self, number: str, kind: GreetingKind) -> Greeting | None:
        """The greeting of that kind."""

    async def set_greeting(self, greeting: Greeting) -> Greeting | None:
        """Replace the greeting of its kind; returns the one replaced."""

    async def erase_greeting(self, number: str, kind: GreetingKind) -> Greeting | None:
        """Remove the greeting of a kind; returns it."""

    async def end_greeting(
        self, number: str, kind: GreetingKind, until: datetime
    ) -> Greeting | None:
        """Say when a greeting stops being played; returns it as it is then, None for none."""

    async def forget_ended_greetings(self, now: datetime) -> tuple[Greeting, ...]:
        """Remove the greetings that are played no more; returns them."""

    async def greetings(self, number: str) -> tuple[Greeting, ...]:
        """Every greeting of a mailbox."""

    async def sounds(self) -> frozenset[str]:
        """The name of every sound that a message or a greeting has."""

    async def note(self, deed: Deed) -> None:
        """Write a line of the history."""

    async def history(self, number: str | None, most: int) -> tuple[Deed, ...]:
        """The last deeds, oldest first: of one mailbox, or of all."""

    async def forget_history(self, before: datetime) -> None:
        """Forget the deeds done before then."""

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

    @property
    def largest(self) -> int | None:
        """Octets of the largest e-mail the other side takes, where it said so."""

    async def send(self, envelope: Envelope) -> Mapping[str, Reply]:
        """Hand an e-mail over; a reply for every recipient. Raises MailUnavailable."""


class MailTransport(Protocol):
    """Where e-mail goes."""

    def connection(self) -> AbstractAsyncContextManager[MailConnection]:
        """Connect, greet, sign in. Raises MailUnavailable."""
