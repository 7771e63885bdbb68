"""Mailboxes, wrong PINs and the history, on SQLAlchemy."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from voicemail.adapters import tables as t
from voicemail.adapters.database import Database
from voicemail.errors import MailboxExists
from voicemail.message import Attachment, Deed, Mailbox, Treatment
from voicemail.policy import lock_until
from voicemail.storage import Charge, Charged

_PLAIN = tuple(
    field.name
    for field in fields(Mailbox)
    if field.name not in ("addresses", "attachment", "zero", "star")
)
"""The settings that a column holds as they are."""


class SqlAlchemyMailboxes:
    """Who has a mailbox, how it behaves, who failed to open it, and what was done to it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_mailbox(self, mailbox: Mailbox, pin_hash: str) -> None:
        async with self._database.transaction() as connection:
            try:
                row = _row(mailbox) | {"pin_hash": pin_hash}
                await connection.execute(insert(t.mailbox).values(row))
            except IntegrityError as fault:
                raise MailboxExists(mailbox.number) from fault
            await _write_addresses(connection, mailbox)

    async def update_mailbox(self, mailbox: Mailbox) -> bool:
        async with self._database.transaction() as connection:
            change = update(t.mailbox).where(t.mailbox.c.number == mailbox.number)
            changed = await connection.execute(change.values(_row(mailbox)))
            if changed.rowcount != 1:
                return False
            await connection.execute(delete(t.address).where(t.address.c.mailbox == mailbox.number))
            await _write_addresses(connection, mailbox)
            if mailbox.store_on_server:
                mine = t.message.c.mailbox == mailbox.number
                await connection.execute(update(t.message).where(mine).values(in_box=True))
            return True

    async def delete_mailbox(self, number: str) -> bool:
        tasks = select(t.outbox.c.id).where(t.outbox.c.mailbox == number)
        held = select(t.message.c.id).where(t.message.c.mailbox == number).limit(1)
        async with self._database.transaction() as connection:
            if await connection.scalar(held) is not None:
                return False
            await connection.execute(delete(t.recipient).where(t.recipient.c.task.in_(tasks)))
            for table in (t.outbox, t.greeting, t.deposit, t.address):
                await connection.execute(delete(table).where(table.c.mailbox == number))
            await connection.execute(
                delete(t.failure).where(t.failure.c.subject == f"mailbox:{number}")
            )
            await connection.execute(delete(t.mailbox).where(t.mailbox.c.number == number))
            return True

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

    async def charge(self, charges: Sequence[Charge], now: datetime) -> Charged:
        async with self._database.transaction() as connection:
            counted = []
            for charge in charges:
                query = select(t.failure).where(t.failure.c.subject == charge.subject)
                row = (await connection.execute(query.with_for_update())).one_or_none()
                if row is not None and row.locked_until is not None and row.locked_until > now:
                    return Charged(admitted=False)
                recent = row is not None and now - row.last <= charge.memory
                counted.append((charge, row.failures + 1 if row is not None and recent else 1))
            locks = [await _record(connection, *each, now) for each in counted]
            return Charged(admitted=True, locked_until=locks[0] if locks else None)

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

    async def forget_history(self, before: datetime) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(delete(t.history).where(t.history.c.at < before))

    async def note(self, deed: Deed) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(
                insert(t.history).values(
                    at=deed.at,
                    actor=deed.actor,
                    action=deed.action,
                    mailbox=deed.mailbox,
                    detail=deed.detail,
                )
            )

    async def history(self, number: str | None, most: int) -> tuple[Deed, ...]:
        query = select(t.history).order_by(t.history.c.id.desc()).limit(most)
        if number is not None:
            query = query.where(t.history.c.mailbox == number)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Deed(row.at, row.actor, row.action, row.mailbox, row.detail) for row in reversed(rows)
        )


def _row(mailbox: Mailbox) -> dict[str, object]:
    return {field: getattr(mailbox, field) for field in _PLAIN} | {
        "attachment": mailbox.attachment.value,
        "zero": str(mailbox.zero),
        "star": str(mailbox.star),
    }


def _mailbox(row: Row[tuple[object, ...]], addresses: Mapping[str, list[str]]) -> Mailbox:
    return Mailbox(
        addresses=tuple(addresses.get(row.number, ())),
        attachment=Attachment(row.attachment),
        zero=Treatment.parse(row.zero),
        star=Treatment.parse(row.star),
        **{field: getattr(row, field) for field in _PLAIN},
    )


async def _write_addresses(connection: AsyncConnection, mailbox: Mailbox) -> None:
    for position, address in enumerate(mailbox.addresses):
        await connection.execute(
            insert(t.address).values(mailbox=mailbox.number, position=position, address=address)
        )


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


async def _record(
    connection: AsyncConnection, charge: Charge, failures: int, now: datetime
) -> datetime | None:
    """Write down a failure; tells until when it locks."""
    locked_until = lock_until(failures, charge.threshold, now)
    await connection.execute(delete(t.failure).where(t.failure.c.subject == charge.subject))
    await connection.execute(
        insert(t.failure).values(
            subject=charge.subject, failures=failures, locked_until=locked_until, last=now
        )
    )
    return locked_until
