"""The plane's own process, on real sockets: it keeps the beat, and it never outlives us."""

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from call.errors import Unavailable
from call.g711 import decode, encode
from call.media import KeyPressed, MediaEvent, MediaStatistics, PlaneDied, PlayEnded, RecordEnded
from call.sound import FRAME, EndOfRecording, Law
from telephony import rtp
from telephony.dtmf import press_packets
from telephony.media.engine import MediaSettings
from telephony.media.process import MediaProcess
from telephony.media.slots import MediaMisuse
from tests.acceptance.server import descendants
from tests.media.plane import make_clip, noise, stream
from tests.ports import free_ports

pytestmark = pytest.mark.wire

ROOT = Path(__file__).parents[2]


class Phone(asyncio.DatagramProtocol):
    """A telephone on loopback: sends what it is given each 20 ms, keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[rtp.RtpPacket] = []
        self.to = ("127.0.0.1", 0)
        self.sequence = 65530
        self._arrived = asyncio.Semaphore(0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.heard.append(rtp.parse(data))
        self._arrived.release()

    async def hears(self, packets: int) -> None:
        """Wait for so many packets, counted from those waited for before."""
        async with asyncio.timeout(30):
            for _ in range(packets):
                await self._arrived.acquire()

    @property
    def port(self) -> int:
        port: int = self.transport.get_extra_info("sockname")[1]
        return port

    def send(self, payload_type: int, timestamp: int, payload: bytes) -> None:
        self.sequence = rtp.sequence_after(self.sequence)
        packet = rtp.RtpPacket(payload_type, self.sequence, timestamp, 3, payload)
        self.transport.sendto(rtp.pack(packet), self.to)

    async def speak(self, octets: bytes, timestamp: int) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        for n in range(len(octets) // FRAME):
            self.send(0, timestamp + n * FRAME, octets[n * FRAME : (n + 1) * FRAME])
            await asyncio.sleep(max(0.0, start + (n + 1) * 0.02 - loop.time()))

    def press(self, key: str, timestamp: int) -> None:
        for packet in press_packets(key):
            self.send(101, timestamp, packet.payload)

    @property
    def sound(self) -> bytes:
        return b"".join(p.payload for p in self.heard if p.payload_type == 0)


class Ear:
    """A listener that can be waited on."""

    def __init__(self) -> None:
        self.events: list[MediaEvent] = []
        self._news = asyncio.Event()

    def __call__(self, event: MediaEvent) -> None:
        self.events.append(event)
        self._news.set()

    async def hears(self, kind: type[MediaEvent]) -> MediaEvent:
        async with asyncio.timeout(30):
            while not (told := [e for e in self.events if isinstance(e, kind)]):
                self._news.clear()
                await self._news.wait()
        return told[-1]


@pytest.fixture
async def plane() -> AsyncIterator[MediaProcess]:
    plane = MediaProcess("127.0.0.1", settings=MediaSettings(slots=8))
    await plane.start()
    yield plane
    await plane.stop()


async def call_of(plane: MediaProcess, ear: Ear) -> tuple[Phone, int]:
    loop = asyncio.get_running_loop()
    _, phone = await loop.create_datagram_endpoint(Phone, local_addr=("127.0.0.1", 0))
    slot = plane.open(ear)
    phone.to = ("127.0.0.1", plane.port(slot))
    plane.connect(slot, stream(port=phone.port))
    return phone, slot


async def test_a_caller_hears_a_prompt_leaves_a_message_and_presses_a_key(
    plane: MediaProcess, tmp_path: Path
) -> None:
    ear = Ear()
    phone, slot = await call_of(plane, ear)
    prompt, said = noise(0.8, seed=1), encode(noise(1.0, seed=2), Law.PCMU).tobytes()
    plane.play(slot, [make_clip(tmp_path, "prompt", prompt)], ticket=9)
    assert await ear.hears(PlayEnded) == PlayEnded(9)
    plane.record(slot, tmp_path / "message.raw", max_s=30)
    await phone.speak(bytes([255]) * FRAME * 5 + said, 1000)
    phone.press("#", 90000)
    pressed = await ear.hears(KeyPressed)
    assert isinstance(pressed, KeyPressed)
    assert pressed.key == "#"
    assert 0 <= time.monotonic() - pressed.at < 1
    plane.close(slot)
    recorded = await ear.hears(RecordEnded)
    assert isinstance(recorded, RecordEnded)
    assert recorded.ended_by is EndOfRecording.HANG_UP
    await ear.hears(MediaStatistics)
    message = (tmp_path / "message.raw").read_bytes()
    octets = np.frombuffer(said, dtype=np.uint8)
    assert decode(octets, Law.PCMU).astype("<i2").tobytes() in message
    assert encode(prompt, Law.PCMU).tobytes() in phone.sound
    phone.transport.close()


async def test_nothing_is_shared_out_over_threads_that_a_busy_machine_holds_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "4")
    plane = MediaProcess("127.0.0.1", settings=MediaSettings(slots=8))
    await plane.start()
    children = (Path(f"/proc/{each}") for each in descendants(os.getpid()))
    [process] = (each for each in children if b"telephony.media" in (each / "cmdline").read_bytes())
    names = [(task / "comm").read_text() for task in process.glob("task/*")]
    await plane.stop()
    assert len(names) == 2, names  # the beat, and the thread that writes recordings


LOADING = """
import os
from telephony.media import beat

