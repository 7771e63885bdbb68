"""Calls to the world outside: one trunk after the other until one carries the call.

A trunk that says nothing, or that it cannot, gives way to the next within seconds. One that rings
has reached somebody, and what comes of it then is what the caller gets: no other trunk is tried.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from call.clock import Clock
from call.errors import Unavailable
from call.leg import HangUpCause, Leg, Party
from call.masking import masked
from routing.numbers import Number, number_class, parse_number
from routing.outgoing import (
    Identity,
    Route,
    Standing,
    Trouble,
    goes_on,
    ordered,
    presented,
    trouble,
)
from telephony.leg import SipLeg
from telephony.line import SipLine
from telephony.sip.events import Diversion
from telephony.sip.fields import Address
from telephony.sip.message import Pairs
from telephony.trunks import Trunk, Trunks
from telephony.watcher import Transfer
from vestibule.exchange.ports import NotReached, Rings

log = logging.getLogger(__name__)

SPARED_S = 60.0
"""A trunk that failed is tried after all others for so long."""

ANONYMOUS = "sip:anonymous@anonymous.invalid"
"""Who calls, where nobody is to know (RFC 3323 §4.1.1.3)."""

CAUSES: Mapping[Trouble, HangUpCause] = MappingProxyType(
    {
        Trouble.BUSY: HangUpCause.BUSY,
        Trouble.NO_ANSWER: HangUpCause.NO_ANSWER,
        Trouble.REFUSED: HangUpCause.REJECTED,
        Trouble.NOT_A_NUMBER: HangUpCause.NOT_FOUND,
        Trouble.TRUNK: HangUpCause.UNAVAILABLE,
    }
)


class NotCarried(NotReached):
    """A call to the outside came to nothing; `trouble` says how."""

    def __init__(self, came_to: Trouble) -> None:
        super().__init__(CAUSES[came_to])
        self.trouble = came_to


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a trunk may be silent, and how long it may take until it rings, in seconds."""

    heard_within_s: float = 4.0
    rings_within_s: float = 20.0


