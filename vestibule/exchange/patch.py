"""Two legs that hear each other, until one ends or somebody takes one out."""

import asyncio
from collections.abc import Callable

from call.errors import Misuse
from call.leg import Leg
from call.sound import Clip
from vestibule.exchange.ports import SwitchedLeg

SIGNAL_TICKET = -1
"""The ticket of what the exchange plays: no dialogue waits for its end."""


class NotInPatch(Misuse):
    """A leg was named that is not in the patch."""


class Patch:
    """Both legs are the patch's as long as they are in it: `run` hangs up who remains alone.

    While one side holds the other, the other hears hold music: `music` tells which, by who holds.
    """

    def __init__(
        self, first: SwitchedLeg, second: SwitchedLeg, music: Callable[[SwitchedLeg], Clip]
    ) -> None:
        self._legs = [first, second]
        self._music = music
        self._holders: list[SwitchedLeg] = []
        self._changed = asyncio.Event()
        self._waiting: list[tuple[SwitchedLeg, asyncio.Future[None]]] = []
        first.bridge(second)

    @property
    def legs(self) -> tuple[SwitchedLeg, ...]:
        """Those in it: two, one that is about to be hung up, or none once it is over."""
        return tuple(self._legs)

    def __contains__(self, leg: Leg) -> bool:
        return any(each is leg for each in self._legs)

    def other(self, leg: SwitchedLeg) -> SwitchedLeg:
        """Who hears this leg. Raises NotInPatch."""
        if leg not in self:
            raise NotInPatch(leg.call_id)
        return next((each for each in self._legs if each is not leg), leg)

    async def run(self) -> None:
        """Wait until a leg ends, and hang up the other; returns too when the patch is dissolved."""
        while self._legs:
            self._changed.clear()
            ends = [asyncio.ensure_future(leg.end()) for leg in self._legs]
            changed = asyncio.ensure_future(self._changed.wait())
            try:
                await asyncio.wait([*ends, changed], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in (*ends, changed):
                    each.cancel()
            ended = any(end.done() and not end.cancelled() for end in ends)
            if len(self._legs) == 1 or (ended and not changed.done()):
                await self._close()

    async def _close(self) -> None:
        legs = self.dissolve()
        await asyncio.gather(*(leg.hang_up() for leg in legs))

    def take(self, leg: SwitchedLeg) -> SwitchedLeg:
        """Take a leg out: it is the taker's. The patch hangs up the other, which is given.

        Raises NotInPatch.
        """
        other = self.other(leg)
        self._part()
        self._legs = [other]
        self._tell()
        return other

    def dissolve(self) -> tuple[SwitchedLeg, ...]:
        """Let both hear each other no more; they are whoever's who dissolves."""
        legs = self.legs
        self._part()
        self._legs.clear()
        self._tell()
        return legs

    def replace(self, leg: SwitchedLeg, by: SwitchedLeg) -> None:
        """Let another leg hear who remains, in place of `leg`. Raises NotInPatch."""
        other = self.other(leg)
        self._part()
        self._legs = [other, by]
        other.bridge(by)
        self._tell()

    def hold(self, leg: SwitchedLeg, on: bool) -> None:
        """A side does not listen, or does again; the other hears music meanwhile."""
        if leg not in self or on == any(each is leg for each in self._holders):
            return
        other = self.other(leg)
        if on:
            self._holders.append(leg)
            other.unbridge()
            if other.up:
                other.play((self._music(leg),), SIGNAL_TICKET, repeat=True)
        else:
            self._release(leg)
            if not self._holders:
                leg.bridge(other)

    def holds(self, leg: SwitchedLeg) -> bool:
        """Whether a side has the other on hold, and hears nothing itself."""
        return any(each is leg for each in self._holders)

    async def without(self, leg: SwitchedLeg) -> None:
        """Wait until a leg is no longer in it."""
        if leg in self:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append((leg, waiting))
            await waiting

    def _part(self) -> None:
        for holder in tuple(self._holders):
            self._release(holder)
        for leg in self._legs[:1]:
            leg.unbridge()

    def _release(self, holder: SwitchedLeg) -> None:
        self._holders = [each for each in self._holders if each is not holder]
        other = self.other(holder)
        if other.up:
            other.stop_playing()

    def _tell(self) -> None:
        self._changed.set()
        for leg, waiting in self._waiting:
            if leg not in self and not waiting.done():
                waiting.set_result(None)
        self._waiting = [(leg, each) for leg, each in self._waiting if not each.done()]
