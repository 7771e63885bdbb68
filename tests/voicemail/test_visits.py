"""What an owner does in their mailbox by telephone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from call.leg import Party
from tests.voicemail.office import CALLER, CAMILLE, PIN, Office, speak
from tests.voicemail.sounds import voice
from voicemail import (
    Folder,
    Kept,
    Mailbox,
    Mailboxes,
    MailboxRefused,
    MailboxUnknown,
    Move,
    Nothing,
    NothingSelected,
    PinChange,
    Selected,
    StoreUnavailable,
    Summary,
    Toggled,
    Visit,
)
from voicemail.message import Deed


async def visit(office: Office, number: str = "101") -> Visit:
    return await office.mailboxes.login(number, PIN, CALLER)


async def select(visit: Visit, move: Move = Move.FIRST) -> Selected:
    selected = await visit.select(move)
    assert isinstance(selected, Selected)
    return selected


async def test_an_empty_mailbox_has_nothing_to_hear(office: Office) -> None:
    await office.hire()
    entered = await visit(office)
    assert await entered.summary() == Summary(0, 0)
    assert await entered.select(Move.FIRST) is Nothing.EMPTY


async def test_messages_are_heard_oldest_first_and_no_further_than_the_last(
    office: Office,
) -> None:
    await office.hire()
    left = [await office.leave(caller=Party(f"514555010{n}")) for n in range(3)]
    entered = await visit(office)
    assert await entered.summary() == Summary(3, 0, folder=Folder.NEW)
    heard = [await select(entered, move) for move in (Move.FIRST, Move.NEXT, Move.NEXT)]
    assert [one.message for one in heard] == [each.message for each in left if type(each) is Kept]
    assert [(one.position, one.total) for one in heard] == [(1, 3), (2, 3), (3, 3)]
    assert await entered.select(Move.NEXT) is Nothing.END
    assert (await select(entered, Move.CURRENT)).position == 3
    assert (await select(entered, Move.PREVIOUS)).position == 2


async def test_before_the_first_message_there_is_none(office: Office) -> None:
    await office.hire()
    await office.leave()
    entered = await visit(office)
    await select(entered)
    assert await entered.select(Move.PREVIOUS) is Nothing.END


async def test_the_hour_is_the_owners(office: Office) -> None:
    await office.hire(Mailbox("106", "Paris", zone="Europe/Paris"))
    await office.leave("106")
    received = (await select(await visit(office, "106"))).received
    assert received.utcoffset() == timedelta(hours=2)
    assert f"{received:%H:%M}" == "16:00"


async def test_a_message_heard_is_new_no_more_and_keeps_its_place(office: Office) -> None:
    await office.hire()
    await office.leave()
    await office.leave()
    entered = await visit(office)
    assert (await select(entered)).is_new
    await entered.mark_heard()
    assert await entered.summary() == Summary(1, 1, folder=Folder.NEW)
    assert not (await select(entered)).is_new


async def test_on_the_next_visit_the_new_messages_are_there_and_the_old_ones_one_folder_away(
    office: Office,
) -> None:
    await office.hire()
    for _ in range(2):
        await office.leave()
    entered = await visit(office)
    old = (await select(entered)).message.id
    await entered.mark_heard()
    again = await visit(office)
    assert (await select(again)).message.id != old
    assert await again.select(Move.NEXT) is Nothing.END
    assert await again.open_folder(Folder.OLD) == 1
    assert (await select(again)).message.id == old


async def test_who_has_heard_everything_enters_among_the_old_messages(office: Office) -> None:
    await office.hire()
    await office.leave()
    entered = await visit(office)
    await select(entered)
    await entered.mark_heard()
    assert (await (await visit(office)).summary()).folder is Folder.OLD
    assert not (await select(await visit(office))).is_new


async def test_urgent_messages_are_told_and_come_first(office: Office) -> None:
    await office.hire()
    await office.leave()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, voice(3.0))
    urgent = await office.mailboxes.keep(await office.mailboxes.mark_urgent(deposit, True))
    entered = await visit(office)
    assert (await entered.summary()).urgent == 1
    assert isinstance(urgent, Kept)
    assert (await select(entered)).message == urgent.message


async def test_messages_filed_in_a_folder_are_found_there(office: Office) -> None:
    await office.hire()
    for _ in range(2):
        await office.leave()
    entered = await visit(office)
    filed = (await select(entered)).message.id
    assert await entered.file(Folder.FAMILY)
    assert await entered.open_folder(Folder.WORK) == 0
    assert await entered.select(Move.FIRST) is Nothing.EMPTY
    assert await entered.open_folder(Folder.FAMILY) == 1
    assert (await select(entered)).message.id == filed


async def test_a_message_filed_elsewhere_keeps_its_place_until_the_folder_is_opened_again(
    office: Office,
) -> None:
    await office.hire()
    for _ in range(2):
        await office.leave()
    entered = await visit(office)
    await select(entered)
    await entered.file(Folder.WORK)
    assert (await select(entered, Move.CURRENT)).total == 2
    assert await entered.open_folder(Folder.NEW) == 1


async def test_a_deleted_message_cannot_come_back_into_a_full_box(office: Office) -> None:
    await office.hire(replace(CAMILLE, max_messages=1))
    await office.leave()
    entered = await visit(office)
    await select(entered)
    await entered.toggle_deleted()
    await office.leave()
    assert await entered.toggle_deleted() is Toggled.FULL
    assert not await entered.file(Folder.WORK)
    assert (await select(entered, Move.CURRENT)).deleted


async def test_a_message_that_is_gone_for_good_is_passed_over(office: Office) -> None:
    await office.hire()
    left = [await office.leave() for _ in range(4)]
    first, second, third, last = [one.message for one in left if isinstance(one, Kept)]
    entered = await visit(office)
    await select(entered)
    await select(entered, Move.NEXT)
    for gone in (first, third):
        await office.ports.store.purge(gone.id)
    heard = await select(entered, Move.NEXT)
    assert (heard.message, heard.position, heard.total) == (last, 3, 3)
    assert (await select(entered, Move.PREVIOUS)).message == second
    assert await entered.select(Move.PREVIOUS) is Nothing.END
    assert (await select(entered, Move.CURRENT)).message == second


async def test_when_the_message_being_heard_is_gone_for_good_the_one_after_it_takes_its_place(
    office: Office,
) -> None:
    await office.hire()
    left = [await office.leave() for _ in range(3)]
    first, second, third = [one.message for one in left if isinstance(one, Kept)]
    entered = await visit(office)
    await select(entered)
    await select(entered, Move.NEXT)
    await office.ports.store.purge(second.id)
    assert (await select(entered, Move.CURRENT)).message == third
    assert (await select(entered, Move.PREVIOUS)).message == first


async def test_nothing_can_be_done_to_a_message_that_is_gone_for_good(office: Office) -> None:
    await office.hire()
    await office.leave()
    entered = await visit(office)
    gone = (await select(entered)).message
    await office.ports.store.purge(gone.id)
    with pytest.raises(NothingSelected):
        await entered.toggle_deleted()
    assert await entered.select(Move.CURRENT) is Nothing.EMPTY


async def test_whoever_watches_the_box_is_told_of_all_that_changes_and_of_nothing_else(
    office: Office,
) -> None:
    await office.hire()
    await office.leave()
    told: list[str] = []
    watched = Mailboxes(office.ports, changed=told.append)
    entered = await watched.login("101", PIN, CALLER)
    await select(entered)
    assert told == []
    await entered.mark_heard()
    await entered.mark_heard()
    assert told == ["101"]
    await entered.toggle_deleted()
    await entered.toggle_deleted()
    await entered.file(Folder.NEW)
    assert told == ["101"] * 4


async def test_what_an_owner_does_is_written_down_without_what_was_said(office: Office) -> None:
    await office.hire()
    kept = await office.leave()
    assert isinstance(kept, Kept)
    entered = await visit(office)
    await select(entered)
    await entered.toggle_deleted()
    await entered.toggle_deleted()
    assert await entered.change_pin("9084", "9084") is PinChange.CHANGED
    await entered.set_language("en")
    await entered.welcome()
    deeds = await office.ports.store.history("101", 10)
    assert [(deed.action, deed.detail) for deed in deeds if deed.actor == "owner"] == [
        ("message deleted", kept.message.id),
        ("message restored", kept.message.id),
        ("PIN changed", ""),
        ("language changed", "en"),
        ("first login completed", ""),
    ]


@pytest.mark.parametrize(
    ("pin", "again", "ends"),
    [
        ("9084", "9084", PinChange.CHANGED),
        ("9084", "9085", PinChange.DIFFERENT),
        ("0101", "0101", PinChange.REFUSED),
        ("1234", "1234", PinChange.REFUSED),
        ("4321", "4321", PinChange.REFUSED),
        ("5555", "5555", PinChange.REFUSED),
        ("123", "123", PinChange.REFUSED),
        ("", "", PinChange.REFUSED),
    ],
)
async def test_a_new_pin_is_typed_twice_and_is_none_that_anybody_would_try_first(
    office: Office, pin: str, again: str, ends: PinChange
) -> None:
    await office.hire()
    entered = await visit(office)
    assert await entered.change_pin(pin, again) is ends
    opens = pin if ends is PinChange.CHANGED else PIN
    assert isinstance(await office.mailboxes.login("101", opens, CALLER), Visit)


async def test_the_owners_language_and_welcome_stay_and_nothing_else_is_touched(
    office: Office,
) -> None:
    made = await office.hire(replace(CAMILLE, envelope=False, max_message_s=60))
    entered = await visit(office)
    await entered.set_language("en")
    await entered.welcome()
    assert entered.mailbox == await office.mailboxes.show("101")
    assert entered.mailbox == replace(made, language="en", welcomed=True)


async def test_a_language_nobody_speaks_here_is_refused(office: Office) -> None:
    await office.hire()
    entered = await visit(office)
    with pytest.raises(MailboxRefused):
        await entered.set_language("de")
    assert (await office.mailboxes.show("101")).language == "fr"


async def test_a_box_removed_during_a_visit_takes_no_more_settings(office: Office) -> None:
    await office.hire()
    entered = await visit(office)
    await office.ports.store.delete_mailbox("101")
    with pytest.raises(MailboxUnknown):
        await entered.welcome()


async def test_what_was_done_stays_done_when_it_cannot_be_written_down(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await office.hire()

    async def note(_: Deed) -> None:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(office.ports.store, "note", note)
    entered = await visit(office)
    assert await entered.change_pin("9084", "9084") is PinChange.CHANGED
    assert isinstance(await office.mailboxes.login("101", "9084", CALLER), Visit)
    assert "history not written" in caplog.messages


async def test_a_message_left_during_the_visit_is_counted_but_does_not_move_the_others(
    office: Office,
) -> None:
    await office.hire()
    await office.leave()
    entered = await visit(office)
    before = await select(entered)
    await office.leave()
    assert (await entered.summary()).new == 2
    assert await select(entered, Move.CURRENT) == before


async def test_a_message_deleted_by_mistake_comes_back(office: Office) -> None:
    await office.hire()
    await office.leave()
    entered = await visit(office)
    await select(entered)
    assert await entered.toggle_deleted() is Toggled.DELETED
    assert (await select(entered)).deleted
    assert await entered.toggle_deleted() is Toggled.RESTORED
    assert await entered.summary() == Summary(1, 0, folder=Folder.NEW)


async def test_a_deleted_message_is_gone_on_the_next_visit(office: Office) -> None:
    await office.hire()
    await office.leave()
    entered = await visit(office)
    await select(entered)
    await entered.toggle_deleted()
    assert await (await visit(office)).select(Move.FIRST) is Nothing.EMPTY


async def test_saving_a_deleted_message_takes_it_out_of_the_trash(office: Office) -> None:
    await office.hire()
    await office.leave()
    entered = await visit(office)
    await select(entered)
    await entered.toggle_deleted()
    assert await entered.file(Folder.OLD)
    saved = await select(await visit(office))
    assert (saved.is_new, saved.deleted) == (False, False)


async def test_hearing_a_filed_message_leaves_it_where_it_is(office: Office) -> None:
    await office.hire()
    await office.leave()
    entered = await visit(office)
    await select(entered)
    await entered.file(Folder.FRIENDS)
    before = (await select(entered)).message
    await entered.mark_heard()
    assert (await select(entered)).message == before


async def test_nothing_can_be_done_to_a_message_before_one_is_selected(office: Office) -> None:
    await office.hire()
    await office.leave()
    with pytest.raises(NothingSelected):
        await (await visit(office)).mark_heard()


async def test_the_trash_is_emptied_after_thirty_days_once_its_email_has_gone(
    office: Office,
) -> None:
    await office.hire()
    await office.leave()
    entered = await visit(office)
    sound = (await select(entered)).sound
    await entered.toggle_deleted()
    office.clock.advance(30 * 86400 + 1)
    assert await office.mailboxes.sweep() == 0
    await office.worker.work()
    assert sound.exists()
    assert await office.mailboxes.sweep() == 1
    assert not sound.exists()
    assert await office.mailboxes.sweep() == 0
