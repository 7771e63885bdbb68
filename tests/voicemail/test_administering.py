"""What an administrator does to mailboxes, and what is written down of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.voicemail.office import CALLER, CAMILLE, PIN, Office, speak
from tests.voicemail.sounds import hush, voice
from voicemail import (
    GreetingKind,
    Kept,
    LockedOut,
    Mailbox,
    MailboxExists,
    MailboxRefused,
    MailboxUnknown,
    SoundRefused,
    SoundUnavailable,
    WrongPin,
)
from voicemail.adapters.folder_sounds import FolderSounds
from voicemail.administration import Administration
from voicemail.archive import read_archive
from voicemail.errors import MessageUnknown
from voicemail.message import Message, Treatment

UNAVAILABLE, BUSY, NAME = GreetingKind.UNAVAILABLE, GreetingKind.BUSY, GreetingKind.NAME


def administrator(office: Office) -> Administration:
    return office.mailboxes.administration("administrator marie")


async def left(office: Office, number: str = "101") -> Message:
    kept = await office.leave(number)
    assert isinstance(kept, Kept)
    return kept.message


async def written_down(office: Office, number: str = "101") -> list[tuple[str, str, str]]:
    deeds = await office.mailboxes.history(number, 100)
    return [(deed.actor, deed.action, deed.detail) for deed in deeds]


def studio(folder: Path, pcm: bytes, name: str = "accueil.wav") -> Path:
    soundfile.write(folder / name, np.frombuffer(pcm, dtype=np.int16), 8000)
    return folder / name


def sounds(office: Office) -> set[str]:
    """Every sound on the disk."""
    return {path.stem for path in (office.root / "audio").rglob("*.wav")}


async def test_every_fault_of_a_mailbox_is_told_at_once(office: Office) -> None:
    async def nowhere(_: Mailbox) -> Sequence[str]:
        return ("key 0: nobody has extension 999",)

    await office.hire()
    bad = replace(CAMILLE, name="", max_message_s=0, store_on_server=False, addresses=())
    administration = office.mailboxes.administration("x", nowhere)
    with pytest.raises(MailboxRefused) as refused:
        await administration.edit(bad, ["attachment 'ogg'"])
    for fault in ("'ogg'", "printable name", "1 to 3600", "needs an e-mail", "extension 999"):
        assert fault in str(refused.value)
    assert await office.mailboxes.show("101") == CAMILLE


async def test_a_mailbox_that_only_mails_is_refused_without_an_address(office: Office) -> None:
    alone = replace(CAMILLE, addresses=())
    with pytest.raises(MailboxRefused, match="needs an e-mail address"):
        await administrator(office).create(replace(alone, store_on_server=False), PIN)
    await office.hire(alone)
    with pytest.raises(MailboxRefused, match="needs an e-mail address"):
        await administrator(office).edit(replace(alone, store_on_server=False))


async def test_an_edit_tells_and_writes_down_which_settings_changed_but_not_their_values(
    office: Office,
) -> None:
    await administrator(office).create(CAMILLE, PIN)
    edited = replace(CAMILLE, name="Camille T.", star=Treatment.parse("closed"), trash_days=3)
    assert await administrator(office).edit(edited) == ("name", "star", "trash_days")
    assert await office.mailboxes.show("101") == edited
    assert await administrator(office).edit(edited) == ()
    assert await written_down(office) == [
        ("administrator marie", "created", ""),
        ("administrator marie", "edited", "name, star, trash_days"),
    ]


async def test_what_is_done_to_nobody_is_refused(office: Office, tmp_path: Path) -> None:
    administration = administrator(office)
    for act in (
        administration.edit(replace(CAMILLE, number="999")),
        administration.change_pin("999", "9084"),
        administration.unlock("999"),
        administration.empty("999"),
        administration.delete("999", tmp_path / "x.zip"),
        administration.export("999", tmp_path / "x.zip"),
        administration.set_greeting("999", BUSY, tmp_path / "x.wav"),
        administration.erase_greeting("999", BUSY),
    ):
        with pytest.raises(MailboxUnknown):
            await act
    for message in (administration.delete_message("7"), administration.undelete_message("7")):
        with pytest.raises(MessageUnknown):
            await message
    assert await written_down(office, "999") == []
    assert not (tmp_path / "x.zip").exists()


async def test_a_second_mailbox_of_a_number_is_refused(office: Office) -> None:
    await office.hire()
    with pytest.raises(MailboxExists):
        await administrator(office).create(CAMILLE, PIN)


async def test_a_new_pin_lets_a_locked_out_owner_in(office: Office) -> None:
    await office.hire()
    for _ in range(2):
        entrance = office.mailboxes.entrance(CALLER)
        for _ in range(2):
            with pytest.raises(WrongPin):
                await entrance.login("101", "8523")
        with pytest.raises(LockedOut):
            await entrance.login("101", "8523")
    await administrator(office).change_pin("101", "9084")
    assert (await office.mailboxes.login("101", "9084", CALLER)).mailbox == CAMILLE
    with pytest.raises(MailboxRefused, match="sequence"):
        await administrator(office).change_pin("101", "1234")
    assert ("administrator marie", "PIN changed", "") in await written_down(office)
    assert "9084" not in str(await written_down(office))


async def test_a_mailbox_emptied_keeps_its_greetings_unless_they_are_to_go_too(
    office: Office, tmp_path: Path
) -> None:
    await office.hire(replace(CAMILLE, addresses=()))
    await administrator(office).set_greeting("101", BUSY, studio(tmp_path, voice(2)))
    first, _ = await left(office), await left(office)
    await administrator(office).delete_message(first.id)
    assert await administrator(office).empty("101") == 2
    assert [name.partition("-")[0] for name in sounds(office)] == ["busy"]
    assert await administrator(office).empty("101", greetings=True) == 0
    assert sounds(office) == set()
    assert (await office.ports.store.counts("101")).taken == 0
    assert ("administrator marie", "greeting erased", "busy") in await written_down(office)


async def test_what_still_has_to_be_mailed_survives_the_emptying_until_it_is(
    office: Office,
) -> None:
    await office.hire()
    message = await left(office)
    await administrator(office).empty("101")
    assert await office.mailboxes.messages("101") == ()
    await office.worker.work()
    assert len(office.mails()) == 1
    await administrator(office).empty("101")
    assert await office.mailboxes.message(message.id) is None
    assert sounds(office) == set()


async def test_a_message_deleted_by_mistake_is_brought_back_if_there_is_a_place(
    office: Office,
) -> None:
    await office.hire(replace(CAMILLE, max_messages=1))
    message = await left(office)
    for _ in range(2):
        await administrator(office).delete_message(message.id)
    await administrator(office).undelete_message(message.id)
    assert await office.mailboxes.messages("101") == (message,)
    await administrator(office).undelete_message(message.id)
    await administrator(office).delete_message(message.id)
    await left(office)
    with pytest.raises(MailboxRefused, match="full"):
        await administrator(office).undelete_message(message.id)
    assert [action for _, action, _ in await written_down(office)] == [
        "created", "message deleted", "message restored", "message deleted",
    ]  # fmt: skip


async def test_a_deleted_mailbox_lies_in_its_archive_and_nowhere_else(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    await administrator(office).set_greeting("101", UNAVAILABLE, studio(tmp_path, voice(2)))
    heard, unheard = await left(office), await left(office)
    file = tmp_path / "101.zip"
    exported = await administrator(office).delete("101", file)
    assert exported.messages == (heard, unheard)
    with pytest.raises(MailboxUnknown):
        await office.mailboxes.show("101")
    assert sounds(office) == set()
    await office.worker.work()
    assert office.mails() == []
    archive = read_archive(file)
    assert archive.mailbox == CAMILLE
    assert [message.id for message in archive.messages] == [heard.id, unheard.id]
    assert archive.sound(archive.messages[0].sound) == voice(3.0)
    assert [greeting.kind for greeting in archive.greetings] == [UNAVAILABLE]
    assert (await written_down(office))[-1] == ("administrator marie", "deleted", "101.zip")


async def test_a_mailbox_whose_archive_cannot_be_written_is_not_deleted(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    message = await left(office)
    with pytest.raises(SoundUnavailable):
        await administrator(office).delete("101", tmp_path / "missing" / "101.zip")
    assert await office.mailboxes.messages("101") == (message,)


async def test_a_message_that_comes_in_while_its_box_is_deleted_is_not_lost(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    await left(office)
    late = await office.mailboxes.open_deposit("101", CALLER)
    speak(late, voice(2))

    class Meanwhile(FolderSounds):
        async def delete(self, name: str) -> None:
            await office.mailboxes.keep(late)
            await super().delete(name)

    unlucky = office.on(sounds=Meanwhile(office.root / "audio"))
    with pytest.raises(MailboxRefused, match="once more"):
        await administrator(unlucky).delete("101", tmp_path / "first.zip")
    assert [message.id for message in await office.mailboxes.messages("101")] == [late.id]
    await administrator(office).delete("101", tmp_path / "second.zip")
    archived = [read_archive(tmp_path / name).messages for name in ("first.zip", "second.zip")]
    assert [len(messages) for messages in archived] == [1, 1]
    assert archived[1][0].id == late.id


async def test_a_recording_under_way_when_its_box_is_deleted_is_set_aside(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, voice(2))
    await administrator(office).delete("101", tmp_path / "101.zip")
    with pytest.raises(MailboxUnknown):
        await office.mailboxes.keep(deposit)
    assert (office.root / "spool" / "unclaimed" / f"{deposit.id}.raw").exists()


async def test_a_greeting_that_was_brought_is_levelled_and_trimmed(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    quiet = np.frombuffer(voice(2), dtype=np.int16) // 16
    before, after = (np.frombuffer(hush(seconds), dtype=np.int16) // 8 for seconds in (1.5, 2.5))
    file = studio(tmp_path, np.concatenate([before, quiet, after]).astype(np.int16).tobytes())
    kept = await administrator(office).set_greeting("101", UNAVAILABLE, file)
    assert kept.duration_s == pytest.approx(2.2, abs=0.1)
    (stored,) = (office.root / "audio").rglob("unavailable-*.wav")
    assert 20000 < np.abs(soundfile.read(stored, dtype="int16")[0]).max() < 26000


async def test_a_greeting_longer_than_one_may_record_is_refused(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    with pytest.raises(SoundRefused, match="10 s at most"):
        await administrator(office).set_greeting("101", NAME, studio(tmp_path, voice(12)))
    assert await office.mailboxes.greetings("101") == ()


async def test_a_greeting_that_was_brought_is_taken_out_and_erased(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    await administrator(office).set_greeting("101", BUSY, studio(tmp_path, voice(2)))
    (greeting,) = await office.mailboxes.greetings("101")
    await office.mailboxes.export(greeting, tmp_path / "out.mp3")
    assert soundfile.info(tmp_path / "out.mp3").duration == pytest.approx(2.0, abs=0.1)
    assert await administrator(office).erase_greeting("101", BUSY)
    assert not await administrator(office).erase_greeting("101", BUSY)
    assert sounds(office) == set()
    assert [deed[1:] for deed in await written_down(office)] == [
        ("created", ""), ("greeting set", "busy"), ("greeting erased", "busy"),
    ]  # fmt: skip


async def test_what_was_done_is_forgotten_after_two_years(office: Office) -> None:
    await office.hire()
    office.clock.advance(timedelta(days=729).total_seconds())
    await administrator(office).unlock("101")
    await office.mailboxes.sweep()
    assert len(await written_down(office)) == 2
    office.clock.advance(timedelta(days=2).total_seconds())
    await office.mailboxes.sweep()
    assert [action for _, action, _ in await written_down(office)] == ["unlocked"]


async def test_a_deleting_that_was_broken_off_is_ended_by_the_next_and_nothing_is_lost(
    office: Office, tmp_path: Path
) -> None:
    await office.hire()
    ids = {(await left(office)).id for _ in range(3)}

    class BreaksOff(FolderSounds):
        deletions = 0

        async def delete(self, name: str) -> None:
            self.deletions += 1
            if self.deletions == 2:
                await super().delete(name)
                raise SoundUnavailable("the disk is away")
            await super().delete(name)

    unlucky = office.on(sounds=BreaksOff(office.root / "audio"))
    with pytest.raises(SoundUnavailable):
        await administrator(unlucky).delete("101", tmp_path / "first.zip")
    second = await administrator(office).delete("101", tmp_path / "second.zip")
    assert (len(second.messages), second.silent) == (2, 1)
    assert {message.id for message in read_archive(tmp_path / "first.zip").messages} == ids
    assert sounds(office) == set()
    assert await office.mailboxes.audit().examine(serving=False) == ()
