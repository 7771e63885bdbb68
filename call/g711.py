"""G.711 by table: linear sound to companded octets and back, in both laws.

The tables are computed once from the arithmetic of the ITU-T software tool library (G.191): a
magnitude is cut to 14 bits (mu-law) or 13 bits (A-law), its segment is the place of its highest
bit, and four bits say where it stands within the segment. Negative samples go through the one's
complement, so that -1 rounds to silence as +1 does.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from call.sound import Law, Pcm

Octets = NDArray[np.uint8]
"""Companded sound: one octet a sample, shape (n,) or any other."""


def _segment(magnitude: NDArray[np.int32], lowest: int) -> NDArray[np.int32]:
    """Which of the eight segments each magnitude falls in; segment 1 begins at `lowest`."""
    edges = np.array([lowest << n for n in range(7)], dtype=np.int32)
    return np.searchsorted(edges, magnitude, side="right").astype(np.int32)


def _mu_encoded() -> Octets:
    linear = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.minimum((np.where(linear < 0, ~linear, linear) >> 2) + 33, 0x1FFF)
    segment = _segment(magnitude, 64)
    code = (segment << 4) | ((magnitude >> (segment + 1)) & 0x0F)
    octets: Octets = (~(code | np.where(linear < 0, 0x80, 0)) & 0xFF).astype(np.uint8)
    return octets


def _mu_decoded() -> Pcm:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _a_encoded() -> Octets:
    linear = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.where(linear < 0, ~linear, linear) >> 4
    segment = _segment(magnitude, 16)
    code = (segment << 4) | ((magnitude >> np.maximum(segment - 1, 0)) & 0x0F)
    return ((code | np.where(linear < 0, 0, 0x80)) ^ 0x55).astype(np.uint8)


def _a_decoded() -> Pcm:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment = (code >> 4) & 7
    magnitude = ((code & 0x0F) << 4) + 8
    magnitude = np.where(segment > 0, (magnitude + 0x100) << np.maximum(segment - 1, 0), magnitude)
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _tables() -> tuple[Mapping[Law, Octets], Mapping[Law, Pcm]]:
    encoded = {Law.PCMU: _mu_encoded(), Law.PCMA: _a_encoded()}
    decoded = {Law.PCMU: _mu_decoded(), Law.PCMA: _a_decoded()}
    for law in Law:
        encoded[law].flags.writeable = False
        decoded[law].flags.writeable = False
    return MappingProxyType(encoded), MappingProxyType(decoded)


ENCODE, DECODE = _tables()
"""By law: 65,536 octets indexed by a sample seen as uint16; 256 samples indexed by an octet."""

SILENCE: Mapping[Law, int] = MappingProxyType({Law.PCMU: 0xFF, Law.PCMA: 0xD5})
"""The octet of the smallest positive value of each law: what silence is made of."""


_LAWS = tuple(Law)
LINEAR = np.concatenate([DECODE[law] for law in _LAWS])


def decode_each(octets: Octets, laws: NDArray[np.uint8]) -> Pcm:
    """Expand rows of companded sound, each in a law of its own: `laws` tells its place in Law."""
    # No code is past the end of the table: "wrap" only spares numpy the look.
    pcm: Pcm = LINEAR.take(octets + laws[:, None] * np.uint16(256), mode="wrap")
    return pcm


def encode(pcm: Pcm, law: Law) -> Octets:
    """Compand linear sound; the shape is kept."""
    octets: Octets = ENCODE[law][np.ascontiguousarray(pcm, dtype=np.int16).view(np.uint16)]
    return octets


def decode(octets: Octets, law: Law) -> Pcm:
    """Expand companded sound to int16; the shape is kept."""
    pcm: Pcm = DECODE[law][octets]
    return pcm
