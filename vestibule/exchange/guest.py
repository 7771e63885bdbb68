"""Somebody at a leg that is attended to, and where they go next."""

import asyncio
import contextlib
from dataclasses import dataclass

from call.leg import HungUp, Leg, Party
from ivr.session import Session
from vestibule.numbers import Destination


@dataclass(frozen=True, slots=True)
class Visit:
    """What a leg is attended to for."""

    dialed: str
    """The number that leads to what the caller meets, as if they had dialled it."""
    caller: Party
    """Who calls, to whoever is reached."""
    sent_by: Party | None = None
    """Who transferred the caller here."""
    diversions: tuple[str, ...] = ()
    """Who sent the call on before it came here, first to last."""
    destination: Destination | None = None
    """What they meet, where no number leads to it."""


class Guest:
    """A leg in the hands of the reception, for one visit after the other."""

    def __init__(self, leg: Leg, visit: Visit) -> None:
        self.leg = leg
        self.visit = visit
        self.stands_for = visit.dialed
        """The number that somebody is sent to who is to take this guest's place."""
        self.place: Destination | None = None
        """Where they are sent instead, once the guest has gone further than the number leads."""
        self._session: Session | None = None
        self._has_left = False
        self._next: Visit | None = None
        self._turn = asyncio.Event()
        self._leaving = asyncio.Event()
        self._silent = asyncio.Event()

    @property
    def has_left(self) -> bool:
        """Whether somebody else has the leg."""
        return self._has_left

    def talks(self, session: Session) -> None:
        """The dialogue that the guest is in."""
        self._session = session
        self._silent.clear()
        if self._has_left:
            session.leave()

    def leave(self) -> None:
        """Let the dialogue end, and somebody else have the leg."""
        self._has_left = True
        self._leaving.set()
        if self._session is not None:
            self._session.leave()

    async def left(self) -> None:
        """Wait until somebody else has the leg."""
        await self._leaving.wait()

    async def silent(self) -> None:
        """Wait until no dialogue talks with the guest, after one did."""
        await self._silent.wait()

    def go(self, visit: Visit) -> None:
        """Let the dialogue end, and another visit begin."""
        self._next = visit
        self._turn.set()
        self.leave()

    async def next(self) -> Visit | None:
        """What comes after a visit: at once, if it ended by itself; None when the leg is over.

        Once the guest has left, the next visit is waited for as long as the leg is up.
        """
        self._session = None
        self._silent.set()
        if not self._has_left:
            return None
        turn, end = asyncio.ensure_future(self._turn.wait()), asyncio.ensure_future(self.leg.end())
        try:
            await asyncio.wait([turn, end], return_when=asyncio.FIRST_COMPLETED)
            if end.done():
                return None
        finally:
            turn.cancel()
            end.cancel()
        self._has_left = False
        self._turn.clear()
        self._leaving.clear()
        visit, self._next = self._next, None
        if visit is not None:
            self.visit, self.stands_for, self.place = visit, visit.dialed, None
        return visit


async def forget_keys(leg: Leg) -> None:
    """Let nothing that was pressed in a conversation count as an answer to what comes after."""
    with contextlib.suppress(TimeoutError):
        while True:
            async with asyncio.timeout(0):
                if isinstance(await leg.event(), HungUp):
                    return
