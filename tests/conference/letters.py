"""Invitations as a company writes them, and how a test reads them."""

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from conference.conference import Conference, Invitee, Kind, Options, Role
from conference.invitation import DialIn, Host, House, Invitations
from conference.letter import Letter, envelop
from conference.ports import MailDue, MailKind
from vestibule.meetings.mail import conference_words

WORDING = conference_words(None, forgiving=False)
SENDER = "Vestibule <conferences@example.org>"
NUMBERS = (
    DialIn("514 555-0199", {"fr": "Montréal", "en": "Montréal"}),
    DialIn("1 800 555-0199", {"fr": "sans frais", "en": "toll-free"}),
)
HOUSE = House("Quincaillerie Tremblay", SENDER, NUMBERS, "https://tel.example.org/")
HOST = Host("Marc-André Gagné", "marc@example.org")

ELISE = Invitee("e", "Élise Côté", "elise@example.org", Role.ADMINISTRATOR, "fr", "1750")
WILLIAM = Invitee("w", "William Roy", "william@example.com", Role.PARTICIPANT, "en", "2863")

WEEKLY = Conference("c0ffee", "4321", "Réunion du lundi", invitees=(ELISE, WILLIAM))
LAUNCH = replace(
    WEEKLY,
    title="Lancement",
    kind=Kind.SINGLE_USE,
    starts_at=datetime(2027, 8, 3, 14, 0, tzinfo=UTC),
    planned=timedelta(minutes=90),
)

CREATED = datetime(2027, 7, 30, 20, 15, tzinfo=UTC)


def due(
    conference: Conference = LAUNCH,
    invitee: Invitee = ELISE,
    kind: MailKind = MailKind.INVITATION,
    id: str = "m1",
) -> MailDue:
    return MailDue(id, kind, conference, invitee, CREATED)


def letter(
    conference: Conference = LAUNCH,
    invitee: Invitee = ELISE,
    kind: MailKind = MailKind.INVITATION,
    house: House = HOUSE,
    host: Host = HOST,
) -> Letter:
    return Invitations(house, WORDING).letter(due(conference, invitee, kind), host)


def mail(
    conference: Conference = LAUNCH,
    invitee: Invitee = ELISE,
    kind: MailKind = MailKind.INVITATION,
) -> EmailMessage:
    """The e-mail as its reader has it, from the octets that went out."""
    octets = envelop(letter(conference, invitee, kind), due(conference, invitee, kind), SENDER)
    return read(octets.as_bytes())


def read(octets: bytes) -> EmailMessage:
    assert octets.isascii()
    got = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(got, EmailMessage)
    assert got.defects == []
    return got


def with_options(conference: Conference, **chosen: bool) -> Conference:
    link = "q7Xk2" if chosen.get("streamed") else ""
    return replace(conference, options=replace(Options(), **chosen), link=link)
