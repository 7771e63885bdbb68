"""An owner passes a message on to others."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
import soundfile

from call.leg import Party
from tests.voicemail.office import CALLER, CAMILLE, PIN, Office, speak
from tests.voicemail.sounds import hush, voice
from voicemail import (
    Folder,
    Kept,
    Mailbox,
    Mailboxes,
    Message,
    Move,
    NotAdded,
    OpenForward,
    SoundUnavailable,
    StoreUnavailable,
    Visit,
)
from voicemail.mail import MailTask
from voicemail.message import Deposit
from voicemail.storage import Reservation

LUC = Mailbox("102", "Luc Gagnon", addresses=("luc@example.org",))
ANNE = Mailbox("103", "Anne Roy", language="en")

SPOKEN = voice(3.0)


async def owner(office: Office, *colleagues: Mailbox) -> Visit:
    """Camille, signed in, with one message selected; and the others' empty boxes."""
    for mailbox in (CAMILLE, *colleagues):
        await office.hire(mailbox)
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, SPOKEN)
    await office.mailboxes.keep(deposit)
    office.clock.advance(3600)
    visit = await office.mailboxes.login("101", PIN, CALLER)
    await visit.select(Move.FIRST)
    return visit


async def forward(visit: Visit, *numbers: str, introduction: bytes = b"") -> tuple[str, ...]:
    opened = await visit.open_forward()
    for number in numbers:
        await opened.add(number)
    if introduction:
        (await opened.open_introduction()).write_bytes(introduction)
    return await opened.send()


async def only(office: Office, number: str) -> Message:
    (message,) = await office.mailboxes.messages(number)
    return message


async def heard(office: Office, message: Message) -> bytes:
    samples, _ = soundfile.read(await office.ports.sounds.local(message.sound), dtype="int16")
    octets: bytes = samples.tobytes()
    return octets


async def test_each_of_several_colleagues_gets_the_message_as_it_is(office: Office) -> None:
    visit = await owner(office, LUC, ANNE)
    original = await only(office, "101")
    assert await forward(visit, "102", "103") == ("102", "103")
    for number in ("102", "103"):
        copy = await only(office, number)
        assert await heard(office, copy) == SPOKEN
        assert (copy.caller, copy.received) == (CALLER, original.received)
        assert (copy.forwarded_by, copy.folder, copy.in_box) == ("101", Folder.NEW, True)
        assert copy.duration_s == pytest.approx(3.0)


async def test_an_introduction_is_heard_before_the_message_after_a_short_pause(
    office: Office,
) -> None:
    visit = await owner(office, LUC)
    introduction = voice(2.0, seed=5)
    await forward(visit, "102", introduction=introduction)
    copy = await only(office, "102")
    sound = np.frombuffer(await heard(office, copy), dtype=np.int16)
    assert sound[:16000].tobytes() == introduction
    assert not sound[16000:18400].any()
    assert sound[18400:].tobytes() == SPOKEN
    assert copy.duration_s == pytest.approx(5.3)


async def test_an_introduction_in_which_nobody_spoke_is_left_out(office: Office) -> None:
    visit = await owner(office, LUC)
    await forward(visit, "102", introduction=hush(2.0))
    assert await heard(office, await only(office, "102")) == SPOKEN


async def test_the_original_stays_as_it_was_and_does_not_share_its_sound(office: Office) -> None:
    visit = await owner(office, LUC)
    before = await only(office, "101")
    await forward(visit, "102")
    assert await only(office, "101") == before
    await office.ports.sounds.delete(before.sound)
    assert await heard(office, await only(office, "102")) == SPOKEN


async def test_an_urgent_message_stays_urgent_and_a_deleted_one_arrives_undeleted(
    office: Office,
) -> None:
    await office.hire()
    await office.hire(LUC)
    deposit: Deposit = await office.mailboxes.open_deposit("101", CALLER)
    deposit = await office.mailboxes.mark_urgent(deposit, True)
    speak(deposit, SPOKEN)
    await office.mailboxes.keep(deposit)
    visit = await office.mailboxes.login("101", PIN, CALLER)
    await visit.select(Move.FIRST)
    await visit.toggle_deleted()
    await forward(visit, "102")
    copy = await only(office, "102")
    assert (copy.urgent, copy.deleted) == (True, None)


