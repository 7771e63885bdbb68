"""Who listens outside hears what the plane sends of a room, and nothing once they are gone."""

import asyncio
import socket
import sys
from pathlib import Path

import pytest

from call.errors import Unavailable
from conference.errors import NotHeld
from vestibule.meetings.ears import FOLDER, Ears

SENDS = """
import socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as plane:
    plane.sendto(bytes(range(160)) * 2, sys.argv[1])
"""


class SentTo:
    """A hall whose plane sends where it is told, when a test says."""

    def __init__(self) -> None:
        self.path: Path | None = None

    def hear(self, conference: str, path: Path | None) -> None:
        if conference != "c1":
            raise NotHeld("nobody is there")
        self.path = path

    def send(self, *frames: bytes) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as plane:
            for frame in frames:
                plane.sendto(frame, str(self.path))


async def test_frames_come_in_order_and_each_once(tmp_path: Path) -> None:
    hall = SentTo()
    ear = Ears(hall.hear, tmp_path / FOLDER).open("c1")
    one, other = b"\x01\x00" * 160, b"\x02\x00" * 160
    hall.send(one, other)
    assert ear.take() == [one, other]
    assert ear.take() == []
    ear.close()


async def test_what_is_no_frame_is_not_heard(tmp_path: Path) -> None:
    hall = SentTo()
    ear = Ears(hall.hear, tmp_path / FOLDER).open("c1")
    hall.send(b"", b"short")
    assert ear.take() == []
    ear.close()


async def test_an_ear_leaves_nothing_behind_and_nobody_else_speaks_into_it(tmp_path: Path) -> None:
    hall, folder = SentTo(), tmp_path / FOLDER
    ear = Ears(hall.hear, folder).open("c1")
    assert hall.path is not None
    assert hall.path.parent == folder
    assert folder.stat().st_mode & 0o077 == 0
    ear.close()
    assert hall.path is None
    assert not list(folder.iterdir())


async def test_what_a_killed_server_left_goes_with_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as left:
        left.bind(str(folder / "1"))
    hall = SentTo()
    ears = Ears(hall.hear, folder)
    assert not list(folder.iterdir())
    ears.open("c1").close()


async def test_another_process_reaches_an_ear_in_a_data_folder_of_a_long_name(
    tmp_path: Path,
) -> None:
    data = tmp_path / ("longue" * 20)
    data.mkdir()
    hall = SentTo()
    ear = Ears(hall.hear, data / FOLDER).open("c1")
    plane = await asyncio.create_subprocess_exec(sys.executable, "-c", SENDS, str(hall.path))
    assert await plane.wait() == 0
    assert ear.take() == [bytes(range(160)) * 2]
    ear.close()
    assert not list((data / FOLDER).iterdir())


async def test_a_conference_that_is_over_has_no_ear(tmp_path: Path) -> None:
    ears = Ears(SentTo().hear, tmp_path / FOLDER)
    with pytest.raises(NotHeld):
        ears.open("c2")
    assert not list((tmp_path / FOLDER).iterdir())


async def test_where_the_data_folder_takes_no_socket_that_is_told(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("a file")
    with pytest.raises(Unavailable, match="cannot be heard"):
        Ears(SentTo().hear, tmp_path / FOLDER).open("c1")
