"""The parking lot: nine slots in which callers wait to be taken from any telephone. Pure.

A slot is promised to a parker while they hear its number, before anybody waits in it: they may
still hang up. Somebody who waits too long is due, and the parker is rung back; whoever dials the
slot meanwhile still gets them. Nobody but the lot moves a slot from one state to another:

    FREE -- promise --> PROMISED -- claim --> PARKED -- fall due --> RETURNING
      |                                         ^
      +------------------ park -----------------+

and back to FREE by `withdraw` from PROMISED, by `take` and `leave` from PARKED and RETURNING.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

PARK = "700"
"""What is dialled to park somebody in the lowest free slot."""

SLOTS = tuple(str(number) for number in range(701, 710))
"""The slots, in the order in which they are taken."""


class Space(StrEnum):
    """What a slot is just now."""

    FREE = "free"
    PROMISED = "promised"
    """Its number is being told to a parker."""
    PARKED = "parked"
    RETURNING = "returning"
    """Who waits there waits too long: the parker is being rung back."""


class Move(StrEnum):
    """What may happen to a slot."""

    PROMISE = "promise"
    WITHDRAW = "withdraw"
    CLAIM = "claim"
    PARK = "park"
    FALL_DUE = "fall_due"
    TAKE = "take"
    LEAVE = "leave"


MOVES: Mapping[tuple[Space, Move], Space] = MappingProxyType(
    {
        (Space.FREE, Move.PROMISE): Space.PROMISED,
        (Space.FREE, Move.PARK): Space.PARKED,
        (Space.PROMISED, Move.WITHDRAW): Space.FREE,
        (Space.PROMISED, Move.CLAIM): Space.PARKED,
        (Space.PARKED, Move.FALL_DUE): Space.RETURNING,
        (Space.PARKED, Move.TAKE): Space.FREE,
        (Space.PARKED, Move.LEAVE): Space.FREE,
        (Space.RETURNING, Move.TAKE): Space.FREE,
        (Space.RETURNING, Move.LEAVE): Space.FREE,
    }
)
"""What each move makes of a slot; a move that is not here does nothing."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot and what is known of it."""

    number: str
    space: Space = Space.FREE
    call: str = ""
    """The call it is promised to, or the call that waits in it."""
    parker: str = ""
    """The extension that is rung back; "" when nobody can be."""
    due: float = 0.0
    """When they have waited long enough, in monotonic seconds."""

    @property
    def waits(self) -> bool:
        """Whether somebody waits here."""
        return self.space in (Space.PARKED, Space.RETURNING)


class ParkingLot:
    """The nine slots. `timeout_s` is how long somebody waits before the parker is rung back."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._slots = {number: Slot(number) for number in SLOTS}

    @property
    def slots(self) -> Sequence[Slot]:
        """All slots, as they are."""
        return tuple(self._slots.values())

    @property
    def deadline(self) -> float | None:
        """When somebody falls due next; None when nobody will."""
        return min((slot.due for slot in self.slots if slot.space is Space.PARKED), default=None)

    def promise(self, parker_call: str) -> str | None:
        """Keep the lowest free slot for a parker who hears its number; None when all are taken.

        A call that was promised one already hears the same number again.
        """
        mine = self._of(parker_call, Space.PROMISED)
        slot = mine or self._free()
        if slot is None:
            return None
        self._move(slot, Move.PROMISE, Slot(slot.number, call=parker_call))
        return slot.number

    def withdraw(self, parker_call: str) -> None:
        """The parker hung up: the slot promised to them is free again."""
        slot = self._of(parker_call, Space.PROMISED)
        if slot is not None:
            self._move(slot, Move.WITHDRAW, Slot(slot.number))

    def claim(self, parker_call: str, guest: str, parker: str, now: float) -> str | None:
        """Park `guest` in the slot promised to a parker; None where none was."""
        slot = self._of(parker_call, Space.PROMISED)
        if slot is None:
            return None
        return self._put(slot, Move.CLAIM, guest, parker, now)

    def park(self, guest: str, parker: str, now: float, number: str = "") -> str | None:
        """Park `guest` in the lowest free slot, or in `number`; None where that is not free."""
        slot = self._slots.get(number) if number else self._free()
        if slot is None or slot.space is not Space.FREE:
            return None
        return self._put(slot, Move.PARK, guest, parker, now)

    def take(self, number: str) -> str | None:
        """Whoever waits in a slot leaves it to be talked with; None where nobody waits."""
        slot = self._slots.get(number)
        if slot is None or not slot.waits:
            return None
        self._move(slot, Move.TAKE, Slot(number))
        return slot.call

    def leave(self, guest: str) -> None:
        """Who waited hung up, or was led elsewhere."""
        for slot in self.slots:
            if slot.waits and slot.call == guest:
                self._move(slot, Move.LEAVE, Slot(slot.number))

    def fall_due(self, now: float) -> Sequence[Slot]:
        """Whoever has waited long enough by now; each is told once."""
        late = [slot for slot in self.slots if slot.space is Space.PARKED and slot.due <= now]
        for slot in late:
            self._move(slot, Move.FALL_DUE, slot)
        return late

    def _of(self, call: str, space: Space) -> Slot | None:
        return next((each for each in self.slots if (each.call, each.space) == (call, space)), None)

    def _free(self) -> Slot | None:
        return next((each for each in self.slots if each.space is Space.FREE), None)

    def _put(self, slot: Slot, move: Move, guest: str, parker: str, now: float) -> str:
        due = now + self._timeout_s
        self._move(slot, move, Slot(slot.number, call=guest, parker=parker, due=due))
        return slot.number

    def _move(self, slot: Slot, move: Move, after: Slot) -> None:
        space = MOVES.get((slot.space, move))
        if space is not None:
            self._slots[slot.number] = replace(after, space=space)
