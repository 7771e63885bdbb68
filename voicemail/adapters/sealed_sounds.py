"""Sounds as sealed files under one folder: `messages/101/<id>` is `messages/101/<id>.wav.sealed`.

What lies there as a plain WAV file is found too, so that sealing can be switched on any day.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from voicemail.adapters.folder_files import write_durably
from voicemail.adapters.folder_sounds import FolderSounds, wav
from voicemail.adapters.keys import KeyFile
from voicemail.adapters.opened_sounds import OpenedSounds
from voicemail.adapters.sealing import NONCE, open_sealed, seal
from voicemail.adapters.sound_files import plain_file, sealed_file
from voicemail.errors import KeysRefused, SoundUnavailable
from voicemail.ports import Tokens

T = TypeVar("T")


class SealedSounds:
    """An audio store whose disk holds nothing that can be heard without the key file."""

    def __init__(self, root: Path, keys: KeyFile, tokens: Tokens, opened: OpenedSounds) -> None:
        self._root = root
        self._plain = FolderSounds(root)
        self._keys = keys
        self._tokens = tokens
        self.opened = opened

    async def put(self, name: str, pcm: bytes) -> None:
        await _on_disk(name, lambda: self._put(name, pcm))

    async def local(self, name: str) -> Path:
        """A plain copy, to be read at once."""
        return await _on_disk(name, lambda: self._copy(name))

    async def read(self, name: str) -> bytes:
        return await _on_disk(name, lambda: self._lying(name)[0])

    async def written(self, name: str) -> datetime | None:
        return await self._plain.written(name)

    async def set_aside(self, name: str) -> None:
        """Still sealed: it opens again when it is put back under its name."""
        await self._plain.set_aside(name)
        await _on_disk(name, lambda: self.opened.forget(name))

    async def unclaimed(self) -> frozenset[str]:
        return await self._plain.unclaimed()

    async def delete(self, name: str) -> None:
        await self._plain.delete(name)
        await _on_disk(name, lambda: self.opened.forget(name))

    async def names(self) -> frozenset[str]:
        return await self._plain.names()

    async def sweep(self) -> None:
        await self._plain.sweep()

    def _put(self, name: str, pcm: bytes) -> None:
        key = self._keys.read().newest
        sealed = seal(wav(pcm), name, key, self._tokens.token(NONCE))
        write_durably(sealed_file(self._root, name), sealed)
        plain_file(self._root, name).unlink(missing_ok=True)

    def _copy(self, name: str) -> Path:
        if any(path.is_file() for path in self._files(name)) and (copy := self.opened.find(name)):
            return copy
        octets, modified_ns = self._lying(name)
        return self.opened.store(name, octets, modified_ns)

    def _files(self, name: str) -> tuple[Path, Path, Path]:
        """Where a sound may lie, in the order to look: while keys are rotated, the plain file goes
        when the sealed one is there."""
        sealed, plain = sealed_file(self._root, name), plain_file(self._root, name)
        return sealed, plain, sealed

    def _lying(self, name: str) -> tuple[bytes, int]:
        """The WAV file of a sound, and when the file it lies in was written."""
        for path in self._files(name):
            try:
                modified_ns, octets = path.stat().st_mtime_ns, path.read_bytes()
            except FileNotFoundError:
                continue
            if path == sealed_file(self._root, name):
                octets = open_sealed(octets, name, self._keys.read())
            return octets, modified_ns
        raise SoundUnavailable(f"no such sound: {name}")


async def _on_disk(name: str, work: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(work)
    except (OSError, KeysRefused) as fault:
        raise SoundUnavailable(f"{name}: {fault}") from fault
