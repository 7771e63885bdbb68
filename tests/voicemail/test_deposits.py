"""What a caller who leaves a message, and the owner who gets it, can count on."""

import asyncio
import io
import wave
from pathlib import Path

import pytest

from call.clock import VirtualClock
from tests.voicemail.office import CALLER, CAMILLE, Office, speak
from tests.voicemail.sounds import hush, voice
from voicemail import (
    Folder,
    GreetingKind,
    Kept,
    Mailbox,
    Mailboxes,
    MailboxFull,
    MailboxUnknown,
    SoundUnavailable,
    StoreUnavailable,
    TooShort,
)
from voicemail.adapters.folder_sounds import FolderSounds
from voicemail.message import Counts

GREETING = Path(__file__).parents[2] / "audio_fixtures" / "greeting_3s.wav"


async def test_a_message_left_is_there_word_for_word(office: Office) -> None:
    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    spoken = voice(3)
    speak(deposit, spoken)
    kept = await office.mailboxes.keep(deposit)
    assert isinstance(kept, Kept)
    (message,) = await office.mailboxes.messages("101")
    assert message == kept.message
    assert (message.caller, message.folder, message.duration_s) == (CALLER, Folder.NEW, 3.0)
    path = await office.ports.sounds.local(message.sound)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        assert file.readframes(file.getnframes()) == spoken


async def test_nothing_stays_in_the_spool_of_a_message_kept(office: Office) -> None:
    await office.hire()
    await office.leave()
    assert [path for path in (office.root / "spool").rglob("*") if path.is_file()] == []


async def test_its_owner_gets_it_by_email_once(office: Office) -> None:
    await office.hire()
    await office.leave()
    await office.worker.work()
    await office.worker.work()
    (mail,) = office.mails()
    (sound,) = mail.iter_attachments()
    with wave.open(io.BytesIO(sound.get_content())) as file:
        assert file.getnframes() == 3 * 8000


async def test_a_box_without_address_keeps_the_message_and_mails_nobody(office: Office) -> None:
    await office.hire(Mailbox("102", "William", "en"))
    assert isinstance(await office.leave("102"), Kept)
    assert await office.worker.work() is None
    assert office.mails() == []


@pytest.mark.parametrize("spoken", [b"", voice(0.5), hush(10)], ids=["nothing", "a word", "hiss"])
async def test_saying_nothing_leaves_nothing(office: Office, spoken: bytes) -> None:
    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, spoken)
    assert isinstance(await office.mailboxes.keep(deposit), TooShort)
    assert await office.mailboxes.messages("101") == ()
    assert await office.worker.work() is None
    assert await office.ports.store.places("local") == ()


async def test_a_discarded_recording_is_gone_and_its_place_is_free(office: Office) -> None:
    await office.hire(Mailbox("103", "Small", max_messages=1))
    deposit = await office.mailboxes.open_deposit("103", CALLER)
    speak(deposit, voice(3))
    await office.mailboxes.discard(deposit)
    assert not deposit.spool.exists()
    assert isinstance(await office.leave("103"), Kept)


async def test_keeping_twice_is_keeping_once(office: Office) -> None:
    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, voice(3))
    first = await office.mailboxes.keep(deposit)
    assert await office.mailboxes.keep(deposit) == first
    await office.worker.work()
    assert len(office.mails()) == 1


async def test_a_caller_who_vanishes_while_the_message_is_kept_does_not_stop_it(
    office: Office,
) -> None:
    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, voice(3))
    keeping = asyncio.create_task(office.mailboxes.keep(deposit))
    await asyncio.sleep(0)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    await office.mailboxes.finish()
    assert len(await office.mailboxes.messages("101")) == 1


async def test_an_unknown_number_takes_no_message(office: Office) -> None:
    with pytest.raises(MailboxUnknown):
        await office.mailboxes.open_deposit("999", CALLER)


async def test_a_full_box_says_so_in_the_language_of_its_owner(office: Office) -> None:
    await office.hire(Mailbox("104", "William", "en", max_messages=1))
    await office.leave("104")
    with pytest.raises(MailboxFull) as full:
        await office.mailboxes.open_deposit("104", CALLER)
    assert (full.value.name, full.value.language) == ("William", "en")


async def test_messages_of_a_later_moment_have_greater_ids(
    office: Office, clock: VirtualClock
) -> None:
    await office.hire()
    ids = []
    for _ in range(5):
        deposit = await office.mailboxes.open_deposit("101", CALLER)
        ids.append(deposit.id)
        clock.advance(0.002)
    assert ids == sorted(ids)
    assert len(set(ids)) == 5


