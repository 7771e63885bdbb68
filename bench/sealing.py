"""What it costs to keep recordings sealed, beside keeping them plain.

    python -m bench.sealing [TIMES] [DIR]

Keeps messages of 10 s and of 180 s, plain and sealed by turns, TIMES times each (50) in DIR (a
temporary folder), and finds each of them as a caller's listening does; then seals them all under
another key. Prints medians in milliseconds, of the time that passed and of the processor's, and how
much more sealing takes. Opened copies go where the server puts them.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from call.clock import SystemClock
from call.sound import RATE
from voicemail.adapters.folder_sounds import FolderSounds
from voicemail.adapters.keys import KEY_OCTETS, Key, KeyFile
from voicemail.adapters.opened_sounds import OpenedSounds
from voicemail.adapters.private_folder import private_folder
from voicemail.adapters.resealing import reseal
from voicemail.adapters.sealed_sounds import SealedSounds
from voicemail.adapters.system_tokens import SystemTokens
from voicemail.ports import AudioStore

LENGTHS_S = (10, 180)


@dataclass(slots=True)
class Times:
    """How long something took, each time: on the clock, and of the processor."""

    clock_s: list[float] = field(default_factory=list)
    processor_s: list[float] = field(default_factory=list)

    async def add(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do it once more."""
        began, used = time.perf_counter(), time.process_time()
        await work()
        self.clock_s.append(time.perf_counter() - began)
        self.processor_s.append(time.process_time() - used)

    @property
    def medians_ms(self) -> tuple[float, float]:
        clock_s, processor_s = statistics.median(self.clock_s), statistics.median(self.processor_s)
        return clock_s * 1000, processor_s * 1000


async def measure(seconds: int, times: int, plain: AudioStore, sealed: AudioStore) -> None:
    """Keep and find messages of one length; tell what each took."""
    pcm = np.random.default_rng(1).integers(-9000, 9000, seconds * RATE, dtype=np.int16).tobytes()
    stores = {"plain": plain, "sealed": sealed}
    took = {(act, how): Times() for act in ("keep", "open") for how in stores}

    async def read(store: AudioStore, name: str) -> bytes:
        return (await store.local(name)).read_bytes()

    for n in range(times):
        name = f"messages/{seconds}/{n}"
        for how, store in stores.items():
            await took["keep", how].add(partial(store.put, name, pcm))
            await took["open", how].add(partial(read, store, name))
    for act in ("keep", "open"):
        ours, theirs = took[act, "plain"].medians_ms, took[act, "sealed"].medians_ms
        for what, before, after in zip(("clock", "processor"), ours, theirs, strict=True):
            print(
                f"{seconds:>4} s  {act}  {what:<9}  plain {before:7.3f} ms  "
                f"sealed {after:7.3f} ms  x {after / before:.2f}"
            )


async def run(times: int, folder: Path) -> None:
    """Measure every length, then the change of keys."""
    keys, chance = KeyFile(folder / "keys"), SystemTokens()
    keys.add(Key("first", chance.token(KEY_OCTETS)))
    with private_folder(folder / "opened") as private:
        opened = OpenedSounds(private, SystemClock())
        sealed = SealedSounds(folder / "sealed", keys, chance, opened)
        for seconds in LENGTHS_S:
            await measure(seconds, times, FolderSounds(folder / "plain"), sealed)
            for n in range(times):
                opened.forget(f"messages/{seconds}/{n}")
    keys.add(Key("second", chance.token(KEY_OCTETS)))
    began = time.perf_counter()
    done = reseal(folder / "sealed", keys, chance)
    took_s = time.perf_counter() - began
    octets = sum(path.stat().st_size for path in (folder / "sealed").rglob("*.sealed"))
    print(
        f"keys changed: {done.were_old} recordings, {octets / 2**20:.0f} MiB, "
        f"{took_s / done.were_old * 1000:.1f} ms each"
    )


def main() -> None:
    """Take how often, and where, from the command line."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    parent = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory(prefix="sealing-", dir=parent) as folder:
        asyncio.run(run(times, Path(folder)))
    print(f"{times} times each, {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
