"""Two calls that hear each other, and press each other's keys.

What one of the two said last is what the other is sent next: octet by octet where both speak one
law, by table where they do not. A key that one presses is pressed on the other, so its sound is
kept from the other meanwhile: it would be the same key once more. A tone has begun by the time it
is known for a key; but as what is heard live waits for its turn, no more of it slips through than
is too short for a key (ITU-T Q.24: 20 ms).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from call.g711 import DECODE, SILENCE, encode
from call.media import Stream
from call.sound import Law
from telephony.media.live import Live
from telephony.media.outbound import GROUPS, Outbound
from telephony.playout import Rows

_LAWS = tuple(Law)
_ACROSS = np.stack(
    [np.stack([encode(DECODE[heard], spoken) for spoken in _LAWS]) for heard in _LAWS]
)
"""From law, to law, octet: the octet."""

_SILENCE = np.array([SILENCE[law] for law in _LAWS], dtype=np.uint8)
_AFTERMATH = 4
"""Frames after which a key is known to be up, besides those that wait to be heard."""


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Ears of one group, each with its mouth: those of one law first."""

    ears: Rows
    mouths: Rows
    alike: int
    """So many of the first speak one law."""


_NOBODY = _Pairs(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), 0)


class Bridges:
    """Who hears whom; `beat` carries it over."""

    def __init__(self, live: Live, outbound: Outbound, calls: int) -> None:
        self._live = live
        self._outbound = outbound
        self._other: dict[int, int] = {}
        self._with_keys: set[int] = set()
        self._takes_events = np.zeros(calls, dtype=np.bool_)
        self._hushed = np.zeros(calls, dtype=np.int64)  # the frame until which
        self._hush = 0  # the last of these
        self._pairs = [_NOBODY] * GROUPS

    def agree(self, call: int, stream: Stream) -> None:
        """What a call agreed on with its peer."""
        self._takes_events[call] = stream.event_payload_type is not None
        if (other := self._other.get(call)) is not None:
            self._sort(call % GROUPS, other % GROUPS)

    def join(self, call: int, other: int, *, keys: bool) -> None:
        """Let two calls hear each other."""
        self._other |= {call: other, other: call}
        for each in (call, other):
            (self._with_keys.add if keys else self._with_keys.discard)(each)
            self._hushed[each] = 0
        self._sort(call % GROUPS, other % GROUPS)

    def part(self, call: int) -> tuple[int, ...]:
        """End the bridge a call is in; who was in it."""
        other = self._other.pop(call, None)
        if other is None:
            return ()
        del self._other[other]
        self._with_keys -= {call, other}
        self._sort(call % GROUPS, other % GROUPS)
        return call, other

    @property
    def count(self) -> int:
        """How many bridges there are."""
        return len(self._other) // 2

    def other(self, call: int) -> int | None:
        """Whom a call hears."""
        return self._other.get(call)

    @property
    def carry_keys(self) -> bool:
        """Whether any key is carried over."""
        return bool(self._with_keys)

    def presses(self, call: int) -> int | None:
        """Whose key goes down with one of this call's.

        Nobody's, where neither peer takes events: the key is in the sound that the other hears.
        """
        other = self._other.get(call)
        if other is None or call not in self._with_keys:
            return None
        return other if self._takes_events[[call, other]].any() else None

    def hush(self, calls: Iterable[int], now: int) -> None:
        """A key of these calls is down: its sound is not for the other."""
        for call in calls:
            if self.presses(call) is not None:
                until = now + _AFTERMATH + max(0, self._live.delay(call))
                self._hushed[call] = until
                self._hush = max(self._hush, until)

    def _sort(self, *groups: int) -> None:
        law = self._live.law
        for group in set(groups):
            pairs = [pair for pair in self._other.items() if pair[0] % GROUPS == group]
            ears, mouths = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
            differ = law[ears] != law[mouths]
            order = np.argsort(differ, kind="stable")
            alike = len(ears) - int(differ.sum())
            self._pairs[group] = _Pairs(ears[order], mouths[order], alike)

    def beat(self, group: int, now: int) -> None:
        """What each ear of the group sends next is what its mouth said last."""
        pairs = self._pairs[group]
        if not pairs.ears.size:
            return
        live, sent = self._live, self._outbound.live
        ears, mouths = pairs.ears[: pairs.alike], pairs.mouths[: pairs.alike]
        sent[ears] = live.octets[mouths]
        if pairs.alike < pairs.ears.size:
            ears, mouths = pairs.ears[pairs.alike :], pairs.mouths[pairs.alike :]
            heard, spoken = live.law[mouths][:, None], live.law[ears][:, None]
            sent[ears] = _ACROSS[heard, spoken, live.octets[mouths]]
        if self._hush > now:
            ears = pairs.ears[self._hushed[pairs.mouths] > now]
            sent[ears] = _SILENCE[live.law[ears]][:, None]
