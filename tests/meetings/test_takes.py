"""Recordings of conferences as an administrator finds them, and as a crash leaves them."""

import os
import tracemalloc
import wave
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from call.clock import VirtualClock
from call.sound import RATE
from conference.errors import NotRecorded
from tests.voicemail.office import SeededTokens
from tests.voicemail.sealing import key_file
from vestibule.meetings.takes import PIECE_S, SessionTakes, piece_of, take_sounds
from voicemail.adapters.folder_sounds import FolderSounds, wav
from voicemail.adapters.opened_sounds import OpenedSounds
from voicemail.adapters.sealed_sounds import SealedSounds
from voicemail.errors import SoundUnavailable
from voicemail.ports import AudioStore

WEEK = timedelta(days=7)
SECOND = b"\x01\x02" * RATE


class Shelf:
    """Takes in a folder, kept for a week."""

    def __init__(self, folder: Path, sounds: AudioStore | None = None) -> None:
        self.clock = VirtualClock(datetime(2027, 7, 1, 14, 0, tzinfo=UTC))
        self.sounds = sounds or FolderSounds(folder / "sounds")
        self.spool = folder / "spool" / "conferences"
        self.takes = self.open()

    def open(self) -> SessionTakes:
        """As a program does that starts."""
        return SessionTakes(self.sounds, self.spool, self.clock, WEEK)

    async def record(self, session: str, pcm: bytes) -> None:
        path = await self.takes.begin(session)
        path.write_bytes(pcm)
        await self.takes.keep(path)

    async def heard(self, session: str) -> bytes:
        """The samples of a session's WAV file."""
        whole = b"".join([part async for part in self.takes.wav(session)])
        with wave.open(BytesIO(whole), "rb") as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
            return file.readframes(file.getnframes())


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


async def test_a_recording_is_heard_as_it_was_said(shelf: Shelf) -> None:
    await shelf.record("s1", SECOND)
    assert await shelf.heard("s1") == SECOND
    assert b"".join([part async for part in shelf.takes.wav("s1")]) == wav(SECOND)
    assert list(shelf.spool.iterdir()) == []


