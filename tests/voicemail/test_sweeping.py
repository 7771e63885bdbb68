"""What time does to a mailbox, once it is swept; and what an administrator is shown of one."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from call.leg import Party
from tests.voicemail.office import CALLER, CAMILLE, PIN, Office
from tests.voicemail.sounds import voice
from voicemail import GreetingKind, MailboxUnknown, Move, SoundUnavailable, Visit, WrongPin
from voicemail.adapters.folder_sounds import FolderSounds

DAY_S = 86400


async def visit(office: Office) -> Visit:
    """Camille, signed in, with her first message selected."""
    entered = await office.mailboxes.login("101", PIN, CALLER)
    await entered.select(Move.FIRST)
    return entered


async def test_a_message_heard_goes_to_the_trash_when_its_retention_is_over_and_not_before(
    office: Office,
) -> None:
    await office.hire(replace(CAMILLE, retention_days=10))
    await office.leave()
    await office.worker.work()
    await (await visit(office)).mark_heard()
    office.clock.advance(9 * DAY_S)
    await office.mailboxes.sweep()
    assert len(await office.mailboxes.messages("101")) == 1
    office.clock.advance(DAY_S)
    await office.mailboxes.sweep()
    assert await office.mailboxes.messages("101") == ()
    (retired,) = await office.mailboxes.trash("101")
    assert retired.deleted is not None


async def test_the_lamp_follows_when_messages_are_retired(office: Office) -> None:
    changed: list[str] = []
    await office.hire(replace(CAMILLE, retention_days=1))
    await office.leave()
    await (await visit(office)).mark_heard()
    office.clock.advance(2 * DAY_S)
    mailboxes = type(office.mailboxes)(office.ports, changed=changed.append)
    await mailboxes.sweep()
    assert changed == ["101"]
    await mailboxes.sweep()
    assert changed == ["101"]


async def test_what_was_deleted_yesterday_is_still_in_the_trash(office: Office) -> None:
    await office.hire()
    await office.leave()
    await office.leave()
    await office.worker.work()
    await (await visit(office)).toggle_deleted()
    office.clock.advance(DAY_S)
    assert await office.mailboxes.sweep() == 0
    (deleted,) = await office.mailboxes.trash("101")
    (kept,) = await office.mailboxes.messages("101")
    assert deleted.id != kept.id


async def test_a_sweep_says_how_many_messages_are_gone_for_good(office: Office) -> None:
    """One from the trash; one that was only to be e-mailed, and was, but whose sound stuck."""

    class Stuck(FolderSounds):
        async def delete(self, name: str) -> None:
            raise SoundUnavailable("the disk is away")

    await office.hire(replace(CAMILLE, trash_days=1))
    await office.hire(replace(CAMILLE, number="104", store_on_server=False))
    await office.leave("101")
    await office.leave("104")
    await (await visit(office)).toggle_deleted()
    await office.on(sounds=Stuck(office.root / "audio")).worker.work()
    assert len(office.mails()) == 2
    office.clock.advance(2 * DAY_S)
    assert await office.mailboxes.sweep() == 2
    assert await office.mailboxes.sweep() == 0


async def test_wrong_pins_are_forgotten_in_time(office: Office) -> None:
    await office.hire()
    with pytest.raises(WrongPin):
        await office.mailboxes.login("101", "9090", CALLER)
    office.clock.advance(6 * DAY_S)
    await office.mailboxes.sweep()
    assert _wrong_pins(office)
    office.clock.advance(2 * DAY_S)
    await office.mailboxes.sweep()
    assert not _wrong_pins(office)


def _wrong_pins(office: Office) -> int:
    with closing(sqlite3.connect(office.root / "vestibule.sqlite")) as database:
        (count,) = database.execute("select count(*) from failure").fetchone()
    return int(count)


async def test_nothing_is_shown_of_a_mailbox_that_does_not_exist(office: Office) -> None:
    for show in (office.mailboxes.trash, office.mailboxes.greetings, office.mailboxes.messages):
        with pytest.raises(MailboxUnknown):
            await show("999")


async def test_what_callers_are_greeted_with_is_what_the_house_asks_for(office: Office) -> None:
    await office.hire()
    entered = await office.mailboxes.login("101", PIN, CALLER)
    for kind, seed in ((GreetingKind.UNAVAILABLE, 3), (GreetingKind.NAME, 4)):
        opened = await entered.open_greeting(kind)
        opened.spool.write_bytes(voice(2, seed=seed))
        await entered.keep_greeting(kind)
    sound = await entered.greeting(GreetingKind.UNAVAILABLE)
    name = await entered.greeting(GreetingKind.NAME)
    assert await office.mailboxes.greeting("101") == sound
    greeting, spoken_name = await office.mailboxes.heard("101", busy=False)
    assert (greeting, spoken_name) == (sound, name)


async def test_a_greeting_for_a_box_removed_meanwhile_is_not_kept(office: Office) -> None:
    await office.hire()
    entered = await office.mailboxes.login("101", PIN, CALLER)
    opened = await entered.open_greeting(GreetingKind.UNAVAILABLE)
    opened.spool.write_bytes(voice(2))
    await office.ports.store.delete_mailbox("101")
    with pytest.raises(MailboxUnknown):
        await entered.keep_greeting(GreetingKind.UNAVAILABLE)


async def test_a_greeting_of_just_the_least_speech_is_kept(office: Office, tmp_path: Path) -> None:
    class Exact:
        async def speech_s(self, pcm: bytes) -> float:
            return CAMILLE.min_speech_s

    await office.hire()
    entered = await office.on(ear=Exact()).mailboxes.login("101", PIN, Party("102"))
    opened = await entered.open_greeting(GreetingKind.UNAVAILABLE)
    opened.spool.write_bytes(voice(2))
    await entered.keep_greeting(GreetingKind.UNAVAILABLE)
    assert await entered.greeting(GreetingKind.UNAVAILABLE) is not None
