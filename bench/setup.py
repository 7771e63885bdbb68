"""How many calls a second are set up and ended, how soon each is answered, and at what cost.

    python -m bench.setup --rate 250 --seconds 60

Starts `vestibule demo` on a free loopback port, places RATE calls a second to the attendant for
SECONDS, and hangs each up a tenth of a second after its answer. All of them give one port for their
sound, where nobody listens. Prints how many failed and why, INVITE sent to 200 received by the
kernel's stamp, the processor time of a call, by part of the program, and its memory.
"""

import argparse
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import numpy as np

from bench.callers import Callers, Outcome, Placed
from bench.demo import Measured, running_demo
from bench.processor import Usage, memory_kb, usage
from vestibule.demo import COMPANY

HOLD_S = 0.1
ROOM = 2000
"""Calls the program may have at once: far more than it should ever have."""


@contextmanager
def _deaf_port() -> Iterator[int]:
    """A port where sound may be sent and is not read."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield int(deaf.getsockname()[1])


def run(target: Measured, rate: float, seconds: float) -> tuple[Outcome, Usage]:
    """Place the calls; what became of them, and what the program used for them."""
    with _deaf_port() as port:
        calls = [Placed(COMPANY, port, n / rate, HOLD_S) for n in range(round(rate * seconds))]
        before = usage(target.pid)
        with closing(Callers(target.listen, calls)) as callers:
            outcome = callers.wait()
    return outcome, usage(target.pid).since(before)


def tell(outcome: Outcome, used: Usage, took_s: float) -> None:
    """Print the figures."""
    calls = outcome.succeeded + outcome.failed
    reasons = "".join(f"; {reason}: {n}" for reason, n in outcome.reasons.items())
    print(f"calls    {outcome.succeeded} of {calls}, {outcome.failed} failed{reasons}")
    print(f"rate     {outcome.succeeded / took_s:.0f} a second")
    p50, p99, p999, worst = np.percentile(outcome.set_up_ms, [50, 99, 99.9, 100])
    print(
        f"set-up   p50 {p50:.1f}  p99 {p99:.1f}  p99.9 {p999:.1f}  worst {worst:.1f} ms; "
        f"requests sent again {outcome.sent_again}"
    )
    parts = ", ".join(f"{part} {s / calls * 1000:.2f}" for part, s in used.by_part.items() if s)
    print(f"cost     {used.total / calls * 1000:.2f} ms of a core a call ({parts})")


def main() -> None:
    """Run, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.setup", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rate", type=float, default=250.0, help="calls placed a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--listen", metavar="HOST:PORT", help="a program that runs already")
    parser.add_argument("--pid", type=int, help="its first process")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        given = Measured(arguments.listen or "", arguments.pid or 0, None)
        ours = running_demo(Path(name) / "data", calls=ROOM)
        with nullcontext(given) if arguments.listen else ours as target:
            print("memory   " + _memory(target), "before")
            start = time.monotonic()
            outcome, used = run(target, arguments.rate, arguments.seconds)
            tell(outcome, used, time.monotonic() - start)
            print("memory   " + _memory(target), "after")


def _memory(target: Measured) -> str:
    return ", ".join(f"{part} {kb / 1024:.0f} MB" for part, kb in memory_kb(target.pid).items())


if __name__ == "__main__":
    main()
