"""What administrators change while calls come in, read again when it may have changed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from call.clock import Clock
from call.errors import Unavailable

log = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_EVERY_S = 1.0
"""Commands run in a process of their own: callers meet what they changed this late."""


class Recent(Generic[T]):
    """Something read, a second old at most. Those who ask together wait for one reading.

    Where it `holds_on`, what was known before is given while it cannot be read: a call needs an
    answer.
    """

    def __init__(
        self, read: Callable[[], Awaitable[T]], clock: Clock, *, holds_on: bool = False
    ) -> None:
        self._read = read
        self._clock = clock
        self._holds_on = holds_on
        self._reading = asyncio.Lock()
        self._known: tuple[T] | None = None
        self._good_until: float | None = None

    @property
    def last(self) -> T | None:
        """As it was when it was read last; None where it never was."""
        return None if self._known is None else self._known[0]

    def expire(self) -> None:
        """It has changed: whoever asks next has it read."""
        self._good_until = None

    async def get(self) -> T:
        """As it is.

        Raises what reading raises; holding on, Unavailable only where it never could be read.
        """
        async with self._reading:
            now = self._clock.monotonic()
            if self._known is None or self._good_until is None or now >= self._good_until:
                self._known = (await self._anew(),)
                self._good_until = now + LOOK_EVERY_S
            return self._known[0]

    async def _anew(self) -> T:
        try:
            return await self._read()
        except Unavailable as fault:
            if self._known is None or not self._holds_on:
                raise
            log.warning("what was known holds on", extra={"why": str(fault)})
            return self._known[0]
