"""Invitations handed to a real mail server on loopback, that refuses, hangs up and goes away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiosmtpd.smtp import SMTP

from conference.mailing import HELD, Mailing
from tests.conference.arranged import AVA, CAMILLE, MARC, ONCE, Desk
from tests.conference.letters import read
from tests.conference.test_calendar_file import strict
from tests.conference.test_mailing import mailing
from tests.ports import free_port
from tests.voicemail.test_smtp import MailServer
from vestibule.meetings.mail import OutgoingPost
from voicemail.adapters.smtp import Security, SmtpSettings, SmtpTransport

pytestmark = pytest.mark.wire


@asynccontextmanager
async def serving(mail: MailServer) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(mail, hostname="localhost"), "127.0.0.1", mail.port
    )
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


def worker(desk: Desk, port: int) -> Mailing:
    account = SmtpSettings(
        "127.0.0.1", port, "conferences@example.org", Security.NONE, timeout_s=30
    )
    return mailing(desk, OutgoingPost(SmtpTransport(account)))


async def test_an_invitation_reaches_its_reader_whole(desk: Desk) -> None:
    mail = MailServer(port=free_port())
    await desk.conferences.arrange(ONCE, [MARC])
    async with serving(mail):
        await worker(desk, mail.port).work()
    (envelope,) = mail.taken
    assert envelope.rcpt_tos == ["marc@example.org"]
    assert isinstance(envelope.content, bytes)
    got = read(envelope.content)
    assert got["Subject"] == "Invitation : Lancement, mercredi 4 août 2027 à 10 h"
    (file,) = got.iter_attachments()
    octets = file.get_payload(decode=True)
    assert isinstance(octets, bytes)
    assert strict(octets).part("VEVENT").one("SUMMARY").text == "Lancement"


async def test_a_server_that_refuses_one_address_still_serves_the_others(desk: Desk) -> None:
    mail = MailServer(port=free_port(), refuses={"marc@example.org": "550 5.1.1 unknown"})
    made = await desk.conferences.arrange(ONCE, [CAMILLE, MARC, AVA])
    async with serving(mail):
        await worker(desk, mail.port).work()
    assert sorted(to for each in mail.taken for to in each.rcpt_tos) == [
        "ava@example.com", "camille@example.org",
    ]  # fmt: skip
    (lost,) = await desk.queue.undelivered(made.conference.id)
    assert lost.again is None
    assert "550" in lost.why


async def test_a_server_that_was_away_has_everything_once_it_is_back(desk: Desk) -> None:
    mail = MailServer(port=free_port(), answers=["451 4.3.0 try later"])
    await desk.conferences.arrange(ONCE, [CAMILLE, MARC])
    own = worker(desk, mail.port)
    await own.work()
    desk.clock.advance(60)
    async with serving(mail):
        await own.work()
        assert len(mail.taken) == 1
        desk.clock.advance(60)
        await own.work()
    assert len(mail.taken) == 2


async def test_a_server_that_dies_before_it_answers_gets_the_same_again(desk: Desk) -> None:
    mail = MailServer(port=free_port(), hangs_up=1)
    await desk.conferences.arrange(ONCE, [MARC])
    own = worker(desk, mail.port)
    async with serving(mail):
        await own.work()
        desk.clock.advance(HELD.total_seconds())
        await own.work()
    first, second = (each.content for each in mail.taken)
    assert isinstance(first, bytes)
    assert isinstance(second, bytes)
    assert read(first)["Message-ID"] == read(second)["Message-ID"]
    assert read(first)["Date"] == read(second)["Date"]
