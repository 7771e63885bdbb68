"""What was arranged, on SQLAlchemy."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from conference.adapters import tables as t
from conference.adapters.documents import conference_text, read_conference
from conference.adapters.sqlalchemy_mail_queue import queue
from conference.conference import Conference
from conference.errors import RoomTaken
from conference.ports import Changed
from storage.database import OnDatabase, in_transaction, on_view


class SqlAlchemyBook(OnDatabase):
    """Every conference that was arranged."""

    @on_view
    def all(self, connection: Connection) -> tuple[Conference, ...]:
        query = select(t.conference.c.document).order_by(t.conference.c.room, t.conference.c.id)
        return tuple(read_conference(text) for text in connection.scalars(query))

    @on_view
    def get(self, connection: Connection, id: str) -> Conference | None:
        query = select(t.conference.c.document).where(t.conference.c.id == id)
        return _read(connection.scalar(query))

    @on_view
    def in_room(self, connection: Connection, room: str) -> Conference | None:
        query = select(t.conference.c.document).where(t.conference.c.holds == room)
        return _read(connection.scalar(query))

    @in_transaction
    def change(
        self,
        connection: Connection,
        id: str,
        change: Callable[[Conference | None], Changed],
        now: datetime,
    ) -> Conference | None:
        row = select(t.conference.c.document).where(t.conference.c.id == id)
        before = connection.scalar(row.with_for_update())
        after = change(_read(before))
        if after.conference is None:
            connection.execute(delete(t.conference).where(t.conference.c.id == id))
        else:
            _put(connection, after.conference, now, is_new=before is None)
        for due in after.mail:
            queue(connection, due)
        return after.conference


def _read(text: str | None) -> Conference | None:
    return None if text is None else read_conference(text)


def _put(connection: Connection, conference: Conference, now: datetime, *, is_new: bool) -> None:
    values = {
        "room": conference.room,
        "holds": conference.room if _takes_room(connection, conference, now) else None,
        "closes": conference.closes_at,
        "document": conference_text(conference),
    }
    there = t.conference.c.id == conference.id
    try:
        if is_new:
            connection.execute(insert(t.conference).values(id=conference.id, **values))
        else:  # the row stays the same one, for whoever waits for it
            connection.execute(update(t.conference).where(there).values(values))
    except IntegrityError as fault:  # somebody took the room in the same instant
        raise RoomTaken(_taken(conference.room)) from fault


def _takes_room(connection: Connection, conference: Conference, now: datetime) -> bool:
    """Whether a conference has its room from now on. Raises RoomTaken."""
    others = t.conference.c.id != conference.id
    holder = and_(t.conference.c.holds == conference.room, others)
    row = connection.execute(select(t.conference.c.closes).where(holder)).one_or_none()
    if row is None:
        return True
    if conference.is_over(now):
        return False
    if row.closes is None or row.closes > now:
        raise RoomTaken(_taken(conference.room))
    connection.execute(update(t.conference).where(holder).values(holds=None))
    return True


def _taken(room: str) -> str:
    return f"room: another conference has {room}; name another room, or none to be given one"
