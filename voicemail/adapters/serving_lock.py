"""One server at a time answers calls from a folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import StoreUnavailable
from voicemail.adapters.folder_files import make_folder


@contextmanager
def only_server(folder: Path) -> Iterator[None]:
    """Hold the folder as its one server; the hold ends with the process, however it ends.

    Take it before `Mailboxes.recover` and `OutboxWorker.run`: both take what lies in the folder
    for a dead server's. Raises StoreUnavailable when another server holds it.
    """
    try:
        make_folder(folder)
        lock = os.open(folder / "serving.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise StoreUnavailable(str(fault)) from fault
    try:
        _hold(lock, folder)
        yield
    finally:
        os.close(lock)


def _hold(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        raise StoreUnavailable(f"another server answers calls from {folder}") from fault
