"""How hard the plane works: measured beat by beat, and told when it changes, or each second."""

import math
from collections import deque

TELL_S = 0.2
"""Seconds from one measurement to the next, each of which may be told."""

_SMOOTHED_S = 1.0  # what is told weighs the last second most
_SECOND = round(1.0 / TELL_S)  # measurements
_NEWS = 0.02  # of the time more or less: whoever is told has work with it as well
_NEWS_S = 0.001  # later or earlier


class LoadMeter:
    """Measures the work of one process. Pure: the time is told, in monotonic seconds."""

    def __init__(self) -> None:
        self.busy = 0.0
        """Share of the time that was worked, smoothed over a second."""
        self._began: float | None = None
        self._tell_at = 0.0
        self._worked = self._worst = 0.0
        self._latest: deque[float] = deque(maxlen=_SECOND)
        self._told: tuple[float, float] | None = None
        self._untold = 0

    @property
    def late_s(self) -> float:
        """How late the worst beat of the last second was."""
        return max(self._latest, default=0.0)

    def note(self, woke: float, done: float, late: float) -> bool:
        """A beat was served from `woke` to `done`, `late` seconds after it was due.

        True when there is something to tell.
        """
        if self._began is None:
            self._began, self._tell_at = woke, woke + TELL_S
        self._worked += done - woke
        if late > self._worst:
            self._worst = late
        if done < self._tell_at:
            return False
        self._close(self._began, done)
        return self._is_news()

    def _is_news(self) -> bool:
        """Whether to tell what was measured: it is another than was told, or a second has gone."""
        self._untold += 1
        if (
            self._told is not None
            and abs(self.busy - self._told[0]) < _NEWS
            and abs(self.late_s - self._told[1]) < _NEWS_S
            and self._untold < _SECOND
        ):
            return False
        self._told, self._untold = (self.busy, self.late_s), 0
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
        self._told = None
        self._latest.clear()
        return measured
