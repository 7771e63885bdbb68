"""E-mails about conferences as their readers will see them, about people who were made up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from conference.conference import Conference, Invitee, Kind, Options, Role
from conference.invitation import DialIn, Host, House, Invitations
from conference.letter import envelop
from conference.ports import MailDue, MailKind
from vestibule.meetings.mail import conference_words

_WRITTEN = datetime(2027, 7, 1, 18, 5, tzinfo=UTC)
_STARTS = datetime(2027, 8, 3, 14, 0, tzinfo=UTC)


class Example(StrEnum):
    """E-mails about conferences."""

    INVITATION = "conference_invitation"
    CHANGED = "conference_changed"
    CANCELLED = "conference_cancelled"


_KINDS = MappingProxyType(
    {
        Example.INVITATION: MailKind.INVITATION,
        Example.CHANGED: MailKind.CHANGED,
        Example.CANCELLED: MailKind.CANCELLED,
    }
)

_READERS = MappingProxyType(
    {
        "fr": Invitee("1", "Élise Côté", "elise@example.org", Role.ADMINISTRATOR, "fr", "1750"),
        "en": Invitee("2", "William Roy", "william@example.org", Role.PARTICIPANT, "en", "2863"),
    }
)

_TITLES = MappingProxyType({"fr": "Lancement d'automne", "en": "Autumn launch"})

_NUMBERS = (
    DialIn("514 555-0199", {"fr": "Montréal", "en": "Montréal"}),
    DialIn("1 800 555-0199", {"fr": "sans frais", "en": "toll-free"}),
)


def preview(kind: Example, language: str, sender: str, edited: Path | None) -> EmailMessage:
    """The e-mail of a kind, with the edited templates of a folder. Raises BadTemplate."""
    house = House("Quincaillerie Tremblay", sender, _NUMBERS, "https://telephone.example.org")
    conference = Conference(
        "preview",
        "4321",
        _TITLES[language],
        Kind.SINGLE_USE,
        starts_at=_STARTS,
        planned=timedelta(minutes=90),
        options=replace(Options(), recorded=True, streamed=True),
        invitees=tuple(_READERS.values()),
        link="q7xk2c",
    )
    due = MailDue(f"preview-{kind}", _KINDS[kind], conference, _READERS[language], _WRITTEN)
    words = conference_words(edited, forgiving=False)
    letter = Invitations(house, words).letter(due, Host("Marc-André Gagné", "marc@example.org"))
    return envelop(letter, due, sender)
