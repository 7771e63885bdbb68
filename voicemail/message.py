"""The values of the trade: mailboxes, messages, deposits, greetings."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from call.leg import Party


class Attachment(StrEnum):
    """The format in which a message travels by e-mail."""

    WAV = "wav"
    MP3 = "mp3"


class Folder(StrEnum):
    """Where a message lies. The trash is not a folder: a deleted message keeps its own."""

    NEW = "new"
    OLD = "old"
    SAVED = "saved"


class GreetingKind(StrEnum):
    """The greetings an owner may record."""

    UNAVAILABLE = "unavailable"
    BUSY = "busy"
    NAME = "name"
    TEMPORARY = "temporary"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A numbered box and how it behaves. Its PIN is never part of it."""

    number: str
    name: str
    language: str = "fr"
    addresses: tuple[str, ...] = ()
    """Where messages are mailed to."""
    zone: str = "America/Toronto"
    """IANA time zone in which the owner reads and hears instants."""
    max_message_s: int = 180
    min_speech_s: float = 1.0
    """A recording with less speech than this is not a message."""
    max_messages: int = 100
    attachment: Attachment = Attachment.WAV

    def local(self, instant: datetime) -> datetime:
        """The instant as the owner's clock shows it."""
        return instant.astimezone(ZoneInfo(self.zone))


@dataclass(frozen=True, slots=True)
class Message:
    """A recording somebody left, with its envelope."""

    id: str
    mailbox: str
    caller: Party
    received: datetime
    """When the recording began, aware, in UTC."""
    duration_s: float
    sound: str
    """Its name in the audio store."""
    folder: Folder = Folder.NEW
    deleted: datetime | None = None
    """When it was put in the trash; None when it is not there."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What must survive a crash about a recording under way: it lies beside the sound."""

    id: str
    mailbox: str
    caller: Party
    started: datetime


@dataclass(frozen=True, slots=True)
class Deposit:
    """A place taken in a mailbox for the message a caller is about to leave."""

    ticket: Ticket
    name: str
    language: str
    max_s: int
    greeting: Path | None
    """The owner's recorded greeting, to be played first; None where there is none."""
    spool: Path
    """Where the recording goes: raw int16 samples."""

    @property
    def id(self) -> str:
        """Becomes the id of the message."""
        return self.ticket.id


@dataclass(frozen=True, slots=True)
class Kept:
    """The deposit is a message now: on disk, in the box, and its e-mail is due."""

    message: Message


@dataclass(frozen=True, slots=True)
class TooShort:
    """Too little was said: nothing is kept and nobody is told."""

    speech_s: float


@dataclass(frozen=True, slots=True)
class Greeting:
    """A greeting an owner recorded."""

    mailbox: str
    kind: GreetingKind
    sound: str
    """Its name in the audio store; a new recording has a new name."""
    duration_s: float
    kept: datetime


@dataclass(frozen=True, slots=True)
class OpenGreeting:
    """A greeting being recorded: where the sound goes, and for how long at most."""

    kind: GreetingKind
    spool: Path
    max_s: int
