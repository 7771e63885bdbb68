"""Who gets a report on a session."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from conference.conference import Conference, Invitee, Role
from conference.history import Session
from conference.ports import MailDue, MailKind


def reports_due(session: Session, arranged: Conference, now: datetime) -> tuple[MailDue, ...]:
    """The e-mails that a session makes due once it is over: none where nobody was inside.

    `arranged` is the conference as it stands when the session ends: who was made an administrator
    meanwhile gets one too.
    """
    if not (session.took_place and arranged.options.reported):
        return ()
    kept = without_secrets(arranged)
    return tuple(
        MailDue(
            id=f"report-{session.id}-{invitee.id}",
            kind=MailKind.REPORT,
            conference=kept,
            invitee=invitee,
            created=now,
            session=session.id,
        )
        for invitee in _administrators(kept)
    )


def without_secrets(conference: Conference) -> Conference:
    """The same without the codes that let people in, and without the link that lets them listen:
    what is kept of a session outlives them."""
    return replace(
        conference,
        invitees=tuple(replace(each, code="") for each in conference.invitees),
        generic_codes=tuple(replace(each, code="") for each in conference.generic_codes),
        link="",
    )


def _administrators(conference: Conference) -> Iterator[Invitee]:
    """Whoever has an e-mail address, and each address once."""
    served: set[str] = set()
    for invitee in conference.invitees:
        address = invitee.email.casefold()
        if invitee.role is Role.ADMINISTRATOR and address and address not in served:
            served.add(address)
            yield invitee
