"""What the spool promises of a recording under way."""

from dataclasses import replace
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


async def test_a_second_take_is_nothing_until_it_takes_the_place_of_the_first(
    spool: FolderSpool,
) -> None:
    (await spool.open(TICKET)).write_bytes(b"ab")
    (await spool.open_retake(TICKET.id)).write_bytes(b"cdefg")
    assert (await spool.read(TICKET.id), await spool.read_retake(TICKET.id)) == (b"ab", b"cdef")
    await spool.accept_retake(TICKET.id)
    assert (await spool.read(TICKET.id), await spool.read_retake(TICKET.id)) == (b"cdef", b"")


async def test_a_second_take_found_at_the_start_was_never_finished(spool: FolderSpool) -> None:
    (await spool.open(TICKET)).write_bytes(b"ab")
    again = await spool.open_retake(TICKET.id)
    again.write_bytes(b"cd")
    assert await spool.tickets() == (TICKET,)
    assert not again.exists()
    assert await spool.read(TICKET.id) == b"ab"


async def test_a_second_take_that_was_never_recorded_replaces_nothing(spool: FolderSpool) -> None:
    (await spool.open(TICKET)).write_bytes(b"ab")
    with pytest.raises(SoundUnavailable):
        await spool.accept_retake(TICKET.id)
    assert await spool.read(TICKET.id) == b"ab"


async def test_a_ticket_amended_is_the_one_that_is_found(spool: FolderSpool) -> None:
    await spool.open(TICKET)
    await spool.amend(replace(TICKET, urgent=True))
    assert await spool.tickets() == (replace(TICKET, urgent=True),)
