"""What a leg tells, in order, to whoever attends to it: several may, one after the other."""

import asyncio

from call.leg import HungUp, LegEvent


class Telling:
    """The events of one leg that nobody has taken yet."""

    def __init__(self) -> None:
        self._untold: asyncio.Queue[LegEvent] = asyncio.Queue()
        self._last: HungUp | None = None
        self._is_over = asyncio.Event()

    def __len__(self) -> int:
        return self._untold.qsize()

    def tell(self, event: LegEvent) -> None:
        """Keep an event for whoever asks next; HungUp is the last of all."""
        self._untold.put_nowait(event)
        if isinstance(event, HungUp):
            self._last = event
            self._is_over.set()

    async def next(self) -> LegEvent:
        """The next event; the last one again and again, so that nobody waits for ever."""
        event = await self._untold.get()
        if isinstance(event, HungUp):
            self._untold.put_nowait(event)
        return event

    async def end(self) -> HungUp:
        """Wait until all is over, and take nothing away."""
        await self._is_over.wait()
        assert self._last is not None
        return self._last
