"""Whether the loops of the plane can be compiled here, and the loops."""

import logging
from importlib.util import find_spec

from telephony.media.compiled import Loops

_log = logging.getLogger(__name__)


def loops_are_there() -> bool:
    """Whether numba is installed."""
    return find_spec("numba") is not None


def load_loops() -> Loops | None:
    """Compile them, or load what was compiled before; None where numba is not there, or fails."""
    if not loops_are_there():
        return None
    try:
        from telephony.media import loops
    except (ImportError, OSError, RuntimeError) as fault:
        _log.warning("the media plane does without compiled loops", extra={"reason": str(fault)})
        return None
    return Loops(loops.take, loops.hear, loops.mix, loops.weigh, loops.lay, loops.send)
