"""Whether the loops of the plane can be compiled here, and the loops.

To compile them takes seconds, and what comes of it is kept. numba would keep it as long as the
file of a loop is the same, though constants of other files are in it as well: so it is kept by what
is written in all of `call` and `telephony`, and after any change made anew.
"""

import hashlib
import logging
import os
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from telephony.media.compiled import Loops

_ROOT = Path(__file__).parents[2]
_BESIDE = Path(__file__).parent / "__pycache__"

_log = logging.getLogger(__name__)


def loops_are_there() -> bool:
    """Whether numba is installed."""
    return find_spec("numba") is not None


def compiler() -> str:
    """What compiles the loops here, and its version; empty where numba is not installed."""
    return f"numba {version('numba')}" if loops_are_there() else ""


def load_loops() -> Loops | None:
    """Compile them, or load what was compiled before; None where numba is not there, or fails."""
    if not loops_are_there():
        return None
    kept = _place()
    if kept is not None:
        os.environ["NUMBA_CACHE_DIR"] = str(kept)
    try:
        from telephony.media import loops
    except (ImportError, OSError, RuntimeError) as fault:
        _log.warning("the media plane does without compiled loops", extra={"reason": str(fault)})
        return None
    return Loops(loops.take, loops.hear, loops.mix, loops.weigh, loops.lay, loops.send)


def _place() -> Path | None:
    """Where what is compiled from these sources is kept; None where nothing may be written."""
    written = hashlib.sha256()
    for trade in ("call", "telephony"):
        for source in sorted((_ROOT / trade).rglob("*.py")):
            written.update(source.read_bytes())
    name = f"loops-{written.hexdigest()[:16]}"
    for folder in _folders():
        try:
            (folder / name).mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder / name, os.W_OK):
            _forget_older(name)
            return folder / name
    return None


def _folders() -> Iterator[Path]:
    yield _BESIDE
    if cache := os.environ.get("XDG_CACHE_HOME"):
        yield Path(cache) / "vestibule"
    try:
        yield Path.home() / ".cache" / "vestibule"
    except RuntimeError:  # a user of a number alone, as containers have
        return


def _forget_older(name: str) -> None:
    """Remove what was compiled of these sources before; elsewhere it may be another program's."""
    for kept in _BESIDE.glob("loops-*"):
        if kept.name != name:
            shutil.rmtree(kept, ignore_errors=True)


def compile_loops() -> None:
    """Compile them ahead of the first start, if they can be kept and are not yet."""
    if loops_are_there() and (kept := _place()) is not None and not any(kept.iterdir()):
        load_loops()


if __name__ == "__main__":
    compile_loops()
