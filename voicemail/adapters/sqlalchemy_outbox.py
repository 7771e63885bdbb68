"""The outbox on SQLAlchemy. A task is leased, never taken out: a lost worker's lease runs out."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Row, Update, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from voicemail.adapters import tables as t
from voicemail.adapters.database import Database
from voicemail.mail import (
    Delivered,
    Delivery,
    LeasedTask,
    MailTask,
    RecipientState,
    Reply,
    TaskKind,
    TaskState,
)

READY, DONE = TaskState.READY.value, TaskState.DONE.value
PENDING, ACCEPTED, REFUSED = "pending", "accepted", "refused"


class SqlAlchemyOutbox:
    """The e-mails that are due, and what became of each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def queue(self, task: MailTask) -> None:
        async with self._database.transaction() as connection:
            await queue(connection, task)

    async def deliveries(self, message: str) -> tuple[Delivered, ...]:
        query = (
            select(
                t.outbox,
                t.recipient.c.address,
                t.recipient.c.state.label("told"),
                t.recipient.c.reply,
            )
            .join(t.recipient, t.recipient.c.task == t.outbox.c.id)
            .where(t.outbox.c.message == message, t.outbox.c.kind == TaskKind.MESSAGE.value)
            .order_by(t.outbox.c.created, t.outbox.c.id, t.recipient.c.position)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Delivered(r.id, r.address, _far(r.told, r.reply), r.reply, r.attempts, r.due)
            for r in rows
        )

    async def claim(
        self, worker: str, now: datetime, lease: timedelta, most: int
    ) -> tuple[LeasedTask, ...]:
        free = or_(t.outbox.c.lease_until.is_(None), t.outbox.c.lease_until <= now)
        due = (
            select(t.outbox)
            .where(t.outbox.c.state == READY, t.outbox.c.due <= now, free)
            .order_by(t.outbox.c.due, t.outbox.c.id)
            .limit(most)
        )
        if self._database.skips_locked_rows:
            due = due.with_for_update(skip_locked=True)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(due)).all()
            await connection.execute(
                update(t.outbox)
                .where(t.outbox.c.id.in_([row.id for row in rows]))
                .values(lease_until=now + lease, worker=worker, attempts=t.outbox.c.attempts + 1)
            )
            return tuple([await _leased(connection, row) for row in rows])

    async def handing_over(self, id: str, worker: str) -> bool:
        async with self._database.transaction() as connection:
            changed = await connection.execute(_held(id, worker).values(handed_over=1))
            return changed.rowcount == 1

    async def settle(
        self,
        id: str,
        worker: str,
        replies: Mapping[str, Reply],
        *,
        retry: datetime | None,
        notice: MailTask | None = None,
    ) -> TaskState | None:
        async with self._database.transaction() as connection:
            freed = _held(id, worker).values(lease_until=None, worker=None, handed_over=0)
            if (await connection.execute(freed)).rowcount != 1:
                return None
            for address, reply in replies.items():
                await _note(connection, id, address, reply, retry)
            state = await _outcome(connection, id)
            change = update(t.outbox).where(t.outbox.c.id == id).values(state=state.value)
            await connection.execute(change if retry is None else change.values(due=retry))
            await _admit_failed(connection, id)
            if notice is not None:
                await queue(connection, notice)
            return state

    async def release(self, worker: str) -> None:
        async with self._database.transaction() as connection:
            freed = update(t.outbox).where(t.outbox.c.worker == worker)
            await connection.execute(freed.values(lease_until=None, worker=None))

    async def next_due(self) -> datetime | None:
        starts = func.coalesce(t.outbox.c.lease_until, t.outbox.c.due)
        query = select(t.outbox.c.due, t.outbox.c.lease_until).where(t.outbox.c.state == READY)
        async with self._database.reading() as connection:
            row = (await connection.execute(query.order_by(starts).limit(1))).one_or_none()
            return None if row is None else max(row.due, row.lease_until or row.due)

    async def mails_waiting(self) -> int:
        query = select(func.count()).select_from(t.outbox).where(t.outbox.c.state == READY)
        async with self._database.reading() as connection:
            return await connection.scalar(query) or 0


async def queue(connection: AsyncConnection, task: MailTask) -> None:
    """Add a task within the caller's transaction, due at once, unless its id is known."""
    if await connection.scalar(select(t.outbox.c.id).where(t.outbox.c.id == task.id)):
        return
    await connection.execute(
        insert(t.outbox).values(
            id=task.id,
            kind=task.kind.value,
            mailbox=task.mailbox,
            message=task.message,
            state=READY,
            created=task.created,
            due=task.created,
            attempts=0,
            handed_over=0,
        )
    )
    for position, address in enumerate(task.recipients):
        await connection.execute(
            insert(t.recipient).values(
                task=task.id, position=position, address=address, state=PENDING, reply=""
            )
        )


async def _leased(connection: AsyncConnection, row: Row[tuple[object, ...]]) -> LeasedTask:
    query = select(t.recipient.c.address).where(
        t.recipient.c.task == row.id, t.recipient.c.state == PENDING
    )
    pending = (await connection.scalars(query.order_by(t.recipient.c.position))).all()
    task = MailTask(
        row.id, TaskKind(row.kind), row.mailbox, row.message, tuple(pending), row.created
    )
    return LeasedTask(task, row.attempts + 1, row.handed_over == 1)


def _held(id: str, worker: str) -> Update:
    return update(t.outbox).where(t.outbox.c.id == id, t.outbox.c.worker == worker)


async def _note(
    connection: AsyncConnection, id: str, address: str, reply: Reply, retry: datetime | None
) -> None:
    states = {
        Delivery.ACCEPTED: ACCEPTED,
        Delivery.REFUSED: REFUSED,
        Delivery.DEFERRED: REFUSED if retry is None else PENDING,
    }
    await connection.execute(
        update(t.recipient)
        .where(t.recipient.c.task == id, t.recipient.c.address == address)
        .values(state=states[reply.delivery], reply=reply.text[:500])
    )


async def _admit_failed(connection: AsyncConnection, id: str) -> None:
    """Put the message of a task in its mailbox when one of its recipients was given up."""
    failed = (
        select(t.outbox.c.message)
        .join(t.recipient, t.recipient.c.task == t.outbox.c.id)
        .where(
            t.outbox.c.id == id,
            t.outbox.c.kind == TaskKind.MESSAGE.value,
            t.recipient.c.state == REFUSED,
        )
    )
    await connection.execute(
        update(t.message).where(t.message.c.id.in_(failed)).values(in_box=True)
    )


async def _outcome(connection: AsyncConnection, id: str) -> TaskState:
    """The state of a task, from the states of its recipients."""
    query = select(t.recipient.c.state).where(t.recipient.c.task == id)
    states = set((await connection.scalars(query)).all())
    if PENDING in states:
        return TaskState.READY
    return TaskState.DEAD if REFUSED in states else TaskState.DONE


def _far(state: str, reply: str) -> RecipientState:
    if state == PENDING:
        return RecipientState.DEFERRED if reply else RecipientState.QUEUED
    return RecipientState.SENT if state == ACCEPTED else RecipientState.FAILED
