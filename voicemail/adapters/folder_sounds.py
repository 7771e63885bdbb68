"""Sounds as WAV files under one folder (8 kHz, mono, 16-bit)."""

import asyncio
import io
import wave
from pathlib import Path

from call.sound import RATE
from voicemail.adapters.folder_files import PART, write_durably
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
            raise SoundUnavailable(f"no such sound: {name}")
        return path

    async def delete(self, name: str) -> None:
        try:
            await asyncio.to_thread(self._path(name).unlink, missing_ok=True)
        except OSError as fault:
            raise SoundUnavailable(f"{name}: {fault}") from fault

    async def names(self) -> frozenset[str]:
        try:
            return await asyncio.to_thread(self._names)
        except OSError as fault:
            raise SoundUnavailable(str(fault)) from fault

    async def sweep(self) -> None:
        try:
            await asyncio.to_thread(self._sweep)
        except OSError as fault:
            raise SoundUnavailable(str(fault)) from fault

    def _names(self) -> frozenset[str]:
        found = self._root.rglob("*.wav")
        return frozenset(path.relative_to(self._root).with_suffix("").as_posix() for path in found)

    def _sweep(self) -> None:
        for part in self._root.rglob(f"*{PART}"):
            part.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._root / f"{name}.wav"


def wav(pcm: bytes) -> bytes:
    """Raw samples as a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm)
    return buffer.getvalue()
