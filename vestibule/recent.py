"""What administrators change while calls come in, read again when it may have changed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from call.clock import Clock

T = TypeVar("T")

LOOK_EVERY_S = 1.0
"""Commands run in a process of their own: callers meet what they changed this late."""


class Recent(Generic[T]):
    """Something read, a second old at most. Those who ask together wait for one reading."""

    def __init__(self, read: Callable[[], Awaitable[T]], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._reading = asyncio.Lock()
        self._known: tuple[T, float] | None = None

    async def get(self) -> T:
        """As it is. Raises what reading raises, when it is time to read."""
        async with self._reading:
            now = self._clock.monotonic()
            if self._known is None or now >= self._known[1]:
                self._known = await self._read(), now + LOOK_EVERY_S
            return self._known[0]
