"""Sounds as WAV files under one folder (8 kHz, mono, 16-bit)."""

import asyncio
import io
import wave
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from call.sound import RATE
from voicemail.adapters.folder_files import PART, write_durably
from voicemail.adapters.sound_files import (
    move_sound,
    names_in,
    plain_file,
    remove_sound,
    sealed_file,
    written_at,
)
from voicemail.errors import SoundUnavailable

T = TypeVar("T")


class FolderSounds:
    """An audio store that is a folder: `messages/101/<id>` is `messages/101/<id>.wav`.

    What is set aside goes to the folder `unclaimed` beside it, under the same name.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._unclaimed = root.with_name("unclaimed")

    async def put(self, name: str, pcm: bytes) -> None:
        try:
            await asyncio.to_thread(write_durably, self._path(name), wav(pcm))
        except OSError as fault:
            raise SoundUnavailable(f"{name}: {fault}") from fault

    async def local(self, name: str) -> Path:
        path = self._path(name)
        if not await asyncio.to_thread(path.is_file):
            if await asyncio.to_thread(sealed_file(self._root, name).is_file):
                raise SoundUnavailable(f"{name} is sealed: name its keys in storage.keys_file")
            raise SoundUnavailable(f"no such sound: {name}")
        return path

    async def read(self, name: str) -> bytes:
        path = await self.local(name)
        return await _on_disk(name, path.read_bytes)

    async def written(self, name: str) -> datetime | None:
        return await _on_disk(name, lambda: written_at(self._root, name))

    async def set_aside(self, name: str) -> None:
        await _on_disk(name, lambda: move_sound(self._root, name, self._unclaimed))

    async def unclaimed(self) -> frozenset[str]:
        return await _on_disk("unclaimed", lambda: names_in(self._unclaimed))

    async def delete(self, name: str) -> None:
        await _on_disk(name, lambda: remove_sound(self._root, name))

    async def names(self) -> frozenset[str]:
        return await _on_disk("sounds", lambda: names_in(self._root))

    async def sweep(self) -> None:
        await _on_disk("sounds", self._sweep)

    def _sweep(self) -> None:
        for part in self._root.rglob(f"*{PART}"):
            part.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return plain_file(self._root, name)


async def _on_disk(name: str, work: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(work)
    except OSError as fault:
        raise SoundUnavailable(f"{name}: {fault}") from fault


def wav(pcm: bytes) -> bytes:
    """Raw samples as a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm)
    return buffer.getvalue()
