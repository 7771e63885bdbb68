"""The folder of ready sound: each clip made once, in both laws, named after what it says.

A clip appears whole or not at all: it is written under another name, then renamed. The folder may
be deleted at any time while the program is stopped; everything in it can be made again.
"""

import os
import tempfile
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from call.g711 import encode
from call.sound import FRAME, Clip, Law, Pcm
from ivr.voices.shaping import whole_frames


class FrameCache:
    """Clips on disk, by key. Methods may be called from any thread; OSError passes through."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def stem(self, key: str) -> Path:
        """Where the sound of a key is, or will be. Equal keys mean equal sounds."""
        return self._folder / sha256(key.encode()).hexdigest()[:32]

    def find(self, key: str) -> Clip | None:
        """The clip of a key, if both of its files are there and whole; marks it as in use now."""
        stem = self.stem(key)
        sizes = {_size(Clip(stem, 0).file(law)) for law in Law}
        size = sizes.pop()
        if sizes or size == 0 or size % FRAME:
            return None
        clip = Clip(stem, size // FRAME)
        for law in Law:
            os.utime(clip.file(law))
        return clip

    def holds(self, clip: Clip) -> bool:
        """Whether a clip found or made before is still there and whole."""
        return all(_size(clip.file(law)) == clip.frames * FRAME for law in Law)

    def store(self, key: str, sound: Pcm) -> Clip:
        """Makes the clip of a key; the sound is completed to whole frames."""
        frames = whole_frames(sound)
        clip = Clip(self.stem(key), len(frames) // FRAME)
        for law in Law:
            self._write(clip.file(law), encode(frames, law).tobytes())
        return clip

    def clear(self, unused_since: datetime | None = None) -> None:
        """Removes the clips neither made nor found since then (all of them without an instant).

        What an interrupted writing left behind goes too.
        """
        for file in self._folder.iterdir():
            if unused_since is None or file.stat().st_mtime < unused_since.timestamp():
                file.unlink(missing_ok=True)

    def _write(self, file: Path, octets: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".writing-")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(octets)
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