async def test_a_long_recording_is_kept_in_pieces_and_heard_as_one(shelf: Shelf) -> None:
    long = bytes(range(256)) * (PIECE_S * RATE * 2 // 256 * 2) + SECOND
    await shelf.record("s1", long)
    pieces = await shelf.takes.pieces("s1")
    assert [piece.samples for piece in pieces] == [PIECE_S * RATE, PIECE_S * RATE, RATE]
    assert pieces[2].name == f"conferences/2027-07-01/20270701T140000000000Z_s1_002_{RATE}"
    assert await shelf.heard("s1") == long


async def test_recordings_of_one_session_follow_each_other_and_no_other_session(
    shelf: Shelf,
) -> None:
    await shelf.record("s1", b"\x01\x00" * 10)
    await shelf.record("s2", b"\x02\x00" * 10)
    shelf.clock.advance(60)
    await shelf.record("s1", b"\x03\x00" * 10)
    assert await shelf.heard("s1") == b"\x01\x00" * 10 + b"\x03\x00" * 10


async def test_two_recordings_that_begin_in_one_instant_are_two_files(shelf: Shelf) -> None:
    first, second = [await shelf.takes.begin("s1") for _ in range(2)]
    assert first != second


async def test_where_nothing_was_heard_nothing_is_kept(shelf: Shelf) -> None:
    await shelf.record("s1", b"")
    await shelf.takes.keep(await shelf.takes.begin("s1"))
    assert await shelf.takes.pieces("s1") == []
    with pytest.raises(NotRecorded):
        await shelf.heard("s1")


async def test_what_a_crash_left_is_kept_to_its_last_sample_and_tells_when_that_was(
    shelf: Shelf,
) -> None:
    path = await shelf.takes.begin("s1")
    path.write_bytes(SECOND + b"\x01")  # cut within a sample
    at = datetime(2027, 7, 1, 14, 12, 30, tzinfo=UTC)
    os.utime(path, (at.timestamp(), at.timestamp()))
    shelf.takes = shelf.open()
    assert await shelf.takes.recover() == {"s1": at}
    assert await shelf.heard("s1") == SECOND
    assert await shelf.takes.recover() == {}


async def test_a_recording_under_way_is_left_alone(shelf: Shelf) -> None:
    path = await shelf.takes.begin("s1")
    path.write_bytes(SECOND)
    assert await shelf.takes.recover() == {}
    assert path.exists()


async def test_a_recording_that_cannot_be_kept_stays_in_the_spool_until_it_can(
    tmp_path: Path,
) -> None:
    class FullAfterOne(FolderSounds):
        places = 1

        async def put(self, name: str, pcm: bytes) -> None:
            if self.places == 0:
                raise SoundUnavailable("no space left on device")
            self.places -= 1
            await super().put(name, pcm)

    sounds = FullAfterOne(tmp_path / "sounds")
    shelf = Shelf(tmp_path, sounds)
    long = bytes(PIECE_S * RATE * 2) + SECOND
    await shelf.record("s1", long)
    assert len(list(shelf.spool.iterdir())) == 1
    sounds.places = 2
    await shelf.takes.recover()
    assert await shelf.heard("s1") == long


async def test_a_recording_is_deleted_after_its_week_and_not_before(shelf: Shelf) -> None:
    await shelf.record("s1", SECOND)
    shelf.clock.advance(WEEK.total_seconds())
    await shelf.record("s2", SECOND)
    await shelf.takes.sweep()
    assert len(await shelf.takes.pieces("s1")) == 1
    shelf.clock.advance(1)
    await shelf.takes.sweep()
    assert await shelf.takes.pieces("s1") == []
    assert len(await shelf.takes.pieces("s2")) == 1


async def test_what_could_not_be_kept_for_a_week_is_deleted_from_the_spool_as_well(
    shelf: Shelf,
) -> None:
    path = await shelf.takes.begin("s1")
    path.write_bytes(SECOND)
    shelf.takes = shelf.open()
    shelf.clock.advance(WEEK.total_seconds() + 1)
    await shelf.takes.sweep()
    assert not path.exists()


async def test_other_sounds_are_no_recordings_of_conferences(shelf: Shelf) -> None:
    await shelf.sounds.put("messages/101/m1", SECOND)
    await shelf.sounds.put("conferences/notes", SECOND)
    await shelf.record("s1", SECOND)
    (name,) = await take_sounds(shelf.sounds)
    piece = piece_of(name)
    assert piece is not None
    assert (piece.session, piece.samples) == ("s1", RATE)
    shelf.clock.advance(10 * WEEK.total_seconds())
    await shelf.takes.sweep()
    assert await shelf.sounds.names() == {"messages/101/m1", "conferences/notes"}


async def test_where_sounds_lie_sealed_the_disk_holds_nothing_that_can_be_heard(
    tmp_path: Path,
) -> None:
    clock = VirtualClock(datetime(2027, 7, 1, 14, 0, tzinfo=UTC))
    opened = OpenedSounds(tmp_path / "opened", clock)
    keys = key_file(tmp_path, "k1")
    sealed = SealedSounds(tmp_path / "sounds", keys, SeededTokens(), opened)
    shelf = Shelf(tmp_path, sealed)
    await shelf.record("s1", SECOND)
    lying = [path.read_bytes() for path in (tmp_path / "sounds").rglob("*") if path.is_file()]
    assert len(lying) == 1
    assert SECOND[:64] not in lying[0]
    assert await shelf.heard("s1") == SECOND


async def test_a_long_recording_is_never_in_memory_as_a_whole(shelf: Shelf) -> None:
    path = await shelf.takes.begin("s1")
    half_an_hour = 1800 * RATE * 2
    with path.open("wb") as file:
        file.truncate(half_an_hour)
    tracemalloc.start()
    try:
        await shelf.takes.keep(path)
        length = 0
        async for part in shelf.takes.wav("s1"):
            length += len(part)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert length == 44 + half_an_hour
    assert most < half_an_hour
