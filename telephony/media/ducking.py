"""What is played to somebody who hears others: it sounds above them, and they are lowered."""

import numpy as np
from numpy.typing import NDArray

from call.g711 import DECODE, ENCODE, Octets
from call.sound import Law

LOWERED_DB = -12.0
"""By how much others are lowered meanwhile: still followed, and no rival to a prompt."""

LOWERED = np.float32(10 ** (LOWERED_DB / 20))
"""The same as a factor."""

_LINEAR = np.stack([DECODE[law] for law in Law])
_LOWERED = np.rint(_LINEAR * LOWERED).astype(np.int16)
_ENCODE = np.stack([ENCODE[law] for law in Law])


def above(played: Octets, heard: Octets, law: NDArray[np.uint8]) -> Octets:
    """`played` over `heard`, each of shape (n, 160); it saturates at full scale.

    `law` is the law of each frame, by its place among all laws.
    """
    law = law[:, None]
    total = _LINEAR[law, played].astype(np.int32) + _LOWERED[law, heard]
    octets: Octets = _ENCODE[law, np.clip(total, -32768, 32767).astype(np.int16).view(np.uint16)]
    return octets
