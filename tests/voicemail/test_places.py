"""A place in a box that is asked for: taken, refused, or given back."""

from pathlib import Path

import pytest

from call.leg import Party
from tests.voicemail.office import CALLER, Office, speak
from tests.voicemail.sounds import voice
from voicemail import MailboxUnknown, SoundUnavailable
from voicemail.adapters.folder_sounds import FolderSounds
from voicemail.adapters.folder_spool import FolderSpool
from voicemail.adapters.sqlalchemy_store import SqlAlchemyStore
from voicemail.message import Counts, Ticket
from voicemail.storage import Reservation


class NoSpace(FolderSpool):
    """A disk on which no recording can begin."""

    async def open(self, ticket: Ticket) -> Path:
        raise SoundUnavailable("no space left")


async def test_a_call_that_finds_no_room_on_the_disk_gives_its_place_back(office: Office) -> None:
    await office.hire()
    unlucky = office.on(spool=NoSpace(office.root / "spool"))
    with pytest.raises(SoundUnavailable):
        await unlucky.mailboxes.open_deposit("101", CALLER)
    assert await office.ports.store.places("local") == ()
    assert await office.mailboxes.counts("101") == Counts()


async def test_a_box_removed_at_the_last_moment_takes_no_message(office: Office) -> None:
    class Removing(SqlAlchemyStore):
        async def reserve(self, ticket: Ticket, node: str) -> Reservation:
            await self.delete_mailbox("101")
            return await super().reserve(ticket, node)

    await office.hire()
    with pytest.raises(MailboxUnknown):
        await office.on(store=Removing(office.database)).mailboxes.open_deposit("101", CALLER)
    assert await office.ports.store.places("local") == ()


async def test_what_the_network_says_of_a_caller_is_kept_as_far_as_a_screen_shows_it(
    office: Office,
) -> None:
    await office.hire()
    await office.leave(caller=Party("1" * 60, "É\n" * 60))
    (message,) = await office.mailboxes.messages("101")
    assert message.caller == Party("1" * 40, "É " * 40)


async def test_a_recording_that_cannot_be_recovered_yet_keeps_its_place(office: Office) -> None:
    class Full(FolderSounds):
        async def put(self, name: str, pcm: bytes) -> None:
            raise SoundUnavailable("no space left")

    await office.hire()
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, voice(3))
    assert await office.on(sounds=Full(office.root / "audio")).mailboxes.recover() == 0
    assert await office.ports.store.places("local") == (deposit.id,)
    assert await office.on().mailboxes.recover() == 1
    assert await office.ports.store.places("local") == ()


async def test_what_begins_while_others_are_on_the_telephone_leaves_them_their_places(
    office: Office,
) -> None:
    await office.hire()
    speaking = await office.mailboxes.open_deposit("101", CALLER)
    assert await office.mailboxes.recover() == 0
    assert await office.ports.store.places("local") == (speaking.id,)
