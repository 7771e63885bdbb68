"""Mailboxes that keep nothing on the server: no message is lost, none comes twice, whatever the
mail servers do."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from call.clock import VirtualClock
from tests.voicemail.office import CALLER, CAMILLE, Office, read_mail, speak
from tests.voicemail.sounds import voice
from tests.voicemail.test_crash import (
    Fuse,
    PowerCut,
    after_restart,
    files_under,
    on_fuse,
    one_call,
)
from tests.voicemail.test_outbox import ACCEPTED, DEFERRED, REFUSED, ScriptedServer
from tests.voicemail.test_smtp import MailServer, certificate, serving, settings
from voicemail import Mailbox, TooShort
from voicemail.adapters.smtp import SmtpTransport
from voicemail.errors import SoundUnavailable
from voicemail.mail import RecipientState
from voicemail.outbox import LEASE
from voicemail.ports import Spool

__all__ = ["certificate"]

ONE = replace(CAMILLE, store_on_server=False)
TWO = replace(ONE, addresses=("camille@example.org", "assistant@example.org"))

OTHER = "assistant@example.org"


@pytest.fixture
async def server(certificate: Path) -> AsyncIterator[MailServer]:
    async with serving(certificate) as mail:
        yield mail


class Keeping:
    """A spool that a crash keeps from being emptied."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def __getattr__(self, name: str) -> object:
        return getattr(self._spool, name)

    async def remove(self, id: str) -> None:
        pass