def tell(load):
    print(os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0), flush=True)
    return load()

loads = beat.load_loops
beat.load_loops = lambda: tell(loads)
beat.main()
"""


def test_a_plane_that_starts_is_not_before_others_while_it_loads() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    settings = json.dumps(asdict(MediaSettings(slots=8)))
    command = [sys.executable, "-c", LOADING, str(theirs.fileno()), settings]
    with ours, subprocess.Popen(
        command, cwd=ROOT, pass_fds=[theirs.fileno()], stdout=subprocess.PIPE, text=True
    ) as plane:  # fmt: skip
        theirs.close()
        assert ours.recv(1024)  # it is ready
        ours.close()
        out, _ = plane.communicate(timeout=30)
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    assert out.split() == [str(os.SCHED_OTHER), str(nice)]


async def test_a_stranger_on_the_line_is_not_heard(plane: MediaProcess) -> None:
    ear = Ear()
    phone, slot = await call_of(plane, ear)
    await phone.speak(bytes([255]) * FRAME * 3, 0)
    loop = asyncio.get_running_loop()
    _, thief = await loop.create_datagram_endpoint(Phone, local_addr=("127.0.0.1", 0))
    thief.to = phone.to
    thief.press("6", 5)
    phone.press("7", 9000)
    await ear.hears(KeyPressed)
    assert [e.key for e in ear.events if isinstance(e, KeyPressed)] == ["7"]
    assert thief.heard == []
    plane.close(slot)
    await ear.hears(MediaStatistics)
    phone.transport.close()
    thief.transport.close()


async def test_after_a_second_of_silence_a_new_source_is_learned(plane: MediaProcess) -> None:
    ear = Ear()
    phone, slot = await call_of(plane, ear)
    await phone.speak(bytes([255]) * FRAME * 3, 0)
    loop = asyncio.get_running_loop()
    _, moved = await loop.create_datagram_endpoint(Phone, local_addr=("127.0.0.1", 0))
    moved.to = phone.to
    for tenth in range(100):
        if moved.heard:
            break
        await moved.speak(bytes([255]) * FRAME * 5, tenth * 5 * FRAME)
    assert moved.heard
    assert [type(e).__name__ for e in ear.events] == ["AddressLearned"]
    plane.close(slot)
    await ear.hears(MediaStatistics)
    phone.transport.close()
    moved.transport.close()


async def test_when_the_plane_dies_its_calls_are_told_and_new_calls_find_a_new_one(
    plane: MediaProcess, tmp_path: Path
) -> None:
    ear = Ear()
    phone, slot = await call_of(plane, ear)
    plane.record(slot, tmp_path / "message.raw", max_s=30)
    await phone.speak(encode(noise(1.0), Law.PCMU).tobytes(), 0)
    assert plane.pid is not None
    os.kill(plane.pid, signal.SIGKILL)
    await ear.hears(PlaneDied)
    assert (tmp_path / "message.raw").stat().st_size >= 0.6 * 16000
    plane.play(slot, [], ticket=1)  # crossing its own end: no harm
    with pytest.raises(Unavailable):
        plane.open(ear)
    await plane.restarted()
    second = Ear()
    other, slot = await call_of(plane, second)
    plane.play(slot, [make_clip(tmp_path, "again", noise(0.1))], ticket=2)
    assert await second.hears(PlayEnded) == PlayEnded(2)
    phone.transport.close()
    other.transport.close()


async def test_slots_run_out_politely_and_come_back(plane: MediaProcess) -> None:
    ears = [Ear() for _ in range(8)]
    slots = [plane.open(ear) for ear in ears]
    ports = {plane.port(slot) for slot in slots}
    assert len(ports) == 8
    assert all(port % 2 == 0 for port in ports)
    with pytest.raises(Unavailable):
        plane.open(Ear())
    plane.close(slots[3])
    await ears[3].hears(MediaStatistics)
    assert plane.open(Ear()) == slots[3]
    with pytest.raises(MediaMisuse):
        plane.port(77)


async def test_a_name_is_no_address_for_sound(plane: MediaProcess) -> None:
    slot = plane.open(Ear())
    with pytest.raises(MediaMisuse):
        plane.connect(slot, stream(host="phone.example"))


async def test_an_address_that_is_not_ours_is_refused_at_the_start() -> None:
    with pytest.raises(Unavailable):
        await MediaProcess("192.0.2.1").start()


async def test_a_range_of_ports_is_kept_to() -> None:
    first = free_ports(8)
    plane = MediaProcess("127.0.0.1", first_port=first, last_port=first + 7)
    await plane.start()
    try:
        ports = [plane.port(plane.open(Ear())) for _ in range(3)]
        assert all(first <= port <= first + 6 and port % 2 == 0 for port in ports)
        assert ports == sorted(set(ports))
    finally:
        await plane.stop()


PARENT = """
import asyncio, sys
from telephony.media.process import MediaProcess

