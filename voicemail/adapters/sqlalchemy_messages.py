"""Messages, the places they take, and greetings, on SQLAlchemy."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    case,
    delete,
    func,
    insert,
    select,
    update,
)

from call.leg import Party
from storage.database import OnDatabase, in_transaction, on_view
from voicemail.adapters import tables as t
from voicemail.adapters.sqlalchemy_outbox import DONE, READY, queue
from voicemail.mail import MailTask, TaskKind
from voicemail.message import Counts, Folder, Greeting, GreetingKind, Message, Ticket
from voicemail.storage import Reservation

_NO_NOTICES: Mapping[int, MailTask] = MappingProxyType({})


class SqlAlchemyMessages(OnDatabase):
    """What lies in the mailboxes, and how much more may."""

    @in_transaction
    def reserve(self, connection: Connection, ticket: Ticket, node: str) -> Reservation:
        room = _room(connection, ticket.mailbox)
        if room is Reservation.TAKEN:
            place = {"id": ticket.id, "mailbox": ticket.mailbox, "opened": ticket.started}
            connection.execute(insert(t.deposit).values(place | {"node": node}))
        return room

    @in_transaction
    def release_place(self, connection: Connection, id: str) -> None:
        connection.execute(delete(t.deposit).where(t.deposit.c.id == id))

    @on_view
    def places(self, connection: Connection, node: str) -> tuple[str, ...]:
        query = select(t.deposit.c.id).where(t.deposit.c.node == node)
        return tuple(connection.scalars(query).all())

    @in_transaction
    def keep(
        self,
        connection: Connection,
        message: Message,
        task: MailTask | None,
        notices: Mapping[int, MailTask] = _NO_NOTICES,
    ) -> None:
        connection.execute(delete(t.deposit).where(t.deposit.c.id == message.id))
        _add(connection, message, task, notices)

    @in_transaction
    def deliver(
        self,
        connection: Connection,
        message: Message,
        task: MailTask | None,
        notices: Mapping[int, MailTask] = _NO_NOTICES,
    ) -> Reservation:
        room = _room(connection, message.mailbox)
        if room is Reservation.TAKEN:
            _add(connection, message, task, notices)
        return room

    @on_view
    def message(self, connection: Connection, id: str) -> Message | None:
        found = connection.execute(select(t.message).where(t.message.c.id == id))
        row = found.one_or_none()
        return None if row is None else _message(row)

    async def messages(self, number: str) -> tuple[Message, ...]:
        new_first = case((t.message.c.folder == Folder.NEW.value, 0), else_=1)
        urgent_first = case((t.message.c.urgent, 0), else_=1)
        order = (new_first, urgent_first, t.message.c.received, t.message.c.id)
        return await self._found(
            t.message.c.mailbox == number,
            t.message.c.deleted.is_(None),
            t.message.c.in_box,
            order=order,
        )

    async def all_messages(self, number: str) -> tuple[Message, ...]:
        return await self._found(t.message.c.mailbox == number)

    @on_view
    def counts(self, connection: Connection, number: str) -> Counts:
        is_new = t.message.c.folder == Folder.NEW.value
        query = (
            select(is_new, t.message.c.urgent, t.message.c.in_box, func.count())
            .where(t.message.c.mailbox == number, t.message.c.deleted.is_(None))
            .group_by(is_new, t.message.c.urgent, t.message.c.in_box)
        )
        rows = connection.execute(query).all()
        open_now = connection.scalar(_open_deposits(number)) or 0
        listed = [(bool(new), urgent, count) for new, urgent, in_box, count in rows if in_box]
        return Counts(
            new=sum(count for new, _, count in listed if new),
            old=sum(count for new, _, count in listed if not new),
            urgent_new=sum(count for new, urgent, count in listed if new and urgent),
            urgent_old=sum(count for new, urgent, count in listed if urgent and not new),
            taken=open_now + sum(row[-1] for row in rows),
        )

    async def file(self, id: str, folder: Folder) -> None:
        await self._change(id, folder=folder.value)

    async def delete(self, id: str, now: datetime) -> None:
        await self._change(id, deleted=now)

    async def admit(self, id: str) -> None:
        await self._change(id, in_box=True)

    async def set_transcript(self, id: str, text: str) -> None:
        await self._change(id, transcript=text)

    @in_transaction
    def restore(self, connection: Connection, id: str) -> bool:
        change = update(t.message).where(t.message.c.id == id).values(deleted=None)
        query = select(t.message).where(t.message.c.id == id)
        row = connection.execute(query).one_or_none()
        if row is None or row.deleted is None:
            return row is not None
        if _room(connection, row.mailbox) is not Reservation.TAKEN:
            return False
        connection.execute(change)
        return True

    @in_transaction
    def retire(self, connection: Connection, number: str, before: datetime, now: datetime) -> int:
        heard = t.message.c.folder != Folder.NEW.value
        stale = update(t.message).where(
            t.message.c.mailbox == number,
            t.message.c.received < before,
            t.message.c.deleted.is_(None),
            t.message.c.in_box,
            heard,
        )
        return connection.execute(stale.values(deleted=now)).rowcount

    async def purgeable(self, number: str, before: datetime) -> tuple[Message, ...]:
        waiting = select(t.outbox.c.message).where(t.outbox.c.state == READY)
        return await self._found(
            t.message.c.mailbox == number,
            t.message.c.deleted < before,
            t.message.c.id.not_in(waiting),
        )

    async def stranded(self) -> tuple[Message, ...]:
        carried = select(t.outbox.c.message).where(
            t.outbox.c.state.in_((READY, DONE)), t.outbox.c.kind == TaskKind.MESSAGE.value
        )
        return await self._found(~t.message.c.in_box, t.message.c.id.not_in(carried))

    async def spent(self) -> tuple[Message, ...]:
        delivered = select(t.outbox.c.message).where(
            t.outbox.c.state == DONE, t.outbox.c.kind == TaskKind.MESSAGE.value
        )
        return await self._found(~t.message.c.in_box, t.message.c.id.in_(delivered))

    @in_transaction
    def purge(self, connection: Connection, id: str) -> None:
        connection.execute(delete(t.message).where(t.message.c.id == id))

    @on_view
    def greeting(self, connection: Connection, number: str, kind: GreetingKind) -> Greeting | None:
        return _greeting(connection, number, kind)

    @on_view
    def greetings(self, connection: Connection, number: str) -> tuple[Greeting, ...]:
        query = select(t.greeting).where(t.greeting.c.mailbox == number)
        rows = connection.execute(query.order_by(t.greeting.c.kind))
        return tuple(_read_greeting(row) for row in rows.all())

    @in_transaction
    def set_greeting(self, connection: Connection, greeting: Greeting) -> Greeting | None:
        replaced = _greeting(connection, greeting.mailbox, greeting.kind)
        _remove_greeting(connection, greeting.mailbox, greeting.kind)
        connection.execute(
            insert(t.greeting).values(
                mailbox=greeting.mailbox,
                kind=greeting.kind.value,
                sound=greeting.sound,
                duration_s=greeting.duration_s,
                kept=greeting.kept,
                until=greeting.until,
            )
        )
        return replaced

    @in_transaction
    def erase_greeting(
        self, connection: Connection, number: str, kind: GreetingKind
    ) -> Greeting | None:
        erased = _greeting(connection, number, kind)
        _remove_greeting(connection, number, kind)
        return erased

    @in_transaction
    def end_greeting(
        self, connection: Connection, number: str, kind: GreetingKind, until: datetime
    ) -> Greeting | None:
        change = update(t.greeting).where(
            t.greeting.c.mailbox == number, t.greeting.c.kind == kind.value
        )
        connection.execute(change.values(until=until))
        return _greeting(connection, number, kind)

    @in_transaction
    def forget_ended_greetings(self, connection: Connection, now: datetime) -> tuple[Greeting, ...]:
        ended = t.greeting.c.until <= now
        rows = connection.execute(select(t.greeting).where(ended)).all()
        connection.execute(delete(t.greeting).where(ended))
        return tuple(_read_greeting(row) for row in rows)

    @on_view
    def sounds(self, connection: Connection) -> frozenset[str]:
        messages = connection.scalars(select(t.message.c.sound)).all()
        greetings = connection.scalars(select(t.greeting.c.sound)).all()
        return frozenset(messages) | frozenset(greetings)

    @in_transaction
    def _change(self, connection: Connection, /, id: str, **values: object) -> None:
        connection.execute(update(t.message).where(t.message.c.id == id).values(**values))

    @on_view
    def _found(
        self,
        connection: Connection,
        *conditions: ColumnElement[bool],
        order: tuple[ColumnElement[object], ...] = (t.message.c.received, t.message.c.id),
    ) -> tuple[Message, ...]:
        query = select(t.message).where(*conditions).order_by(*order)
        return tuple(_message(row) for row in connection.execute(query).all())


def _open_deposits(number: str) -> Select[int]:
    return select(func.count()).where(t.deposit.c.mailbox == number)


def _kept(number: str) -> Select[int]:
    """Messages out of the trash, those on their way by e-mail included."""
    return select(func.count()).where(t.message.c.mailbox == number, t.message.c.deleted.is_(None))


def _room(connection: Connection, number: str) -> Reservation:
    """Whether one message more fits; the mailbox is locked until the transaction ends."""
    query = select(t.mailbox.c.max_messages).where(t.mailbox.c.number == number)
    most: int | None = connection.scalar(query.with_for_update())
    if most is None:
        return Reservation.UNKNOWN
    kept = connection.scalar(_kept(number)) or 0
    open_now = connection.scalar(_open_deposits(number)) or 0
    return Reservation.FULL if kept + open_now >= most else Reservation.TAKEN


def _add(
    connection: Connection,
    message: Message,
    task: MailTask | None,
    notices: Mapping[int, MailTask],
) -> None:
    """A message with its e-mail and the notice its number calls for, unless it is there."""
    query = select(t.message.c.id).where(t.message.c.id == message.id)
    if connection.scalar(query) is not None:
        return
    connection.execute(insert(t.message).values(_message_row(message)))
    due = [task] if task is not None else []
    if notices:
        notice = notices.get(connection.scalar(_kept(message.mailbox)) or 0)
        due += [notice] if notice is not None else []
    for each in due:
        queue(connection, each)


def _greeting(connection: Connection, number: str, kind: GreetingKind) -> Greeting | None:
    query = select(t.greeting).where(
        t.greeting.c.mailbox == number, t.greeting.c.kind == kind.value
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _read_greeting(row)


def _read_greeting(row: Row[tuple[object, ...]]) -> Greeting:
    return Greeting(
        row.mailbox, GreetingKind(row.kind), row.sound, row.duration_s, row.kept, row.until
    )


def _remove_greeting(connection: Connection, number: str, kind: GreetingKind) -> None:
    connection.execute(
        delete(t.greeting).where(t.greeting.c.mailbox == number, t.greeting.c.kind == kind.value)
    )


def _message_row(message: Message) -> dict[str, object]:
    return {
        "id": message.id,
        "mailbox": message.mailbox,
        "caller_number": message.caller.number,
        "caller_name": message.caller.name,
        "received": message.received,
        "duration_s": message.duration_s,
        "sound": message.sound,
        "folder": message.folder.value,
        "deleted": message.deleted,
        "urgent": message.urgent,
        "in_box": message.in_box,
        "forwarded_by": message.forwarded_by,
        "transcript": message.transcript,
    }


def _message(row: Row[tuple[object, ...]]) -> Message:
    return Message(
        id=row.id,
        mailbox=row.mailbox,
        caller=Party(row.caller_number, row.caller_name),
        received=row.received,
        duration_s=row.duration_s,
        sound=row.sound,
        folder=Folder(row.folder),
        deleted=row.deleted,
        urgent=row.urgent,
        in_box=row.in_box,
        forwarded_by=row.forwarded_by,
        transcript=row.transcript,
    )
