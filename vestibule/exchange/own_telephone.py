"""What somebody at one of our own telephones asks for: parking, pickup, and their own settings."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from call.leg import Leg, Party
from ivr.flow import Held
from ivr.operations import FAILED, Outcome
from routing.errors import HandlingRefused
from routing.handling import ForwardRule, Handling
from vestibule.exchange.connecting import Connecting
from vestibule.exchange.parking import Parking
from vestibule.exchange.ports import is_switched
from vestibule.exchange.ringing import Ringing

log = logging.getLogger(__name__)

Arguments = Mapping[str, Held]

STRANGER = Outcome("stranger")
"""The caller is at none of our telephones."""


class Choices(Protocol):
    """What extensions do with their calls."""

    async def choose(self, extension: str, change: Callable[[Handling], Handling]) -> Handling:
        """Change it. Raises HandlingRefused where that makes no sense."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What all telephones share. `operator` is the general mailbox; "" where there is none."""

    connecting: Connecting
    parking: Parking
    choosing: Choices
    operator: str = ""


class OwnTelephone:
    """The operations for one call; `close` it when the call is over."""

    def __init__(self, desk: Desk | None, leg: Leg | None, caller: Party) -> None:
        self._desk = desk
        self._leg = leg if is_switched(leg) else None
        self._extension = caller.number if caller.internal else ""

    @property
    def bound(self) -> Mapping[str, Callable[[Arguments], Awaitable[Outcome]]]:
        """The operations by their names."""
        return {
            "routing.park": self._park,
            "routing.wait_parked": self._wait_parked,
            "routing.retrieve": self._retrieve,
            "routing.pick_up": self._pick_up,
            "routing.forward_on": self._forward_on,
            "routing.forward_off": self._forward_off,
            "routing.do_not_disturb": self._do_not_disturb,
        }

    def close(self) -> None:
        """A slot that was promised, and that nobody was parked in, is free again."""
        if self._desk is not None and self._leg is not None:
            self._desk.parking.withdraw(self._leg.call_id)

    # the parking lot

    async def _park(self, _: Arguments) -> Outcome:
        if self._desk is None or self._leg is None or not self._extension:
            return STRANGER
        slot = self._desk.parking.promise(self._leg.call_id)
        return Outcome("full") if slot is None else Outcome("promised", {"slot": slot})

    async def _wait_parked(self, _: Arguments) -> Outcome:
        if self._desk is None or self._leg is None:
            return Outcome("over")
        parker = await self._desk.parking.wait(self._leg)
        if parker is None:
            return Outcome("over")
        lookup = await self._desk.connecting.standings.lookup()
        standings = {number: lookup(number) for number in (self._desk.operator, parker) if number}
        boxes = [number for number, each in standings.items() if each is not None and each.mailbox]
        return Outcome("forsaken", {"mailbox": next(iter(boxes), self._desk.operator)})

    async def _retrieve(self, arguments: Arguments) -> Outcome:
        if self._desk is None or self._leg is None or not self._extension:
            return STRANGER
        talked = await self._desk.parking.retrieve(str(arguments["slot"]), self._leg)
        return Outcome("talked" if talked else "empty")

    # pickup

    async def _pick_up(self, arguments: Arguments) -> Outcome:
        if self._desk is None or self._leg is None or not self._extension:
            return STRANGER
        wanted = str(arguments["extension"])
        lookup = await self._desk.connecting.standings.lookup()

        def open_to_pickup(extension: str) -> bool:
            standing = lookup(extension)
            return standing is None or standing.handling.may_be_picked_up

        if wanted and not open_to_pickup(wanted):
            return Outcome("refused", {"extension": wanted})
        ringing = self._ringing(self._desk.connecting, wanted, open_to_pickup)
        if ringing is None or not await self._desk.connecting.pick_up(self._leg, ringing):
            return Outcome("nobody")
        return Outcome("talked")

    def _ringing(
        self, connecting: Connecting, wanted: str, open_to_pickup: Callable[[str], bool]
    ) -> Ringing | None:
        """What rings at the extension that is wanted, or anywhere; the longest first."""
        for ringing in connecting.under_way:
            for extension in (wanted,) if wanted else ringing.extensions:
                if ringing.rings(extension) and open_to_pickup(extension):
                    return ringing
        return None

    # one's own settings

    async def _forward_on(self, arguments: Arguments) -> Outcome:
        number = str(arguments["number"])
        idled = False

        def forwarded(before: Handling) -> Handling:
            nonlocal idled
            idled = before.follow_me.enabled
            return replace(
                before,
                forward=replace(
                    before.forward, target=number, rule=ForwardRule.ALWAYS, enabled=True
                ),
                follow_me=replace(before.follow_me, enabled=False),
            )

        if not self._extension:
            return STRANGER
        chosen = await self._choose(forwarded)
        if chosen is None:
            return Outcome("refused")
        return Outcome("on", {"target": chosen.forward.target, "idle": idled})

    async def _forward_off(self, _: Arguments) -> Outcome:
        if not self._extension:
            return STRANGER
        chosen = await self._choose(
            lambda before: replace(before, forward=replace(before.forward, enabled=False))
        )
        return Outcome(FAILED if chosen is None else "off")

    async def _do_not_disturb(self, arguments: Arguments) -> Outcome:
        wanted = arguments["wanted"] is True
        if not self._extension:
            return STRANGER
        chosen = await self._choose(lambda before: replace(before, do_not_disturb=wanted))
        if chosen is None:
            return Outcome(FAILED)
        return Outcome("on" if wanted else "off")

    async def _choose(self, change: Callable[[Handling], Handling]) -> Handling | None:
        """Change what the caller's own extension does; None where that makes no sense."""
        if self._desk is None:
            return None
        try:
            return await self._desk.choosing.choose(self._extension, change)
        except HandlingRefused as fault:
            extra = {"extension": self._extension, "why": str(fault)}
            log.info("star code refused", extra=extra)
            return None
