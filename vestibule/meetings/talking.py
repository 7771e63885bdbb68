"""For how long each person spoke, from what the plane tells of who is heard just now."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PAUSE_S = 2.0
"""Pauses shorter than this are part of what somebody says."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Somebody spoke, from one moment to another (monotonic seconds)."""

    id: str
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """For how long."""
        return self.ended - self.began


@dataclass(slots=True)
class _Voice:
    began: float
    quiet_since: float | None = None


class Talking:
    """Who speaks, and who spoke. Seconds are monotonic."""

    def __init__(self) -> None:
        self._voices: dict[str, _Voice] = {}

    @property
    def speakers(self) -> frozenset[str]:
        """Who is heard just now."""
        return frozenset(id for id, each in self._voices.items() if each.quiet_since is None)

    def heard(self, ids: Iterable[str], now: float) -> list[Speech]:
        """These are heard from now on, and nobody else; what is over since long enough."""
        speaking = frozenset(ids)
        spoken = list(self._over(now))
        for id, voice in self._voices.items():
            if id not in speaking:
                voice.quiet_since = now if voice.quiet_since is None else voice.quiet_since
        for id in speaking:
            self._voices.setdefault(id, _Voice(now)).quiet_since = None
        return spoken

    def gone(self, id: str, now: float) -> list[Speech]:
        """Somebody is heard no more at all; what they said last."""
        voice = self._voices.pop(id, None)
        return [] if voice is None else [_speech(id, voice, now)]

    def stop(self, now: float) -> list[Speech]:
        """Nobody hears anybody any more; what was said last."""
        return [speech for id in tuple(self._voices) for speech in self.gone(id, now)]

    def _over(self, now: float) -> Iterator[Speech]:
        for id, voice in tuple(self._voices.items()):
            if voice.quiet_since is not None and now - voice.quiet_since >= PAUSE_S:
                yield from self.gone(id, now)


def _speech(id: str, voice: _Voice, now: float) -> Speech:
    return Speech(id, voice.began, now if voice.quiet_since is None else voice.quiet_since)
