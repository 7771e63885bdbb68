"""E-mails about conferences as their readers will see them, about people who were made up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from conference.conference import Conference, Invitee, Kind, Options, Role
from conference.happening import Began, Came, Departure, Ending, Member, Over, Recording, Went
from conference.history import retell
from conference.invitation import DialIn, Host, House, Invitations
from conference.letter import Letter, Wording, envelop
from conference.ports import Entry, MailDue, MailKind, Notes, Spoke
from conference.report import report
from conference.report_mail import report_letter
from vestibule.meetings.mail import conference_words

_WRITTEN = datetime(2027, 7, 1, 18, 5, tzinfo=UTC)
_SESSION = "01nq3sgv7kexamp1e0session0"
_STARTS = datetime(2027, 8, 3, 14, 0, tzinfo=UTC)


class Example(StrEnum):
    """E-mails about conferences."""

    INVITATION = "conference_invitation"
    CHANGED = "conference_changed"
    CANCELLED = "conference_cancelled"
    REPORT = "conference_report"


_KINDS = MappingProxyType(
    {
        Example.INVITATION: MailKind.INVITATION,
        Example.CHANGED: MailKind.CHANGED,
        Example.CANCELLED: MailKind.CANCELLED,
        Example.REPORT: MailKind.REPORT,
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
    """The e-mail of a kind, with the edited templates of a folder. Raises BadTemplate.

    That of a report comes without its PDF file, in which nothing can be edited.
    """
    due = MailDue(
        id=f"preview-{kind}",
        kind=_KINDS[kind],
        conference=_launch(language),
        invitee=_READERS[language],
        created=_WRITTEN,
        session=_SESSION,
    )
    words = conference_words(edited, forgiving=False)
    return envelop(_letter(due, words, sender), due, sender)


def _letter(due: MailDue, words: Wording, sender: str) -> Letter:
    if due.kind is MailKind.REPORT:
        told = report(retell(_held(due.conference)), due.invitee.language)
        return replace(report_letter(due, told, b"", words, recording=True), enclosures=())
    house = House("Quincaillerie Tremblay", sender, _NUMBERS, "https://telephone.example.org")
    return Invitations(house, words).letter(due, Host("Marc-André Gagné", "marc@example.org"))


def _launch(language: str) -> Conference:
    return Conference(
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


def _held(conference: Conference) -> Notes:
    """How it went: both were there for an hour."""
    people = [
        Member(each.id, each.name, each.role, each.language, each.id)
        for each in conference.invitees
    ]
    begin, end = _STARTS, _STARTS + timedelta(hours=1)
    entries = (
        *(Entry(begin, Came(each, inside=True)) for each in people),
        Entry(begin, Began(people[0].id)),
        Entry(begin, Recording(True)),
        *(Entry(end, Spoke(each.id, 600.0)) for each in people),
        *(Entry(end, Went(each, Departure.ENDED)) for each in people),
        Entry(end, Over(Ending.FINISHED)),
    )
    return Notes(_SESSION, conference, begin, end, entries)
