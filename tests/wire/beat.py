"""What paces the telephones of a test: one thread, that serves each line once in 20 ms.

One for all of them, because threads take turns: where each of thirty lines had its own, a busy
machine held all of them up for a second, and what they said came to the server as late as that.
"""

import contextlib
import os
import threading
import time
from typing import Protocol

FRAME_S = 0.020
HELD_UP_S = 0.4
"""Late by more than this, a telephone has been held up: it lets the time go by.

Packets that are only late are placed by their timestamps. A sender that stands still for half a
second and then goes on where it was is taken, by right, for one whose clock stood still.
"""

_PHASES = 4
"""Parts of a frame, over which the lines are spread."""
_STEP_S = FRAME_S / _PHASES
_NICE = -10


class Paced(Protocol):
    """A line that is served."""

    def serve(self, due: float) -> None:
        """Receive what came, and send what should leave at `due`, in monotonic seconds."""

    def stand_still(self, frames: int) -> None:
        """Let some frames go by, in which nothing left."""


class Beat:
    """Serves lines on an absolute grid, as long as there are any."""

    def __init__(self) -> None:
        self._phases: list[list[Paced]] = [[] for _ in range(_PHASES)]
        self._changes = threading.Lock()
        self._runs = False

    def join(self, line: Paced) -> None:
        """Serve a line from now on."""
        with self._changes:
            min(self._phases, key=len).append(line)
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._beat, name="telephones", daemon=True).start()

    def leave(self, line: Paced) -> None:
        """Serve it no more; it is not being served when this returns."""
        with self._changes:
            for phase in self._phases:
                if line in phase:
                    phase.remove(line)

    def stand_still(self, frames: int) -> None:
        """Be held up for so long, as on a busy machine."""
        with self._changes:
            self._stand_still(frames)

    def _beat(self) -> None:
        with contextlib.suppress(OSError):  # a telephone shares no machine with what it calls
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        start, step = time.monotonic(), 0
        while True:
            due = start + step * _STEP_S
            late = time.monotonic() - due
            if late < 0:
                time.sleep(-late)
            with self._changes:
                if not any(self._phases):
                    self._runs = False
                    return
                if late > HELD_UP_S:
                    frames = int(late / FRAME_S)
                    self._stand_still(frames)
                    step += frames * _PHASES
                    due = start + step * _STEP_S
                for line in self._phases[step % _PHASES]:
                    line.serve(due)
            step += 1

    def _stand_still(self, frames: int) -> None:
        for phase in self._phases:
            for line in phase:
                line.stand_still(frames)
