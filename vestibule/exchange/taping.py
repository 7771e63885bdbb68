"""Recording the calls of extensions whose administrators want it, with everybody told so.

One recording is one time that an extension is joined with somebody: both sides as one, on the leg
of the extension, from the moment when both have been told. Whoever comes into the call later is
told too. Where the sentence cannot be said nothing is recorded.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Protocol

from call.leg import Leg
from call.media import Side
from ivr.prompts import Value
from routing.handling import Taped
from routing.plan import Lookup
from vestibule.exchange.exchange import Exchange
from vestibule.exchange.patch import Patch
from vestibule.exchange.ports import SwitchedLeg

log = logging.getLogger(__name__)

LONGEST_S = 2 * 3600.0
"""A recording is sealed in memory: two hours are 115 MB."""

NOTICE = "call.taped"

Say = Callable[[Leg, str, Mapping[str, Value]], Awaitable[None]]
"""Says a phrase on a leg, above whom it hears."""


class Stands(Protocol):
    """How extensions stand."""

    async def lookup(self) -> Lookup:
        """As they do now."""


class Shelf(Protocol):
    """Where recordings of calls are kept."""

    async def begin(self, extension: str, other: str, *, incoming: bool) -> Path:
        """Where to record one. Raises SoundUnavailable."""

    async def keep(self, path: Path) -> str | None:
        """Keep one that is complete."""


class Taping:
    """Watches who is joined, and records what is to be recorded."""

    def __init__(self, exchange: Exchange, stands: Stands, shelf: Shelf, say: Say) -> None:
        self._exchange = exchange
        self._stands = stands
        self._shelf = shelf
        self._say = say
        self._running: dict[str, Patch] = {}
        exchange.joined = self.joined

    def joined(self, first: SwitchedLeg, second: SwitchedLeg) -> None:
        """Two legs hear each other now."""
        self._exchange.spawn(self._see_to(first, second), f"tape {first.call_id}")

    async def _see_to(self, first: SwitchedLeg, second: SwitchedLeg) -> None:
        for leg, other in ((first, second), (second, first)):
            running = self._running.get(leg.call_id)
            if running is not None and running is self._exchange.patch(leg):
                await self._say(other, NOTICE, {})
                return
        lookup = await self._stands.lookup()
        for leg, other in ((first, second), (second, first)):
            if self._is_wanted(leg, other, lookup):
                await self._tape(leg, other)
                return

    def _is_wanted(self, leg: SwitchedLeg, other: SwitchedLeg, lookup: Lookup) -> bool:
        party = self._exchange.party(leg)
        standing = lookup(party.number) if party.internal else None
        if standing is None:
            return False
        taped, wanted = standing.handling.taped, Taped.INCOMING
        if not self._incoming(leg, other):
            wanted = Taped.OUTGOING
        return taped in (Taped.BOTH, wanted)

    def _incoming(self, leg: SwitchedLeg, other: SwitchedLeg) -> bool:
        """Whether the extension was called: we rang it, or whom it hears came to us too."""
        return self._exchange.was_rung(leg) or not self._exchange.was_rung(other)

    async def _tape(self, leg: SwitchedLeg, other: SwitchedLeg) -> None:
        patch = self._exchange.patch(leg)
        party, whom = self._exchange.party(leg), self._exchange.party(other)
        incoming = self._incoming(leg, other)
        await asyncio.gather(leg.answer(), other.answer())
        await asyncio.gather(self._say(leg, NOTICE, {}), self._say(other, NOTICE, {}))
        if patch is None or leg not in patch or not leg.up:
            return
        path = await self._shelf.begin(party.number, whom.number, incoming=incoming)
        self._running[leg.call_id] = patch
        leg.record(path, max_s=LONGEST_S, side=Side.MIXED)
        log.info("call recorded", extra={"call_id": leg.call_id, "extension": party.number})
        try:
            await patch.without(leg)
        finally:
            self._stop(leg, patch)
            await leg.end()
            await self._shelf.keep(path)

    def _stop(self, leg: SwitchedLeg, patch: Patch) -> None:
        """Record no more, unless the leg is recorded in another call by now."""
        if self._running.get(leg.call_id) is patch:
            del self._running[leg.call_id]
            if leg.up:
                leg.stop_recording()
