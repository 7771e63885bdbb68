"""Clips as frames in memory: files mapped once, shared by all calls, a bounded number at a time."""

import logging
import mmap
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from call.g711 import Octets
from call.sound import FRAME, Clip, Law

_log = logging.getLogger(__name__)


class ClipShelf:
    """Keeps the clips used last at hand."""

    def __init__(self, room: int = 512) -> None:
        """`room`: how many files stay mapped."""
        self._room = room
        self._shelf: OrderedDict[Path, Octets] = OrderedDict()

    def take(self, clips: Sequence[Clip], law: Law) -> list[Octets]:
        """The frames of each clip, shape (n, 160); a clip that cannot be read is left out."""
        return [frames for clip in clips if len(frames := self._frames(clip, law))]

    def _frames(self, clip: Clip, law: Law) -> Octets:
        path = clip.file(law)
        frames = self._shelf.pop(path, None)
        if frames is None:
            frames = _mapped(path)
        if len(frames):
            self._shelf[path] = frames
        if len(self._shelf) > self._room:
            self._shelf.popitem(last=False)
        return frames[: clip.frames]


def _mapped(path: Path) -> Octets:
    try:
        with path.open("rb") as file:
            # Populated now, so that no page of it is fetched from disk while it plays.
            flags = mmap.MAP_SHARED | mmap.MAP_POPULATE
            mapped = mmap.mmap(file.fileno(), 0, flags=flags, prot=mmap.PROT_READ)
    except (OSError, ValueError):
        _log.exception("clip cannot be read", extra={"path": str(path)})
        return np.empty((0, FRAME), dtype=np.uint8)
    octets = np.frombuffer(mapped, dtype=np.uint8, count=len(mapped) // FRAME * FRAME)
    return octets.reshape(-1, FRAME)
