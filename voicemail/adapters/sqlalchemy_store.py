"""The store on SQLAlchemy: SQLite or PostgreSQL, one transaction a method."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Row, case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from call.leg import Party
from voicemail.adapters import tables as t
from voicemail.adapters.sqlalchemy_outbox import SqlAlchemyOutbox, queue
from voicemail.errors import MailboxExists
from voicemail.message import (
    Attachment,
    Folder,
    Greeting,
    GreetingKind,
    Mailbox,
    Message,
    Ticket,
)
from voicemail.policy import lock_until
from voicemail.ports import Charge, MailTask, Reservation

_SETTINGS = (
    "number",
    "name",
    "language",
    "zone",
    "max_message_s",
    "min_speech_s",
    "max_messages",
)


class SqlAlchemyStore(SqlAlchemyOutbox):
    """Mailboxes, messages, greetings and failures, with the outbox in the same database."""

    async def add_mailbox(self, mailbox: Mailbox, pin_hash: str) -> None:
        row = {field: getattr(mailbox, field) for field in _SETTINGS}
        row |= {"attachment": mailbox.attachment.value, "pin_hash": pin_hash}
        async with self._database.transaction() as connection:
            try:
                await connection.execute(insert(t.mailbox).values(row))
            except IntegrityError as fault:
                raise MailboxExists(mailbox.number) from fault
            for position, address in enumerate(mailbox.addresses):
                await connection.execute(
                    insert(t.address).values(
                        mailbox=mailbox.number, position=position, address=address
                    )
                )

    async def mailboxes(self) -> tuple[Mailbox, ...]:
        async with self._database.reading() as connection:
            rows = await connection.execute(select(t.mailbox).order_by(t.mailbox.c.number))
            addresses = await _addresses(connection)
            return tuple(_mailbox(row, addresses) for row in rows.all())

    async def mailbox(self, number: str) -> Mailbox | None:
        async with self._database.reading() as connection:
            found = await connection.execute(select(t.mailbox).where(t.mailbox.c.number == number))
            row = found.one_or_none()
            return None if row is None else _mailbox(row, await _addresses(connection, number))

    async def pin_hash(self, number: str) -> str | None:
        async with self._database.reading() as connection:
            query = select(t.mailbox.c.pin_hash).where(t.mailbox.c.number == number)
            found: str | None = await connection.scalar(query)
            return found

    async def set_pin_hash(self, number: str, pin_hash: str) -> None:
        async with self._database.transaction() as connection:
            change = update(t.mailbox).where(t.mailbox.c.number == number)
            await connection.execute(change.values(pin_hash=pin_hash))

    async def charge(self, charges: Sequence[Charge], now: datetime) -> bool:
        async with self._database.transaction() as connection:
            counted = []
            for charge in charges:
                query = select(t.failure).where(t.failure.c.subject == charge.subject)
                row = (await connection.execute(query.with_for_update())).one_or_none()
                if row is not None and row.locked_until is not None and row.locked_until > now:
                    return False
                recent = row is not None and now - row.last <= charge.memory
                counted.append((charge, row.failures + 1 if row is not None and recent else 1))
            for charge, failures in counted:
                await _record_failure(connection, charge, failures, now)
            return True

    async def acquit(self, cleared: str, refunded: Sequence[str]) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(delete(t.failure).where(t.failure.c.subject == cleared))
            await connection.execute(
                update(t.failure)
                .where(t.failure.c.subject.in_(refunded))
                .values(failures=t.failure.c.failures - 1, locked_until=None)
            )

    async def forget_failures(self, before: datetime) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(delete(t.failure).where(t.failure.c.last < before))

    async def reserve(self, ticket: Ticket, node: str) -> Reservation:
        async with self._database.transaction() as connection:
            query = select(t.mailbox.c.max_messages).where(t.mailbox.c.number == ticket.mailbox)
            most: int | None = await connection.scalar(query.with_for_update())
            if most is None:
                return Reservation.UNKNOWN
            if await _taken(connection, ticket.mailbox) >= most:
                return Reservation.FULL
            place = {"id": ticket.id, "mailbox": ticket.mailbox, "opened": ticket.started}
            await connection.execute(insert(t.deposit).values(place | {"node": node}))
            return Reservation.TAKEN

    async def release_place(self, id: str) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(delete(t.deposit).where(t.deposit.c.id == id))

    async def places(self, node: str) -> tuple[str, ...]:
        async with self._database.reading() as connection:
            query = select(t.deposit.c.id).where(t.deposit.c.node == node)
            return tuple((await connection.scalars(query)).all())

    async def keep(self, message: Message, task: MailTask | None) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(delete(t.deposit).where(t.deposit.c.id == message.id))
            query = select(t.message.c.id).where(t.message.c.id == message.id)
            if await connection.scalar(query) is not None:
                return
            await connection.execute(insert(t.message).values(_message_row(message)))
            if task is not None:
                await queue(connection, task)

    async def message(self, id: str) -> Message | None:
        async with self._database.reading() as connection:
            found = await connection.execute(select(t.message).where(t.message.c.id == id))
            row = found.one_or_none()
            return None if row is None else _message(row)

    async def messages(self, number: str) -> tuple[Message, ...]:
        new_first = case((t.message.c.folder == Folder.NEW.value, 0), else_=1)
        query = (
            select(t.message)
            .where(t.message.c.mailbox == number, t.message.c.deleted.is_(None))
            .order_by(new_first, t.message.c.received, t.message.c.id)
        )
        async with self._database.reading() as connection:
            return tuple(_message(row) for row in (await connection.execute(query)).all())

    async def file(self, id: str, folder: Folder) -> None:
        async with self._database.transaction() as connection:
            change = update(t.message).where(t.message.c.id == id).values(folder=folder.value)
            await connection.execute(change)

    async def set_deleted(self, id: str, deleted: datetime | None) -> None:
        async with self._database.transaction() as connection:
            change = update(t.message).where(t.message.c.id == id).values(deleted=deleted)
            await connection.execute(change)

    async def purgeable(self, before: datetime) -> tuple[Message, ...]:
        waiting = select(t.outbox.c.message).where(t.outbox.c.state == "ready")
        query = (
            select(t.message)
            .where(t.message.c.deleted < before, t.message.c.id.not_in(waiting))
            .order_by(t.message.c.id)
        )
        async with self._database.reading() as connection:
            return tuple(_message(row) for row in (await connection.execute(query)).all())

    async def purge(self, id: str) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(delete(t.message).where(t.message.c.id == id))

    async def greeting(self, number: str, kind: GreetingKind) -> Greeting | None:
        async with self._database.reading() as connection:
            return await _greeting(connection, number, kind)

    async def set_greeting(self, greeting: Greeting) -> Greeting | None:
        async with self._database.transaction() as connection:
            replaced = await _greeting(connection, greeting.mailbox, greeting.kind)
            await _remove_greeting(connection, greeting.mailbox, greeting.kind)
            await connection.execute(
                insert(t.greeting).values(
                    mailbox=greeting.mailbox,
                    kind=greeting.kind.value,
                    sound=greeting.sound,
                    duration_s=greeting.duration_s,
                    kept=greeting.kept,
                )
            )
            return replaced

    async def erase_greeting(self, number: str, kind: GreetingKind) -> Greeting | None:
        async with self._database.transaction() as connection:
            erased = await _greeting(connection, number, kind)
            await _remove_greeting(connection, number, kind)
            return erased


async def _addresses(
    connection: AsyncConnection, number: str | None = None
) -> Mapping[str, list[str]]:
    """E-mail addresses by mailbox number, in their order: of one mailbox, or of all."""
    query = select(t.address.c.mailbox, t.address.c.address).order_by(t.address.c.position)
    if number is not None:
        query = query.where(t.address.c.mailbox == number)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in await connection.execute(query):
        found[row.mailbox].append(row.address)
    return found


def _mailbox(row: Row[tuple[object, ...]], addresses: Mapping[str, list[str]]) -> Mailbox:
    settings = {field: getattr(row, field) for field in _SETTINGS}
    return Mailbox(
        addresses=tuple(addresses.get(row.number, ())),
        attachment=Attachment(row.attachment),
        **settings,
    )


async def _taken(connection: AsyncConnection, number: str) -> int:
    """Messages out of the trash and open deposits."""
    kept = select(func.count()).where(t.message.c.mailbox == number, t.message.c.deleted.is_(None))
    open_now = select(func.count()).where(t.deposit.c.mailbox == number)
    return (await connection.scalar(kept) or 0) + (await connection.scalar(open_now) or 0)


async def _record_failure(
    connection: AsyncConnection, charge: Charge, failures: int, now: datetime
) -> None:
    await connection.execute(delete(t.failure).where(t.failure.c.subject == charge.subject))
    await connection.execute(
        insert(t.failure).values(
            subject=charge.subject,
            failures=failures,
            locked_until=lock_until(failures, charge.threshold, now),
            last=now,
        )
    )


async def _greeting(
    connection: AsyncConnection, number: str, kind: GreetingKind
) -> Greeting | None:
    query = select(t.greeting).where(
        t.greeting.c.mailbox == number, t.greeting.c.kind == kind.value
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    return Greeting(row.mailbox, GreetingKind(row.kind), row.sound, row.duration_s, row.kept)


async def _remove_greeting(connection: AsyncConnection, number: str, kind: GreetingKind) -> None:
    await connection.execute(
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
    )
