"""A folder of sealed sounds, its keys, and power cuts at every step its files go through."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from call.clock import Clock, VirtualClock
from tests.voicemail.office import SeededTokens
from voicemail.adapters.keys import Key, KeyFile
from voicemail.adapters.opened_sounds import OpenedSounds
from voicemail.adapters.sealed_sounds import SealedSounds

STEPS = ("fsync", "replace", "unlink")
"""What changes a disk for good."""


def key(id: str) -> Key:
    """A key anybody can guess."""
    return Key(id, id.encode().ljust(32, b"."))


def key_file(folder: Path, *ids: str) -> KeyFile:
    """A file of keys in a folder, the first id on top."""
    file = KeyFile(folder / "keys")
    for id in reversed(ids):
        file.add(key(id))
    return file


def sealed_store(
    folder: Path, keys: KeyFile, *, clock: Clock | None = None, tokens: int = 0
) -> SealedSounds:
    """Sounds sealed under `folder`/audio, opened beside it; `tokens` keeps their nonces apart."""
    chance = SeededTokens()
    for _ in range(tokens):
        chance.token(1 + 3)
    opened = OpenedSounds(folder / "opened", clock or VirtualClock())
    return SealedSounds(folder / "audio", keys, chance, opened)


class PowerCut(BaseException):
    """The program is gone, between two steps of its work."""


@contextmanager
def power_cut(step: int, *, after: bool) -> Iterator[None]:
    """The power goes before or after the n-th step, and nothing is done any more."""
    left, gone = step, False

    def wired(act: Callable[..., None]) -> Callable[..., None]:
        def act_if_there_is_power(*arguments: object, **options: object) -> None:
            nonlocal left, gone
            if gone:
                raise PowerCut
            left -= 1
            gone = left < 0
            if not gone or after:
                act(*arguments, **options)
            if gone:
                raise PowerCut

        return act_if_there_is_power

    with pytest.MonkeyPatch.context() as patch:
        for name in STEPS:
            patch.setattr(os, name, wired(getattr(os, name)))
        yield
