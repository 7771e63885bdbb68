"""What people do with the call they are in: hold it, transfer it, take another's place in it.

A transfer is asked for by one side of a patch; the other side stays, and goes on. Blind, it goes to
a number, as if it had dialled it. Attended, the one who transfers has a second call: where that is
joined to somebody, those two are joined now; where it still rings, or talks with a dialogue, the
one who stays goes to the number that second call was made to, or, where that is in a conference,
into it. Whoever transferred is hung up once that is done, and stays in the call where it cannot be.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from call.errors import Unavailable
from call.leg import Leg, Party
from call.masking import masked
from telephony.watcher import Transfer
from vestibule.exchange.exchange import Exchange
from vestibule.exchange.guest import Visit
from vestibule.exchange.ports import SwitchedLeg, is_switched
from vestibule.numbers import Destination

log = logging.getLogger(__name__)

DONE = 200
NOT_FOUND = 404
NO_SUCH_CALL = 481
BUSY_HERE = 486
DECLINED = 603

PARKED = Destination("parked")
"""What somebody meets who was parked."""


class Places(Protocol):
    """Numbers that are places to wait in, rather than somebody to call."""

    def is_lot(self, target: str) -> bool:
        """Whether a transfer to this number parks."""

    def park(self, target: str, guest: SwitchedLeg, parker: str) -> str | None:
        """Park a guest; the slot, None where it is not free."""

    def claim(self, parker_call: str, guest: SwitchedLeg, parker: str) -> str | None:
        """Park a guest in the slot that was promised to a call; None where none was."""

    async def tell_parker(self, leg: SwitchedLeg, slot: str, *, listens: bool) -> None:
        """Tell who parked somebody where they wait and that it is done, and hang up."""

    async def tell_full(self, leg: SwitchedLeg, target: str) -> None:
        """Tell somebody who stays in the call why nobody was parked."""


Leads = Callable[[str, Party], Awaitable[bool]]
"""Whether a number leads anywhere for whoever sends somebody there."""


class Transfers:
    """The watcher of every leg that is joined to another."""

    def __init__(self, exchange: Exchange, leads: Leads, places: Places | None = None) -> None:
        self._exchange = exchange
        self._leads = leads
        self._places = places

    def rings(self, leg: Leg, early: bool) -> None:
        """A leg that is joined rings no more."""

    def held(self, leg: Leg, on: bool) -> None:
        """Let the other side hear music while this one does not listen."""
        patch = self._exchange.patch(leg)
        if patch is not None and is_switched(leg):
            patch.hold(leg, on)

    def transfer_asked(self, leg: Leg, transfer: Transfer) -> None:
        """Carry out what a telephone asks, and tell it how that went."""
        if not is_switched(leg):
            return
        fields = {"call_id": leg.call_id, "attended": bool(transfer.replaces)}
        log.info("transfer asked", extra=fields)
        if not transfer.replaces:
            self._blind(leg, transfer.target)
        elif (second := self._exchange.find(transfer.replaces)) is None or second is leg:
            leg.transfer_told(NO_SUCH_CALL)
        else:
            self._attended(leg, second)

    # blind

    def _blind(self, leg: SwitchedLeg, target: str) -> None:
        patch = self._exchange.patch(leg)
        if patch is None:
            leg.transfer_told(DECLINED)
        elif self._places is not None and self._places.is_lot(target):
            self._park(leg, patch.other(leg), target)
        else:
            staying = patch.other(leg)
            self._exchange.part(leg)
            self._exchange.spawn(self._move(leg, staying, target), f"transfer {leg.call_id}")

    async def _move(self, leg: SwitchedLeg, staying: SwitchedLeg, target: str) -> None:
        """Send who stays to a number, if it leads anywhere; else join both again."""
        by = self._exchange.party(leg)
        try:
            found = await self._leads(target, by)
        except Unavailable as fault:
            log.warning("transfer cannot be judged", extra={"why": str(fault)})
            found = False
        if found:
            self._exchange.send(staying, self._visit(staying, target, by))
            self._finish(leg)
        elif leg.up:
            log.info("transfer leads nowhere", extra={"to": masked(target)})
            leg.transfer_told(NOT_FOUND)
            self._exchange.join(staying, leg)
        elif by.internal:
            self._exchange.send(staying, self._visit(staying, by.number, by))
        else:
            self._exchange.dismiss(staying)

    def _park(self, leg: SwitchedLeg, staying: SwitchedLeg, target: str) -> None:
        places, patch = self._places, self._exchange.patch(leg)
        if places is None or patch is None:
            return
        by, listens = self._exchange.party(leg), not patch.holds(leg)
        if not by.internal:
            leg.transfer_told(DECLINED)
            return
        slot = places.park(target, staying, by.number)
        if slot is None:
            leg.transfer_told(BUSY_HERE)
            self._exchange.spawn(places.tell_full(leg, target), f"lot full {leg.call_id}")
            return
        self._exchange.part(leg)
        self._wait(staying, by)
        self._exchange.spawn(
            places.tell_parker(leg, slot, listens=listens), f"parked by {leg.call_id}"
        )

    def _wait(self, staying: SwitchedLeg, by: Party) -> None:
        who = self._exchange.party(staying)
        self._exchange.send(staying, Visit("", who, sent_by=by, destination=PARKED))

    # attended

    def _attended(self, leg: SwitchedLeg, second: SwitchedLeg) -> None:
        first, other = self._exchange.patch(leg), self._exchange.patch(second)
        if first is not None and other is not None and first is not other:
            self._connect(leg, first.other(leg), second, other.other(second))
        elif first is not None and other is None:
            self._hand_over(leg, first.other(leg), second)
        elif other is not None and first is None:
            self._hand_over(second, other.other(second), leg, asked=leg)
        else:
            leg.transfer_told(DECLINED)

    def _connect(
        self, leg: SwitchedLeg, staying: SwitchedLeg, second: SwitchedLeg, reached: SwitchedLeg
    ) -> None:
        """Join the two whom one telephone talked with in turn."""
        self._exchange.part(leg)
        self._exchange.part(second)
        self._exchange.join(staying, reached)
        self._finish(leg)
        self._exchange.dismiss(second)

    def _hand_over(
        self,
        leg: SwitchedLeg,
        staying: SwitchedLeg,
        second: SwitchedLeg,
        *,
        asked: SwitchedLeg | None = None,
    ) -> None:
        """Send who stays to where a second call has not yet reached anybody."""
        guest = self._exchange.guest(second)
        if guest is None:
            (asked or leg).transfer_told(DECLINED)
            return
        by, places = self._exchange.party(leg), self._places
        if places is None or not places.is_lot(guest.stands_for):
            visit = replace(self._visit(staying, guest.stands_for, by), destination=guest.place)
            self._exchange.send(staying, visit)
        elif self._finds_a_slot(places, staying, second, guest.stands_for, by):
            self._wait(staying, by)
        else:
            (asked or leg).transfer_told(BUSY_HERE)
            return
        self._exchange.dismiss(second if asked is None else leg)
        self._finish(asked or leg)

    def _finds_a_slot(
        self, places: Places, staying: SwitchedLeg, second: SwitchedLeg, target: str, by: Party
    ) -> bool:
        """Park who stays in the slot that the second call was told, or in the one it dialled."""
        if not by.internal:
            return False
        claimed = places.claim(second.call_id, staying, by.number)
        return claimed is not None or places.park(target, staying, by.number) is not None

    def _visit(self, staying: SwitchedLeg, target: str, by: Party) -> Visit:
        return Visit(target, self._exchange.party(staying), sent_by=by)

    def _finish(self, leg: SwitchedLeg) -> None:
        leg.transfer_told(DONE)
        self._exchange.dismiss(leg)
