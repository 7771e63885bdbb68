"""What it takes to bring a caller and somebody else together: ringing, waiting, talking."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from call.leg import HangUpCause, Leg, Party
from call.sound import Clip
from ivr.voices.signals import Signal
from routing.plan import Lookup, Ring
from vestibule.exchange.calling_out import CallingOut
from vestibule.exchange.exchange import Exchange
from vestibule.exchange.patch import SIGNAL_TICKET
from vestibule.exchange.ports import Bells, SwitchedLeg
from vestibule.exchange.ringing import NotTaken, Ringing, Screen, Taken

log = logging.getLogger(__name__)


class Names(Protocol):
    """What people are called."""

    def name(self, extension: str) -> str:
        """The name of an extension; "" where it has none."""


class Stands(Protocol):
    """How extensions stand."""

    async def lookup(self) -> Lookup:
        """As they do now."""


class Screening(Protocol):
    """Asks people who answered elsewhere whether they take a call."""

    def screen(self, step: Ring, caller: Party, name: Path | None) -> Screen:
        """How to ask for one call; `name` is the caller's own voice saying who calls."""


class Connecting:
    """The exchange, what can be rung, and who is who: for all calls. `spool` gives a new file."""

    def __init__(
        self,
        exchange: Exchange,
        bells: Bells,
        standings: Stands,
        names: Names,
        spool: Callable[[], Path],
        screening: Screening | None = None,
        calling_out: CallingOut | None = None,
    ) -> None:
        self.exchange = exchange
        self.bells = bells
        self.standings = standings
        self.spool = spool
        self._names = names
        self._screening = screening
        self.calling_out = calling_out
        """Who may call outside; None where there is no way there."""
        self._ringing: list[Ringing] = []

    def diversions(self, leg: Leg | None) -> tuple[str, ...]:
        """Who sent a call on before it came here."""
        guest = None if leg is None else self.exchange.guest(leg)
        return () if guest is None else guest.visit.diversions

    def own(self, extension: str) -> Party:
        """An extension as somebody who calls."""
        return Party(extension, self._names.name(extension), internal=True)

    def screen(self, step: Ring, caller: Party, name: Path | None) -> Screen | None:
        """How those who answer are asked whether they take the call."""
        return None if self._screening is None else self._screening.screen(step, caller, name)

    def dismiss(self, leg: SwitchedLeg) -> None:
        """End a leg that nobody wants any more, without waiting for its end."""
        self.exchange.dismiss(leg)

    def ringing(self, extension: str) -> Ringing | None:
        """What rings at an extension just now, the first of several."""
        return next((each for each in self._ringing if each.rings(extension)), None)

    @property
    def under_way(self) -> tuple[Ringing, ...]:
        """All that rings just now, what began first of all first."""
        return tuple(self._ringing)

    async def ring(
        self, ringing: Ringing, leg: SwitchedLeg, *, music: Clip | None = None
    ) -> Taken | NotTaken | None:
        """Ring for a caller, who hears it, or `music`.

        None when the caller has gone, or was sent elsewhere.
        """
        guest = self.exchange.guest(leg)
        if music is not None:
            await leg.answer()
        self._let_wait(leg, music)
        self._ringing.append(ringing)
        early = _Early(leg, listens=ringing.heard and music is None)
        rung = asyncio.ensure_future(ringing.run(early.rings))
        gone = asyncio.ensure_future(leg.end())
        left = asyncio.ensure_future(guest.left() if guest is not None else leg.end())
        try:
            await asyncio.wait([rung, gone, left], return_when=asyncio.FIRST_COMPLETED)
            if not (gone.done() or left.done()):
                return rung.result()
            if rung.done() and isinstance(came := rung.result(), Taken):
                self.dismiss(came.leg)
            return None
        finally:
            self._ringing.remove(ringing)
            for each in (rung, gone, left):
                each.cancel()
            await asyncio.wait([rung])
            early.over()
            if leg.up:
                leg.stop_playing()

    def _let_wait(self, leg: SwitchedLeg, music: Clip | None) -> None:
        """Nobody who was answered waits in silence; who was not hears their own network ring."""
        if leg.up:
            clip = music or self.exchange.sounds.signals[Signal.RINGBACK]
            leg.play((clip,), SIGNAL_TICKET, repeat=True)

    async def talk(self, leg: SwitchedLeg, other: SwitchedLeg) -> None:
        """Let two talk until the first is no longer joined with anybody here."""
        patch = self.exchange.join(leg, other)
        await asyncio.gather(leg.answer(), other.answer())
        await patch.without(leg)

    async def take_over(self, leg: SwitchedLeg) -> None:
        """Let a leg talk, to the end, in place of the one it came to replace (RFC 3891).

        That may be joined to somebody, be in a conference, or still ring; else the leg is hung up.
        """
        replaced = self.exchange.find(leg.replaces)
        patch = None if replaced is None else self.exchange.patch(replaced)
        if replaced is not None and patch is not None:
            self.exchange.replace(replaced, leg)
            self.exchange.dismiss(replaced)
            await leg.answer()
            await patch.without(leg)
        elif replaced is not None and self.exchange.give(replaced, leg):
            await leg.answer()
        elif replaced is None or not await self._pick_up_from(leg, replaced):
            await leg.hang_up(HangUpCause.NOT_FOUND)

    async def _pick_up_from(self, leg: SwitchedLeg, rung: SwitchedLeg) -> bool:
        """Take the call that rings at a telephone; False where there is none, or it may not be."""
        extension = self.exchange.party(rung).number
        if not await self.may_be_picked_up(extension):
            return False
        ringing = self.ringing(extension)
        return ringing is not None and await self.pick_up(leg, ringing)

    async def may_be_picked_up(self, extension: str) -> bool:
        """Whether an extension lets others take its calls."""
        standing = (await self.standings.lookup())(extension)
        return standing is None or standing.handling.may_be_picked_up

    async def pick_up(self, leg: SwitchedLeg, ringing: Ringing) -> bool:
        """Let a leg talk with who is being rung for, until it ends or is sent elsewhere.

        False where somebody was quicker.
        """
        if not ringing.pick_up(leg):
            return False
        by = self.exchange.party(leg).number
        log.info("call picked up", extra={"call_id": leg.call_id, "by": by})
        guest = self.exchange.guest(leg)
        over: asyncio.Future[object] = asyncio.ensure_future(leg.end())
        left: asyncio.Future[object] = asyncio.ensure_future(
            leg.end() if guest is None else guest.left()
        )
        try:
            await asyncio.wait([over, left], return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            left.cancel()
        return True


class _Early:
    """Lets a caller hear what the network of whoever is rung has to say before the answer."""

    def __init__(self, leg: SwitchedLeg, *, listens: bool) -> None:
        self._leg = leg
        self._listens = listens
        self._heard: SwitchedLeg | None = None

    def rings(self, other: SwitchedLeg, early: bool) -> None:
        """A telephone rings, or its network speaks."""
        if self._listens and early and self._heard is not other and self._leg.progress():
            if self._leg.up:
                self._leg.stop_playing()
            self._heard = other
            self._leg.bridge(other)

    def over(self) -> None:
        """Nothing rings any more."""
        if self._heard is not None:
            self._leg.unbridge()
