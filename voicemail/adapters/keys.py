"""The keys sounds are sealed under: a small file, one key on a line, the newest on top.

    2026-11-22-9f3a01c2:<32 octets in base64>

An id is 1 to 32 letters, digits, `-`, `_` and `.`. Empty lines, and lines that begin with #, are
passed over. The first key seals; every key opens. The file is read anew for each use, so that a
server seals under a new key from the moment it stands there.
"""

import binascii
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from voicemail.adapters.folder_files import PART, held, make_folder, sync_folder
from voicemail.errors import KeysRefused

KEY_OCTETS = 32
"""AES-256."""

_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
_OURS_ALONE = 0o600
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Key:
    """A key and the id that sealed files name it by."""

    id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys, the newest first; there is at least one."""

    keys: tuple[Key, ...]

    @property
    def newest(self) -> Key:
        """The one that seals."""
        return self.keys[0]

    def find(self, id: str) -> Key | None:
        """The key with this id."""
        return next((key for key in self.keys if key.id == id), None)


class KeyFile:
    """The file of keys. Its methods block; each raises KeysRefused, which says what to do."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> KeyRing:
        """The keys as they stand in the file now."""
        keys = tuple(self._keys(self._text()))
        if not keys:
            raise KeysRefused(f"{self._path} holds no key; make one: vestibule keys new")
        twice = {key.id for key in keys if sum(key.id == other.id for other in keys) > 1}
        if twice:
            raise KeysRefused(f"{self._path}: two keys are called {', '.join(sorted(twice))}")
        return KeyRing(keys)

    def add(self, key: Key) -> None:
        """Put a key on top, durably; makes the file, for our user alone, where there is none."""
        path = self._path.resolve()
        try:
            make_folder(path.parent)
            with held(path.parent):
                text = self._text() if path.exists() else ""
                if any(key.id == each.id for each in self._keys(text)):
                    raise KeysRefused(f"{path}: there is a key {key.id} already")
                _rewrite(path, f"{key.id}:{b64encode(key.secret).decode()}\n{text}")
        except OSError as fault:
            raise KeysRefused(f"{path}: {fault.strerror}") from fault

    def _text(self) -> str:
        try:
            with self._path.open(encoding="ascii") as file:
                mode = os.fstat(file.fileno()).st_mode
                text = file.read()
        except FileNotFoundError:
            raise KeysRefused(
                f"{self._path} is not there; put it back, or make one: vestibule keys new"
            ) from None
        except OSError as fault:
            raise KeysRefused(f"{self._path}: {fault.strerror}") from fault
        except UnicodeDecodeError:
            raise KeysRefused(f"{self._path} is not a file of keys") from None
        if mode & _OTHERS:
            raise KeysRefused(f"{self._path} is open to other users; run: chmod 600 {self._path}")
        return text

    def _keys(self, text: str) -> Iterator[Key]:
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip() or line.startswith("#"):
                continue
            id, _, encoded = line.strip().partition(":")
            secret = _decoded(encoded)
            if not _ID.fullmatch(id) or len(secret) != KEY_OCTETS:
                # The line itself is not told: it may be a key.
                raise KeysRefused(f"{self._path}, line {number}: not ID:KEY, 32 octets in base64")
            yield Key(id, secret)


def _decoded(encoded: str) -> bytes:
    try:
        return b64decode(encoded, validate=True)
    except binascii.Error:
        return b""


def _rewrite(path: Path, text: str) -> None:
    """Put the file in place whole, for the user it belonged to."""
    part = path.with_name(path.name + PART)
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OURS_ALONE)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        if path.exists():
            owner = path.stat()
            if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)