async def test_what_was_said_is_not_written_down_again_unless_something_was_said_before_it(
    office: Office,
) -> None:
    visit = await owner(office, LUC, ANNE)
    await office.ports.store.set_transcript((await only(office, "101")).id, "Bonjour.")
    await visit.select(Move.FIRST)
    await forward(visit, "102")
    assert (await only(office, "102")).transcript == "Bonjour."
    await forward(visit, "103", introduction=voice(2.0, seed=5))
    assert (await only(office, "103")).transcript == ""


async def tasks(office: Office) -> dict[str, MailTask]:
    """The e-mails that wait, by mailbox; the original's own is left out."""
    leased = await office.ports.store.claim("t", office.clock.now(), timedelta(minutes=1), 100)
    return {each.task.mailbox: each.task for each in leased if each.task.mailbox != "101"}


async def test_a_copy_is_mailed_to_its_new_owner(office: Office) -> None:
    visit = await owner(office, LUC, ANNE)
    await forward(visit, "102", "103")
    mailed = await tasks(office)
    assert mailed.keys() == {"102"}
    assert mailed["102"].message == (await only(office, "102")).id
    assert mailed["102"].recipients == LUC.addresses


async def test_who_keeps_nothing_on_the_server_gets_the_copy_by_email_alone(
    office: Office,
) -> None:
    visit = await owner(office, replace(LUC, store_on_server=False))
    assert await forward(visit, "102") == ("102",)
    assert await office.mailboxes.messages("102") == ()
    (on_its_way,) = await office.ports.store.all_messages("102")
    assert not on_its_way.in_box
    assert (await tasks(office))["102"].message == on_its_way.id


async def test_the_outbox_and_whoever_watches_the_boxes_are_told(office: Office) -> None:
    await owner(office, LUC, ANNE)
    told: list[str] = []
    woken: list[None] = []
    watched = Mailboxes(office.ports, changed=told.append, mail_due=lambda: woken.append(None))
    visit = await watched.login("101", PIN, CALLER)
    await visit.select(Move.FIRST)
    await forward(visit, "102", "103")
    assert (told, len(woken)) == (["102", "103"], 1)


async def test_nobody_can_be_added_who_has_no_box_or_no_place_or_is_oneself(
    office: Office,
) -> None:
    visit = await owner(office, replace(LUC, max_messages=1))
    await office.leave("102")
    opened = await visit.open_forward()
    assert await opened.add("102") is NotAdded.FULL
    assert await opened.add("999") is NotAdded.UNKNOWN
    assert await opened.add("101") is NotAdded.OWN
    assert opened.recipients == ()
    assert await opened.send() == ()


async def test_a_colleague_added_twice_gets_one_copy(office: Office) -> None:
    visit = await owner(office, LUC)
    assert await forward(visit, "102", "102") == ("102",)
    assert (await only(office, "102")).forwarded_by == "101"


async def test_a_box_that_filled_up_meanwhile_keeps_nobody_else_from_a_copy(
    office: Office,
) -> None:
    visit = await owner(office, replace(LUC, max_messages=1), ANNE)
    opened = await visit.open_forward()
    await opened.add("102")
    await opened.add("103")
    await office.leave("102")
    assert await opened.send() == ("103",)
    assert (await only(office, "102")).forwarded_by == ""
    await sounds_agree(office)


async def test_a_place_that_a_caller_holds_is_not_given_to_a_copy(office: Office) -> None:
    visit = await owner(office, replace(LUC, max_messages=1))
    opened = await visit.open_forward()
    await opened.add("102")
    deposit = await office.mailboxes.open_deposit("102", CALLER)
    assert await opened.send() == ()
    speak(deposit, SPOKEN)
    assert isinstance(await office.mailboxes.keep(deposit), Kept)


