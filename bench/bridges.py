"""What bridged calls cost, how evenly they hear each other, how late, and what is lost on the way.

    python -m bench.bridges [PAIRS] [SECONDS]

Starts the real plane, opens two slots for each pair and bridges them; a process of our own speaks
on all of them. One pair more is a probe in this process: every frame it says is another one, so
that the time from its sending to its arrival on the other side is known, and whether it arrived as
it was. Prints what `bench.media` prints, then the delay and the loss of the probe.
"""

import asyncio
import multiprocessing
import socket
import sys
import threading
import time

import numpy as np

from bench.arrivals import ROOM_FOR_STAMP, stamp, stamped_at
from bench.media import tell
from bench.processor import processor_s
from bench.swarm import phones
from call.media import MediaEvent, Stream
from call.sound import FRAME, FRAME_S, Law
from telephony import rtp
from telephony.media.engine import MediaSettings
from telephony.media.process import MediaProcess

_SETTLING = 50  # frames at the beginning that are not judged
_ON_THE_WAY = 25  # frames at the end that may not have arrived


class Probe:
    """A telephone that says no frame twice, and one that hears it."""

    def __init__(self) -> None:
        self.lines = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for line in self.lines:
            line.bind(("127.0.0.1", 0))
            stamp(line)
            line.settimeout(1.0)
        self.said: list[tuple[float, bytes]] = []
        self.heard: dict[bytes, float] = {}

    @property
    def ports(self) -> list[int]:
        """Where both listen."""
        return [line.getsockname()[1] for line in self.lines]

    def speak(self, port: int, seconds: float) -> None:
        """Say a frame each 20 ms."""
        mouth, dice = self.lines[0], np.random.default_rng(1)
        start = time.monotonic()
        for n in range(round(seconds / FRAME_S)):
            time.sleep(max(0.0, start + n * FRAME_S - time.monotonic()))
            # So quiet that the playout buffer takes it for a pause, and may shorten itself in it.
            frame = dice.integers(0xE8, 0x100, FRAME).astype(np.uint8).tobytes()
            header = rtp.HEADER.pack(0x80, 0, n & 0xFFFF, n * FRAME, 7)
            self.said.append((time.time(), frame))
            mouth.sendto(header + frame, ("127.0.0.1", port))

    def listen(self) -> None:
        """Note when each frame arrives first, until nothing comes for a second."""
        while True:
            try:
                packet, extra, _, _ = self.lines[1].recvmsg(2048, ROOM_FOR_STAMP)
            except TimeoutError:
                return
            self.heard.setdefault(packet[rtp.HEADER.size :], stamped_at(extra))

    def tell(self) -> None:
        """Print the delay and the loss."""
        said = self.said[_SETTLING:-_ON_THE_WAY]
        delays = [(self.heard[frame] - at) * 1000 for at, frame in said if frame in self.heard]
        p50, p99 = np.percentile(delays, [50, 99])
        print(f"through the bridge, ms: p50 {p50:.1f}  p99 {p99:.1f}  worst {max(delays):.1f}")
        print(f"frames that did not arrive as they were: {len(said) - len(delays)} of {len(said)}")


async def measure(pairs: int, seconds: float) -> None:
    """Run the load and print what came of it."""
    calls = 2 * pairs
    ours, theirs = multiprocessing.Pipe()
    generator = multiprocessing.get_context("spawn").Process(
        target=phones, args=(calls, seconds, theirs)
    )
    generator.start()
    probe = Probe()
    addresses = [*await asyncio.to_thread(ours.recv), *probe.ports]
    plane = MediaProcess("127.0.0.1", settings=MediaSettings(slots=calls + 2))
    await plane.start()
    events: list[MediaEvent] = []
    slots = [plane.open(events.append) for _ in range(calls)]
    slots += [plane.open(lambda event: None) for _ in probe.ports]
    for slot, port in zip(slots, addresses, strict=True):
        plane.connect(slot, Stream(Law.PCMU, 0, 101, ("127.0.0.1", port)))
    for first, second in zip(slots[::2], slots[1::2], strict=True):
        plane.bridge(first, second)
    assert plane.pid is not None
    ours.send([plane.port(slot) for slot in slots[:-2]])
    talking = threading.Thread(target=probe.speak, args=(plane.port(slots[-2]), seconds))
    hearing = threading.Thread(target=probe.listen)
    talking.start()
    hearing.start()
    await asyncio.sleep(1.0)
    before, began = processor_s(plane.pid), time.monotonic()
    await asyncio.sleep(seconds - 2.0)
    used = (processor_s(plane.pid) - before) / (time.monotonic() - began)
    arrivals, sent = await asyncio.to_thread(ours.recv)
    await asyncio.to_thread(talking.join)
    plane.close(slots[-1])
    await asyncio.to_thread(hearing.join)
    await plane.stop()
    generator.join()
    tell(calls, plane.priority, used, arrivals, sent, events)
    probe.tell()


def main() -> None:
    """Take the number of pairs and the seconds from the command line."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 12.0
    asyncio.run(measure(pairs, seconds))


if __name__ == "__main__":
    main()
