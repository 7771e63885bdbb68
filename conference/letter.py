"""An e-mail about a conference, and the form in which it goes out.

The same letter gives the same e-mail whenever it is composed, Message-ID and date included, so
that a server or a reader can recognise a second copy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Protocol
from zoneinfo import ZoneInfo

from call.mail import WRITTEN
from conference.ports import MailDue


class Wording(Protocol):
    """Templates, each of which an administrator may have edited."""

    def text(self, name: str, words: Mapping[str, object]) -> str:
        """A template with its words."""

    def line(self, name: str, words: Mapping[str, object]) -> str:
        """A template as one line, its spaces single."""


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """An iCalendar object (RFC 5545), and what it asks of the reader (RFC 5546)."""

    method: str
    """REQUEST or CANCEL."""
    octets: bytes


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes along."""

    name: str
    octets: bytes
    subtype: str = "pdf"
    """Of `application`."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What an e-mail says."""

    subject: str
    text: str
    html: str
    language: str
    calendar: CalendarFile | None = None
    enclosures: tuple[Enclosure, ...] = ()
    reply_to: str = ""
    """Who answers where somebody writes back; "" for nobody."""


def envelop(letter: Letter, due: MailDue, sender: str) -> EmailMessage:
    """The e-mail of a letter, as it goes out."""
    mail = EmailMessage(policy=WRITTEN)
    mail["From"] = sender
    mail["To"] = addressed(due.invitee.name, due.invitee.email)
    if letter.reply_to:
        mail["Reply-To"] = letter.reply_to
    mail["Subject"] = letter.subject
    mail["Message-ID"] = f"<{due.id}@{domain_of(sender)}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    mail["Date"] = format_datetime(_local(due.created, due.conference.zone))
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    if letter.calendar is not None:
        _attach_calendar(mail, letter.calendar)
    for each in letter.enclosures:
        mail.add_attachment(
            each.octets, maintype="application", subtype=each.subtype, filename=each.name
        )
    mail["Content-Language"] = letter.language  # last: each part added takes such fields over
    return mail


def addressed(name: str, email: str) -> Address | str:
    """An address with the name before it, where both can stand in a header."""
    try:
        return Address(" ".join(name.split()), addr_spec=email)
    except ValueError:  # an address that only a server may judge
        return email


def domain_of(sender: str) -> str:
    """What stands after the @ of ids that we make."""
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def _local(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone))


def _attach_calendar(mail: EmailMessage, calendar: CalendarFile) -> None:
    """Twice: as an alternative, which calendar programs act on, and as a file, for all others."""
    mail.add_alternative(
        calendar.octets.decode(),
        subtype="calendar",
        cte="base64",
        params={"method": calendar.method},  # RFC 6047 §2.4
    )
    name = "invitation.ics" if calendar.method == "REQUEST" else "annulation.ics"
    mail.add_attachment(calendar.octets, maintype="application", subtype="ics", filename=name)
