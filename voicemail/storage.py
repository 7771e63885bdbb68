"""The port to the database. Every method is one transaction, and raises only StoreUnavailable
besides what it names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from voicemail.mail import MailStore, MailTask
from voicemail.message import Counts, Deed, Folder, Greeting, GreetingKind, Mailbox, Message, Ticket


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
