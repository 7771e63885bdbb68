"""Asking people who answered elsewhere whether they take a call; and telling them that it is gone.

Everyone who answers is asked by a dialogue of their own, on their own leg, in the language of the
extension they stand for. No key is never an acceptance. Who accepts first has the call; the others
are told that somebody else has, and when the caller gives up, that the caller has hung up.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from call.clock import Clock
from call.errors import Misuse
from call.leg import Party
from ivr.dialogue import Dialogue
from ivr.flow import Held
from ivr.operations import Outcome
from ivr.prompts import Voice
from ivr.session import Session
from routing.plan import Ring
from vestibule.exchange.exchange import Exchange
from vestibule.exchange.ports import SwitchedLeg

ASK = "followme_screen"
GONE = "followme_gone"
ACCEPTED = "accepted"

Begin = Callable[[str, Mapping[str, Held], str], Awaitable[Dialogue]]
"""Begins a flow with its parameters, on behalf of an extension, in its language."""


class NoOperations:
    """These flows ask for nothing."""

    async def perform(self, name: str, arguments: Mapping[str, Held]) -> Outcome:
        """Raises Misuse."""
        raise Misuse(f"nobody answers for {name!r} here")


class Screening:
    """Asks on the legs of those who were rung."""

    def __init__(self, exchange: Exchange, begin: Begin, voice: Voice, clock: Clock) -> None:
        self._exchange = exchange
        self._begin = begin
        self._voice = voice
        self._clock = clock

    def screen(self, step: Ring, caller: Party, name: Path | None) -> "Asking":
        """How to ask for one call; `name` is the caller's own voice saying who calls.

        Of callers from outside the number is said: what networks tell of names is often a town.
        """
        named = caller.internal or not caller.number
        given: dict[str, Held] = {
            "extension": step.behalf,
            "from_number": caller.number,
            "from_name": caller.name if named else "",
            "spoken_name": name,
        }
        return Asking(self, step.behalf, given)

    async def begin(
        self, flow: str, given: Mapping[str, Held], leg: SwitchedLeg, extension: str, *, stays: bool
    ) -> tuple[Dialogue, Session]:
        """A dialogue with whoever answered, and what runs it."""
        dialogue = await self._begin(flow, given, extension)
        operations = NoOperations()
        return dialogue, Session(dialogue, leg, self._voice, operations, self._clock, stays=stays)

    def spawn(self, work: Coroutine[Any, Any, object], leg: SwitchedLeg) -> asyncio.Task[None]:
        """Have work done that outlives the ringing."""
        return self._exchange.spawn(work, f"screen {leg.call_id}")


class Asking:
    """Asks for one round of ringing, by a `flow`; implements `ringing.Screen`."""

    def __init__(
        self, screening: Screening, extension: str, given: Mapping[str, Held], flow: str = ASK
    ) -> None:
        self._screening = screening
        self._extension = extension
        self._given = given
        self._flow = flow
        self._is_taken = False

    def taken(self) -> None:
        """Somebody has the call: whoever is told now that it is gone is told that."""
        self._is_taken = True

    def dismiss(self, leg: SwitchedLeg) -> None:
        """Tell somebody who accepted too late that the call is gone, and hang up."""
        self._screening.spawn(self._tell_gone(leg), leg)

    async def ask(self, leg: SwitchedLeg) -> bool:
        """Whether they take the call; who does not is hung up. Cancelled, they are told why."""
        asking: asyncio.Task[None] | None = None
        session: Session | None = None
        try:
            dialogue, session = await self._screening.begin(
                self._flow, self._given, leg, self._extension, stays=True
            )
            asking = self._screening.spawn(session.run(), leg)
            await asyncio.shield(asking)
        except BaseException:
            self._screening.spawn(self._interrupt(leg, session, asking), leg)
            raise
        if dialogue.outcome == ACCEPTED and leg.up:
            return True
        self._screening.spawn(leg.hang_up(), leg)
        return False

    async def _interrupt(
        self, leg: SwitchedLeg, session: Session | None, asking: asyncio.Task[None] | None
    ) -> None:
        if session is not None and asking is not None:
            session.leave()
            await asyncio.wait([asking])
        await self._tell_gone(leg)

    async def _tell_gone(self, leg: SwitchedLeg) -> None:
        try:
            given = {"taken": self._is_taken}
            _, session = await self._screening.begin(GONE, given, leg, self._extension, stays=False)
            await session.run()
        finally:
            await leg.hang_up()
