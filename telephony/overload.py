"""When to take no more calls, so that those under way do not suffer.

Three things tell it: the share of its time that the media plane works, how late its beats come,
and how late the event loop runs. The first and the last are means over about a second, and are
believed at once. The plane's lateness is that of its worst beat; one such beat happens on any
machine and is not heard, so it must last. Once the door is closed it opens only when all three are
well below their limits for a while: what would flap is closed.
"""

from dataclasses import dataclass

EASE = 0.9
"""The part of a limit below which it counts as kept again."""


@dataclass(frozen=True, slots=True)
class Load:
    """How busy we are just now."""

    calls: int = 0
    lateness_s: float = 0.0
    """Of the event loop, or of the messages that wait for it."""
    busy: float = 0.0
    """Share of its time that the media plane works."""
    plane_late_s: float = 0.0
    """How late its worst beat of the last second was."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is too much.

    Above `max_busy`, or `max_lateness_s` seconds of delay on the event loop, or when the plane's
    beats are more than `max_plane_lateness_s` late for `lasting_s` seconds. What is relieved for
    `relief_s` seconds is so for good.
    """

    max_busy: float = 0.93
    max_lateness_s: float = 0.25
    max_plane_lateness_s: float = 0.010
    lasting_s: float = 5.0
    relief_s: float = 2.0


class Overload:
    """Whether it is too much. Pure: the load and the time, in monotonic seconds, are told."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.on = False
        self._late_since: float | None = None
        self._eased_since: float | None = None

    def look(self, load: Load, now: float) -> bool:
        """Whether it is too much just now. Look often: at each request, and several times a
        second."""
        if not self._is_late(load):
            self._late_since = None
        elif self._late_since is None:
            self._late_since = now
        if self._strains(load, 1.0) or self._lasts(self._late_since, now, self._limits.lasting_s):
            self.on, self._eased_since = True, None
        elif self.on:
            self._ease(load, now)
        return self.on

    def _ease(self, load: Load, now: float) -> None:
        if self._strains(load, EASE) or self._is_late(load):
            self._eased_since = None
        elif self._eased_since is None:
            self._eased_since = now
        elif self._lasts(self._eased_since, now, self._limits.relief_s):
            self.on, self._eased_since = False, None

    def _strains(self, load: Load, part: float) -> bool:
        limits = self._limits
        return load.busy > part * limits.max_busy or load.lateness_s > part * limits.max_lateness_s

    def _is_late(self, load: Load) -> bool:
        return load.plane_late_s > self._limits.max_plane_lateness_s

    @staticmethod
    def _lasts(since: float | None, now: float, seconds: float) -> bool:
        return since is not None and now - since >= seconds
