"""E-mails that become due, as rows: written in the transaction of what they tell about."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from conference.adapters import tables as t
from conference.adapters.documents import mail_text
from conference.ports import MailDue


def add_mail(connection: Connection, due: Sequence[MailDue]) -> None:
    """Let e-mails be due; one whose id is known already is not added again."""
    query = select(t.mail.c.id).where(t.mail.c.id.in_([each.id for each in due]))
    known = set(connection.scalars(query)) if due else set()
    for each in due:
        if each.id not in known:
            known.add(each.id)
            connection.execute(insert(t.mail).values(_row(each)))


def _row(due: MailDue) -> dict[str, object]:
    return {
        "id": due.id,
        "kind": due.kind.value,
        "conference": due.conference.id,
        "document": mail_text(due),
        "created": due.created,
        "due": due.created,
        "attempts": 0,
        "fault": "",
    }