async def test_the_owner_is_told_that_a_copy_filled_the_box(office: Office) -> None:
    visit = await owner(office, replace(LUC, max_messages=1))
    await forward(visit, "102")
    leased = await office.ports.store.claim("t", office.clock.now(), timedelta(minutes=1), 100)
    kinds = {each.task.kind.value for each in leased if each.task.mailbox == "102"}
    assert kinds == {"message", "full"}


async def test_a_box_removed_meanwhile_gets_nothing(office: Office) -> None:
    visit = await owner(office, LUC)
    opened = await visit.open_forward()
    await opened.add("102")
    await office.ports.store.delete_mailbox("102")
    assert await opened.send() == ()
    await sounds_agree(office)


async def test_a_copy_that_cannot_be_delivered_keeps_nobody_else_from_theirs(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = await owner(office, LUC, ANNE)
    deliver = office.ports.store.deliver

    async def sometimes(message: Message, task: MailTask | None, *notices: object) -> Reservation:
        if message.mailbox == "102":
            raise StoreUnavailable("busy")
        return await deliver(message, task)

    monkeypatch.setattr(office.ports.store, "deliver", sometimes)
    assert await forward(visit, "102", "103") == ("103",)


async def test_an_original_that_cannot_be_read_is_not_passed_on(office: Office) -> None:
    visit = await owner(office, LUC)
    sound = await office.ports.sounds.local((await only(office, "101")).sound)
    sound.write_bytes(b"RIFF")
    with pytest.raises(SoundUnavailable):
        await forward(visit, "102")
    assert await office.mailboxes.messages("102") == ()


async def test_a_forward_thought_better_of_leaves_nothing_behind(office: Office) -> None:
    visit = await owner(office, LUC)
    opened = await visit.open_forward()
    await opened.add("102")
    introduction = await opened.open_introduction()
    introduction.write_bytes(voice(2.0))
    await opened.cancel()
    assert await office.mailboxes.messages("102") == ()
    assert not introduction.exists()


async def test_an_introduction_recorded_again_is_heard_alone(office: Office) -> None:
    visit = await owner(office, LUC)
    opened = await visit.open_forward()
    await opened.add("102")
    first = await opened.open_introduction()
    first.write_bytes(voice(2.0, seed=5))
    second = await opened.open_introduction()
    second.write_bytes(voice(1.0, seed=6))
    assert second != first
    assert not first.exists()
    await opened.send()
    copy = await only(office, "102")
    assert (await heard(office, copy))[: 2 * 8000] == voice(1.0, seed=6)
    assert copy.duration_s == pytest.approx(4.3)


async def test_an_introduction_is_gone_once_it_was_sent(office: Office) -> None:
    visit = await owner(office, LUC)
    opened = await visit.open_forward()
    await opened.add("102")
    introduction = await opened.open_introduction()
    introduction.write_bytes(voice(2.0))
    await opened.send()
    assert not introduction.exists()


async def test_a_crash_while_an_introduction_is_recorded_forgets_it(office: Office) -> None:
    visit = await owner(office, LUC)
    opened: OpenForward = await visit.open_forward()
    introduction = await opened.open_introduction()
    introduction.write_bytes(voice(2.0))
    await office.mailboxes.recover()
    assert not introduction.exists()


async def test_a_forwarded_message_can_be_forwarded_again_by_who_got_it(office: Office) -> None:
    visit = await owner(office, LUC, ANNE)
    await forward(visit, "102")
    second = await office.mailboxes.login("102", PIN, Party(""))
    await second.select(Move.FIRST)
    await forward(second, "103")
    copy = await only(office, "103")
    assert (copy.caller, copy.forwarded_by) == (CALLER, "102")


async def test_the_history_says_which_message_went_to_whom(office: Office) -> None:
    visit = await owner(office, LUC, ANNE)
    await forward(visit, "102", "103")
    (deed,) = [d for d in await office.ports.store.history("101", 20) if d.actor == "owner"]
    id = (await only(office, "101")).id
    assert (deed.action, deed.detail) == ("message forwarded", f"{id} to 102, 103")


async def sounds_agree(office: Office) -> None:
    """The audio store holds a sound for each row, and no other."""
    assert await office.ports.sounds.names() == await office.ports.store.sounds()
