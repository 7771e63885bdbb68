"""Which encoding of a sound fits in an e-mail: the one its owner chose, or a smaller one."""

from dataclasses import dataclass

from voicemail.message import Attachment


@dataclass(frozen=True, slots=True)
class Encoding:
    """One way to attach a sound."""

    attachment: Attachment
    bit_rate: int | None = None
    """Bits a second; None for the usual rate of the format."""
    least: int = 0
    """Bits a second below which it never falls: what is surely too large is not even tried."""

    def too_large(self, duration_s: float, octets: int) -> bool:
        """Whether a sound of so many seconds can never go into so many octets of e-mail."""
        return duration_s * self.least / 8 * _IN_BASE64 > octets


_IN_BASE64 = 4 / 3 * 78 / 76
"""Three octets are four characters, and 76 characters are a line of 78 (RFC 2045 §6.8)."""

_LADDER = (
    Encoding(Attachment.WAV, least=128_000),
    Encoding(Attachment.ULAW, least=64_000),
    Encoding(Attachment.MP3, least=12_000),
    Encoding(Attachment.MP3, 16_000, least=16_000),
    Encoding(Attachment.OPUS, 12_000, least=8_000),
    Encoding(Attachment.OPUS, 6_000, least=4_000),
)
"""MP3 before Opus, which some readers cannot play; the last steps are still plainly understood."""


def encodings(chosen: Attachment) -> tuple[Encoding, ...]:
    """How a sound may be attached: as its owner chose, then smaller and smaller."""
    if chosen is Attachment.OPUS:
        smaller = tuple(step for step in _LADDER if step.attachment is Attachment.OPUS)
        return (Encoding(Attachment.OPUS, least=12_000), *smaller)
    formats = [step.attachment for step in _LADDER]
    return _LADDER[formats.index(chosen) :]
