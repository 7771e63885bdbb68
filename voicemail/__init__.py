"""The mailboxes: deposits, messages, greetings, owners' visits, and the e-mail that follows."""

from voicemail.entrance import Entrance
from voicemail.errors import (
    LockedOut,
    MailAccountRefused,
    MailboxExists,
    MailboxFull,
    MailboxRefused,
    MailboxUnknown,
    MailUnavailable,
    NothingSelected,
    SoundRefused,
    SoundUnavailable,
    StoreUnavailable,
    WrongPin,
    WrongSpool,
)
from voicemail.forwarding import NotAdded, OpenForward
from voicemail.greetings import NotEnded
from voicemail.listing import Move
from voicemail.mailboxes import Mailboxes, Ports
from voicemail.message import (
    Attachment,
    Deposit,
    Folder,
    Greeting,
    GreetingKind,
    Kept,
    Mailbox,
    Message,
    OpenGreeting,
    Ticket,
    TooShort,
)
from voicemail.notice import Notices
from voicemail.options import PinChange
from voicemail.outbox import OutboxWorker
from voicemail.visit import Nothing, Selected, Summary, Toggled, Visit

__all__ = [
    "Attachment",
    "Deposit",
    "Entrance",
    "Folder",
    "Greeting",
    "GreetingKind",
    "Kept",
    "LockedOut",
    "MailAccountRefused",
    "MailUnavailable",
    "Mailbox",
    "MailboxExists",
    "MailboxFull",
    "MailboxRefused",
    "MailboxUnknown",
    "Mailboxes",
    "Message",
    "Move",
    "NotAdded",
    "NotEnded",
    "Nothing",
    "NothingSelected",
    "Notices",
    "OpenForward",
    "OpenGreeting",
    "OutboxWorker",
    "PinChange",
    "Ports",
    "Selected",
    "SoundRefused",
    "SoundUnavailable",
    "StoreUnavailable",
    "Summary",
    "Ticket",
    "Toggled",
    "TooShort",
    "Visit",
    "WrongPin",
    "WrongSpool",
]
