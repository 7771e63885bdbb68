"""The hundred places of a mailbox: what takes one, who gets the last, what the owner is told."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.voicemail.office import CALLER, CAMILLE, Office, speak
from tests.voicemail.sounds import voice
from tests.voicemail.test_crash import Fuse, PowerCut, after_restart, on_fuse
from voicemail import Folder, Kept, Mailbox, MailboxFull, MailboxRefused, Message
from voicemail.ids import new_id
from voicemail.mail import MailTask, TaskKind

FOLDERS = tuple(Folder)
SPOKEN = voice(1.5)
NEARLY_FULL, FULL = TaskKind.NEARLY_FULL, TaskKind.FULL


async def fill(office: Office, number: str, messages: int) -> list[str]:
    """Put messages in every folder in turn; their ids."""
    now = office.clock.now()
    ids = [new_id(now, office.ports.tokens) for _ in range(messages)]
    for n, id in enumerate(ids):
        sound, folder = f"messages/{number}/{id}", FOLDERS[n % len(FOLDERS)]
        await office.ports.store.keep(Message(id, number, CALLER, now, 3.0, sound, folder), None)
    return ids


async def call(office: Office, number: str) -> Kept:
    """Somebody leaves a message, if there is a place."""
    deposit = await office.mailboxes.open_deposit(number, CALLER)
    speak(deposit, SPOKEN)
    kept = await office.mailboxes.keep(deposit)
    assert isinstance(kept, Kept)
    return kept


async def newly_due(office: Office) -> list[MailTask]:
    """The e-mails that became due since the last time this was asked."""
    lease = timedelta(days=1)
    claimed = await office.ports.store.claim("test", office.clock.now(), lease, 200)
    return [each.task for each in claimed]


async def notices(office: Office) -> list[TaskKind]:
    """What became due beside the messages' own e-mails."""
    due = await newly_due(office)
    return [task.kind for task in due if task.kind is not TaskKind.MESSAGE]


async def test_fifty_callers_at_once_leave_the_three_messages_there_is_room_for(
    office: Office,
) -> None:
    await office.hire(Mailbox("105", "Three places left"))
    await fill(office, "105", 97)
    for id in await fill(office, "105", 2):
        await office.ports.store.delete(id, office.clock.now())
    ends = await asyncio.gather(*(call(office, "105") for _ in range(50)), return_exceptions=True)
    assert Counter(map(type, ends)) == {Kept: 3, MailboxFull: 47}
    assert len(await office.mailboxes.messages("105")) == 100
    with pytest.raises(MailboxFull):
        await office.mailboxes.open_deposit("105", CALLER)


async def test_a_place_is_taken_when_the_call_begins_not_when_it_ends(office: Office) -> None:
    await office.hire(Mailbox("105", "Three", max_messages=3))
    calls = [office.mailboxes.open_deposit("105", CALLER) for _ in range(50)]
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(end, MailboxFull) for end in ends) == 47
    assert len({end.id for end in ends if not isinstance(end, BaseException)}) == 3


async def test_filed_and_old_messages_fill_a_box_and_deleted_ones_do_not(office: Office) -> None:
    await office.hire(Mailbox("104", "William", max_messages=len(FOLDERS)))
    first, *_ = await fill(office, "104", len(FOLDERS))
    with pytest.raises(MailboxFull):
        await office.mailboxes.open_deposit("104", CALLER)
    await office.ports.store.delete(first, office.clock.now())
    assert isinstance(await office.leave("104"), Kept)


async def test_messages_on_their_way_by_email_take_places(office: Office) -> None:
    await office.hire(replace(CAMILLE, store_on_server=False, max_messages=2))
    for _ in range(2):
        assert isinstance(await office.leave(), Kept)
    assert await office.mailboxes.messages("101") == ()
    with pytest.raises(MailboxFull):
        await office.mailboxes.open_deposit("101", CALLER)


async def test_nobody_may_have_more_than_a_hundred_places(office: Office) -> None:
    with pytest.raises(MailboxRefused, match="1 to 100"):
        await office.hire(replace(CAMILLE, max_messages=101))


async def test_an_owner_is_told_once_at_nine_tenths_and_once_when_the_box_is_full(
    office: Office,
) -> None:
    await office.hire(replace(CAMILLE, max_messages=10))
    told = []
    for _ in range(10):
        await call(office, "101")
        told.append(await notices(office))
    assert told == [[]] * 8 + [[NEARLY_FULL], [FULL]]


async def test_an_owner_who_makes_room_is_told_again_when_the_box_fills_again(
    office: Office,
) -> None:
    await office.hire(replace(CAMILLE, max_messages=20))
    await fill(office, "101", 19)
    last = await call(office, "101")
    assert await notices(office) == [FULL]
    await office.ports.store.delete(last.message.id, office.clock.now())
    await call(office, "101")
    assert await notices(office) == [FULL]


async def test_of_callers_who_fill_a_box_together_each_tenth_is_told_once(office: Office) -> None:
    await office.hire(replace(CAMILLE, max_messages=20))
    await fill(office, "101", 15)
    await asyncio.gather(*(call(office, "101") for _ in range(5)))
    assert sorted(await notices(office)) == sorted([NEARLY_FULL, FULL])


async def test_a_box_of_one_place_is_full_and_never_nearly(office: Office) -> None:
    await office.hire(replace(CAMILLE, max_messages=1))
    await call(office, "101")
    assert await notices(office) == [FULL]


async def test_an_owner_without_address_is_not_written_to(office: Office) -> None:
    await office.hire(replace(CAMILLE, addresses=(), max_messages=1))
    await call(office, "101")
    assert await newly_due(office) == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_power_cut_beside_the_last_message_tells_the_owner_once(
    office: Office, after: bool
) -> None:
    await office.hire(replace(CAMILLE, max_messages=1))
    writing = 9  # `Store.keep`: the message, its e-mail and the notice in one transaction
    fuse = Fuse(writing, after=after)
    with pytest.raises(PowerCut):
        await call(on_fuse(office, fuse), "101")
    assert ("keep" in fuse.done) is after
    restarted = await after_restart(office, office.root)
    assert len(await restarted.mailboxes.messages("101")) == 1
    subjects = [mail["Subject"] for mail in restarted.mails()]
    assert len(subjects) == len(set(subjects)) == 2
    await restarted.close()
