"""PINs hashed with argon2id, off the event loop."""

import asyncio

from pwdlib.hashers.argon2 import Argon2Hasher


class Argon2Pins:
    """A PIN hasher; two hashes at most are computed at once, each takes 64 MiB."""

    def __init__(self) -> None:
        self._hasher = Argon2Hasher()
        self._turns = asyncio.Semaphore(2)
        self._nobody: str | None = None

    async def hashed(self, pin: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, pin)

    async def matches(self, pin: str, hashed: str | None) -> bool:
        async with self._turns:
            return await asyncio.to_thread(self._matches, pin, hashed)

    def _matches(self, pin: str, hashed: str | None) -> bool:
        if self._nobody is None:
            self._nobody = self._hasher.hash("")
        return self._hasher.verify(pin, self._nobody if hashed is None else hashed) and (
            hashed is not None
        )
