"""What numba compiles, where the extra `compiled` is installed: numpy does all of it elsewhere.

Everything that takes a `Loops` takes None as well, and then does the same by strokes of numpy. To
the loops it leaves only what is plain. How the two compare is in docs/performance.md.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loops:
    """Parts of a beat as machine code; see `telephony.media.loops` for each."""

    take: Callable[..., tuple[int, int]]
    hear: Callable[..., int]
    mix: Callable[..., None]
    weigh: Callable[..., None]
    lay: Callable[..., tuple[int, int]]
    send: Callable[..., int]
