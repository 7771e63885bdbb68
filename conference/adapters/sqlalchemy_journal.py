"""What happened in each session, on SQLAlchemy.

When a session closes, by its entry of Over or after a crash, its reports become due in the same
transaction: no session ends without them, and none is reported on twice.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from conference.adapters import tables as t
from conference.adapters.documents import conference_text, read_conference
from conference.adapters.entries import SPOKE, entry_kind, entry_text, read_entry
from conference.adapters.sqlalchemy_mail_queue import queue
from conference.conference import Conference
from conference.happening import Over
from conference.history import retell
from conference.ports import Entry, Notes
from conference.reporting import reports_due, without_secrets
from storage.database import OnDatabase, in_transaction, on_view


class SqlAlchemyJournal(OnDatabase):
    """Every session that is held, or that was."""

    @in_transaction
    def begin(
        self, connection: Connection, session: str, conference: Conference, at: datetime
    ) -> None:
        if connection.scalar(select(t.session.c.id).where(t.session.c.id == session)):
            return  # told once more by somebody who did not learn that it was kept
        connection.execute(
            insert(t.session).values(
                id=session,
                conference=conference.id,
                room=conference.room,
                title=conference.title,
                language=conference.language,
                document=conference_text(without_secrets(conference)),
                began=at,
                ended=None,
            )
        )

    @in_transaction
    def note(self, connection: Connection, session: str, entries: Sequence[Entry]) -> None:
        row = select(t.session.c.id).where(t.session.c.id == session)
        connection.execute(row.with_for_update())  # who notes at the same time counts on from us
        last = select(func.max(t.entry.c.number)).where(t.entry.c.session == session)
        first = (connection.scalar(last) or 0) + 1
        rows = [
            {
                "session": session,
                "number": number,
                "at": entry.at,
                "kind": entry_kind(entry.what),
                "document": entry_text(entry.what),
            }
            for number, entry in enumerate(entries, start=first)
        ]
        if rows:
            connection.execute(insert(t.entry), rows)
        over = next((each.at for each in entries if isinstance(each.what, Over)), None)
        if over is not None:
            _close(connection, session, over)

    @on_view
    def held(self, connection: Connection, session: str) -> Notes | None:
        return _notes(connection, session)

    @on_view
    def over(
        self, connection: Connection, *, conference: str = "", room: str = "", most: int = 0
    ) -> tuple[Notes, ...]:
        query = select(t.session).where(t.session.c.ended.is_not(None))
        if conference:
            query = query.where(t.session.c.conference == conference)
        if room:
            query = query.where(t.session.c.room == room)
        query = query.order_by(t.session.c.began.desc(), t.session.c.id.desc())
        return _many(connection, query.limit(most) if most else query)

    @on_view
    def left_open(self, connection: Connection) -> tuple[Notes, ...]:
        query = select(t.session).where(t.session.c.ended.is_(None)).order_by(t.session.c.began)
        return _many(connection, query)

    @in_transaction
    def cut_off(self, connection: Connection, session: str, at: datetime) -> None:
        _close(connection, session, at)

    @in_transaction
    def forget(self, connection: Connection, before: datetime) -> int:
        old = select(t.session.c.id).where(t.session.c.ended < before)
        connection.execute(delete(t.entry).where(t.entry.c.session.in_(old)))
        return connection.execute(delete(t.session).where(t.session.c.ended < before)).rowcount


def _close(connection: Connection, session: str, at: datetime) -> None:
    """Close a session that is open, and let its reports be due."""
    still_open = (t.session.c.id == session, t.session.c.ended.is_(None))
    closed = connection.execute(update(t.session).where(*still_open).values(ended=at))
    if not closed.rowcount:
        return
    (notes,) = _many(connection, select(t.session).where(t.session.c.id == session))
    known = connection.scalar(
        select(t.conference.c.document).where(t.conference.c.id == notes.conference.id)
    )
    arranged = notes.conference if known is None else read_conference(known)
    for due in reports_due(retell(notes), arranged, at):
        queue(connection, due)


def _notes(connection: Connection, session: str) -> Notes | None:
    row = connection.execute(select(t.session).where(t.session.c.id == session)).one_or_none()
    if row is None:
        return None
    query = select(t.entry).where(t.entry.c.session == session).order_by(t.entry.c.number)
    return _read(row, connection.execute(query).all())


def _many(connection: Connection, query: Select[tuple[object, ...]]) -> tuple[Notes, ...]:
    """Sessions with what happened there, but for when who spoke: that is most of it."""
    sessions = connection.execute(query).all()
    wanted = query.with_only_columns(t.session.c.id).subquery()
    entries: dict[str, list[Row[tuple[object, ...]]]] = {row.id: [] for row in sessions}
    for row in connection.execute(
        select(t.entry)
        .where(t.entry.c.session.in_(select(wanted.c.id)), t.entry.c.kind != SPOKE)
        .order_by(t.entry.c.session, t.entry.c.number)
    ):
        entries[row.session].append(row)
    return tuple(_read(row, entries[row.id]) for row in sessions)


def _read(row: Row[tuple[object, ...]], rows: Sequence[Row[tuple[object, ...]]]) -> Notes:
    told = ((each.at, read_entry(each.kind, each.document)) for each in rows)
    return Notes(
        id=row.id,
        conference=read_conference(row.document),
        began=row.began,
        ended=row.ended,
        entries=tuple(Entry(at, what) for at, what in told if what is not None),
    )
