"""What each call says now, one frame a beat, for those who hear it: bridges, rooms, tapes.

A recording takes what came whenever it came. Somebody who listens needs a frame every 20 ms, in
step with our own clock: what is late is guessed, and what is too early waits.
"""

import numpy as np

from call.g711 import DECODE, encode
from call.sound import FRAME, Law
from telephony.media.outbound import GROUPS
from telephony.playout import DEPTH, Ring, Rows

_LAWS = tuple(Law)
_WAIT = 2  # frames that a packet waits at first


class Live:
    """One frame of each call that is heard live; new at each beat of its group."""

    def __init__(self, ring: Ring, calls: int) -> None:
        self._ring = ring
        self.linear = np.zeros((calls, FRAME), dtype=np.int16)
        """What is heard, as samples."""
        self.octets = np.zeros((calls, FRAME), dtype=np.uint8)
        """The same in the law of the call."""
        self.law = np.zeros(calls, dtype=np.uint8)
        """That law, by its place among all laws."""
        self._cursor = np.zeros(calls, dtype=np.int64)
        self._users: dict[int, int] = {}
        self._taken: list[Rows] = [np.empty(0, dtype=np.intp) for _ in range(GROUPS)]

    def set_law(self, call: int, law: Law) -> None:
        """What the octets of this call mean from now on."""
        self.law[call] = _LAWS.index(law)

    def begin(self, call: int, now: int) -> None:
        """Somebody more hears this call."""
        self._users[call] = self._users.get(call, 0) + 1
        if self._users[call] == 1:
            self._cursor[call] = now - _WAIT
            self._sort(call % GROUPS)

    def end(self, call: int) -> None:
        """Somebody hears it no more."""
        self._users[call] -= 1
        if not self._users[call]:
            del self._users[call]
            self._sort(call % GROUPS)

    def takes(self, call: int) -> bool:
        """Whether anybody hears it."""
        return call in self._users

    def _sort(self, group: int) -> None:
        calls = [call for call in self._users if call % GROUPS == group]
        self._taken[group] = np.array(calls, dtype=np.intp)

    def beat(self, group: int, now: int) -> None:
        """Take the next frame of every call of the group."""
        calls = self._taken[group]
        if not calls.size:
            return
        cursor = self._cursor[calls]
        place = cursor % DEPTH
        there = self._ring.frame[place, calls] == cursor
        self._cursor[calls] = cursor + 1
        for number, law in enumerate(_LAWS):
            mine = self.law[calls] == number
            came, missing = calls[mine & there], calls[mine & ~there]
            self.octets[came] = self._ring.octets[place[mine & there], came]
            self.linear[came] = DECODE[law][self.octets[came]]
            self.linear[missing] //= 2
            self.octets[missing] = encode(self.linear[missing], law)
