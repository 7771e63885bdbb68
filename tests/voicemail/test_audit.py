"""An audit finds what crashes left between the database and the disk, and mends it."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.voicemail.office import CALLER, CAMILLE, PIN, Office, speak
from tests.voicemail.sealing import key_file, sealed_store
from tests.voicemail.sounds import voice
from voicemail import GreetingKind, Kept
from voicemail.audit import Defect, Discovery
from voicemail.mail import Delivery, Reply
from voicemail.message import Message


async def left(office: Office) -> Message:
    kept = await office.leave()
    assert isinstance(kept, Kept)
    return kept.message


async def found(office: Office, *, serving: bool = False) -> list[tuple[Defect, str]]:
    discovered = await office.mailboxes.audit().examine(serving=serving)
    return [(each.defect, each.name) for each in discovered]


async def mended(office: Office) -> None:
    audit = office.mailboxes.audit()
    await audit.mend(await audit.examine(serving=False))


def dated(office: Office, name: str, age: timedelta) -> None:
    """Make a sound on the disk that old, by the clock in our hands."""
    at = (office.clock.now() - age).timestamp()
    os.utime(office.root / "audio" / f"{name}.wav", (at, at))


async def test_an_ordinary_day_leaves_nothing_to_find(office: Office) -> None:
    await office.hire()
    message = await left(office)
    visit = await office.mailboxes.login("101", PIN, CALLER)
    speak(await visit.open_greeting(GreetingKind.BUSY), voice(2))
    await visit.keep_greeting(GreetingKind.BUSY)
    await office.mailboxes.administration("x").delete_message(message.id)
    await office.worker.work()
    assert await found(office) == []
    assert await found(office, serving=True) == []


async def test_a_message_whose_sound_is_gone_is_found_and_left_for_a_person(
    office: Office,
) -> None:
    await office.hire()
    message = await left(office)
    await office.ports.sounds.delete(message.sound)
    await mended(office)
    assert await found(office) == [(Defect.SILENT_MESSAGE, message.id)]
    assert await office.mailboxes.message(message.id) == message


async def test_a_greeting_whose_sound_is_gone_is_found(office: Office) -> None:
    await office.hire()
    visit = await office.mailboxes.login("101", PIN, CALLER)
    speak(await visit.open_greeting(GreetingKind.BUSY), voice(2))
    await visit.keep_greeting(GreetingKind.BUSY)
    (greeting,) = await office.mailboxes.greetings("101")
    await office.ports.sounds.delete(greeting.sound)
    discovered = await office.mailboxes.audit().examine(serving=False)
    assert discovered == (Discovery(Defect.SILENT_GREETING, greeting.sound, "101", "busy"),)


@pytest.mark.parametrize("name", ["messages/101/01lost", "greetings/101/busy-01lost"])
async def test_a_sound_of_nothing_is_moved_out_of_the_way_and_never_deleted(
    office: Office, name: str
) -> None:
    await office.hire()
    await office.ports.sounds.put(name, voice(2))
    assert await found(office) == [(Defect.ORPHAN, name)]
    await mended(office)
    assert await found(office) == [(Defect.UNCLAIMED, name)]
    assert await office.ports.sounds.names() == frozenset()
    assert (office.root / "unclaimed" / f"{name}.wav").read_bytes()[44:] == voice(2)


async def test_a_sealed_sound_of_nothing_is_moved_as_it_is_and_opens_where_it_is_put_back(
    office: Office, tmp_path: Path
) -> None:
    sounds = sealed_store(tmp_path, key_file(tmp_path, "k1"))
    sealed = office.on(sounds=sounds)
    await sounds.put("messages/101/01lost", voice(2))
    await mended(sealed)
    moved = tmp_path / "unclaimed" / "messages" / "101" / "01lost.wav.sealed"
    assert voice(2)[:100] not in moved.read_bytes()
    moved.rename(tmp_path / "audio" / "messages" / "101" / moved.name)
    assert (await sounds.read("messages/101/01lost"))[44:] == voice(2)


async def test_a_running_server_has_an_hour_to_write_the_row_of_a_sound(office: Office) -> None:
    await office.ports.sounds.put("messages/101/01young", voice(1))
    dated(office, "messages/101/01young", timedelta(minutes=59))
    assert await found(office, serving=True) == []
    assert len(await found(office)) == 1
    dated(office, "messages/101/01young", timedelta(minutes=61))
    assert len(await found(office, serving=True)) == 1


async def test_a_recording_that_waits_for_the_next_start_is_no_sound_of_nothing(
    office: Office,
) -> None:
    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, voice(2))
    await office.ports.sounds.put(f"messages/101/{deposit.id}", voice(2))
    assert await found(office) == [(Defect.WAITING, deposit.id)]
    assert await found(office, serving=True) == []
    await office.on().mailboxes.recover()
    assert await found(office) == []
    assert [m.id for m in await office.mailboxes.messages("101")] == [deposit.id]


async def test_a_call_under_way_is_not_disturbed_by_an_audit(office: Office) -> None:
    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, voice(2))
    again = await office.mailboxes.open_retake(deposit)
    again.write_bytes(voice(3))
    audit = office.mailboxes.audit()
    await audit.mend(await audit.examine(serving=True))
    assert await office.mailboxes.accept_retake(deposit)
    kept = await office.mailboxes.keep(deposit)
    assert isinstance(kept, Kept)
    assert kept.message.duration_s == 3.0


async def test_a_message_nobody_gets_comes_into_its_mailbox(office: Office) -> None:
    """Only to be e-mailed, and no e-mail carries it."""
    await office.hire(replace(CAMILLE, store_on_server=False))
    message = Message("01alone", "101", CALLER, office.clock.now(), 2.0, "messages/101/01alone",
                      in_box=False)  # fmt: skip
    await office.ports.sounds.put(message.sound, voice(2))
    await office.ports.store.keep(message, None)
    assert await found(office) == [(Defect.STRANDED, "01alone")]
    await mended(office)
    assert [m.id for m in await office.mailboxes.messages("101")] == ["01alone"]
    assert await found(office) == []


async def test_a_message_on_its_way_by_email_or_just_accepted_is_as_it_should_be(
    office: Office,
) -> None:
    await office.hire(replace(CAMILLE, store_on_server=False))
    message = await left(office)
    assert await found(office) == []
    now, day = office.clock.now(), timedelta(days=1)
    (leased,) = await office.ports.store.claim("local", now, day, 1)
    accepted = {"camille@example.org": Reply(Delivery.ACCEPTED)}
    await office.ports.store.settle(leased.task.id, "local", accepted, retry=None)
    await office.ports.sounds.delete(message.sound)
    assert await found(office) == []
    await office.mailboxes.sweep()
    assert await office.mailboxes.message(message.id) is None


async def test_trash_that_no_sweep_emptied_is_found_and_the_sweep_leaves_no_sound(
    office: Office,
) -> None:
    await office.hire()
    message = await left(office)
    await office.worker.work()
    await office.mailboxes.administration("x").delete_message(message.id)
    office.clock.advance(timedelta(days=30, hours=1).total_seconds())
    assert await found(office) == []
    office.clock.advance(timedelta(hours=2).total_seconds())
    assert await found(office) == [(Defect.OVERDUE, message.id)]
    await office.mailboxes.sweep()
    assert await found(office) == []
    assert not list((office.root / "audio").rglob("*.wav"))


async def test_what_the_spool_set_aside_is_told_but_is_not_wrong(office: Office) -> None:
    deposit_root = office.root / "spool"
    deposit_root.mkdir(parents=True)
    (deposit_root / "01x.raw").write_bytes(voice(1))
    await office.mailboxes.recover()
    (discovered,) = await office.mailboxes.audit().examine(serving=False)
    assert (discovered.defect, discovered.name) == (Defect.UNCLAIMED, "01x.raw")
    assert not discovered.is_wrong
