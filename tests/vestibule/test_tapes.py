"""Recordings of calls as an administrator finds them, and as a crash leaves them."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from call.clock import VirtualClock
from tests.vestibule.shell import Shell
from vestibule.tapes import Tapes, TapeUnknown, tape_of, tape_sounds
from voicemail.adapters.folder_sounds import FolderSounds, wav

SOUND = b"\x01\x00" * 8000


class Shelf:
    """Tapes in a folder, kept for 90 days."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock(datetime(2027, 7, 1, 14, 0, tzinfo=UTC))
        self.sounds = FolderSounds(folder / "sounds")
        self.spool = folder / "spool"
        self._drawn = count()
        self.tapes = self.open()

    def open(self) -> Tapes:
        """As a program does that starts."""
        return Tapes(
            self.sounds,
            self.spool,
            self.clock,
            lambda: f"t{next(self._drawn)}",
            timedelta(days=90),
        )

    async def record(self, other: str = "5145550188", *, incoming: bool = True) -> str:
        path = await self.tapes.begin("101", other, incoming=incoming)
        path.write_bytes(SOUND)
        name = await self.tapes.keep(path)
        assert name is not None
        return name


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


async def test_a_call_is_kept_under_a_name_that_tells_what_it_is(shelf: Shelf) -> None:
    name = await shelf.record()
    assert name == "calls/2027-07-01/20270701T140000Z_101_in_5145550188_t0"
    (tape,) = await shelf.tapes.all()
    assert (tape.name, tape.at) == (name, shelf.clock.now())
    assert (tape.extension, tape.incoming, tape.other) == ("101", True, "5145550188")
    assert await shelf.tapes.wav(tape.id) == wav(SOUND)
    assert list(shelf.spool.iterdir()) == []


async def test_a_withheld_number_is_none(shelf: Shelf) -> None:
    tape = tape_of(await shelf.record("", incoming=False))
    assert tape is not None
    assert (tape.other, tape.incoming) == ("", False)


async def test_a_number_with_signs_cannot_lead_out_of_the_folder(shelf: Shelf) -> None:
    name = await shelf.record("../../+1514")
    assert name.startswith("calls/2027-07-01/")
    assert (await shelf.tapes.all())[0].other == "1514"


async def test_a_call_in_which_nothing_was_heard_leaves_nothing(shelf: Shelf) -> None:
    silent = await shelf.tapes.begin("101", "", incoming=True)
    silent.touch()
    never = await shelf.tapes.begin("101", "", incoming=True)
    assert await shelf.tapes.keep(silent) is None
    assert await shelf.tapes.keep(never) is None
    assert await shelf.tapes.all() == []


async def test_what_a_crash_left_is_kept_at_the_next_start(shelf: Shelf) -> None:
    path = await shelf.tapes.begin("101", "5145550188", incoming=True)
    path.write_bytes(SOUND + b"\x01")
    await shelf.tapes.recover()
    assert await shelf.tapes.all() == []
    again = shelf.open()
    await again.recover()
    (tape,) = await again.all()
    assert await again.wav(tape.id) == wav(SOUND)


async def test_recordings_are_forgotten_after_their_days(shelf: Shelf) -> None:
    await shelf.record()
    shelf.clock.advance(timedelta(days=50).total_seconds())
    recent = await shelf.record()
    shelf.clock.advance(timedelta(days=50).total_seconds())
    await shelf.tapes.sweep()
    assert [tape.name for tape in await shelf.tapes.all()] == [recent]


async def test_one_recording_may_be_removed(shelf: Shelf) -> None:
    await shelf.record()
    (tape,) = await shelf.tapes.all()
    await shelf.tapes.remove(tape.id)
    assert await shelf.tapes.all() == []
    with pytest.raises(TapeUnknown):
        await shelf.tapes.remove(tape.id)


async def test_messages_are_no_recordings_of_calls(shelf: Shelf) -> None:
    await shelf.sounds.put("messages/101/x", SOUND)
    name = await shelf.record()
    assert await tape_sounds(shelf.sounds) == {name}
    for id in ("x", "messages/101/x"):
        with pytest.raises(TapeUnknown):
            await shelf.tapes.wav(id)
        with pytest.raises(TapeUnknown):
            await shelf.tapes.remove(id)


def test_an_administrator_lists_exports_and_removes_recordings(shell: Shell) -> None:
    there = ("--data", str(shell.data))
    shell.hires()
    id = "20270701T140000Z_101_out_unknown_9f3c1a"
    asyncio.run(FolderSounds(shell.data / "sounds").put(f"calls/2027-07-01/{id}", SOUND))
    assert shell.does("recording", "list", *there) == f"{id}  2027-07-01 10:00  101 to unknown\n"
    assert shell.does("recording", "list", "102", *there) == ""
    file = shell.data / "call.wav"
    assert shell.does("recording", "export", id, str(file), *there) == f"{file}: 1.0 s.\n"
    assert file.read_bytes() == wav(SOUND)
    assert "no recording 7" in shell.fails("recording", "export", "7", str(file), *there)
    shell.does("recording", "remove", id, "--yes", *there)
    assert shell.does("recording", "list", *there) == ""
