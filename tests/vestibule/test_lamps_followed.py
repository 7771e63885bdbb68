"""Lamps follow what administrators do by commands, in programs beside the running server."""

from pathlib import Path

import pytest

from call.errors import Misuse
from telephony.adapters.folder_lamp_book import FolderLampBook
from tests.voicemail.office import CALLER, CAMILLE, PIN, Office
from vestibule.lamps import MailboxLamps
from voicemail import Kept, Mailbox


class Board(MailboxLamps):
    """A board that writes down whose lamp it looks at."""

    def __init__(self, folder: Path) -> None:
        super().__init__(FolderLampBook(folder), ())
        self.looked_at: list[str] = []

    def changed(self, number: str) -> None:
        self.looked_at.append(number)


@pytest.fixture
def board(office: Office, tmp_path: Path) -> Board:
    watching = Board(tmp_path / "lamps")
    watching.watch(office.mailboxes)
    return watching


async def test_a_lamp_is_looked_at_once_after_each_act_of_an_administrator(
    office: Office, board: Board
) -> None:
    await office.hire()
    await office.hire(Mailbox("102", "William"), "4712")
    kept = await office.leave()
    assert isinstance(kept, Kept)
    marie = office.mailboxes.administration("administrator marie")
    await marie.unlock("102")
    await board.follow()
    assert board.looked_at == []  # the lamps are told at the start as it is
    await marie.delete_message(kept.message.id)
    await board.follow()
    await board.follow()
    assert board.looked_at == ["101"]
    await marie.undelete_message(kept.message.id)
    await marie.empty("102")
    await board.follow()
    assert board.looked_at == ["101", "101", "102"]


async def test_what_owners_do_is_told_by_their_call_and_not_a_second_time(
    office: Office, board: Board
) -> None:
    await office.hire(CAMILLE)
    await office.leave()
    await board.follow()
    visit = await office.mailboxes.login("101", PIN, CALLER)
    await visit.change_pin("9084", "9084")
    await board.follow()
    assert board.looked_at == []


async def test_a_board_without_mailboxes_has_nothing_to_follow(tmp_path: Path) -> None:
    with pytest.raises(Misuse):
        await Board(tmp_path / "lamps").follow()
