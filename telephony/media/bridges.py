"""Two calls that hear each other."""

import numpy as np

from call.g711 import DECODE, encode
from call.sound import Law
from telephony.media.live import Live
from telephony.media.outbound import GROUPS, Outbound
from telephony.playout import Rows

_LAWS = tuple(Law)
_ACROSS = np.stack(
    [np.stack([encode(DECODE[heard], spoken) for spoken in _LAWS]) for heard in _LAWS]
)
"""From law, to law, octet: the octet."""


class Bridges:
    """Who hears whom; `beat` carries it over."""

    def __init__(self, live: Live, outbound: Outbound) -> None:
        self._live = live
        self._outbound = outbound
        self._other: dict[int, int] = {}
        self._ears: list[Rows] = [np.empty(0, dtype=np.intp) for _ in range(GROUPS)]
        self._mouths: list[Rows] = [np.empty(0, dtype=np.intp) for _ in range(GROUPS)]

    def join(self, call: int, other: int, *, keys: bool) -> None:
        """Let two calls hear each other."""
        self._other |= {call: other, other: call}
        self._sort()

    def part(self, call: int) -> tuple[int, ...]:
        """End the bridge a call is in; who was in it."""
        other = self._other.pop(call, None)
        if other is None:
            return ()
        del self._other[other]
        self._sort()
        return call, other

    def other(self, call: int) -> int | None:
        """Whom a call hears."""
        return self._other.get(call)

    def _sort(self) -> None:
        for group in range(GROUPS):
            ears = [call for call in self._other if call % GROUPS == group]
            self._ears[group] = np.array(ears, dtype=np.intp)
            self._mouths[group] = np.array([self._other[call] for call in ears], dtype=np.intp)

    def beat(self, group: int) -> None:
        """What each ear of the group sends on next is what its mouth said last."""
        ears, mouths = self._ears[group], self._mouths[group]
        if ears.size:
            live = self._live
            octets = live.octets[mouths]
            self._outbound.live[ears] = _ACROSS[
                live.law[mouths][:, None], live.law[ears][:, None], octets
            ]
