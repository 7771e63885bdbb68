"""Records a room of the plane while its conference wants that, and keeps what was recorded."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from call.errors import Unavailable
from conference.ports import Takes
from vestibule.meetings.beside import Spawn

log = logging.getLogger(__name__)

LONGEST_S = 4 * 3600.0
"""Longer than any conference: nothing but the conference ends a recording."""


class RecordedRoom(Protocol):
    """What the plane does for a recording."""

    def record_room(self, room: int, path: Path, *, max_s: float) -> None:
        """Append what is said in a room to `path`."""

    def stop_recording_room(self, room: int) -> None:
        """End the recording of a room."""


class Recorder:
    """The recordings of one session; `failed` is told when one cannot begin."""

    def __init__(
        self,
        plane: RecordedRoom,
        takes: Takes,
        session: str,
        spawn: Spawn,
        failed: Callable[[], None],
    ) -> None:
        self._plane = plane
        self._takes = takes
        self._session = session
        self._spawn = spawn
        self._failed = failed
        self._wanted = 0
        """Counts the recordings that were wanted, so that a late beginning knows its own."""
        self._running: Path | None = None
        self._unkept: set[Path] = set()

    def begin(self, room: int) -> None:
        """Record from now on."""
        self._wanted += 1
        self._spawn(self._begin(room, self._wanted), f"record {self._session}")

    def end(self, room: int) -> None:
        """Record no more."""
        self._wanted += 1
        if self._running is not None:
            self._running = None
            self._plane.stop_recording_room(room)

    async def _begin(self, room: int, wanted: int) -> None:
        try:
            path = await self._takes.begin(self._session)
        except (Unavailable, OSError) as fault:
            log.error("conference not recorded", extra={"why": str(fault)})
            if wanted == self._wanted:
                self._failed()
            return
        if wanted != self._wanted:
            await self._takes.keep(path)  # nothing is in it
            return
        self._running = path
        self._unkept.add(path)
        self._plane.record_room(room, path, max_s=LONGEST_S)

    def ended(self, path: Path) -> None:
        """A recording is complete."""
        if path in self._unkept:
            self._unkept.discard(path)
            self._spawn(self._takes.keep(path), f"keep {self._session}")

    def lost(self) -> None:
        """The plane is gone; what it wrote until then is kept."""
        self._running = None
        for path in tuple(self._unkept):
            self.ended(path)
