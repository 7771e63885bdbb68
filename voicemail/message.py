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
    OPUS = "opus"
    ULAW = "ulaw"  # a WAV file too, half the size


class Folder(StrEnum):
    """Where a message lies. The trash is not a folder: a deleted message keeps its own."""

    NEW = "new"
    OLD = "old"
    WORK = "work"
    FAMILY = "family"
    FRIENDS = "friends"


class GreetingKind(StrEnum):
    """The greetings an owner may record."""

    UNAVAILABLE = "unavailable"
    BUSY = "busy"
    NAME = "name"
    TEMPORARY = "temporary"


class TreatmentKind(StrEnum):
    """Where a caller who does not wish to leave a message may go."""

    OPERATOR = "operator"
    LOGIN = "login"
    EXTENSION = "extension"
    FLOW = "flow"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Treatment:
    """What a key leads to while a message is left: written `operator`, `extension:102`..."""

    kind: TreatmentKind
    target: str = ""
    """The extension's number or the flow's name; "" for the other kinds."""

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.target}" if self.target else self.kind.value

    @classmethod
    def parse(cls, text: str) -> "Treatment":
        """Read what `str` writes. Raises ValueError, with what may be written."""
        kind, _, target = text.partition(":")
        needs_target = kind in (TreatmentKind.EXTENSION, TreatmentKind.FLOW)
        if kind not in set(TreatmentKind) or needs_target != bool(target):
            known = "operator, login, closed, extension:NUMBER or flow:NAME"
            raise ValueError(f"{text!r} is no call treatment: write {known}")
        return cls(TreatmentKind(kind), target)


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
    store_on_server: bool = True
    """False: a message is only e-mailed, and its sound deleted once every server accepted it."""
    zero: Treatment = Treatment(TreatmentKind.OPERATOR)
    star: Treatment = Treatment(TreatmentKind.LOGIN)
    envelope: bool = True
    """Whether each message begins with its caller, day and hour."""
    trust_own_phone: bool = False
    """Whether the owner's own telephone opens the box without a PIN."""
    can_send: bool = True
    """Whether the owner may reply and leave messages from within the box."""
    can_call_back: bool = False
    transcribe: bool = False
    trash_days: int = 30
    """How long a deleted message can still be brought back."""
    retention_days: int | None = None
    """After so many days a message that was heard goes to the trash; None keeps it."""
    welcomed: bool = False
    """Whether the owner has been through the first login."""

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
    urgent: bool = False
    in_box: bool = True
    """False while it is only on its way by e-mail: counted, but not listed."""
    forwarded_by: str = ""
    """Number of the mailbox whose owner forwarded it."""
    transcript: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a mailbox holds; the trash is left out."""

    new: int = 0
    old: int = 0
    """In every folder but the new messages'."""
    urgent_new: int = 0
    urgent_old: int = 0
    taken: int = 0
    """Places taken: listed, on their way by e-mail, and being left now."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What must survive a crash about a recording under way: it lies beside the sound."""

    id: str
    mailbox: str
    caller: Party
    started: datetime
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Deposit:
    """A place taken in a mailbox for the message a caller is about to leave."""

    ticket: Ticket
    name: str
    language: str
    max_s: int
    greeting: Path | None
    """The owner's recorded greeting, to be played first; None where there is none."""
    spoken_name: Path | None
    """The owner's name in their own voice, for the default greeting."""
    zero: Treatment
    star: Treatment
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
    until: datetime | None = None
    """When it stops being played, aware, in UTC; None for never."""


@dataclass(frozen=True, slots=True)
class OpenGreeting:
    """A greeting being recorded: where the sound goes, and for how long at most."""

    kind: GreetingKind
    spool: Path
    max_s: int


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the history: who did what to which mailbox, without content."""

    at: datetime
    actor: str
    """`owner`, `administrator NAME`, `program`, or `caller`: who could not show to be the owner."""
    action: str
    mailbox: str
    detail: str = ""