class Outside:
    """Calls numbers outside by the trunks. `attach` it to the line before the first call."""

    def __init__(
        self,
        routes: Sequence[Route],
        trunks: Trunks,
        clock: Clock,
        *,
        company: str = "",
        local: frozenset[str] = frozenset(),
        patience: Patience | None = None,
    ) -> None:
        self._routes = tuple(routes)
        self._trunks = trunks
        self._clock = clock
        self._company = company
        self.local = local
        """The beginnings of the numbers that are local calls."""
        self._patience = patience or Patience()
        self._line: SipLine | None = None
        self._failed_until: dict[str, float] = {}
        self._ending: set[asyncio.Task[object]] = set()

    def attach(self, line: SipLine) -> None:
        """Call by this line."""
        self._line = line

    @property
    def leads_anywhere(self) -> bool:
        """Whether there is any trunk."""
        return bool(self._routes)

    async def call(
        self,
        number: str,
        caller: Identity,
        *,
        diversions: Sequence[str] = (),
        rings: Rings | None = None,
    ) -> SipLeg:
        """Call a number, however it is written, and wait until somebody answers; the leg is up.

        `diversions` are the numbers that the call was sent on from. Raises NotCarried. Cancelled,
        nothing rings any more. Nobody is asked here whether they may.
        """
        parsed = parse_number(number)
        if parsed is None:
            raise NotCarried(Trouble.NOT_A_NUMBER)
        emergency = parsed.is_emergency
        came_to = Trouble.TRUNK
        for route in ordered(
            self._routes, self._standings(), number=caller.number, emergency=emergency
        ):
            attempt = _Attempt(rings)
            leg = self._dial(route, parsed, caller, diversions, attempt)
            if leg is None:
                continue
            came_to = await self._follow(leg, attempt, emergency=emergency)
            if leg.up:
                self._failed_until.pop(route.name, None)
                return leg
            self._note(route, parsed, came_to, leg.status)
            if not goes_on(came_to, rang=attempt.rang, emergency=emergency):
                break
        raise NotCarried(came_to)

    def _standings(self) -> Mapping[str, Standing]:
        now = self._clock.monotonic()
        return {
            route.name: Standing(
                alive=self._trunks.alive(route.name),
                calls=0 if self._line is None else self._line.calls_on(route.name),
                failed=self._failed_until.get(route.name, now) > now,
            )
            for route in self._routes
        }

    def _dial(
        self,
        route: Route,
        number: Number,
        caller: Identity,
        diversions: Sequence[str],
        attempt: "_Attempt",
    ) -> SipLeg | None:
        """A leg that calls; None where the trunk cannot even be tried."""
        trunk, peer = self._trunks.trunk(route.name), self._trunks.peer(route.name)
        if peer is None or self._line is None:
            return None
        shown = presented(caller, route, self._company)
        if number.is_emergency:
            shown = Identity(shown.number, shown.name)
        told = _told_as(shown, route, trunk)
        try:
            leg = self._line.dial(
                trunk.uri(number.written(route.form)),
                peer=peer,
                from_uri=told.uri,
                caller=Party(shown.number, told.name),
                credentials=trunk.credentials,
                diversions=_written(diversions, shown.number, route),
                headers=told.headers,
                heard_within_s=self._patience.heard_within_s,
                trunk=route.name,
            )
        except Unavailable as fault:
            log.warning("trunk not tried", extra={"trunk": route.name, "why": str(fault)})
            return None
        leg.watcher = attempt
        return leg

    async def _follow(self, leg: SipLeg, attempt: "_Attempt", *, emergency: bool) -> Trouble:
        """Wait until the call is taken or comes to nothing."""
        taken = asyncio.ensure_future(leg.answer())
        rang = asyncio.ensure_future(attempt.wait())
        try:
            await asyncio.wait(
                [taken, rang],
                timeout=self._patience.rings_within_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not (attempt.rang or taken.done()):
                self._let_go(leg)
                return Trouble.TRUNK
            await taken
        except BaseException:
            self._let_go(leg)
            raise
        finally:
            taken.cancel()
            rang.cancel()
        leg.watcher = None
        return trouble(leg.status, rang=attempt.rang)

    def _let_go(self, leg: SipLeg) -> None:
        """Stop calling, and wait for nothing: it may take a second until the far end agrees."""
        leg.watcher = None
        task: asyncio.Task[object] = asyncio.get_running_loop().create_task(
            leg.hang_up(HangUpCause.NO_ANSWER), name=f"let go {leg.call_id}"
        )
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _note(self, route: Route, number: Number, came_to: Trouble, status: int | None) -> None:
        fields = {
            "trunk": route.name,
            "to": masked(number.digits),
            "kind": number_class(number, self.local).value,
            "why": came_to.value,
            "status": status,
        }
        if came_to is Trouble.TRUNK:
            self._failed_until[route.name] = self._clock.monotonic() + SPARED_S
            log.warning("trunk did not carry a call", extra=fields)
        else:
            log.info("call to the outside not taken", extra=fields)


class _Attempt:
    """Hears whether a leg rings, and passes it on."""

    def __init__(self, rings: Rings | None) -> None:
        self._rings = rings
        self._rang = asyncio.Event()

    @property
    def rang(self) -> bool:
        return self._rang.is_set()

    async def wait(self) -> None:
        await self._rang.wait()

    def rings(self, leg: Leg, early: bool) -> None:
        self._rang.set()
        if self._rings is not None and isinstance(leg, SipLeg):
            self._rings(leg, early)

    def held(self, leg: Leg, on: bool) -> None:
        """Nobody hears a call yet that is only ringing."""

    def transfer_asked(self, leg: Leg, transfer: Transfer) -> None:
        """Nor has it anybody to be transferred."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What an INVITE says of who calls."""

    uri: str
    name: str
    headers: Pairs


def _told_as(shown: Identity, route: Route, trunk: Trunk) -> _Told:
    """From and P-Asserted-Identity; hidden, the network alone learns who it is (RFC 3325 §9.1)."""
    uri = trunk.uri(Number(shown.number).written(route.form))
    asserted = ("P-Asserted-Identity", str(Address(uri, shown.name)))
    if shown.anonymous:
        return _Told(ANONYMOUS, "Anonymous", (asserted, ("Privacy", "id")))
    told = trunk.uri(trunk.username) if trunk.username_in_from and trunk.username else uri
    return _Told(told, shown.name, (asserted,))


def _written(diversions: Sequence[str], own: str, route: Route) -> tuple[Diversion, ...]:
    """Who sent the call on, in numbers that mean something outside: an extension is our own.

    Each time is told, so that a call that goes in circles grows and is known by it.
    """
    numbers = [parse_number(each) or Number(own) for each in diversions]
    return tuple(Diversion(each.written(route.form), "unconditional") for each in numbers)
