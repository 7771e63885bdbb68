"""Alarms set by name, rung in order of time, by whoever owns the clock."""

import heapq
from collections.abc import Callable, Hashable
from itertools import count

Ring = Callable[[float], None]
"""Called with the time at which the alarm is rung."""


class Alarms:
    """A set of named alarms; setting a name again replaces it.

    Replaced and cleared alarms stay in the heap until their time comes to the top: clearing is
    free, and a call clears nearly every alarm it sets.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Hashable]] = []
        self._live: dict[Hashable, tuple[int, Ring]] = {}
        self._serial = count()

    def set(self, name: Hashable, at: float, ring: Ring) -> None:
        """Ring at the monotonic second `at`."""
        serial = next(self._serial)
        self._live[name] = (serial, ring)
        heapq.heappush(self._heap, (at, serial, name))
        if len(self._heap) > 64 + 4 * len(self._live):
            self._heap = [entry for entry in self._heap if self._is_live(entry)]
            heapq.heapify(self._heap)

    def __contains__(self, name: Hashable) -> bool:
        return name in self._live

    def clear(self, name: Hashable) -> None:
        """Forget an alarm; nothing happens when it is not set."""
        self._live.pop(name, None)

    @property
    def deadline(self) -> float | None:
        """When the next alarm is due, in monotonic seconds; None when none is set."""
        while self._heap and not self._is_live(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def ring(self, now: float) -> None:
        """Ring every alarm due by `now`, those set meanwhile included."""
        while (due := self.deadline) is not None and due <= now:
            _, _, name = heapq.heappop(self._heap)
            _, ring = self._live.pop(name)
            ring(now)

    def _is_live(self, entry: tuple[float, int, Hashable]) -> bool:
        live = self._live.get(entry[2])
        return live is not None and live[0] == entry[1]
