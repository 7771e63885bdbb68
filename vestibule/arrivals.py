"""Where an arriving call is led: restrictions first, then the hours of the number it is for.

A number without hours, or that has no flow for when it is closed, does what the settings say.
"""

import logging
from collections.abc import Awaitable, Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from call.clock import Clock
from call.leg import HangUpCause, Party
from call.masking import masked
from call.recent import Recent
from routing.arrival import Caller, arrive
from routing.hours import BehaviourKind
from routing.restrictions import Answer, Refusal, Refused, Restrictions
from routing.schedule import Decision
from routing.shelf import Shelf
from vestibule.dial_plan import emergency, lead
from vestibule.numbers import Destination, destination_of, find_destination, find_entry
from vestibule.opening import Opening
from vestibule.settings import Number
from vestibule.switchboard import Codes, no_codes

log = logging.getLogger(__name__)

COMPANY = "company"
"""The key of the one document of restrictions."""

SHORTEST = 2
"""Digits of an extension."""

REFUSED = "call_refused"
"""The flow of those who are refused by a sentence; it is told whether they are `anonymous`."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A call that is not taken, and what its caller is told."""

    cause: HangUpCause


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a call is led, and what led it there."""

    to: Destination | Rejection
    refusal: Refusal | None = None
    """Who refused it."""
    decision: Decision | None = None
    """What the hours of the number say; None where the number has no place in the settings."""
    number: str = ""
    """The number of the settings that it reached."""


class Arrivals:
    """Leads arriving calls.

    `faults` tells why a flow cannot begin, `extensions` and `codes` which ones are in service.
    """

    def __init__(
        self,
        *,
        numbers: Sequence[Number],
        opening: Opening,
        restrictions: Shelf[Restrictions],
        extensions: Callable[[], Awaitable[Container[str]]],
        faults: Callable[[Destination], Iterable[str]],
        clock: Clock,
        codes: Codes = no_codes,
    ) -> None:
        self._codes = codes
        self._numbers = tuple(numbers)
        self._opening = opening
        self._restrictions = Recent(lambda: restrictions.get(COMPANY), clock, holds_on=True)
        self._extensions = extensions
        self._faults = faults
        self._clock = clock

    def accepts(self, dialed: str) -> bool:
        """Whether a number may lead somewhere, for our own telephones at least."""
        short = dialed.isascii() and dialed.isdigit() and len(dialed) >= SHORTEST
        return short or lead(dialed, self._numbers, ()) is not None

    async def arrive(self, dialed: str, caller: Party) -> Destination | Rejection:
        """Where a call to `dialed` goes now; `caller` is whoever dialled, or transferred, there.

        Raises StoreUnavailable.
        """
        arrival = await self.explain(dialed, caller, self._clock.now())
        _log(arrival, caller)
        return arrival.to

    async def explain(self, dialed: str, caller: Party, instant: datetime) -> Arrival:
        """Where a call goes at an instant, and why. Nothing is logged. Raises StoreUnavailable.

        Whoever calls for help from inside waits for no database.
        """
        if caller.internal and (rescue := emergency(dialed)) is not None:
            return Arrival(rescue)
        restrictions = await self._restrictions.get()
        entry = find_entry(dialed, self._numbers)
        number = "" if entry is None else entry.number
        schedule = await self._opening.schedule(number or dialed)
        verdict = arrive(Caller(caller.number, caller.internal), restrictions, schedule, instant)
        if isinstance(verdict, Refusal):
            return Arrival(_refused(verdict), refusal=verdict, number=number)
        usual = await self._led(dialed, caller)
        if usual is None:
            return Arrival(Rejection(HangUpCause.NOT_FOUND))
        if entry is None or usual != destination_of(entry, dialed):
            return Arrival(usual)
        return Arrival(self._at_hours(entry, usual, verdict), decision=verdict, number=number)

    async def _led(self, dialed: str, caller: Party) -> Destination | None:
        if caller.internal:
            return lead(dialed, self._numbers, await self._extensions(), await self._codes())
        return find_destination(dialed, self._numbers)

    def _at_hours(self, entry: Number, usual: Destination, decision: Decision) -> Destination:
        """The first of what the hours ask for, and what is there in its stead, that can begin."""
        behaviour = decision.behaviour
        if behaviour.kind is BehaviourKind.OPEN:
            return usual
        wanted = [Destination(behaviour.flow)] if behaviour.kind is BehaviourKind.FLOW else []
        if entry.closed is not None:
            wanted.append(Destination(entry.closed, tuple(entry.closed_parameters.items())))
        for each in wanted:
            faults = list(self._faults(each))
            if not faults:
                return each
            log.warning("flow of the hours cannot begin", extra={"why": "; ".join(faults)})
        return usual


def _refused(refusal: Refusal) -> Destination | Rejection:
    if refusal.answer is Answer.REFUSAL:
        return Rejection(HangUpCause.REJECTED)
    anonymous = refusal.why is Refused.ANONYMOUS
    return Destination(REFUSED, (("anonymous", str(anonymous).lower()),))


def _log(arrival: Arrival, caller: Party) -> None:
    if (refusal := arrival.refusal) is not None:
        rule = refusal.rule.id if refusal.rule is not None else None
        told = {"why": refusal.why.value, "rule": rule, "caller": masked(caller.number)}
        log.info("caller refused", extra=told)
    elif (decision := arrival.decision) is not None and not decision.is_usual:
        told = {"behaviour": str(decision.behaviour), "rule": decision.rule.value}
        log.info("number is not open", extra={"number": masked(arrival.number), **told})
