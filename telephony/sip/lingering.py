"""What is over and kept a while: first in, first out, with one alarm for all of a length.

A transaction that was answered stays for 32 seconds, to answer its request again should that come
again (timers D, I, J, K, L and M of RFC 3261 §17 and RFC 6026). At hundreds of calls a second they
are by far the most that is kept; one of them costs a place in a row here, and no alarm of its own.
"""

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from telephony.sip.alarms import Alarms

T = TypeVar("T")

_Row = deque[tuple[float, T]]
"""What lasts equally long, the oldest first, each with the second at which its time is up."""


class Lingering(Generic[T]):
    """Calls `leave` with each thing and the time, so many seconds after it was added."""

    def __init__(self, alarms: Alarms, leave: Callable[[T, float], None]) -> None:
        self._alarms = alarms
        self._leave = leave
        self._rows: dict[float, _Row[T]] = {}

    def add(self, thing: T, seconds: float, now: float) -> None:
        """Keep a thing. `now` never goes back from one call to the next."""
        row = self._rows.setdefault(seconds, deque())
        row.append((now + seconds, thing))
        if len(row) == 1:
            self._await_first(seconds, row)

    def _await_first(self, seconds: float, row: _Row[T]) -> None:
        name = ("lingering", seconds)
        self._alarms.set(name, row[0][0], lambda now: self._let_go(seconds, row, now))

    def _let_go(self, seconds: float, row: _Row[T], now: float) -> None:
        while row and row[0][0] <= now:
            self._leave(row.popleft()[1], now)
        if row:
            self._await_first(seconds, row)
