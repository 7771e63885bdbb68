"""How late the event loop runs: what callers of a busy machine would feel."""

import asyncio
from collections.abc import Callable

BEAT_S = 0.2
"""Seconds between two looks."""


class Heartbeat:
    """Looks at the running loop five times a second; `lateness_s` is its smoothed delay.

    `looked` is called after each look.
    """

    def __init__(self, looked: Callable[[], None] = lambda: None) -> None:
        self._looked = looked
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._waiting: asyncio.Future[None] | None = None
        self.lateness_s = 0.0

    def start(self) -> None:
        """Begin to beat on the running loop."""
        loop = asyncio.get_running_loop()
        self._due = loop.time() + BEAT_S
        self._timer = loop.call_at(self._due, self._beat)

    def stop(self) -> None:
        """Stop beating; who waits for a beat waits no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._release()

    async def next(self) -> None:
        """Wait for the next beat."""
        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._waiting)

    def _beat(self) -> None:
        self._release()
        late = asyncio.get_running_loop().time() - self._due
        # One hiccup weighs two fifths, so that only lasting lateness closes the door.
        self.lateness_s += (max(0.0, late) - self.lateness_s) * 0.4
        self.start()
        self._looked()

    def _release(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.set_result(None)