async def test_a_deposit_says_what_the_call_needs_to_know(office: Office) -> None:
    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    assert (deposit.name, deposit.language, deposit.max_s) == (CAMILLE.name, "fr", 180)
    assert deposit.greeting is None
    assert deposit.spool.parent.is_dir()


async def test_a_greeting_whose_sound_is_gone_keeps_nobody_from_leaving_a_message(
    office: Office,
) -> None:
    await office.hire()
    for kind in (GreetingKind.UNAVAILABLE, GreetingKind.NAME):
        greeting = await office.mailboxes.administration("test").set_greeting("101", kind, GREETING)
        await office.ports.sounds.delete(greeting.sound)
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    assert (deposit.greeting, deposit.spoken_name) == (None, None)
    speak(deposit, voice(3))
    assert isinstance(await office.mailboxes.keep(deposit), Kept)


async def test_a_box_removed_while_somebody_speaks_costs_no_recording(office: Office) -> None:
    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, voice(3))
    await office.ports.store.delete_mailbox("101")
    with pytest.raises(MailboxUnknown):
        await office.mailboxes.keep(deposit)
    assert (office.root / "spool" / "unclaimed" / f"{deposit.id}.raw").read_bytes() == voice(3)


async def test_a_box_removed_while_a_message_is_written_leaves_nothing_in_the_store(
    office: Office,
) -> None:
    class Removing(FolderSounds):
        async def put(self, name: str, pcm: bytes) -> None:
            await super().put(name, pcm)
            await office.ports.store.delete_mailbox("101")

    await office.hire()
    unlucky = office.on(sounds=Removing(office.root / "audio"))
    deposit = await unlucky.mailboxes.open_deposit("101", CALLER)
    speak(deposit, voice(3))
    with pytest.raises(StoreUnavailable):
        await unlucky.mailboxes.keep(deposit)
    assert await office.mailboxes.recover() == 0
    assert (office.root / "spool" / "unclaimed" / f"{deposit.id}.raw").read_bytes() == voice(3)
    assert await office.ports.sounds.names() == frozenset()


class FailingDisk(FolderSounds):
    """A disk that takes no sound while it is full."""

    full = True

    async def put(self, name: str, pcm: bytes) -> None:
        if self.full:
            raise SoundUnavailable("no space left")
        await super().put(name, pcm)


async def test_a_message_that_a_full_disk_held_up_is_kept_when_there_is_space_again(
    office: Office,
) -> None:
    await office.hire()
    disk = FailingDisk(office.root / "audio")
    failing = office.on(sounds=disk)
    deposit = await failing.mailboxes.open_deposit("101", CALLER)
    speak(deposit, voice(3))
    with pytest.raises(SoundUnavailable):
        await failing.mailboxes.keep(deposit)
    with pytest.raises(SoundUnavailable):
        await failing.mailboxes.retry()
    disk.full = False
    assert [await failing.mailboxes.retry() for _ in range(2)] == [1, 0]
    (message,) = await office.mailboxes.messages("101")
    assert message.id == deposit.id
    assert await office.ports.store.places("local") == ()


async def test_a_message_held_up_for_a_box_that_is_gone_by_then_is_set_aside(
    office: Office,
) -> None:
    await office.hire()
    failing = office.on(sounds=FailingDisk(office.root / "audio"))
    deposit = await failing.mailboxes.open_deposit("101", CALLER)
    speak(deposit, voice(3))
    with pytest.raises(SoundUnavailable):
        await failing.mailboxes.keep(deposit)
    await office.ports.store.delete_mailbox("101")
    assert [await failing.mailboxes.retry() for _ in range(2)] == [0, 0]
    assert (office.root / "spool" / "unclaimed" / f"{deposit.id}.raw").read_bytes() == voice(3)


async def test_who_watches_a_box_is_told_when_a_message_is_kept_and_then_sees_it(
    office: Office,
) -> None:
    await office.hire()
    seen: list[str] = []
    mailboxes = Mailboxes(office.ports, changed=seen.append)
    deposit = await mailboxes.open_deposit("101", CALLER)
    assert await mailboxes.counts("101") == Counts(taken=1)
    speak(deposit, voice(3))
    await mailboxes.keep(await mailboxes.mark_urgent(deposit, True))
    assert seen == ["101"]
    assert await mailboxes.counts("101") == Counts(new=1, urgent_new=1, taken=1)
    assert await mailboxes.counts("999") is None
