"""Calls that hear each other, in bridges and rooms, and the keys that cross a bridge.

A call is in one bridge or one room at a time: to enter one is to leave the other.
"""

from collections.abc import Callable
from functools import partial

from call.clock import Clock
from call.media import KeyPressed, KeySource
from telephony.dtmf import Press
from telephony.media.bridges import Bridges
from telephony.media.hearing import Hearing
from telephony.media.outbound import GROUPS, Outbound
from telephony.media.rooms import Rooms
from telephony.media.slot import Slot
from telephony.media.slots import Slots

_KEYS_CARRIED_S = 3.0  # of keys on their way over a bridge; no fingers are so far ahead


class Company:
    """Who is with whom. `send_keys` presses keys towards a call's peer."""

    def __init__(
        self,
        slots: Slots,
        hearing: Hearing,
        outbound: Outbound,
        bridges: Bridges,
        rooms: Rooms,
        clock: Clock,
        send_keys: Callable[[int, str], None],
    ) -> None:
        self._slots = slots
        self._hearing = hearing
        self._outbound = outbound
        self._bridges = bridges
        self._rooms = rooms
        self._clock = clock
        self._send_keys = send_keys

    def bridge(self, call: int, other: int, keys: bool) -> None:
        """Let two calls hear each other, in place of whomever they hear."""
        both = self._slots.open(call).call, self._slots.open(other).call
        together = self._bridges.other(call) == other
        for each in () if together else both:
            self.part(each)
        self._bridges.join(call, other, keys=keys)
        for each in () if together else both:
            self._hear(each)

    def unbridge(self, call: int) -> None:
        """End the bridge a call is in, if any."""
        for each in self._bridges.part(call):
            self._hear(each, False)

    def join(self, call: int, room: int, muted: bool = False) -> None:
        """Let a call hear all others of a room, and be heard, unless muted."""
        self._slots.open(call)
        self.part(call)
        self._rooms.join(call, room, muted)
        self._hear(call)

    def leave(self, call: int) -> None:
        """Leave the room a call is in, if any."""
        if self._rooms.leave(call):
            self._hear(call, False)

    def part(self, call: int) -> None:
        """Leave whomever a call is with."""
        self.unbridge(call)
        self.leave(call)

    def close_room(self, room: int) -> None:
        """Let everybody leave; the room is told closed once its recording is written."""
        for call in self._rooms.members(room):
            self.leave(call)
        self._rooms.close(room)

    def pressed(self, call: int, press: KeyPressed) -> None:
        """A key that a peer pressed goes down across its bridge too."""
        other = self._bridges.presses(call)
        if other is not None:
            self._press_across(self._slots[call], self._slots[other], press)

    def _hear(self, call: int, wanted: bool = True) -> None:
        """What a call says is taken frame by frame, for others; and it hears others."""
        self._hearing.take_live(call, wanted)
        self._outbound.follow(call, wanted)

    def _press_across(self, slot: Slot, other: Slot, pressed: KeyPressed) -> None:
        self._bridges.hush([slot.call], self._slots.frame)
        if other.sender is None or other.sender.voice.queued_s > _KEYS_CARRIED_S:
            return
        press = slot.keys.latest if pressed.source is KeySource.RFC4733 else None
        if press is None or other.sender.event_payload_type is None:
            self._send_keys(other.call, pressed.key)
        else:
            other.sender.voice.hold(pressed.key, partial(self._goes_on, slot.call, press))
            self._outbound.regroup(other.call % GROUPS)

    def _goes_on(self, call: int, press: Press) -> bool:
        """Whether a key of this call is still down; as long as it is, its sound is hushed."""
        down = press.goes_on(self._clock.monotonic())
        if down:
            self._bridges.hush([call], self._slots.frame)
        return down