class Lamp:
    """Remembers which mailboxes were said to have changed."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def __call__(self, number: str) -> None:
        self.told.append(number)


async def left(office: Office, mailbox: Mailbox = ONE) -> str:
    """A message left in an e-mail-only mailbox; its id."""
    await office.hire(mailbox)
    kept = await office.leave()
    assert not isinstance(kept, TooShort)
    return kept.message.id


async def listed(office: Office) -> list[str]:
    return [message.id for message in await office.mailboxes.messages("101")]


async def is_gone(office: Office, id: str) -> bool:
    """Whether neither the row nor the sound of a message is left."""
    if await office.mailboxes.message(id) is not None:
        return False
    with pytest.raises(SoundUnavailable):
        await office.ports.sounds.local(f"messages/101/{id}")
    return True


def copies(server: MailServer) -> Counter[tuple[str, str]]:
    """How many e-mails with a sound each address has of each Message-ID."""
    count: Counter[tuple[str, str]] = Counter()
    for envelope in server.taken:
        assert isinstance(envelope.content, bytes)
        mail = read_mail(envelope.content)
        if any(mail.iter_attachments()):
            count.update((address, str(mail["Message-ID"])) for address in envelope.rcpt_tos)
    return count


def once_each(id: str, *addresses: str) -> Counter[tuple[str, str]]:
    return Counter((address, f"<{id}@example.org>") for address in addresses)


async def test_on_its_way_it_takes_a_place_but_is_not_in_the_mailbox(office: Office) -> None:
    await left(office)
    counts = await office.mailboxes.counts("101")
    assert counts is not None
    assert (counts.new, counts.taken) == (0, 1)
    assert await listed(office) == []


async def test_what_every_server_took_is_gone_from_ours(office: Office) -> None:
    server = ScriptedServer()
    office.mail_through(server)
    id = await left(office)
    await office.worker.work()
    assert len(server.received) == 1
    body = server.received[0].mail.get_body(("plain",))
    assert body is not None
    assert "n'est pas conservé sur le serveur" in body.get_content()
    assert await is_gone(office, id)
    counts = await office.mailboxes.counts("101")
    assert counts is not None
    assert counts.taken == 0


async def test_a_server_that_is_not_sure_keeps_the_sound_with_us(office: Office) -> None:
    office.mail_through(ScriptedServer({"camille@example.org": ACCEPTED, OTHER: DEFERRED}))
    id = await left(office, TWO)
    await office.worker.work()
    assert (await office.ports.sounds.local(f"messages/101/{id}")).exists()
    office.clock.advance(60)
    await office.worker.work()
    assert await is_gone(office, id)


async def test_a_refusal_puts_it_in_the_mailbox_lights_the_lamp_and_tells_the_operator(
    office: Office,
) -> None:
    lamp, server = Lamp(), ScriptedServer(REFUSED)
    office.mail_through(server, changed=lamp)
    id = await left(office)
    await office.worker.work()
    assert await listed(office) == [id]
    assert lamp.told == ["101"]
    assert server.recipients() == [("camille@example.org",), ("operator@example.org",)]
    told = server.received[1].mail.get_body(("plain",))
    assert told is not None
    assert "- camille@example.org : 550 no such user" in told.get_content()
    assert "Le message est dans la boîte vocale" in told.get_content()
    await office.mailboxes.sweep()
    assert await listed(office) == [id]


async def test_one_refusal_among_two_is_enough_and_the_other_is_still_served(
    office: Office,
) -> None:
    server = ScriptedServer({"camille@example.org": DEFERRED, OTHER: REFUSED})
    office.mail_through(server)
    id = await left(office, TWO)
    await office.worker.work()
    assert await listed(office) == [id]
    office.clock.advance(60)
    await office.worker.work()
    states = {each.address: each.state for each in await office.mailboxes.deliveries(id)}
    assert states == {"camille@example.org": RecipientState.SENT, OTHER: RecipientState.FAILED}
    assert await listed(office) == [id]


async def test_given_up_after_three_days_it_is_in_the_mailbox(office: Office) -> None:
    lamp = Lamp()
    office.mail_through(ScriptedServer(*[DEFERRED] * 200), changed=lamp)
    id = await left(office)
    for _ in range(8):
        assert await office.mailboxes.message(id) is not None
        await office.worker.work()
        office.clock.advance(12 * 3600)
    assert await listed(office) == [id]
    assert lamp.told == ["101"]


async def test_a_crash_between_the_servers_word_and_forgetting_is_mended_by_the_sweep(
    office: Office,
) -> None:
    id = await left(office)
    (leased,) = await office.ports.store.claim("local", office.clock.now(), LEASE, 1)
    replies = dict.fromkeys(leased.task.recipients, ACCEPTED)
    await office.ports.store.settle(leased.task.id, "local", replies, retry=None)
    assert await office.mailboxes.message(id) is not None
    await office.mailboxes.sweep()
    assert await is_gone(office, id)
    assert await office.mailboxes.recover() == 0


async def test_a_recording_found_after_its_message_was_mailed_is_not_mailed_again(
    office: Office,
) -> None:
    """The program died after the row was written, and before the spool was emptied."""
    server = ScriptedServer()
    office.mail_through(server)
    await office.hire(ONE)
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, voice(3.0))
    stubborn = office.on(spool=Keeping(office.ports.spool))
    await stubborn.mailboxes.keep(deposit)
    stubborn.mail_through(server)
    await stubborn.worker.work()
    office.mail_through(server)
    await office.mailboxes.recover()
    await office.worker.work()
    await office.mailboxes.sweep()
    assert len(server.received) == 1
    assert await is_gone(office, deposit.id)


async def test_a_mailbox_that_keeps_messages_again_keeps_those_on_their_way(
    office: Office,
) -> None:
    server = ScriptedServer()
    office.mail_through(server)
    id = await left(office)
    await office.mailboxes.administration("administrator").edit(CAMILLE)
    assert await listed(office) == [id]
    await office.worker.work()
    await office.mailboxes.sweep()
    assert await listed(office) == [id]


async def test_a_mailbox_that_keeps_nothing_from_now_on_keeps_what_it_has(office: Office) -> None:
    office.mail_through(ScriptedServer())
    id = await left(office, CAMILLE)
    await office.mailboxes.administration("administrator").edit(ONE)
    await office.worker.work()
    await office.mailboxes.sweep()
    assert await listed(office) == [id]


STEPS = 24
"""How many things one call asks of the store, the sounds and the spool until nothing is left."""


OPENING = 4
"""The step that opens the spool: the caller speaks after it."""


async def test_every_step_until_nothing_is_left_is_tried(office: Office) -> None:
    await office.hire(ONE)
    fuse = Fuse(STEPS, after=False)
    deposit = await one_call(on_fuse(office, fuse))
    assert not fuse.blown
    with pytest.raises(PowerCut):
        await fuse.pass_through(office.ports.store.mailboxes)
    assert await is_gone(office, deposit.id)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(STEPS))
async def test_whatever_the_step_the_power_goes_at_it_is_mailed_once_and_then_gone(
    tmp_path: Path, clock: VirtualClock, step: int, after: bool
) -> None:
    office = await Office.open(tmp_path, clock)
    await office.hire(ONE)
    with pytest.raises(PowerCut):
        await one_call(on_fuse(office, Fuse(step, after=after)))
    restarted = await after_restart(office, tmp_path)
    await restarted.mailboxes.sweep()
    assert len(restarted.mails()) == int(step > OPENING)
    assert files_under(tmp_path / "spool") == files_under(tmp_path / "audio") == []
    counts = await restarted.mailboxes.counts("101")
    assert counts is not None
    assert counts.taken == 0
    await restarted.close()


@pytest.mark.wire
async def test_a_real_server_that_refuses_leaves_the_message_in_the_mailbox(
    office: Office, server: MailServer, certificate: Path
) -> None:
    office.mail_through(SmtpTransport(settings(server, certificate)))
    server.answers = ["554 5.7.1 no"]
    id = await left(office)
    await office.worker.work()
    assert await listed(office) == [id]
    assert copies(server) == Counter()


@pytest.mark.wire
async def test_a_real_server_that_vanishes_in_the_middle_gets_it_once_when_it_is_back(
    office: Office, server: MailServer, certificate: Path
) -> None:
    office.mail_through(SmtpTransport(settings(server, certificate)))
    server.vanishes = 2
    id = await left(office)
    for _ in range(3):
        assert await office.mailboxes.message(id) is not None
        await office.worker.work()
        office.clock.advance(120)
    assert server.vanishes == 0
    assert copies(server) == once_each(id, "camille@example.org")
    assert await is_gone(office, id)


@pytest.mark.wire
async def test_a_real_server_that_takes_one_of_two_gets_each_once(
    office: Office, server: MailServer, certificate: Path
) -> None:
    office.mail_through(SmtpTransport(settings(server, certificate)))
    server.refuses = {OTHER: "450 4.2.1 later"}
    id = await left(office, TWO)
    for _ in range(3):
        await office.worker.work()
        assert await office.mailboxes.message(id) is not None
        office.clock.advance(120)
    server.refuses.clear()
    await office.worker.work()
    assert copies(server) == once_each(id, "camille@example.org", OTHER)
    assert await is_gone(office, id)


@pytest.mark.wire
async def test_a_real_server_that_refuses_one_of_two_for_good_gets_the_other_once(
    office: Office, server: MailServer, certificate: Path
) -> None:
    office.mail_through(SmtpTransport(settings(server, certificate)))
    server.refuses = {OTHER: "550 5.1.1 gone"}
    id = await left(office, TWO)
    await office.worker.work()
    office.clock.advance(3600)
    await office.worker.work()
    assert copies(server) == once_each(id, "camille@example.org")
    assert await listed(office) == [id]


@pytest.mark.wire
async def test_a_real_server_that_says_421_for_an_hour_gets_it_once(
    office: Office, server: MailServer, certificate: Path
) -> None:
    office.mail_through(SmtpTransport(settings(server, certificate)))
    server.answers = ["421 4.3.2 not now"] * 1000
    id = await left(office)
    opened = office.clock.now()
    while (office.clock.now() - opened).total_seconds() < 3600:
        wait_s = await office.worker.work()
        assert wait_s is not None
        assert await office.mailboxes.message(id) is not None
        office.clock.advance(wait_s)
    assert 5 <= 1000 - len(server.answers) <= 10
    server.answers.clear()
    await office.worker.work()
    assert copies(server) == once_each(id, "camille@example.org")
    assert await is_gone(office, id)
