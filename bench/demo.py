"""`vestibule demo` on a free loopback port, for as long as a benchmark needs it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processor import usage

_ROOT = Path(__file__).parent.parent
_READY_S = 120.0
_END_S = 60.0
_QUIET_S = 90.0


@dataclass(frozen=True, slots=True)
class Measured:
    """A running program: where it answers, its first process, and its data where that is known."""

    listen: str
    pid: int
    data: Path | None


@contextmanager
def running_demo(
    data: Path, *, calls: int = 200, smtp: str = "", metrics: str = ""
) -> Iterator[Measured]:
    """Start the demo, wait until it answers and is at rest; end it after the block.

    It takes so many `calls` at once, hands its mail to `smtp` (HOST:PORT) or writes it down, and
    shows its figures at `metrics`.
    """
    mail = ["--smtp", smtp] if smtp else []
    shown = {"VESTIBULE__METRICS__LISTEN": metrics} if metrics else {}
    process = subprocess.Popen(
        [sys.executable, "-c", "from vestibule.cli import main; main()",
         "demo", "--listen", "127.0.0.1:0", "--data", str(data), *mail],
        stdout=subprocess.PIPE, text=True, cwd=_ROOT,
        env=os.environ | {"VESTIBULE__SIP__MAX_CALLS": str(calls)} | shown,
    )  # fmt: skip
    try:
        listen = _answering(process)
        await_rest(process.pid)
        yield Measured(listen, process.pid, data)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            print(f"the demo did not end within {_END_S:.0f} s of SIGTERM; killed", file=sys.stderr)
            process.kill()
            process.wait()


def _answering(process: "subprocess.Popen[str]") -> str:
    """Wait for the line `ready`; the address the first line tells."""
    assert process.stdout is not None
    too_late = threading.Timer(_READY_S, process.kill)
    too_late.start()
    said: list[str] = []
    try:
        for line in process.stdout:
            said.append(line.rstrip())
            if said[-1] == "ready":
                return said[0].split()[3].rstrip(",")
    finally:
        too_late.cancel()
    raise ChildProcessError("the demo did not start:\n" + "\n".join(said))


def await_rest(pid: int) -> None:
    """Wait until the program does nothing for a second, as when its prompts are all made."""
    limit = time.monotonic() + _QUIET_S
    while time.monotonic() < limit:
        before = usage(pid)
        time.sleep(1.0)
        if usage(pid).since(before).total < 0.03:
            return
