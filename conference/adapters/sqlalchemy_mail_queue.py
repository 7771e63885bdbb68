"""E-mails about conferences that are due, on SQLAlchemy.

Whoever takes one puts it off while they try, so that it is due again by itself should they die.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from conference.adapters import tables as t
from conference.adapters.documents import mail_text, read_mail
from conference.ports import MailDue, Undelivered
from storage.database import OnDatabase, in_transaction, on_view


class SqlAlchemyMailQueue(OnDatabase):
    """The e-mails, and what became of each."""

    @in_transaction
    def add(self, connection: Connection, due: Sequence[MailDue]) -> None:
        for each in due:
            queue(connection, each)

    @in_transaction
    def next(self, connection: Connection, now: datetime, held_until: datetime) -> MailDue | None:
        query = (
            select(t.mail.c.id, t.mail.c.document)
            .where(t.mail.c.due <= now)
            .order_by(t.mail.c.due, t.mail.c.id)
            .limit(1)
        )
        if self.database.skips_locked_rows:
            query = query.with_for_update(skip_locked=True)
        row = connection.execute(query).one_or_none()
        if row is None:
            return None
        held = {"due": held_until, "attempts": t.mail.c.attempts + 1}
        connection.execute(update(t.mail).where(t.mail.c.id == row.id).values(held))
        return read_mail(row.document)

    @in_transaction
    def sent(self, connection: Connection, id: str) -> None:
        # the document holds a code of the room, which nobody needs here any more
        _settle(connection, id, due=None, fault="", document="")

    @in_transaction
    def put_off(self, connection: Connection, id: str, until: datetime, why: str) -> None:
        _settle(connection, id, due=until, fault=why)

    @in_transaction
    def give_up(self, connection: Connection, id: str, why: str) -> None:
        _settle(connection, id, due=None, fault=why)

    @on_view
    def undelivered(self, connection: Connection, conference: str) -> tuple[Undelivered, ...]:
        kept = or_(t.mail.c.due.is_not(None), t.mail.c.fault != "")
        query = select(t.mail).where(t.mail.c.conference == conference, kept)
        rows = connection.execute(query.order_by(t.mail.c.created, t.mail.c.id)).all()
        return tuple([_undelivered(row) for row in rows])

    @in_transaction
    def forget(self, connection: Connection, before: datetime) -> None:
        old = delete(t.mail).where(t.mail.c.due.is_(None), t.mail.c.created < before)
        connection.execute(old)


def queue(connection: Connection, due: MailDue) -> None:
    """Let an e-mail be due within the caller's transaction, unless its id is known."""
    if connection.scalar(select(t.mail.c.id).where(t.mail.c.id == due.id)):
        return
    connection.execute(
        insert(t.mail).values(
            id=due.id,
            kind=due.kind.value,
            conference=due.conference.id,
            document=mail_text(due),
            created=due.created,
            due=due.created,
            attempts=0,
            fault="",
        )
    )


def _settle(connection: Connection, id: str, **values: object) -> None:
    connection.execute(update(t.mail).where(t.mail.c.id == id).values(values))


def _undelivered(row: Row[tuple[object, ...]]) -> Undelivered:
    due = read_mail(row.document)
    return Undelivered(due.kind, due.invitee, row.due, row.fault)
