"""Whether memory grows while calls come and go: hours of them, hung up at any moment.

    python -m bench.soak --calls 100 --minutes 60

Starts `vestibule demo` on a free loopback port, and keeps CALLS telephones busy: each calls,
speaks and listens, hangs up at random after 1 to 40 s, and half a second later calls again. Of
twenty calls, sixteen go to the attendant, two leave a message (until the mailboxes are full), two
ask for a mailbox. The memory of each process is read every 10 s. At the end: what it was at first
and at last, and the slope of a least-squares line through the second half, and through all but the
start, in kB an hour and in octets a call. --seed makes other calls.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from bench.callers import Callers, Placed
from bench.calls import SPEECH
from bench.demo import running_demo
from bench.phones import Habit, Phones
from bench.processor import memory_kb, usage
from call.g711 import encode
from call.sound import FRAME, Law
from vestibule.demo import COMPANY

NUMBERS = (*[COMPANY] * 16, "*101", "*102", "8500", "8500")
SHORTEST_S, LONGEST_S, PAUSE_S = 1.0, 40.0, 0.5
SAMPLE_S = 10.0
WARM_S = 300.0
"""What is made on first use counts as the start: a tenth of the run, but no more than this."""


@dataclass(slots=True)
class Memory:
    """Resident kilobytes of each part of the program, as time goes by."""

    seconds: list[float] = field(default_factory=list)
    kb: dict[str, list[int]] = field(default_factory=dict)

    def sample(self, pid: int, at: float) -> None:
        self.seconds.append(at)
        now = memory_kb(pid)
        for part, kb in now.items():
            self.kb.setdefault(part, [0] * (len(self.seconds) - 1)).append(kb)
        for part in self.kb.keys() - now.keys():
            self.kb[part].append(0)

    def slope(self, part: str, since_s: float) -> float:
        """Kilobytes an hour, by least squares."""
        chosen = [n for n, at in enumerate(self.seconds) if at >= since_s]
        if len(chosen) < 2:
            return 0.0
        hours = np.array([self.seconds[n] for n in chosen]) / 3600
        kb = np.array([self.kb[part][n] for n in chosen], dtype=float)
        return float(np.polyfit(hours, kb, 1)[0])


def plan(ports: Sequence[int], seconds: float, chance: random.Random) -> list[Placed]:
    """One call after the other from each telephone, all ended when the time is up."""
    calls: list[Placed] = []
    for n, port in enumerate(ports):
        at = n * (LONGEST_S / len(ports)) / 2  # not all at once
        while at < seconds - SHORTEST_S:
            hold_s = min(chance.uniform(SHORTEST_S, LONGEST_S), seconds - at)
            calls.append(Placed(chance.choice(NUMBERS), port, at, hold_s))
            at += hold_s + PAUSE_S
    return calls


def run(calls: int, seconds: float, seed: int, data: Path) -> None:
    """Keep the telephones busy, and tell how memory went."""
    sound, _ = soundfile.read(SPEECH, dtype="int16")
    speech = encode(sound[: len(sound) // FRAME * FRAME], Law.PCMU).tobytes()
    memory = Memory()
    with running_demo(data, calls=calls + 100) as target:
        memory.sample(target.pid, 0.0)
        print("at rest   " + _now(memory), flush=True)
        phones = Phones(calls, Habit(speech, notes=False))
        placed = plan(phones.ports, seconds, random.Random(seed))
        before, start = usage(target.pid), time.monotonic()
        with closing(Callers(target.listen, placed)) as callers:
            while (at := time.monotonic() - start) < seconds:
                time.sleep(min(SAMPLE_S, seconds - at))
                memory.sample(target.pid, time.monotonic() - start)
                if len(memory.seconds) % 30 == 2:
                    print(f"{memory.seconds[-1]:7.0f} s {_now(memory)}", flush=True)
            outcome = callers.wait()
        phones.hang_up()
        used = usage(target.pid).since(before)
        time.sleep(SAMPLE_S)
        memory.sample(target.pid, time.monotonic() - start)
        print("all over  " + _now(memory))
    reasons = "".join(f"; {reason}: {n}" for reason, n in outcome.reasons.items())
    print(f"calls     {len(placed)}, {outcome.succeeded} hung up by the caller{reasons}")
    print(f"processor {used.total / seconds * 100:.1f} % of a core")
    tell(memory, len(placed), seconds)


def tell(memory: Memory, calls: int, seconds: float) -> None:
    """Print the slopes."""
    warm_s = min(WARM_S, seconds / 10)
    a_call = seconds / 3600 / calls * 1024
    for part in memory.kb:
        late, whole = memory.slope(part, seconds / 2), memory.slope(part, warm_s)
        print(
            f"{part:>12}  second half {late:+.0f} kB an hour, {late * a_call:+.1f} octets a call;"
            f" from {warm_s:.0f} s on {whole:+.0f} kB an hour, {whole * a_call:+.1f} octets a call"
        )


def _now(memory: Memory) -> str:
    return ", ".join(f"{part} {kb[-1] / 1024:.1f} MB" for part, kb in memory.kb.items())


def main() -> None:
    """Take the number of calls and the minutes from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(f"{arguments.calls} telephones, {arguments.minutes:g} minutes", flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        run(arguments.calls, arguments.minutes * 60, arguments.seed, Path(name) / "data")


if __name__ == "__main__":
    main()
