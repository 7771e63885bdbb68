"""Who listens outside hears what the plane sends of a room, and nothing once they are gone."""

import socket
from pathlib import Path

import pytest

from conference.errors import NotHeld
from vestibule.meetings.ears import RoomEar


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


async def test_frames_come_in_order_and_each_once() -> None:
    hall = SentTo()
    ear = RoomEar(hall.hear, "c1")
    one, other = b"\x01\x00" * 160, b"\x02\x00" * 160
    hall.send(one, other)
    assert ear.take() == [one, other]
    assert ear.take() == []
    ear.close()


async def test_what_is_no_frame_is_not_heard() -> None:
    hall = SentTo()
    ear = RoomEar(hall.hear, "c1")
    hall.send(b"", b"short")
    assert ear.take() == []
    ear.close()


async def test_an_ear_leaves_nothing_behind() -> None:
    hall = SentTo()
    ear = RoomEar(hall.hear, "c1")
    assert hall.path is not None
    folder = hall.path.parent
    assert folder.stat().st_mode & 0o077 == 0
    ear.close()
    assert hall.path is None
    assert not folder.exists()


async def test_a_conference_that_is_over_has_no_ear() -> None:
    with pytest.raises(NotHeld):
        RoomEar(SentTo().hear, "c2")
