"""How evenly and at what cost the media plane serves many calls at once.

    python -m bench.media [CALLS] [SECONDS] [play]

Starts the real plane, opens CALLS slots, and from a process of our own sends each of them sound
every 20 ms while each plays a prompt and, unless `play` is said, records. Prints the times between
the packets of each call as they arrive (p50, p99, p99.9, worst; 20 ms wanted), what was lost
either way, and the processor time the plane took.
"""

import asyncio
import multiprocessing
import sys
import tempfile
import time
from math import inf
from pathlib import Path

import numpy as np

from bench.arrivals import Arrivals, Pacing, missing, pacing
from bench.processor import processor_s
from bench.swarm import phones
from call.g711 import encode
from call.media import MediaEvent, MediaStatistics, RecordEnded, Stream
from call.sound import FRAME, Clip, Law
from telephony.media.engine import MediaSettings
from telephony.media.process import MediaProcess


async def measure(
    calls: int, seconds: float, folder: Path, *, record: bool
) -> tuple[float, Pacing]:
    """Run the load and print what came of it; the share of a core used, and the pacing."""
    ours, theirs = multiprocessing.Pipe()
    generator = multiprocessing.get_context("spawn").Process(
        target=phones, args=(calls, seconds, theirs)
    )
    generator.start()
    addresses = await asyncio.to_thread(ours.recv)
    plane = MediaProcess("127.0.0.1", settings=MediaSettings(slots=calls))
    await plane.start()
    events: list[MediaEvent] = []
    frames = int(seconds * 50) + 100
    clip = Clip(folder / "prompt", frames)
    sound = np.random.default_rng(1).integers(-9000, 9000, frames * FRAME).astype(np.int16)
    clip.file(Law.PCMU).write_bytes(encode(sound, Law.PCMU).tobytes())
    slots = [plane.open(events.append) for _ in range(calls)]
    for slot, port in zip(slots, addresses, strict=True):
        plane.connect(slot, Stream(Law.PCMU, 0, 101, ("127.0.0.1", port)))
        if record:
            plane.record(slot, folder / f"{slot}.raw", max_s=3600)
        plane.play(slot, [clip], 1)
    assert plane.pid is not None
    ours.send([plane.port(slot) for slot in slots])
    await asyncio.sleep(1.0)
    before, began = processor_s(plane.pid), time.monotonic()
    await asyncio.sleep(seconds - 2.0)
    used = (processor_s(plane.pid) - before) / (time.monotonic() - began)
    arrivals, sent = await asyncio.to_thread(ours.recv)
    await plane.stop()
    generator.join()
    return used, tell(calls, plane.priority, used, arrivals, sent, events)


def tell(
    calls: int,
    priority: str,
    used: float,
    arrivals: list[Arrivals],
    sent: int,
    events: list[MediaEvent],
) -> Pacing:
    """Print the figures; the pacing."""
    paced = pacing(call.within(call.times[0] + 1.0, inf) for call in arrivals if call.times)
    assert paced is not None
    lost = sum(missing(call.sequences) for call in arrivals)
    statistics = [e for e in events if isinstance(e, MediaStatistics)]
    recorded = sum(e.seconds for e in events if isinstance(e, RecordEnded))
    received = sum(e.packets_received for e in statistics)
    print(f"calls {calls}, priority {priority}, packets timed {paced.packets}")
    print(f"between packets, ms: p50 {paced.p50:.2f}  p99 {paced.p99:.2f}  "
          f"p99.9 {paced.p999:.2f}  worst {paced.worst:.2f}")  # fmt: skip
    print(f"within 20 ± 5 ms: {paced.even * 100:.3f} %")
    print(f"lost of what we sent {lost}; of what we were sent {sent - received} of {sent}")
    print(f"processor: {used * 100:.1f} % of a core, {used * 100 / calls:.3f} % a call")
    print(
        f"late ticks {max(e.late_ticks for e in statistics)}; "
        f"recorded {recorded / calls:.2f} s a call"
    )
    return paced


def main() -> None:
    """Take the number of calls, the seconds and whether to play only from the command line."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 12.0
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(calls, seconds, Path(folder), record=sys.argv[3:] != ["play"]))


if __name__ == "__main__":
    main()
