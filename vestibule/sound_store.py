"""Where the sounds of messages and greetings lie: plain, or sealed when the settings name keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from call.clock import Clock
from vestibule.settings import Storage
from voicemail.adapters.folder_sounds import FolderSounds
from voicemail.adapters.keys import KeyFile
from voicemail.adapters.opened_sounds import OpenedSounds
from voicemail.adapters.private_folder import private_folder
from voicemail.errors import KeysRefused
from voicemail.ports import AudioStore, Tokens


@dataclass(frozen=True, slots=True)
class SoundStore:
    """The sounds, and their plain copies where they lie sealed."""

    sounds: AudioStore
    opened: OpenedSounds | None


@contextmanager
def open_sounds(storage: Storage, clock: Clock, tokens: Tokens) -> Iterator[SoundStore]:
    """The sounds of a data folder; copies made meanwhile are gone when the block ends.

    Raises KeysRefused for a key file that cannot be used, or where the extra `sealed` is missing.
    """
    root = sounds_folder(storage)
    if storage.keys_file is None:
        yield SoundStore(FolderSounds(root), None)
        return
    keys = key_file(storage)
    keys.read()
    from voicemail.adapters.sealed_sounds import SealedSounds

    with private_folder(storage.data / "opened") as folder:
        opened = OpenedSounds(folder, clock)
        yield SoundStore(SealedSounds(root, keys, tokens, opened), opened)


def sounds_folder(storage: Storage) -> Path:
    """The folder of all messages and greetings."""
    return storage.data / "sounds"


def key_file(storage: Storage) -> KeyFile:
    """The keys the settings name. Raises KeysRefused where they name none, or in vain."""
    if storage.keys_file is None:
        raise KeysRefused("storage.keys_file is not set: it says which file holds the keys")
    try:
        import voicemail.adapters.sealing  # noqa: F401  # whether it can be had
    except ImportError as error:
        raise KeysRefused(
            "storage.keys_file needs an extra; run: pip install 'vestibule[sealed]'"
        ) from error
    return KeyFile(storage.keys_file)
