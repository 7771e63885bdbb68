"""What an owner does in their mailbox by telephone."""

from datetime import timedelta

import pytest

from call.leg import Party
from tests.voicemail.office import CALLER, PIN, Office
from voicemail import Kept, Mailbox, Move, Nothing, NothingSelected, Selected, Summary, Visit


async def visit(office: Office, number: str = "101") -> Visit:
    return await office.mailboxes.login(number, PIN, CALLER)


async def select(visit: Visit, move: Move = Move.FIRST) -> Selected:
    selected = await visit.select(move)
    assert isinstance(selected, Selected)
    return selected


async def test_an_empty_mailbox_has_nothing_to_hear(office: Office) -> None:
    await office.hire()
    entered = await visit(office)
    assert await entered.summary() == Summary(0, 0, has_temporary=False)
    assert await entered.select(Move.FIRST) is Nothing.EMPTY


async def test_messages_are_heard_oldest_first_and_no_further_than_the_last(
    office: Office,
) -> None:
    await office.hire()
    left = [await office.leave(caller=Party(f"514555010{n}")) for n in range(3)]
    entered = await visit(office)
    assert await entered.summary() == Summary(3, 0, has_temporary=False)
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
    assert await entered.summary() == Summary(1, 1, has_temporary=False)
    assert not (await select(entered)).is_new


async def test_on_the_next_visit_new_messages_come_before_old_ones(office: Office) -> None:
    await office.hire()
    for _ in range(2):
        await office.leave()
    entered = await visit(office)
    old = (await select(entered)).message.id
    await entered.mark_heard()
    again = await visit(office)
    assert (await select(again)).message.id != old
    assert (await select(again, Move.NEXT)).message.id == old


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
    assert await entered.toggle_deleted()
    assert (await select(entered)).deleted
    assert not await entered.toggle_deleted()
    assert await entered.summary() == Summary(1, 0, has_temporary=False)


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
    await entered.save()
    saved = await select(await visit(office))
    assert (saved.is_new, saved.deleted) == (False, False)


async def test_hearing_a_saved_message_leaves_it_saved(office: Office) -> None:
    await office.hire()
    await office.leave()
    entered = await visit(office)
    await select(entered)
    await entered.save()
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