async def main():
    plane = MediaProcess("127.0.0.1")
    await plane.start()
    plane.open(print)
    print(plane.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def test_a_killed_program_leaves_no_process_behind() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with parent:
        child = int(parent.stdout.readline())
        gone = os.pidfd_open(child)
        parent.kill()
        parent.wait()
    poll = select.poll()
    poll.register(gone, select.POLLIN)
    assert poll.poll(30_000)
    os.close(gone)


async def test_a_caller_pauses_and_goes_back_in_what_is_played(
    plane: MediaProcess, tmp_path: Path
) -> None:
    ear = Ear()
    phone, slot = await call_of(plane, ear)
    said = noise(1.0, seed=4)
    octets = encode(said, Law.PCMU).tobytes()
    plane.play(slot, [make_clip(tmp_path, "message", said)], ticket=1)
    await phone.hears(20)
    plane.pause(slot)
    plane.skip(slot, -60.0)
    await phone.hears(20)
    plane.skip(slot, 0.5)
    plane.resume(slot)
    assert await ear.hears(PlayEnded) == PlayEnded(1)
    sound = phone.sound[phone.sound.index(octets[:FRAME]) :]
    before, _, after = sound.partition(bytes([255]) * FRAME * 5)
    assert octets.startswith(before[: len(before) // FRAME * FRAME])
    assert octets[25 * FRAME : 45 * FRAME] in after  # the last packets may still be on their way
    assert octets[:FRAME] not in after
    phone.transport.close()


async def test_what_answers_a_key_a_moment_after_the_stop_begins_where_the_stop_is_heard(
    plane: MediaProcess, tmp_path: Path
) -> None:
    phone, slot = await call_of(plane, Ear())
    clips = [make_clip(tmp_path, f"prompt{n}", noise(2.0, seed=n)) for n in (6, 7)]
    plane.play(slot, clips[:1], ticket=0)
    await phone.hears(10)
    for answer in range(1, 21):
        plane.stop_playing(slot)
        await asyncio.sleep(0.001)
        plane.play(slot, [clips[answer % 2]], ticket=answer)
        await phone.hears(10)
    packets = [p.payload for p in phone.heard]
    silent = [packet == bytes([255]) * FRAME for packet in packets]
    heard = silent[silent.index(False) :]
    assert heard.count(True) < 7, heard  # a beat falls now and then between the two
    phone.transport.close()
