"""Which encodings of a sound are even tried for an e-mail that may hold so much."""

import pytest

from voicemail.attaching import encodings
from voicemail.message import Attachment

WAV, ULAW, MP3, OPUS = Attachment.WAV, Attachment.ULAW, Attachment.MP3, Attachment.OPUS


@pytest.mark.parametrize(
    ("chosen", "tried"),
    [
        (WAV, [WAV, ULAW, MP3, MP3, OPUS, OPUS]),
        (ULAW, [ULAW, MP3, MP3, OPUS, OPUS]),
        (MP3, [MP3, MP3, OPUS, OPUS]),
        (OPUS, [OPUS, OPUS, OPUS]),
    ],
)
def test_a_sound_is_made_smaller_step_by_step_from_what_its_owner_chose(
    chosen: Attachment, tried: list[Attachment]
) -> None:
    assert [step.attachment for step in encodings(chosen)] == tried


@pytest.mark.parametrize(
    ("chosen", "octets"),
    [
        (WAV, [1_313_684, 656_842, 123_157, 164_210, 82_105, 41_052]),
        (OPUS, [123_157, 82_105, 41_052]),
    ],
)
def test_a_minute_is_not_encoded_where_even_its_least_would_not_fit(
    chosen: Attachment, octets: list[int]
) -> None:
    """A minute at the least bit rate, as base64 in lines of 76 characters."""
    for step, most in zip(encodings(chosen), octets, strict=True):
        assert step.too_large(60, most)
        assert not step.too_large(60, most + 1)
