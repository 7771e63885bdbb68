"""The outbox on SQLAlchemy. A task is leased, never taken out: a lost worker's lease runs out."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, Update, func, insert, or_, select, update

from storage.database import OnDatabase, in_transaction, on_view
from voicemail.adapters import tables as t
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


class SqlAlchemyOutbox(OnDatabase):
    """The e-mails that are due, and what became of each."""

    @in_transaction
    def queue(self, connection: Connection, task: MailTask) -> None:
        queue(connection, task)

    @on_view
    def deliveries(self, connection: Connection, message: str) -> tuple[Delivered, ...]:
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
        rows = connection.execute(query).all()
        return tuple(
            Delivered(r.id, r.address, _far(r.told, r.reply), r.reply, r.attempts, r.due)
            for r in rows
        )

    @in_transaction
    def claim(
        self, connection: Connection, worker: str, now: datetime, lease: timedelta, most: int
    ) -> tuple[LeasedTask, ...]:
        free = or_(t.outbox.c.lease_until.is_(None), t.outbox.c.lease_until <= now)
        due = (
            select(t.outbox)
            .where(t.outbox.c.state == READY, t.outbox.c.due <= now, free)
            .order_by(t.outbox.c.due, t.outbox.c.id)
            .limit(most)
        )
        if self.database.skips_locked_rows:
            due = due.with_for_update(skip_locked=True)
        rows = connection.execute(due).all()
        connection.execute(
            update(t.outbox)
            .where(t.outbox.c.id.in_([row.id for row in rows]))
            .values(lease_until=now + lease, worker=worker, attempts=t.outbox.c.attempts + 1)
        )
        return tuple([_leased(connection, row) for row in rows])

    @in_transaction
    def handing_over(self, connection: Connection, id: str, worker: str) -> bool:
        changed = connection.execute(_held(id, worker).values(handed_over=1))
        return changed.rowcount == 1

    @in_transaction
    def settle(
        self,
        connection: Connection,
        id: str,
        worker: str,
        replies: Mapping[str, Reply],
        *,
        retry: datetime | None,
        notice: MailTask | None = None,
    ) -> TaskState | None:
        freed = _held(id, worker).values(lease_until=None, worker=None, handed_over=0)
        if connection.execute(freed).rowcount != 1:
            return None
        for address, reply in replies.items():
            _note(connection, id, address, reply, retry)
        state = _outcome(connection, id)
        change = update(t.outbox).where(t.outbox.c.id == id).values(state=state.value)
        connection.execute(change if retry is None else change.values(due=retry))
        _admit_failed(connection, id)
        if notice is not None:
            queue(connection, notice)
        return state

    @in_transaction
    def release(self, connection: Connection, worker: str) -> None:
        freed = update(t.outbox).where(t.outbox.c.worker == worker)
        connection.execute(freed.values(lease_until=None, worker=None))

    @on_view
    def next_due(self, connection: Connection) -> datetime | None:
        starts = func.coalesce(t.outbox.c.lease_until, t.outbox.c.due)
        query = select(t.outbox.c.due, t.outbox.c.lease_until).where(t.outbox.c.state == READY)
        row = connection.execute(query.order_by(starts).limit(1)).one_or_none()
        return None if row is None else max(row.due, row.lease_until or row.due)

    @on_view
    def mails_waiting(self, connection: Connection) -> int:
        query = select(func.count()).select_from(t.outbox).where(t.outbox.c.state == READY)
        return connection.scalar(query) or 0


def queue(connection: Connection, task: MailTask) -> None:
    """Add a task within the caller's transaction, due at once, unless its id is known."""
    if connection.scalar(select(t.outbox.c.id).where(t.outbox.c.id == task.id)):
        return
    connection.execute(
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
        connection.execute(
            insert(t.recipient).values(
                task=task.id, position=position, address=address, state=PENDING, reply=""
            )
        )


def _leased(connection: Connection, row: Row[tuple[object, ...]]) -> LeasedTask:
    query = select(t.recipient.c.address).where(
        t.recipient.c.task == row.id, t.recipient.c.state == PENDING
    )
    pending = connection.scalars(query.order_by(t.recipient.c.position)).all()
    task = MailTask(
        row.id, TaskKind(row.kind), row.mailbox, row.message, tuple(pending), row.created
    )
    return LeasedTask(task, row.attempts + 1, row.handed_over == 1)


def _held(id: str, worker: str) -> Update:
    return update(t.outbox).where(t.outbox.c.id == id, t.outbox.c.worker == worker)


def _note(
    connection: Connection, id: str, address: str, reply: Reply, retry: datetime | None
) -> None:
    states = {
        Delivery.ACCEPTED: ACCEPTED,
        Delivery.REFUSED: REFUSED,
        Delivery.DEFERRED: REFUSED if retry is None else PENDING,
    }
    connection.execute(
        update(t.recipient)
        .where(t.recipient.c.task == id, t.recipient.c.address == address)
        .values(state=states[reply.delivery], reply=reply.text[:500])
    )


def _admit_failed(connection: Connection, id: str) -> None:
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
    connection.execute(update(t.message).where(t.message.c.id.in_(failed)).values(in_box=True))


def _outcome(connection: Connection, id: str) -> TaskState:
    """The state of a task, from the states of its recipients."""
    query = select(t.recipient.c.state).where(t.recipient.c.task == id)
    states = set(connection.scalars(query).all())
    if PENDING in states:
        return TaskState.READY
    return TaskState.DEAD if REFUSED in states else TaskState.DONE


def _far(state: str, reply: str) -> RecipientState:
    if state == PENDING:
        return RecipientState.DEFERRED if reply else RecipientState.QUEUED
    return RecipientState.SENT if state == ACCEPTED else RecipientState.FAILED
