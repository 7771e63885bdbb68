"""What a caller who leaves a message, and the owner who gets it, can count on."""

import asyncio
import io
import wave

import pytest

from call.clock import VirtualClock
from tests.voicemail.office import CALLER, CAMILLE, Office, speak
from tests.voicemail.sounds import hush, voice
from voicemail import Folder, Kept, Mailbox, MailboxFull, MailboxUnknown, TooShort


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


async def test_filed_and_old_messages_fill_a_box_and_deleted_ones_do_not(office: Office) -> None:
    await office.hire(Mailbox("104", "William", max_messages=2))
    for folder in (Folder.WORK, Folder.OLD):
        kept = await office.leave("104")
        assert isinstance(kept, Kept)
        await office.ports.store.file(kept.message.id, folder)
    with pytest.raises(MailboxFull):
        await office.mailboxes.open_deposit("104", CALLER)
    first, _ = await office.mailboxes.messages("104")
    await office.ports.store.delete(first.id, office.clock.now())
    assert isinstance(await office.leave("104"), Kept)


async def test_fifty_callers_at_once_get_the_three_places_there_are(office: Office) -> None:
    await office.hire(Mailbox("105", "Three", max_messages=3))
    calls = [office.mailboxes.open_deposit("105", CALLER) for _ in range(50)]
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(end, MailboxFull) for end in ends) == 47
    assert len({end.id for end in ends if not isinstance(end, BaseException)}) == 3


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
