"""Who reads what a call receives: a recording, the search for tones, those who hear it live.

What nobody reads is counted and not kept.
"""

from telephony.media.listening import Listening
from telephony.media.live import Live
from telephony.media.slot import Slot
from telephony.media.slots import Slots
from telephony.playout import Ring


class Hearing:
    """Keeps count of the reasons, and says of each slot whether there is one."""

    def __init__(self, slots: Slots, ring: Ring, live: Live, listening: Listening) -> None:
        self._slots = slots
        self._ring = ring
        self._live = live
        self._listening = listening

    def listen(self, slot: Slot) -> None:
        """From here on somebody reads what is received."""
        if not slot.listened:
            self._ring.rejoin(slot.call, slot.timeline)
        slot.listened = slot.listens

    def resume(self, slot: Slot) -> None:
        """What flows has changed: read on, if anybody does."""
        if self._wanted(slot.call):
            self.listen(slot)

    def settle(self, slot: Slot) -> None:
        """Somebody stopped reading: go on only if others do."""
        slot.listened = slot.listens and self._wanted(slot.call)

    def take_live(self, call: int, wanted: bool = True) -> None:
        """Somebody more hears what a call says, frame by frame; or somebody less."""
        slot = self._slots[call]
        if wanted:
            self.listen(slot)
            self._live.begin(call, self._slots.frame)
        else:
            self._live.end(call)
        self.settle(slot)

    def seek_tones(self, slot: Slot, wanted: bool) -> None:
        """Look for keys in the sound of a call, or stop looking."""
        if wanted:
            self.listen(slot)
        self._listening.seek_tones(slot.call, wanted, self._slots.frame)
        self.settle(slot)

    def _wanted(self, call: int) -> bool:
        return self._live.takes(call) or self._listening.listens(call)
