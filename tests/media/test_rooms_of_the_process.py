"""A room in the plane's own process: what is announced, recorded and told crosses the seam."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import numpy as np
import pytest

from call.g711 import decode, encode
from call.media import PlaneDied, PlayEnded, RecordEnded, RoomClosed, RoomEvent, SpeakersChanged
from call.sound import EndOfRecording, Law
from telephony.media.engine import MediaSettings
from telephony.media.process import MediaProcess
from tests.media.plane import make_clip, tone
from tests.media.test_process import Ear, call_of

pytestmark = pytest.mark.wire


async def test_two_telephones_meet_and_all_is_told_and_kept(tmp_path: Path) -> None:
    plane = MediaProcess("127.0.0.1", settings=MediaSettings(slots=4, rooms=2))
    await plane.start()
    told: list[RoomEvent] = []
    room = plane.open_room(told.append)
    (one, slot), (two, other) = [await call_of(plane, Ear()) for _ in range(2)]
    for each in (slot, other):
        plane.join(each, room)
    plane.record_room(room, tmp_path / "room", max_s=60)
    plane.announce(room, [make_clip(tmp_path, "bell", tone(0.2, 2000))], 5)
    speech = [encode(tone(1.4, pitch, 6000), Law.PCMU).tobytes() for pitch in (400, 1000)]
    await asyncio.gather(one.speak(speech[0], 0), two.speak(speech[1], 0))
    heard = [decode(np.frombuffer(p.sound, np.uint8), Law.PCMU)[-6400:] for p in (one, two)]
    strength = [np.abs(np.fft.rfft(sound[:4000])) for sound in heard]
    assert [int(np.argmax(each)) * 2 for each in strength] == [1000, 400]
    await plane.stop()
    for phone in (one, two):
        phone.transport.close()
    assert PlayEnded(5) in told
    assert any(isinstance(event, SpeakersChanged) for event in told)
    ended = told[-2]
    assert isinstance(ended, RecordEnded)
    assert ended.ended_by is EndOfRecording.HANG_UP
    assert told[-1] == RoomClosed()
    recorded = np.fromfile(tmp_path / "room", dtype="<i2")
    assert len(recorded) == round(ended.seconds * 8000) > 8000
    both = np.abs(np.fft.rfft(recorded[-8000:-4000]))
    assert {int(n) * 2 for n in np.argsort(both)[-2:]} == {400, 1000}


async def test_what_was_recorded_of_a_room_survives_the_plane(tmp_path: Path) -> None:
    plane = MediaProcess("127.0.0.1", settings=MediaSettings(slots=4, rooms=1))
    await plane.start()
    told: asyncio.Queue[RoomEvent] = asyncio.Queue()
    room = plane.open_room(told.put_nowait)
    plane.record_room(room, tmp_path / "room", max_s=60)
    plane.announce(room, [make_clip(tmp_path, "bell", tone(0.8, 2000))], 5)
    async with asyncio.timeout(30):
        assert await told.get() == PlayEnded(5)
        assert plane.pid is not None
        os.kill(plane.pid, signal.SIGKILL)
        assert await told.get() == PlaneDied()
    await plane.stop()
    recorded = np.fromfile(tmp_path / "room", dtype="<i2")
    assert len(recorded) >= 0.58 * 8000
    assert int(np.argmax(np.abs(np.fft.rfft(recorded[:4000])))) * 2 == 2000


async def test_a_room_is_heard_at_a_socket_of_this_machine(tmp_path: Path) -> None:
    plane = MediaProcess("127.0.0.1", settings=MediaSettings(slots=4, rooms=1))
    await plane.start()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "ear"))
        ear.setblocking(False)
        room = plane.open_room(lambda event: None)
        plane.announce(room, [make_clip(tmp_path, "bell", tone(0.8, 2000))], 5)
        plane.hear_room(room, tmp_path / "ear")
        async with asyncio.timeout(30):
            loop = asyncio.get_running_loop()
            frames = [await loop.sock_recv(ear, 4096) for _ in range(30)]
    await plane.stop()
    heard = np.frombuffer(b"".join(frames), dtype="<i2")[-4000:]
    assert len(heard) == 4000
    assert int(np.argmax(np.abs(np.fft.rfft(heard)))) * 2 == 2000
