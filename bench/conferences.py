"""What conferences cost the media plane while they are recorded and announced into.

    python -m bench.conferences [PEOPLE] [SECONDS] [SIZE] [HUMMING] [plain]

Starts the real plane, opens PEOPLE slots (100) in rooms of SIZE (10), and from a process of our own
has HUMMING of each room (all, but 50 at most) hum a note of their own, and the others send silence.
Every room is recorded; the first one is heard at a socket as well, as a browser's stream is; and
each room in turn hears an announcement of a second every three seconds. With `plain`, none of
this: what remains is the cost of the rooms. Prints what `bench.media` prints, a person being a
call, and what came of the recordings, the announcements and the socket.

A room of a hundred of whom two speak: `python -m bench.conferences 100 20 100 2`.
"""

import asyncio
import multiprocessing
import socket
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.media import tell
from bench.processor import processor_s
from bench.rooms import hum
from bench.swarm import phones
from call.g711 import SILENCE, encode
from call.media import MediaEvent, PlayEnded, RecordEnded, RoomEvent, Stream
from call.sound import FRAME, RATE, Clip, Law
from telephony.media.engine import MediaSettings
from telephony.media.process import MediaProcess

_EVERY_S = 3.0
"""How often each room hears an announcement."""


class Rooms:
    """The rooms of a plane, and what they told."""

    def __init__(self, plane: MediaProcess, count: int) -> None:
        self._plane = plane
        self.told: list[RoomEvent] = []
        self.numbers = [plane.open_room(self.told.append) for _ in range(count)]
        self.announced = 0

    def record(self, folder: Path) -> None:
        """Record all of them."""
        for room in self.numbers:
            self._plane.record_room(room, folder / f"{room}.pcm", max_s=3600)

    async def announce(self, clip: Clip) -> None:
        """Let each hear the clip, one after the other, again and again."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            for room in self.numbers:
                self._plane.announce(room, [clip], self.announced)
                self.announced += 1
                due += _EVERY_S / len(self.numbers)
                await asyncio.sleep(due - loop.time())

    def tell(self) -> None:
        """Print what came of it."""
        recorded = [event.seconds for event in self.told if isinstance(event, RecordEnded)]
        ended = sum(isinstance(event, PlayEnded) for event in self.told)
        print(f"announced {self.announced} times, heard to the end {ended} times")
        if recorded:
            print(f"recorded {len(recorded)} rooms, {min(recorded):.2f} to {max(recorded):.2f} s")


class Outside:
    """Who hears a room at a socket."""

    def __init__(self, path: Path) -> None:
        self._bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._bound.bind(str(path))
        self._bound.setblocking(False)
        self.frames = 0

    async def hear(self) -> None:
        """Count the frames that come."""
        loop = asyncio.get_running_loop()
        while True:
            self.frames += len(await loop.sock_recv(self._bound, 4 * FRAME)) == 2 * FRAME

    def close(self) -> None:
        self._bound.close()


def spoken(folder: Path) -> Clip:
    """A second of an announcement."""
    sound = np.random.default_rng(1).integers(-6000, 6000, RATE).astype(np.int16)
    clip = Clip(folder / "announcement", RATE // FRAME)
    for law in Law:
        clip.file(law).write_bytes(encode(sound, law).tobytes())
    return clip


async def measure(
    people: int, seconds: float, size: int, humming: int, folder: Path, *, plain: bool
) -> None:
    """Run the load and print what came of it."""
    silence = bytes([SILENCE[Law.PCMU]]) * FRAME
    says = [hum(n, 20000 / humming) if n < humming else silence for n in range(size)]
    ours, theirs = multiprocessing.Pipe()
    generator = multiprocessing.get_context("spawn").Process(
        target=phones, args=(people, seconds, theirs, says)
    )
    generator.start()
    addresses = await asyncio.to_thread(ours.recv)
    plane = MediaProcess("127.0.0.1", settings=MediaSettings(slots=max(people, 1024), rooms=people))
    await plane.start()
    events: list[MediaEvent] = []
    rooms = Rooms(plane, -(-people // size))
    slots = [plane.open(events.append) for _ in range(people)]
    for n, (slot, port) in enumerate(zip(slots, addresses, strict=True)):
        plane.connect(slot, Stream(Law.PCMU, 0, 101, ("127.0.0.1", port)))
        plane.join(slot, rooms.numbers[n // size])
    outside = Outside(folder / "ear")
    tasks = [asyncio.create_task(outside.hear())]
    if not plain:
        rooms.record(folder)
        plane.hear_room(rooms.numbers[0], folder / "ear")
        tasks.append(asyncio.create_task(rooms.announce(spoken(folder))))
    assert plane.pid is not None
    ours.send([plane.port(slot) for slot in slots])
    await asyncio.sleep(1.0)
    before, began, frames = processor_s(plane.pid), time.monotonic(), outside.frames
    await asyncio.sleep(seconds - 2.0)
    used = (processor_s(plane.pid) - before) / (time.monotonic() - began)
    heard_s = (outside.frames - frames) * FRAME / RATE
    arrivals, sent = await asyncio.to_thread(ours.recv)
    for task in tasks:
        task.cancel()
    await plane.stop()
    outside.close()
    generator.join()
    tell(people, plane.priority, used, arrivals, sent, events)
    rooms.tell()
    print(f"heard outside {heard_s:.2f} of {seconds - 2:.2f} s")


def main() -> None:
    """Take people, seconds, the size of a room, how many of it hum, and `plain`."""
    plain = "plain" in sys.argv
    given = [each for each in sys.argv[1:] if each != "plain"]
    people = int(given[0]) if len(given) > 0 else 100
    seconds = float(given[1]) if len(given) > 1 else 12.0
    size = min(people, int(given[2]) if len(given) > 2 else 10)
    humming = min(size, 50, int(given[3]) if len(given) > 3 else size)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(people, seconds, size, humming, Path(folder), plain=plain))


if __name__ == "__main__":
    main()
