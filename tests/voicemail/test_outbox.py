"""What becomes of an e-mail when servers fail, refuse, or the program dies."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.voicemail.office import CAMILLE, Office
from voicemail import Mailbox, Mailboxes, MailUnavailable
from voicemail.adapters import tables
from voicemail.errors import MailAccountRefused, StoreUnavailable
from voicemail.mail import Delivery, Envelope, MailConnection, Reply
from voicemail.outbox import LEASE, pause

ACCEPTED = Reply(Delivery.ACCEPTED, "250 queued")
DEFERRED = Reply(Delivery.DEFERRED, "451 try later")
REFUSED = Reply(Delivery.REFUSED, "550 no such user")


class PowerCut(BaseException):
    """The program is gone."""


class ScriptedServer:
    """A mail server that answers as told, and accepts once the script is over."""

    largest: int | None = None

    def __init__(self, *script: Reply | BaseException | Mapping[str, Reply]) -> None:
        self.script = list(script)
        self.received: list[Envelope] = []

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[MailConnection]:
        yield self

    async def send(self, envelope: Envelope) -> Mapping[str, Reply]:
        self.received.append(envelope)
        answer = self.script.pop(0) if self.script else ACCEPTED
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, Reply):
            return dict.fromkeys(envelope.recipients, answer)
        return {to: answer[to] for to in envelope.recipients}

    def recipients(self) -> list[tuple[str, ...]]:
        return [envelope.recipients for envelope in self.received]


async def states(office: Office) -> list[str]:
    query = select(tables.outbox.c.state).order_by(tables.outbox.c.id)
    return list(await office.database.view(lambda connection: connection.scalars(query).all()))


async def with_message(office: Office, server: ScriptedServer, mailbox: Mailbox = CAMILLE) -> None:
    office.mail_through(server)
    await office.hire(mailbox)
    await office.leave(mailbox.number)


async def test_a_deferred_email_is_sent_again_later_and_then_no_more(office: Office) -> None:
    server = ScriptedServer(DEFERRED)
    await with_message(office, server)
    wait_s = await office.worker.work()
    assert len(server.received) == 1
    assert wait_s == pytest.approx(30)
    office.clock.advance(30)
    assert await office.worker.work() is None
    assert await states(office) == ["done"]
    first, second = (envelope.mail["Message-ID"] for envelope in server.received)
    assert first == second


async def test_nothing_is_tried_before_its_time(office: Office) -> None:
    server = ScriptedServer(DEFERRED)
    await with_message(office, server)
    await office.worker.work()
    office.clock.advance(29)
    await office.worker.work()
    assert len(server.received) == 1


def test_pauses_double_up_to_an_hour_and_are_spread() -> None:
    assert [pause(n, 0.5).total_seconds() for n in (1, 2, 3, 8, 99)] == [30, 60, 120, 3600, 3600]
    assert pause(1, 0.0) == timedelta(seconds=24)
    assert pause(1, 0.999) < timedelta(seconds=36)


@pytest.mark.parametrize(
    "fault",
    [DEFERRED, MailUnavailable("no answer"), MailAccountRefused("535"), RuntimeError("a bug")],
    ids=["deferred", "down", "password", "bug"],
)
async def test_after_three_days_it_is_given_up_and_the_operator_is_told(
    office: Office, fault: Reply | BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    server = ScriptedServer(*[fault] * 200)
    await with_message(office, server)
    for _ in range(7):
        await office.worker.work()
        office.clock.advance(12 * 3600)
    server.script.clear()
    office.clock.advance(3600)
    await office.worker.work()
    assert await states(office) == ["dead", "done"]
    assert server.recipients()[-1] == ("operator@example.org",)
    assert "mail given up" in caplog.messages
    assert len(await office.mailboxes.messages("101")) == 1


async def test_a_refused_email_is_given_up_at_once_and_the_message_is_kept(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    server = ScriptedServer(REFUSED)
    await with_message(office, server)
    await office.worker.work()
    await office.worker.work()
    assert server.recipients() == [("camille@example.org",), ("operator@example.org",)]
    told = server.received[1].mail
    assert "101" in told["Subject"]
    assert list(told.iter_attachments()) == []
    assert len(await office.mailboxes.messages("101")) == 1
    (given_up,) = [each for each in caplog.records if each.message == "mail given up"]
    assert given_up.levelno == logging.ERROR


async def test_an_operator_who_cannot_be_told_is_not_told_about_that(office: Office) -> None:
    server = ScriptedServer(REFUSED, REFUSED)
    await with_message(office, server)
    await office.worker.work()
    await office.worker.work()
    assert await states(office) == ["dead", "dead"]


async def test_each_recipient_has_an_outcome_of_their_own(office: Office) -> None:
    both = Mailbox("108", "Both", addresses=("a@example.org", "b@example.org", "c@example.org"))
    answers = {"a@example.org": ACCEPTED, "b@example.org": DEFERRED, "c@example.org": REFUSED}
    server = ScriptedServer(answers)
    await with_message(office, server, both)
    await office.worker.work()
    office.clock.advance(60)
    await office.worker.work()
    assert server.recipients() == [
        ("a@example.org", "b@example.org", "c@example.org"),
        ("operator@example.org",),
        ("b@example.org",),
    ]
    assert await states(office) == ["dead", "done"]


async def test_a_worker_that_died_frees_its_emails_when_its_lease_ends(office: Office) -> None:
    server = ScriptedServer()
    await with_message(office, server)
    (leased,) = await office.ports.store.claim("elsewhere", office.clock.now(), LEASE, 10)
    wait_s = await office.worker.work()
    assert server.received == []
    assert wait_s == pytest.approx(LEASE.total_seconds())
    office.clock.advance(LEASE.total_seconds())
    await office.worker.work()
    assert len(server.received) == 1
    await office.ports.store.settle(
        leased.task.id, "elsewhere", {"camille@example.org": REFUSED}, retry=None
    )
    assert await states(office) == ["done"]


async def test_two_workers_never_hold_the_same_email(office: Office) -> None:
    await with_message(office, ScriptedServer())
    for _ in range(9):
        await office.leave()
    claims = [
        office.ports.store.claim(f"worker {n}", office.clock.now(), LEASE, 3) for n in range(6)
    ]
    held = [leased.task.id for claimed in await asyncio.gather(*claims) for leased in claimed]
    assert len(held) == len(set(held)) == 10


async def test_an_email_handed_over_when_the_power_went_comes_again_under_the_same_id(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    server = ScriptedServer(PowerCut())
    await with_message(office, server)
    with pytest.raises(PowerCut):
        await office.worker.work()
    await office.ports.store.release("local")
    await office.worker.work()
    first, second = (envelope.mail["Message-ID"] for envelope in server.received)
    assert first == second
    assert "mail sent again after a crash" in caplog.messages


async def test_the_worker_wakes_for_a_new_message_and_ends_when_told(office: Office) -> None:
    sent = asyncio.Event()

    class Server(ScriptedServer):
        async def send(self, envelope: Envelope) -> Mapping[str, Reply]:
            sent.set()
            return await super().send(envelope)

    server = Server()
    office.mail_through(server)
    office.mailboxes = Mailboxes(office.ports, mail_due=office.worker.wake)
    await office.hire()
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(60):
        tasks.create_task(office.worker.run())
        await office.leave()
        await sent.wait()
        office.worker.stop()
    assert await states(office) == ["done"]


async def test_the_worker_outlives_a_database_that_does_not_answer(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    class Silent:
        async def release(self, worker: str) -> None:
            office.worker.stop()
            raise StoreUnavailable("disk full")

    silent = office.on(store=Silent())
    office.worker = silent.worker
    async with asyncio.timeout(60):
        await silent.worker.run()
    assert "outbox unavailable" in caplog.messages
