"""What the spool promises of a recording under way."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from call.leg import Party
from voicemail import SoundUnavailable, Ticket
from voicemail.adapters.folder_spool import FolderSpool

TICKET = Ticket(
    "01a", "101", Party("+15145550123", "Zoé « l'été » Ñ"), datetime(2027, 7, 1, 14, tzinfo=UTC)
)


@pytest.fixture
def spool(tmp_path: Path) -> FolderSpool:
    return FolderSpool(tmp_path / "spool")


async def test_a_ticket_comes_back_as_it_was_written(spool: FolderSpool) -> None:
    await spool.open(TICKET)
    assert await spool.tickets() == (TICKET,)


async def test_a_recording_not_begun_is_empty(spool: FolderSpool) -> None:
    await spool.open(TICKET)
    assert await spool.read(TICKET.id) == b""


async def test_only_whole_samples_are_read(spool: FolderSpool) -> None:
    (await spool.open(TICKET)).write_bytes(b"abcde")
    assert await spool.read(TICKET.id) == b"abcd"


async def test_what_is_removed_is_gone_and_may_be_removed_again(spool: FolderSpool) -> None:
    sound = await spool.open(TICKET)
    sound.write_bytes(b"ab")
    for _ in range(2):
        await spool.remove(TICKET.id)
    assert await spool.tickets() == ()
    assert not sound.exists()


async def test_a_ticket_stays_as_long_as_its_sound(spool: FolderSpool) -> None:
    (await spool.open(TICKET)).mkdir()
    with pytest.raises(SoundUnavailable):
        await spool.remove(TICKET.id)
    assert await spool.tickets() == (TICKET,)


async def test_tickets_come_oldest_first(spool: FolderSpool) -> None:
    later = Ticket("01b", "101", Party(""), TICKET.started)
    for ticket in (later, TICKET):
        await spool.open(ticket)
    assert await spool.tickets() == (TICKET, later)


async def test_a_ticket_half_written_is_no_ticket(spool: FolderSpool, tmp_path: Path) -> None:
    await spool.open(TICKET)
    half = tmp_path / "spool" / "01b.json.part"
    half.write_bytes(b'{"id": "01b"')
    assert await spool.tickets() == (TICKET,)
    assert not half.exists()
