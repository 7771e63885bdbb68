"""Where the sound of a name lies in a folder: plain, sealed, or for a moment both."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from voicemail.adapters.folder_files import held, make_folder, sync_folder

_PLAIN = ".wav"
_SEALED = ".wav.sealed"


def plain_file(root: Path, name: str) -> Path:
    """The WAV file of a sound."""
    return root / f"{name}{_PLAIN}"


def sealed_file(root: Path, name: str) -> Path:
    """The sealed file of a sound."""
    return root / f"{name}{_SEALED}"


def names_in(root: Path) -> frozenset[str]:
    """Every sound in the folder, however it lies there."""
    return frozenset(_names(root))


def remove_sound(root: Path, name: str) -> None:
    """Remove a sound, however it lies there; silent when it is gone. Raises OSError.

    The folder is held, so that no file that is being sealed anew comes back.
    """
    if root.is_dir():
        with held(root):
            for path in (plain_file(root, name), sealed_file(root, name)):
                path.unlink(missing_ok=True)


def written_at(root: Path, name: str) -> datetime | None:
    """When a sound was last written, however it lies there; None when it is gone."""
    for path in (plain_file(root, name), sealed_file(root, name)):
        if path.is_file():
            return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return None


def move_sound(root: Path, name: str, to: Path) -> None:
    """Move a sound to another folder, under the same name; silent when it is gone.

    The folder is held, as for `remove_sound`. Raises OSError.
    """
    with held(root):
        for old, new in (
            (plain_file(root, name), plain_file(to, name)),
            (sealed_file(root, name), sealed_file(to, name)),
        ):
            if old.is_file():
                make_folder(new.parent)
                old.replace(new)
                sync_folder(new.parent)
                sync_folder(old.parent)


def _names(root: Path) -> Iterator[str]:
    for suffix in (_PLAIN, _SEALED):
        for path in root.rglob(f"*{suffix}"):
            yield path.relative_to(root).as_posix().removesuffix(suffix)
