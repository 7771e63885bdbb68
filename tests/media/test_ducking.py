"""What is played over others is their sum, the others a quarter as strong, held at full scale."""

import numpy as np
import pytest

from call.g711 import decode, encode
from call.sound import FRAME, Law
from telephony.media.ducking import above

LAWS = tuple(Law)


@pytest.mark.parametrize("law", Law)
def test_every_octet_over_every_octet_is_their_sum(law: Law) -> None:
    played, heard = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    place = np.full(256, LAWS.index(law), dtype=np.uint8)
    total = decode(played, law) + decode(heard, law) * 10 ** (-12 / 20)
    expected = encode(np.clip(np.rint(total), -32768, 32767).astype(np.int16), law)
    assert np.abs(
        decode(above(played, heard, place), law) - decode(expected, law).astype(int)
    ).max() <= _step(law)
    assert (above(played, heard, place) == expected).mean() > 0.99


def test_calls_of_both_laws_are_served_together() -> None:
    dice = np.random.default_rng(3)
    played, heard = dice.integers(0, 256, (2, 5, FRAME)).astype(np.uint8)
    place = np.array([0, 1, 1, 0, 1], dtype=np.uint8)
    together = above(played, heard, place)
    for n, law in enumerate(place):
        alone = above(played[n : n + 1], heard[n : n + 1], place[n : n + 1])
        assert np.array_equal(together[n : n + 1], alone), law


def _step(law: Law) -> int:
    """The widest step between two values of a law."""
    return int(np.diff(np.sort(decode(np.arange(256, dtype=np.uint8), law))).max())
