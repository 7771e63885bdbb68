"""How evenly and at what cost rooms are mixed, and whether everybody hears the others.

    python -m bench.rooms [PEOPLE] [SECONDS] [SIZE] [HUMMING]

Starts the real plane, opens PEOPLE slots in rooms of SIZE (10), and from a process of our own has
HUMMING of each room (all of them, but 50 at most) hum a note of their own without pause, and the
others send silence. Two more people, in this process, join the first room: one who hums and one who
does not; what each of them hears is compared with what the others hum. Prints what `bench.media`
prints, a person being a call.
"""

import asyncio
import multiprocessing
import sys
import time

import numpy as np

from bench.media import tell
from bench.processor import processor_s
from bench.swarm import phones
from call.g711 import SILENCE, decode, encode
from call.media import MediaEvent, RoomEvent, Stream
from call.sound import FRAME, FRAME_S, Law
from telephony import rtp
from telephony.media.engine import MediaSettings
from telephony.media.process import MediaProcess

_STEP = 50  # Hz: a note of a multiple of it makes whole turns in a frame
_LOWEST = 6
_WINDOW = 50  # frames compared: a second


class Guest(asyncio.DatagramProtocol):
    """One person in this process: says the same frame again and again, and keeps what it hears."""

    def __init__(self, says: bytes) -> None:
        self._says = says
        self._sent = 0
        self._speaking: asyncio.Task[None] | None = None
        self.heard: list[bytes] = []

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.append(data[rtp.HEADER.size :])

    def speak(self, port: int) -> None:
        """Send a frame each 20 ms to a port, from now on."""
        self._speaking = asyncio.create_task(self._speak(port))

    async def _speak(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        while True:
            header = rtp.HEADER.pack(0x80, 0, self._sent & 0xFFFF, self._sent * FRAME, 1)
            self._transport.sendto(header + self._says, ("127.0.0.1", port))
            self._sent += 1
            await asyncio.sleep(start + self._sent * FRAME_S - loop.time())

    def notes(self) -> np.ndarray:
        """How loud each multiple of 50 Hz is in the last second heard."""
        octets = np.frombuffer(b"".join(self.heard[-_WINDOW:]), dtype=np.uint8)
        strength = np.abs(np.fft.rfft(decode(octets, Law.PCMU).astype(np.float64)))
        return 2 * strength[::_STEP] / len(octets)


def hum(note: int, amplitude: float) -> bytes:
    """One frame of a note, in mu-law."""
    turns = (_LOWEST + note) * np.arange(FRAME) / FRAME
    return encode((amplitude * np.sin(2 * np.pi * turns)).astype(np.int16), Law.PCMU).tobytes()


async def measure(people: int, seconds: float, size: int, humming: int) -> None:
    """Run the load and print what came of it."""
    amplitude = 20000 / (humming + 1)
    silence = bytes([SILENCE[Law.PCMU]]) * FRAME
    says = [hum(n, amplitude) if n < humming else silence for n in range(size)]
    ours, theirs = multiprocessing.Pipe()
    generator = multiprocessing.get_context("spawn").Process(
        target=phones, args=(people, seconds, theirs, says)
    )
    generator.start()
    addresses = await asyncio.to_thread(ours.recv)
    plane = MediaProcess(
        "127.0.0.1", settings=MediaSettings(slots=max(people + 2, 1024), rooms=people)
    )
    await plane.start()
    events: list[MediaEvent] = []
    told: list[RoomEvent] = []
    rooms = [plane.open_room(told.append) for _ in range(0, people, size)]
    slots = [plane.open(events.append) for _ in range(people)]
    for n, (slot, port) in enumerate(zip(slots, addresses, strict=True)):
        plane.connect(slot, Stream(Law.PCMU, 0, 101, ("127.0.0.1", port)))
        plane.join(slot, rooms[n // size])
    hummer = await _join(plane, rooms[0], hum(humming, amplitude))
    listener = await _join(plane, rooms[0], silence)
    assert plane.pid is not None
    ours.send([plane.port(slot) for slot in slots])
    await asyncio.sleep(1.0)
    before, began = processor_s(plane.pid), time.monotonic()
    await asyncio.sleep(seconds - 2.0)
    used = (processor_s(plane.pid) - before) / (time.monotonic() - began)
    wanted = np.full(humming + 1, amplitude)
    _compare("listens", listener.notes()[_LOWEST : _LOWEST + humming + 1], wanted)
    wanted[humming] = 0
    _compare("hums", hummer.notes()[_LOWEST : _LOWEST + humming + 1], wanted)
    arrivals, sent = await asyncio.to_thread(ours.recv)
    await plane.stop()
    generator.join()
    print(f"people {people} in {len(rooms)} rooms, who spoke was told {len(told)} times")
    tell(people, plane.priority, used, arrivals, sent, events)


async def _join(plane: MediaProcess, room: int, says: bytes) -> Guest:
    """Somebody more, in this process."""
    loop = asyncio.get_running_loop()
    transport, guest = await loop.create_datagram_endpoint(
        lambda: Guest(says), local_addr=("127.0.0.1", 0)
    )
    slot = plane.open(lambda event: None)
    plane.connect(slot, Stream(Law.PCMU, 0, 101, transport.get_extra_info("sockname")))
    plane.join(slot, room)
    guest.speak(plane.port(slot))
    return guest


def _compare(name: str, heard: np.ndarray, wanted: np.ndarray) -> None:
    """Say how far what is heard is from what is said."""
    off = np.abs(heard - wanted).max() / np.max(wanted)
    print(f"who {name} hears each of the others, and not themself, within {off * 100:.1f} %")


def main() -> None:
    """Take people, seconds, the size of a room and how many of it hum from the command line."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 12.0
    size = min(people, int(sys.argv[3]) if len(sys.argv) > 3 else 10)
    humming = min(size, 50, int(sys.argv[4]) if len(sys.argv) > 4 else size)
    asyncio.run(measure(people, seconds, size, humming))


if __name__ == "__main__":
    main()
