"""What is said in a room is heard at a socket of this machine, while somebody wants it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from call.media import RecordEnded, RoomClosed
from call.sound import FRAME, Pcm
from telephony.media.rooms import NoSuchRoom
from tests.media.plane import a_call, a_plane, make_clip, noise, tone
from tests.media.test_rooms import Room

pytestmark = pytest.mark.usefixtures("each_way")

FRAME_OCTETS = 2 * FRAME


class Listener:
    """Somebody at a socket."""

    def __init__(self, bound: socket.socket) -> None:
        self._bound = bound
        self.frames: list[bytes] = []

    def read(self) -> Pcm:
        """All that came since, in one piece."""
        fresh = []
        while True:
            try:
                fresh.append(self._bound.recv(4096))
            except BlockingIOError:
                self.frames += fresh
                return np.frombuffer(b"".join(fresh), dtype="<i2")


@contextmanager
def listening(path: Path) -> Iterator[Listener]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(path))
        bound.setblocking(False)
        yield Listener(bound)


def test_what_is_heard_outside_is_what_is_recorded_frame_by_frame(tmp_path: Path) -> None:
    plane = a_plane()
    room = Room(plane)
    one, two, _ = room.enter(3)
    for n, person in enumerate((one, two)):
        person.far.speak(noise(2, seed=n, amplitude=4000))
    with listening(tmp_path / "ear") as listener:
        plane.record_room(room.number, tmp_path / "tape", max_s=60)
        plane.hear_room(room.number, tmp_path / "ear")
        plane.announce(room.number, [make_clip(tmp_path, "bell", tone(0.5, 400))], 1)
        heard = []
        for _ in range(50):
            plane.advance(0.02)
            heard.append(listener.read())
        plane.hear_room(room.number, None)
        plane.stop_recording_room(room.number)
        plane.advance(0.1)
        assert listener.read().size == 0
    recorded = np.fromfile(tmp_path / "tape", dtype="<i2")
    assert np.abs(recorded).max() > 5000
    assert (np.concatenate(heard) == recorded).all()
    assert {len(frame) for frame in listener.frames} == {FRAME_OCTETS}


def test_a_room_in_which_nobody_speaks_or_is_sounds_of_silence(tmp_path: Path) -> None:
    plane = a_plane()
    room = Room(plane)
    with listening(tmp_path / "ear") as listener:
        plane.hear_room(room.number, tmp_path / "ear")
        plane.advance(0.1)
        assert len(listener.read()) == 5 * FRAME
        room.enter(2)
        plane.advance(0.1)
        silence = listener.read()
    assert len(silence) == 5 * FRAME
    assert not silence.any()


def test_nobody_in_the_room_notices_that_none_listens_or_one_is_slow(tmp_path: Path) -> None:
    plane = a_plane()
    room = Room(plane)
    one, two = room.enter(2)
    one.far.speak(tone(30, 400, 4000))
    plane.hear_room(room.number, tmp_path / "ear")
    plane.advance(1)
    with listening(tmp_path / "ear") as listener:
        plane.advance(12)
        behind = listener.read()
        plane.advance(0.1)
        assert len(listener.read()) == 5 * FRAME
    assert 0 < len(behind) <= 12 * 8000
    plane.advance(0.5)
    (tmp_path / "ear").unlink()
    with listening(tmp_path / "ear") as listener:
        plane.advance(0.1)
        assert np.abs(listener.read()).max() > 3500
    heard = two.far.sound()[8000:]
    assert np.abs(heard.reshape(-1, FRAME)).max(axis=1).min() > 3500


def test_each_room_has_its_own_ear_and_another_takes_its_place(tmp_path: Path) -> None:
    plane = a_plane()
    here, there = Room(plane), Room(plane)
    [one], [two] = here.enter(1), there.enter(1)
    one.far.speak(tone(3, 400, 4000))
    two.far.speak(tone(3, 1000, 4000))
    with listening(tmp_path / "a") as first, listening(tmp_path / "b") as second:
        plane.hear_room(here.number, tmp_path / "a")
        plane.hear_room(there.number, tmp_path / "b")
        plane.advance(0.1)
        plane.hear_room(here.number, tmp_path / "b")
        first.read(), second.read()
        plane.advance(0.1)
        assert first.read().size == 0
        assert len(second.read()) == 10 * FRAME


def test_a_room_that_closes_is_heard_no_more_and_closes_like_any_other(tmp_path: Path) -> None:
    plane = a_plane()
    room = Room(plane)
    with listening(tmp_path / "ear") as listener:
        plane.hear_room(room.number, tmp_path / "ear")
        plane.record_room(room.number, tmp_path / "tape", max_s=60)
        plane.advance(0.1)
        plane.close_room(room.number)
        plane.advance(0.1)
        assert [type(event) for event in room.events] == [RecordEnded, RoomClosed]
        listener.read()
        plane.hear_room(room.number, tmp_path / "ear")
        plane.advance(0.1)
        assert listener.read().size == 0
    with pytest.raises(NoSuchRoom):
        plane.engine.obey("hear_room", room.number, None)


def test_a_call_that_leaves_the_room_is_heard_outside_no_more(tmp_path: Path) -> None:
    plane = a_plane()
    room = Room(plane)
    caller = a_call(plane)
    plane.join(caller.slot, room.number)
    caller.far.speak(tone(3, 400, 4000))
    plane.hear_room(room.number, tmp_path / "ear")
    with listening(tmp_path / "ear") as listener:
        plane.advance(0.2)
        assert listener.read().any()
        plane.leave(caller.slot)
        plane.advance(0.2)
        assert not listener.read()[FRAME:].any()
