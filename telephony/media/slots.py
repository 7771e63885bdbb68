"""The slots that are open, by number, and the frame they are in."""

from collections.abc import Iterator

from call.errors import Misuse
from telephony.media.outbound import GROUPS
from telephony.media.slot import Slot


class MediaMisuse(Misuse):
    """A command named a slot that is not open, or made no sense for it."""


class Slots:
    """What every part of the engine looks slots up in."""

    def __init__(self) -> None:
        self.every: dict[int, Slot] = {}
        """Those that close, and wait for their recordings, too."""
        self.frame = 0
        """The present, counted in frames."""
        self._people = [0] * GROUPS

    def add(self, slot: Slot) -> None:
        """Open a slot."""
        self.every[slot.call] = slot
        self._people[slot.call % GROUPS] += 1

    def remove(self, slot: Slot) -> None:
        """Let a slot go."""
        del self.every[slot.call]
        self._people[slot.call % GROUPS] -= 1

    def serves(self, group: int) -> bool:
        """Whether any slot is of this group."""
        return self._people[group] > 0

    def __getitem__(self, call: int) -> Slot:
        """A slot, closing or not."""
        return self.every[call]

    def __len__(self) -> int:
        return len(self.every)

    def __iter__(self) -> Iterator[int]:
        return iter(tuple(self.every))

    def open(self, call: int) -> Slot:
        """A slot that takes commands. Raises MediaMisuse."""
        slot = self.every.get(call)
        if slot is None or slot.closing:
            raise MediaMisuse(f"slot {call} is not open")
        return slot
