"""How hard the plane works: measured beat by beat, and told five times a second."""

import math
from collections import deque

TELL_S = 0.2
"""Seconds between two tellings."""

_SMOOTHED_S = 1.0  # what is told weighs the last second most
_WORST_OF = round(1.0 / TELL_S)  # windows over which the worst beat is remembered


class LoadMeter:
    """Measures the work of one process. Pure: the time is told, in monotonic seconds."""

    def __init__(self) -> None:
        self.busy = 0.0
        """Share of the time that was worked, smoothed over a second."""
        self._began: float | None = None
        self._tell_at = 0.0
        self._worked = self._worst = 0.0
        self._latest: deque[float] = deque(maxlen=_WORST_OF)

    @property
    def late_s(self) -> float:
        """How late the worst beat of the last second was."""
        return max(self._latest, default=0.0)

    def note(self, woke: float, done: float, late: float) -> bool:
        """A beat was served from `woke` to `done`, `late` seconds after it was due.

        True when it is time to tell.
        """
        if self._began is None:
            self._began, self._tell_at = woke, woke + TELL_S
        self._worked += done - woke
        if late > self._worst:
            self._worst = late
        if done < self._tell_at:
            return False
        self._close(self._began, done)
        return True

    def _close(self, began: float, now: float) -> None:
        """The window ends, and the next one begins."""
        share = min(1.0, self._worked / (now - began))
        self.busy += (share - self.busy) * -math.expm1((began - now) / _SMOOTHED_S)
        self._latest.append(self._worst)
        self._worked = self._worst = 0.0
        self._began, self._tell_at = now, now + TELL_S

    def rest(self) -> bool:
        """There is nothing to do for a while: what was measured says nothing of what comes.

        True when that is to be told.
        """
        measured = self._began is not None
        self.busy = self._worked = self._worst = 0.0
        self._began = None
        self._latest.clear()
        return measured
