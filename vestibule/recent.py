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

    While it cannot be read, what was known before is given: a call needs an answer.
    """

    def __init__(self, read: Callable[[], Awaitable[T]], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._reading = asyncio.Lock()
        self._known: tuple[T, float] | None = None

    async def get(self) -> T:
        """As it is. Raises Unavailable where it could not be read even once."""
        async with self._reading:
            now = self._clock.monotonic()
            if self._known is not None and now < self._known[1]:
                return self._known[0]
            try:
                read = await self._read()
            except Unavailable as fault:
                if self._known is None:
                    raise
                log.warning("what was known holds on", extra={"why": str(fault)})
                read = self._known[0]
            self._known = read, now + LOOK_EVERY_S
            return read
