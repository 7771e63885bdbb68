"""Sounds as WAV files under one folder (8 kHz, mono, 16-bit)."""

import asyncio
import io
import wave
from pathlib import Path

from call.sound import RATE
from voicemail.adapters.folder_files import PART, write_durably
from voicemail.adapters.sound_files import names_in, plain_file, remove_sound, sealed_file
from voicemail.errors import SoundUnavailable


class FolderSounds:
    """An audio store that is a folder: `messages/101/<id>` is `messages/101/<id>.wav`."""

    def __init__(self, root: Path) -> None:
        self._root = root

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

    async def delete(self, name: str) -> None:
        try:
            await asyncio.to_thread(remove_sound, self._root, name)
        except OSError as fault:
            raise SoundUnavailable(f"{name}: {fault}") from fault

    async def names(self) -> frozenset[str]:
        try:
            return await asyncio.to_thread(names_in, self._root)
        except OSError as fault:
            raise SoundUnavailable(str(fault)) from fault

    async def sweep(self) -> None:
        try:
            await asyncio.to_thread(self._sweep)
        except OSError as fault:
            raise SoundUnavailable(str(fault)) from fault

    def _sweep(self) -> None:
        for part in self._root.rglob(f"*{PART}"):
            part.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return plain_file(self._root, name)


def wav(pcm: bytes) -> bytes:
    """Raw samples as a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm)
    return buffer.getvalue()
