"""Recordings on their way to disk, outside the beat: no write ever delays a frame."""

import logging
import os
import threading
from collections import deque
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

_log = logging.getLogger(__name__)

MOST_PENDING = 64 << 20
"""Octets that may wait for a slow disk, over all recordings; more, and a recording is given up."""


class Sink:
    """One recording's file. The beat appends and finishes; the writer writes."""

    __slots__ = ("_file", "failed", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failed = False
        """Something could not be written: what the file holds is all there will be."""
        self._file: int | None = None

    def write(self, data: bytes) -> None:
        """Append to the file, creating it. Called by the writer alone."""
        if self.failed:
            return
        try:
            if self._file is None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._file = os.open(self.path, flags, 0o600)
            view = memoryview(data)
            while view:
                view = view[os.write(self._file, view) :]
        except OSError:
            self.failed = True
            _log.exception("recording cannot be written", extra={"path": str(self.path)})

    def close(self) -> None:
        """Let go of the file. Called by the writer alone."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


_Job = tuple[Sink, bytes | None]


class Writer(Protocol):
    """Takes what recordings hear, and tells which are complete."""

    def append(self, sink: Sink, data: bytes) -> None:
        """Queue `data` for the file; returns at once."""

    def finish(self, sink: Sink) -> None:
        """Nothing more comes: `finished` tells when the last octet is written."""

    def hand_over(self) -> None:
        """Write what was queued. Once a frame: to wake the writer costs more than to write."""

    def finished(self) -> list[Sink]:
        """The sinks completed since the last time this was asked."""


class DirectWriter:
    """Writes as it is told: for virtual time, where no disk can be late."""

    def __init__(self) -> None:
        self._finished: list[Sink] = []

    def append(self, sink: Sink, data: bytes) -> None:
        sink.write(data)

    def finish(self, sink: Sink) -> None:
        sink.write(b"")
        sink.close()
        self._finished.append(sink)

    def hand_over(self) -> None:
        return

    def finished(self) -> list[Sink]:
        done, self._finished = self._finished, []
        return done


class ThreadWriter:
    """Writes in a thread of its own; what waits for it is bounded."""

    def __init__(self) -> None:
        self._queued: list[_Job] = []
        self._jobs: SimpleQueue[list[_Job] | None] = SimpleQueue()
        self._done: deque[Sink] = deque()
        self._taken = 0
        self._written = 0
        self._thread = threading.Thread(target=self._work, name="recordings", daemon=True)
        self._thread.start()

    def append(self, sink: Sink, data: bytes) -> None:
        if self._taken - self._written > MOST_PENDING and not sink.failed:
            sink.failed = True
            _log.error("disk too slow for a recording", extra={"path": str(sink.path)})
        if not sink.failed:
            self._taken += len(data)
            self._queued.append((sink, data))

    def finish(self, sink: Sink) -> None:
        self._queued.append((sink, None))

    def hand_over(self) -> None:
        if self._queued:
            self._jobs.put(self._queued)
            self._queued = []

    def finished(self) -> list[Sink]:
        return [self._done.popleft() for _ in range(len(self._done))]

    def close(self) -> None:
        """Write all that was queued, and end."""
        self.hand_over()
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (jobs := self._jobs.get()) is not None:
            for sink, data in jobs:
                if data is None:
                    sink.write(b"")  # a recording of nothing is a file all the same
                    sink.close()
                    self._done.append(sink)
                else:
                    sink.write(data)
                    self._written += len(data)
