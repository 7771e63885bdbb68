"""What a telephone received, laid out by RTP timestamp as it comes in."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]

ROOM = 1 << 16
"""Samples by which a stream's room grows at least."""


@dataclass(slots=True)
class _Stream:
    """The sound of one SSRC: `room` holds it from sample `begin` on, `end` is behind its last."""

    first: int
    begin: int = 0
    end: int = 0
    room: Pcm = field(default_factory=lambda: np.zeros(ROOM, dtype=np.int16))

    def put(self, timestamp: int, sound: Pcm) -> None:
        place = (timestamp - self.first + 0x80000000) % 0x100000000 - 0x80000000
        if place < self.begin:  # it overtook the first packet
            self.room = np.concatenate([np.zeros(self.begin - place, dtype=np.int16), self.room])
            self.begin = place
        if (missing := place + len(sound) - self.begin - len(self.room)) > 0:
            more = np.zeros(max(missing, ROOM, len(self.room)), dtype=np.int16)
            self.room = np.concatenate([self.room, more])
        self.room[place - self.begin :][: len(sound)] = sound
        self.end = max(self.end, place + len(sound))

    @property
    def sound(self) -> Pcm:
        return self.room[: self.end - self.begin]


class LaidOut:
    """Sound by its place: holes are digital silence.

    Each stream (SSRC) begins where it began to arrive after the one before it.
    """

    def __init__(self) -> None:
        self._streams: dict[int, _Stream] = {}

    def put(self, ssrc: int, timestamp: int, sound: Pcm) -> None:
        """Lay out one packet."""
        self._streams.setdefault(ssrc, _Stream(timestamp)).put(timestamp, sound)

    def sound(self, ssrc: int | None = None) -> Pcm:
        """All of it, or one stream's."""
        wanted: Iterable[_Stream] = self._streams.values()
        if ssrc is not None:
            wanted = [self._streams[ssrc]] if ssrc in self._streams else []
        pieces = [stream.sound for stream in wanted]
        return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int16)
