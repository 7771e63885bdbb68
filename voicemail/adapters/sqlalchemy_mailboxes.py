"""Mailboxes, wrong PINs and the history, on SQLAlchemy."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.database import OnDatabase, in_transaction, on_view
from voicemail.adapters import tables as t
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


class SqlAlchemyMailboxes(OnDatabase):
    """Who has a mailbox, how it behaves, who failed to open it, and what was done to it."""

    @in_transaction
    def add_mailbox(self, connection: Connection, mailbox: Mailbox, pin_hash: str) -> None:
        try:
            row = _row(mailbox) | {"pin_hash": pin_hash}
            connection.execute(insert(t.mailbox).values(row))
        except IntegrityError as fault:
            raise MailboxExists(mailbox.number) from fault
        _write_addresses(connection, mailbox)

    @in_transaction
    def update_mailbox(self, connection: Connection, mailbox: Mailbox) -> bool:
        change = update(t.mailbox).where(t.mailbox.c.number == mailbox.number)
        changed = connection.execute(change.values(_row(mailbox)))
        if changed.rowcount != 1:
            return False
        connection.execute(delete(t.address).where(t.address.c.mailbox == mailbox.number))
        _write_addresses(connection, mailbox)
        if mailbox.store_on_server:
            mine = t.message.c.mailbox == mailbox.number
            connection.execute(update(t.message).where(mine).values(in_box=True))
        return True

    @in_transaction
    def delete_mailbox(self, connection: Connection, number: str) -> bool:
        tasks = select(t.outbox.c.id).where(t.outbox.c.mailbox == number)
        held = select(t.message.c.id).where(t.message.c.mailbox == number).limit(1)
        if connection.scalar(held) is not None:
            return False
        connection.execute(delete(t.recipient).where(t.recipient.c.task.in_(tasks)))
        for table in (t.outbox, t.greeting, t.deposit, t.address):
            connection.execute(delete(table).where(table.c.mailbox == number))
        connection.execute(delete(t.failure).where(t.failure.c.subject == f"mailbox:{number}"))
        connection.execute(delete(t.mailbox).where(t.mailbox.c.number == number))
        return True

    @on_view
    def mailboxes(self, connection: Connection) -> tuple[Mailbox, ...]:
        rows = connection.execute(select(t.mailbox).order_by(t.mailbox.c.number))
        addresses = _addresses(connection)
        return tuple(_mailbox(row, addresses) for row in rows.all())

    @on_view
    def mailbox(self, connection: Connection, number: str) -> Mailbox | None:
        found = connection.execute(select(t.mailbox).where(t.mailbox.c.number == number))
        row = found.one_or_none()
        return None if row is None else _mailbox(row, _addresses(connection, number))

    @on_view
    def pin_hash(self, connection: Connection, number: str) -> str | None:
        query = select(t.mailbox.c.pin_hash).where(t.mailbox.c.number == number)
        found: str | None = connection.scalar(query)
        return found

    @in_transaction
    def set_pin_hash(self, connection: Connection, number: str, pin_hash: str) -> None:
        change = update(t.mailbox).where(t.mailbox.c.number == number)
        connection.execute(change.values(pin_hash=pin_hash))

    @in_transaction
    def charge(self, connection: Connection, charges: Sequence[Charge], now: datetime) -> Charged:
        counted = []
        for charge in charges:
            query = select(t.failure).where(t.failure.c.subject == charge.subject)
            row = connection.execute(query.with_for_update()).one_or_none()
            if row is not None and row.locked_until is not None and row.locked_until > now:
                return Charged(admitted=False)
            recent = row is not None and now - row.last <= charge.memory
            counted.append((charge, row.failures + 1 if row is not None and recent else 1))
        locks = [_record(connection, *each, now) for each in counted]
        return Charged(admitted=True, locked_until=locks[0] if locks else None)

    @in_transaction
    def acquit(self, connection: Connection, cleared: str, refunded: Sequence[str]) -> None:
        connection.execute(delete(t.failure).where(t.failure.c.subject == cleared))
        connection.execute(
            update(t.failure)
            .where(t.failure.c.subject.in_(refunded))
            .values(failures=t.failure.c.failures - 1, locked_until=None)
        )

    @in_transaction
    def forget_failures(self, connection: Connection, before: datetime) -> None:
        connection.execute(delete(t.failure).where(t.failure.c.last < before))

    @in_transaction
    def forget_history(self, connection: Connection, before: datetime) -> None:
        connection.execute(delete(t.history).where(t.history.c.at < before))

    @in_transaction
    def note(self, connection: Connection, deed: Deed) -> None:
        connection.execute(
            insert(t.history).values(
                at=deed.at,
                actor=deed.actor,
                action=deed.action,
                mailbox=deed.mailbox,
                detail=deed.detail,
            )
        )

    @on_view
    def history(self, connection: Connection, number: str | None, most: int) -> tuple[Deed, ...]:
        query = select(t.history).order_by(t.history.c.id.desc()).limit(most)
        if number is not None:
            query = query.where(t.history.c.mailbox == number)
        rows = connection.execute(query).all()
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


def _write_addresses(connection: Connection, mailbox: Mailbox) -> None:
    for position, address in enumerate(mailbox.addresses):
        connection.execute(
            insert(t.address).values(mailbox=mailbox.number, position=position, address=address)
        )


def _addresses(connection: Connection, number: str | None = None) -> Mapping[str, list[str]]:
    """E-mail addresses by mailbox number, in their order: of one mailbox, or of all."""
    query = select(t.address.c.mailbox, t.address.c.address).order_by(t.address.c.position)
    if number is not None:
        query = query.where(t.address.c.mailbox == number)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.mailbox].append(row.address)
    return found


def _record(
    connection: Connection, charge: Charge, failures: int, now: datetime
) -> datetime | None:
    """Write down a failure; tells until when it locks."""
    locked_until = lock_until(failures, charge.threshold, now)
    connection.execute(delete(t.failure).where(t.failure.c.subject == charge.subject))
    connection.execute(
        insert(t.failure).values(
            subject=charge.subject, failures=failures, locked_until=locked_until, last=now
        )
    )
    return locked_until
