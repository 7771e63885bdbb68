"""Sound survives companding exactly as the ITU-T tables say."""

from collections.abc import Callable

import numpy as np
import pytest

from call.g711 import SILENCE, decode, encode
from call.sound import Law

EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)
EVERY_OCTET = np.arange(256).astype(np.uint8)


def _mu_reference(sample: int) -> int:
    """G.191 `ulaw_compress`, one sample at a time."""
    magnitude = min(((~sample if sample < 0 else sample) >> 2) + 33, 0x1FFF)
    segment = 1
    while magnitude >> (5 + segment):
        segment += 1
    octet = ((8 - segment) << 4) | (0x0F - ((magnitude >> segment) & 0x0F))
    return octet | (0x80 if sample >= 0 else 0)


def _a_reference(sample: int) -> int:
    """G.191 `alaw_compress`, one sample at a time."""
    magnitude = (~sample if sample < 0 else sample) >> 4
    if magnitude > 15:
        exponent = 1
        while magnitude > 31:
            magnitude >>= 1
            exponent += 1
        magnitude = magnitude - 16 + (exponent << 4)
    return (magnitude | (0x80 if sample >= 0 else 0)) ^ 0x55


@pytest.mark.parametrize(
    ("law", "reference"), [(Law.PCMU, _mu_reference), (Law.PCMA, _a_reference)]
)
def test_every_sample_is_companded_as_the_itu_reference_says(
    law: Law, reference: Callable[[int], int]
) -> None:
    assert encode(EVERY_SAMPLE, law).tolist() == [reference(int(s)) for s in EVERY_SAMPLE]


def test_the_standard_library_agrees_on_every_octet_and_on_the_sign_it_cuts_alike() -> None:
    audioop = pytest.importorskip("audioop")
    for law, to_linear in ((Law.PCMU, audioop.ulaw2lin), (Law.PCMA, audioop.alaw2lin)):
        expected = np.frombuffer(to_linear(EVERY_OCTET.tobytes(), 2), np.int16)
        assert np.array_equal(decode(EVERY_OCTET, law), expected)
    a_law = np.frombuffer(audioop.lin2alaw(EVERY_SAMPLE.tobytes(), 2), np.uint8)
    assert np.array_equal(encode(EVERY_SAMPLE, Law.PCMA), a_law)
    # audioop cuts negative samples to 14 bits before it takes their magnitude; G.191 after.
    negative = EVERY_SAMPLE[EVERY_SAMPLE < 0]
    mirrored = np.frombuffer(audioop.lin2ulaw((~negative).tobytes(), 2), np.uint8)
    assert np.array_equal(encode(negative, Law.PCMU), mirrored & 0x7F)
    positive = EVERY_SAMPLE[EVERY_SAMPLE >= 0]
    mu_law = np.frombuffer(audioop.lin2ulaw(positive.tobytes(), 2), np.uint8)
    assert np.array_equal(encode(positive, Law.PCMU), mu_law)


@pytest.mark.parametrize("law", list(Law))
def test_decoding_then_encoding_gives_the_same_sound_again(law: Law) -> None:
    linear = decode(EVERY_OCTET, law)
    assert np.array_equal(decode(encode(linear, law), law), linear)


@pytest.mark.parametrize("law", list(Law))
def test_the_silent_octet_is_the_softest_there_is(law: Law) -> None:
    softest = np.abs(decode(EVERY_OCTET, law)).min()
    assert abs(int(decode(np.array([SILENCE[law]], np.uint8), law)[0])) == softest
