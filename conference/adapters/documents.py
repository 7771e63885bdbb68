"""Conferences and their e-mails as text, as the database keeps them."""

from pydantic import TypeAdapter

from conference.conference import Conference
from conference.ports import MailDue

_CONFERENCE = TypeAdapter(Conference)
_MAIL = TypeAdapter(MailDue)


def conference_text(conference: Conference) -> str:
    """What was arranged, as JSON."""
    return _CONFERENCE.dump_json(conference).decode()


def read_conference(text: str) -> Conference:
    """What `conference_text` wrote; what an older program did not write has its default."""
    return _CONFERENCE.validate_json(text)


def mail_text(due: MailDue) -> str:
    """An e-mail that is due, as JSON."""
    return _MAIL.dump_json(due).decode()


def read_mail(text: str) -> MailDue:
    """What `mail_text` wrote."""
    return _MAIL.validate_json(text)
