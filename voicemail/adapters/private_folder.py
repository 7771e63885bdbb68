"""A folder for what may not be left lying about: ours alone, in memory where it can be.

Each process has its own and holds a lock on it, which ends with the process, however it ends.
Who comes next removes the folders nobody holds: a crash leaves nothing for long.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voicemail.errors import SoundUnavailable

MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory."""

_PREFIX = "vestibule-opened-"
_MOUNTS = Path("/proc/self/mounts")


@contextmanager
def private_folder(disk: Path, memory: Path = MEMORY) -> Iterator[Path]:
    """A new folder until the block ends: in memory, else under `disk`. Raises SoundUnavailable."""
    try:
        if not is_memory(memory):
            disk.mkdir(mode=0o700, parents=True, exist_ok=True)
        for parent in (memory, disk):
            _sweep(parent)
        folder, lock = _held_folder(memory if is_memory(memory) else disk)
    except OSError as fault:
        raise SoundUnavailable(f"no private folder: {fault}") from fault
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def is_memory(folder: Path) -> bool:
    """Whether a folder is where something is mounted that keeps files in memory."""
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    kinds = {fields[1]: fields[2] for line in mounts if len(fields := line.split()) > 2}
    in_memory = kinds.get(str(folder)) in ("tmpfs", "ramfs")
    return in_memory and os.access(folder, os.W_OK | os.X_OK)


def _held_folder(parent: Path) -> tuple[Path, int]:
    """A new folder and the lock on it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        # Whoever sweeps between the making and the locking takes it for a dead one's.
        if (lock := _locked(folder)) is not None:
            return folder, lock


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        if not _is_ours(folder):
            continue
        lock = _locked(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _locked(folder: Path) -> int | None:
    """A lock on a folder that is there and that nobody holds."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    if not folder.is_dir():
        os.close(lock)
        return None
    return lock
