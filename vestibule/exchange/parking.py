"""Calls that are parked: those who wait, and what becomes of them.

`routing.parking` says which slot; this lets a guest wait there with hold music until one of four
things happens: they hang up; somebody dials the slot and talks with them; they have waited too
long and the parker, who is rung back, takes them again; or the parker does not, and they are
forsaken: their dialogue leads them on. While the parker is rung the slot can still be dialled.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from call.clock import Clock
from call.leg import Leg, Party
from call.masking import masked
from call.sound import Clip
from ivr.prompts import Value
from routing.parking import PARK, SLOTS, ParkingLot
from vestibule.exchange.connecting import Connecting
from vestibule.exchange.patch import SIGNAL_TICKET
from vestibule.exchange.ports import Shown, SwitchedLeg
from vestibule.exchange.ringing import Ringing, Taken

log = logging.getLogger(__name__)

RETRIEVED = "retrieved"
RETURNED = "returned"
"""The parker took them back."""
FORSAKEN = "forsaken"
"""Nobody did."""
GONE = "gone"
"""They hung up, or were sent elsewhere."""

Changed = Callable[[str, bool], None]
"""Told of a slot that somebody begins to wait in (True), or that is free again."""


Say = Callable[[Leg, str, Mapping[str, Value]], Awaitable[None]]
"""Says a phrase on a leg, and returns when it is said."""

DONE = 200
"""How a transfer ended, in SIP statuses."""

TELL_S = 10.0
"""How long a telephone rings to show its owner where a call is parked."""


@dataclass(slots=True)
class _Guest:
    """Somebody who waits."""

    leg: SwitchedLeg
    slot: str
    parker: str
    who: Party
    since: float
    due: float


class Parking:
    """The parking lot of the company.

    `park` or `claim` finds a slot at once, so that no two want the same; whoever attends to the
    guest's leg then awaits `wait`. Seconds: `timeout_s` until the parker is rung back, for
    `ring_back_s`.
    """

    def __init__(
        self,
        connecting: Connecting,
        clock: Clock,
        *,
        timeout_s: float,
        ring_back_s: float,
        changed: Changed,
        say: Say,
    ) -> None:
        self._say = say
        self._connecting = connecting
        self._clock = clock
        self._lot = ParkingLot(timeout_s)
        self._timeout_s = timeout_s
        self._ring_back_s = ring_back_s
        self._changed = changed
        self._guests: dict[str, _Guest] = {}

    @property
    def waiting(self) -> Mapping[str, Party]:
        """Who waits in which slot."""
        return MappingProxyType({guest.slot: guest.who for guest in self._guests.values()})

    @staticmethod
    def is_lot(target: str) -> bool:
        """Whether a transfer to this number parks: 700, or a slot."""
        return target == PARK or target in SLOTS

    def promise(self, parker_call: str) -> str | None:
        """Keep a slot for a parker who is told its number; None when all are taken."""
        return self._lot.promise(parker_call)

    def withdraw(self, parker_call: str) -> None:
        """The parker's call is over; nothing where somebody was parked by it."""
        self._lot.withdraw(parker_call)

    def claim(self, parker_call: str, guest: SwitchedLeg, parker: str) -> str | None:
        """Park a guest in the slot that was promised to a call; None where none was."""
        slot = self._lot.claim(parker_call, guest.call_id, parker, self._clock.monotonic())
        return self._welcome(slot, guest, parker)

    def park(self, target: str, guest: SwitchedLeg, parker: str) -> str | None:
        """Park a guest in a slot, or where `target` is 700 in the lowest that is free.

        None where it is not free. `parker` is the extension that is rung back, "" for nobody.
        """
        number = "" if target == PARK else target
        slot = self._lot.park(guest.call_id, parker, self._clock.monotonic(), number)
        return self._welcome(slot, guest, parker)

    def _welcome(self, slot: str | None, leg: SwitchedLeg, parker: str) -> str | None:
        if slot is None:
            return None
        now = self._clock.monotonic()
        who = self._connecting.exchange.party(leg)
        guest = _Guest(leg, slot, parker, who, now, now + self._timeout_s)
        self._guests[leg.call_id] = guest
        log.info("call parked", extra={**_fields(guest), "parker": parker})
        self._changed(slot, True)
        self._connecting.exchange.spawn(self._watch(guest), f"parked {leg.call_id}")
        return slot

    async def _watch(self, guest: _Guest) -> None:
        """Free the slot of somebody who hangs up, also before they are attended to."""
        await guest.leg.end()
        self._let_go(guest, GONE)

    async def tell_parker(self, leg: SwitchedLeg, slot: str, *, listens: bool) -> None:
        """Tell a parker the slot of a guest they transferred blind; then that it is done.

        A telephone that has its call on hold, or hangs up at once, lets nothing be heard: it is
        rung, and shows the slot as the number that calls. Whoever takes that call hears the slot.
        """
        guest = next((each for each in self._guests.values() if each.slot == slot), None)
        if listens:
            await self._say(leg, "park.parked", {"slot": slot})
        heard = listens and leg.up
        leg.transfer_told(DONE)
        await leg.hang_up()
        if guest is not None and not heard:
            await self._show(guest)

    async def _show(self, guest: _Guest) -> None:
        """Ring the parker from the slot."""
        shown = Shown(Party(guest.slot, guest.who.name or guest.who.number, internal=True))
        bells = self._connecting.bells.telephones(guest.parker, shown) if guest.parker else ()
        came = await Ringing(bells, TELL_S, self._connecting.dismiss).run(_unheard)
        if isinstance(came, Taken):
            await self._say(came.leg, "park.parked", {"slot": guest.slot})
            await came.leg.hang_up()

    async def tell_full(self, leg: SwitchedLeg, target: str) -> None:
        """Tell a parker, above the call they stay in, why nobody was parked."""
        if target == PARK:
            await self._say(leg, "park.full_returned", {})
        else:
            await self._say(leg, "park.taken", {"slot": target})

    def _music(self, guest: _Guest) -> Clip:
        """What a guest hears: the music of who parked them."""
        return self._connecting.exchange.music(guest.parker)

    async def wait(self, leg: Leg) -> str | None:
        """Let a guest wait who was parked, to the end of it; the parker, where nobody took them.

        None when there is nothing more to do: they talked with somebody, hung up, or were sent
        elsewhere.
        """
        guest = self._guests.get(leg.call_id)
        if guest is None:
            return None
        await leg.answer()
        leg.play((self._music(guest),), SIGNAL_TICKET, repeat=True)
        try:
            if await self._stays(guest):
                return await self._bring_back(guest)
        finally:
            self._let_go(guest, GONE)
        return None

    async def _stays(self, guest: _Guest) -> bool:
        """Wait for the parker's time to come; False when the guest has left before."""
        gone: asyncio.Future[object] = asyncio.ensure_future(guest.leg.end())
        left: asyncio.Future[object] = asyncio.ensure_future(self._left(guest.leg))
        try:
            limit = max(0.0, guest.due - self._clock.monotonic())
            over, _ = await asyncio.wait(
                [gone, left], timeout=limit, return_when=asyncio.FIRST_COMPLETED
            )
            return not over
        finally:
            gone.cancel()
            left.cancel()

    async def _left(self, leg: Leg) -> None:
        guest = self._connecting.exchange.guest(leg)
        await (leg.end() if guest is None else guest.left())

    async def _bring_back(self, guest: _Guest) -> str | None:
        """Ring the parker; the parker where they do not take the guest back."""
        self._lot.fall_due(self._clock.monotonic())
        log.info("parked call returns", extra=_fields(guest))
        shown = Shown(Party(guest.who.number, f"{guest.slot} {guest.who.name}".strip()))
        bells = self._connecting.bells.telephones(guest.parker, shown) if guest.parker else ()
        ringing = Ringing(bells, self._ring_back_s, self._connecting.dismiss)
        came = await self._connecting.ring(ringing, guest.leg, music=self._music(guest))
        if came is None:
            return None
        if isinstance(came, Taken):
            self._let_go(guest, RETURNED)
            await self._connecting.talk(guest.leg, came.leg)
            return None
        self._let_go(guest, FORSAKEN)
        return guest.parker

    async def retrieve(self, slot: str, by: SwitchedLeg) -> bool:
        """Let somebody talk with who waits in a slot, to the end; False where nobody does."""
        guest = self._guests.get(self._lot.take(slot) or "")
        if guest is None:
            return False
        self._let_go(guest, RETRIEVED)
        guest.leg.stop_playing()
        self._connecting.exchange.take(guest.leg)
        await self._connecting.talk(by, guest.leg)
        return True

    def _let_go(self, guest: _Guest, how: str) -> None:
        """The slot is free again, once."""
        if self._guests.get(guest.leg.call_id) is not guest:
            return
        del self._guests[guest.leg.call_id]
        self._lot.leave(guest.leg.call_id)
        waited = round(self._clock.monotonic() - guest.since, 1)
        log.info("parked call over", extra={**_fields(guest), "how": how, "seconds": waited})
        self._changed(guest.slot, False)


def _fields(guest: _Guest) -> dict[str, object]:
    number = masked(guest.who.number)
    return {"call_id": guest.leg.call_id, "slot": guest.slot, "who": number}


def _unheard(leg: SwitchedLeg, early: bool) -> None:
    """Nobody listens to how a telephone rings."""
