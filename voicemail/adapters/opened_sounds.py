"""Sealed sounds while they are in use: plain copies in a private folder, for an hour at most."""

import errno
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from call.clock import Clock

FORGET_EVERY_S = 300.0
"""Seconds between two calls of `forget_old`, for no copy to outlive an hour."""

_SERVED = timedelta(minutes=30)
"""How long a copy is handed out: whoever gets one has time to read it before it goes."""

_KEPT = timedelta(hours=1, seconds=-FORGET_EVERY_S)

_READ = timedelta(minutes=1)
"""How long whoever was handed a copy may take to read it, when memory is short."""


@dataclass(frozen=True, slots=True)
class _Copy:
    made: datetime
    handed_out: datetime


class OpenedSounds:
    """The plain copies of one process. Methods may be called from any thread; OSError passes."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._copies: dict[str, _Copy] = {}

    @property
    def frames(self) -> Path:
        """A folder as private for what is made of the copies; it goes when they all go."""
        return self._folder / "frames"

    def find(self, name: str) -> Path | None:
        """The copy of a sound, if there is one that stays for a while."""
        copy, now, path = self._copies.get(name), self._clock.now(), self._path(name)
        if copy is None or now - copy.made >= _SERVED or not path.is_file():
            return None
        self._copies[name] = _Copy(copy.made, now)
        return path

    def store(self, name: str, wav: bytes, modified_ns: int) -> Path:
        """Make a copy. It bears the time of the sealed file, by which equal copies are known."""
        path, now = self._path(name), self._clock.now()
        self._copies[name] = _Copy(now, now)
        try:
            _write(path, wav, modified_ns)
        except OSError as fault:
            if fault.errno != errno.ENOSPC:
                raise
            self._forget(unused_for=_READ)
            _write(path, wav, modified_ns)
        return path

    def forget(self, name: str) -> None:
        """Remove the copy of a sound; silent when there is none."""
        self._copies.pop(name, None)
        self._path(name).unlink(missing_ok=True)

    def forget_old(self) -> None:
        """Remove the copies that have been there for most of an hour."""
        now = self._clock.now()
        for name, copy in tuple(self._copies.items()):
            if now - copy.made >= _KEPT:
                self.forget(name)

    def free_octets(self) -> int:
        """How much more fits."""
        return shutil.disk_usage(self._folder).free

    def _forget(self, unused_for: timedelta) -> None:
        now = self._clock.now()
        for name, copy in tuple(self._copies.items()):
            if now - copy.handed_out >= unused_for:
                self.forget(name)

    def _path(self, name: str) -> Path:
        return self._folder / "sounds" / f"{name}.wav"


def _write(path: Path, wav: bytes, modified_ns: int) -> None:
    """Put a copy in place whole: callers may open the same sound at the same moment."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".opening-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(wav)
        os.utime(part, ns=(modified_ns, modified_ns))
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
