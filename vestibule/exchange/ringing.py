"""Several telephones rung for one caller: the first to take the call has it.

Each bell rings in a task of its own. When one has given a leg, the others are cancelled; a leg that
was taken in the same instant is dismissed. So of two who answer at once exactly one is connected.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from call.errors import PeerFault, Unavailable
from call.leg import HangUpCause
from vestibule.exchange.ports import TAKEN_ELSEWHERE, Bell, NotReached, Rings, SwitchedLeg


@dataclass(frozen=True, slots=True)
class Taken:
    """Somebody took the call."""

    leg: SwitchedLeg


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Nobody did. `busy` where somebody was on the telephone, and nobody else could have."""

    busy: bool = False


class Screen(Protocol):
    """Asks those who answered whether they take the call."""

    async def ask(self, leg: SwitchedLeg) -> bool:
        """Whether they do; who does not is hung up. Cancelled, they are told that it is gone."""

    def taken(self) -> None:
        """Somebody has the call now."""

    def dismiss(self, leg: SwitchedLeg) -> None:
        """End the leg of somebody who took it too late."""


Dismiss = Callable[[SwitchedLeg], None]
"""Ends a leg that answered too late, without waiting for its end."""


class Ringing:
    """One round of ringing; `run` it once. `seconds` is how long each bell rings."""

    def __init__(
        self, bells: Sequence[Bell], seconds: float, dismiss: Dismiss, screen: Screen | None = None
    ) -> None:
        self.bells = tuple(bells)
        self._seconds = seconds
        self._dismiss = dismiss
        self._screen = screen
        self._picked_up: asyncio.Future[SwitchedLeg] | None = None

    @property
    def extensions(self) -> tuple[str, ...]:
        """Those whose telephones it rings."""
        parties = (bell.party for bell in self.bells)
        return tuple(dict.fromkeys(party.number for party in parties if party.internal))

    def rings(self, extension: str) -> bool:
        """Whether telephones of an extension ring just now."""
        waits = self._picked_up is not None and not self._picked_up.done()
        return waits and any(
            bell.party.internal and bell.party.number == extension for bell in self.bells
        )

    def pick_up(self, leg: SwitchedLeg) -> bool:
        """Let another leg have the call; False where somebody has it already."""
        if self._picked_up is None or self._picked_up.done():
            return False
        self._picked_up.set_result(leg)
        return True

    @property
    def heard(self) -> bool:
        """Whether the caller may hear the network of who is rung: one alone, and not screened."""
        return len(self.bells) == 1 and self._screen is None

    async def run(self, rings: Rings) -> Taken | NotTaken:
        """Ring until somebody takes the call, or nobody does. Cancelled, nothing rings on.

        `rings` is told of each telephone that does.
        """
        picked_up = self._picked_up = asyncio.get_running_loop().create_future()
        attempts = [asyncio.ensure_future(self._attempt(bell, rings)) for bell in self.bells]
        try:
            won = await self._first(attempts, picked_up)
        except BaseException:
            self._stop(attempts, None)
            if picked_up.done() and not picked_up.cancelled():
                self._dismiss(picked_up.result())
            raise
        finally:
            picked_up.cancel()
        self._stop(attempts, won)
        if won is None:
            return NotTaken(busy=_all_busy(attempts))
        return Taken(won)

    async def _first(
        self,
        attempts: Sequence[asyncio.Future[SwitchedLeg]],
        picked_up: asyncio.Future[SwitchedLeg],
    ) -> SwitchedLeg | None:
        while waiting := [each for each in attempts if not each.done()]:
            await asyncio.wait([*waiting, picked_up], return_when=asyncio.FIRST_COMPLETED)
            if picked_up.done():
                return picked_up.result()
            if won := _leg_of(attempts):
                return won
        return _leg_of(attempts)

    async def _attempt(self, bell: Bell, rings: Rings) -> SwitchedLeg:
        async with asyncio.timeout(self._seconds):
            leg = await bell.ring(rings)
        if self._screen is not None and not await self._screen.ask(leg):
            raise NotReached(HangUpCause.REJECTED)
        return leg

    def _stop(
        self, attempts: Sequence[asyncio.Future[SwitchedLeg]], won: SwitchedLeg | None
    ) -> None:
        if won is not None and self._screen is not None:
            self._screen.taken()
        for attempt in attempts:
            attempt.cancel(TAKEN_ELSEWHERE if won is not None else None)
            attempt.add_done_callback(lambda done: self._settle(done, won))

    def _settle(self, attempt: asyncio.Future[SwitchedLeg], won: SwitchedLeg | None) -> None:
        if attempt.cancelled() or attempt.exception() is not None:
            return
        if attempt.result() is not won:
            dismiss = self._dismiss if self._screen is None else self._screen.dismiss
            dismiss(attempt.result())


def _leg_of(attempts: Sequence[asyncio.Future[SwitchedLeg]]) -> SwitchedLeg | None:
    """The leg of the first attempt that gave one. Raises what is a bug of ours."""
    for attempt in attempts:
        if attempt.done() and not attempt.cancelled():
            fault = attempt.exception()
            if fault is None:
                return attempt.result()
            if not isinstance(fault, NotReached | PeerFault | TimeoutError | Unavailable):
                raise fault
    return None


def _all_busy(attempts: Sequence[asyncio.Future[SwitchedLeg]]) -> bool:
    faults = [each.exception() for each in attempts if each.done() and not each.cancelled()]
    return bool(faults) and all(
        isinstance(fault, NotReached) and fault.cause is HangUpCause.BUSY for fault in faults
    )
