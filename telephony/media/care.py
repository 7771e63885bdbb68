"""When each call is looked after: its clocks, its lock, its reports. Some at a time, in turn.

What a beat does seldom it does with cold caches, and the first call costs as much as several more.
So calls are looked after in companies, each in a tick of its own, and report together.
"""

from collections.abc import Sequence

from telephony.media.outbound import GROUPS
from telephony.media.slot import Slot

REPORT = 250
"""Frames between reports: 5 s (RFC 3550, 6.2)."""

_FRAMES = 25  # in which every call is looked after once: half a second
_COMPANY = 8


def first_report(call: int, frame: int) -> int:
    """The frame from which a call's first report is due: within 5 s, with those of its company."""
    due = _company(call) * _FRAMES
    return frame + 1 + (due - frame - 1) % REPORT


class Care:
    """The slots, by the tick in which they are looked after."""

    def __init__(self) -> None:
        self._turns: list[dict[int, Slot]] = [{} for _ in range(_FRAMES * GROUPS)]

    def add(self, slot: Slot) -> None:
        """Look after a slot from now on."""
        self._turn_of(slot.call)[slot.call] = slot

    def remove(self, slot: Slot) -> None:
        """And no more."""
        del self._turn_of(slot.call)[slot.call]

    def due(self, tick: int) -> Sequence[Slot]:
        """Who is looked after in a tick."""
        turn = self._turns[tick % len(self._turns)]
        return tuple(turn.values()) if turn else ()

    def _turn_of(self, call: int) -> dict[int, Slot]:
        """One of the ticks of the call's group, as the others may be left out."""
        return self._turns[_company(call) % _FRAMES * GROUPS + call % GROUPS]


def _company(call: int) -> int:
    return call // (GROUPS * _COMPANY)
