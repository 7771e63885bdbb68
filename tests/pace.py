"""Whether this machine kept its pace while a test ran.

A test in real time hears programs that have to send each 20 ms. Where others share the machine, it
may wake them later than a telephone's buffer lasts, and what is heard then tells of the machine.
So a process that does nothing but wait, on each processor, tells when it was woken so late; neither
the program nor the test can hold it up.
"""

import os
import subprocess
import sys
import threading
import time

LATE_S = 0.05
"""Later than this, what a telephone hears has a hole."""

_STEP_S = 0.02


class Pace:
    """How this machine keeps its pace, from the first `begin` to `end`."""

    def __init__(self) -> None:
        self.of: object = None
        """What it is asked about."""
        self._watcher: subprocess.Popen[bytes] | None = None
        self._began = 0.0
        self._late_at = 0.0

    def begin(self, of: object) -> int:
        """What is asked about from now on begins now; gives the process that watches."""
        if self._watcher is None:
            watcher = [sys.executable, "-I", "-S", __file__]
            self._watcher = subprocess.Popen(
                watcher, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
            assert self._watcher.stdout is not None
            self._watcher.stdout.readline()  # it has begun
            os.set_blocking(self._watcher.stdout.fileno(), False)
        self.of, self._began = of, time.monotonic()
        return self._watcher.pid

    def was_lost(self) -> bool:
        """Whether a processor was late since it began."""
        assert self._watcher is not None
        assert self._watcher.stdout is not None
        while told := self._watcher.stdout.read(4096):
            self._late_at = float(told.split()[-1])
        return self._late_at > self._began

    def end(self) -> None:
        """Watch no more."""
        if self._watcher is not None:
            self._watcher.communicate()
            self._watcher = None


def _watch(processor: int) -> None:
    """Tell when a processor was late, in monotonic seconds, a line each."""
    os.sched_setaffinity(threading.get_native_id(), {processor})
    due = time.monotonic()
    while True:
        due += _STEP_S
        time.sleep(max(0.0, due - time.monotonic()))
        now = time.monotonic()
        if now - due > LATE_S:
            os.write(1, b"%.3f\n" % now)
            due = now


if __name__ == "__main__":
    for processor in os.sched_getaffinity(0):
        threading.Thread(target=_watch, args=(processor,), daemon=True).start()
    os.write(1, b"0\n")
    sys.stdin.read()  # until whoever asks has ended
    os._exit(0)
