"""Sealed sounds while they are in use: plain copies in a private folder, for an hour at most."""

import os
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from call.clock import Clock

FORGET_EVERY_S = 300.0
"""Seconds between two calls of `forget_old`, for no copy to outlive an hour."""

_SERVED = timedelta(minutes=30)
"""How long a copy is handed out: whoever gets one has time to read it before it goes."""

_KEPT = timedelta(hours=1, seconds=-FORGET_EVERY_S)


class OpenedSounds:
    """The plain copies of one process. Methods may be called from any thread; OSError passes."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._since: dict[str, datetime] = {}

    @property
    def frames(self) -> Path:
        """A folder as private for what is made of the copies; it goes when they all go."""
        return self._folder / "frames"

    def find(self, name: str) -> Path | None:
        """The copy of a sound, if there is one that stays for a while."""
        since = self._since.get(name)
        if since is None or self._clock.now() - since >= _SERVED:
            return None
        path = self._path(name)
        return path if path.is_file() else None

    def store(self, name: str, wav: bytes, modified_ns: int) -> Path:
        """Make a copy. It bears the time of the sealed file, by which equal copies are known."""
        path = self._path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._since[name] = self._clock.now()
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=".opening-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(wav)
            os.utime(part, ns=(modified_ns, modified_ns))
            Path(part).replace(path)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
        return path

    def forget(self, name: str) -> None:
        """Remove the copy of a sound; silent when there is none."""
        self._since.pop(name, None)
        self._path(name).unlink(missing_ok=True)

    def forget_old(self) -> None:
        """Remove the copies that have been there for most of an hour."""
        now = self._clock.now()
        for name, since in tuple(self._since.items()):
            if now - since >= _KEPT:
                self.forget(name)

    def make_room(self) -> None:
        """Remove the copies no longer handed out, whatever their age: memory is short."""
        for name in tuple(self._since):
            if self.find(name) is None:
                self.forget(name)

    def free_octets(self) -> int:
        """How much more fits."""
        return shutil.disk_usage(self._folder).free

    def _path(self, name: str) -> Path:
        return self._folder / "sounds" / f"{name}.wav"
