"""What RTP says of each codec: its name, its clock, how long a packet of it lasts.

Places and lengths of received sound are counted in samples at 8 kHz, whatever the codec: `Units`
brings RTP timestamps of other clocks to that count.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from call.media import Codec, Wideband
from call.sound import FRAME, RATE, Law
from telephony.rtp import timestamp_samples


@dataclass(frozen=True, slots=True)
class Facts:
    """One codec as session descriptions and RTP headers know it."""

    encoding: str
    clock: int
    """RTP clock, in Hz."""
    payload_type: int
    """The static one of RFC 3551, or the dynamic one that we offer."""
    channels: int = 1
    parameters: str | None = None
    """What we say of it in `a=fmtp`."""

    @property
    def step(self) -> int:
        """RTP timestamp units of 20 ms."""
        return self.clock * FRAME // RATE


FACTS: Mapping[Codec, Facts] = MappingProxyType(
    {
        Law.PCMU: Facts("PCMU", RATE, 0),
        Law.PCMA: Facts("PCMA", RATE, 8),
        # 16 kHz sound on a clock of 8 kHz, by an old mistake that stays (RFC 3551, 4.5.2).
        Wideband.G722: Facts("G722", RATE, 9),
        # Always 48000 and two channels, whatever is sent (RFC 7587, 4.1 and 7).
        Wideband.OPUS: Facts(
            "opus",
            48000,
            111,
            2,
            "maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1",
        ),
    }
)

NARROW: tuple[Codec, ...] = tuple(Law)
"""What every telephone has, and we always can."""


def codec_named(encoding: str, rate: int, channels: int) -> Codec | None:
    """The codec that an `a=rtpmap` stands for; None for one that is not ours."""
    for codec, facts in FACTS.items():
        same = facts.encoding.lower() == encoding.lower()
        if same and (facts.clock, facts.channels) == (rate, channels):
            return codec
    return None


NAMES: Mapping[str, Codec] = MappingProxyType({f.encoding: codec for codec, f in FACTS.items()})
"""By what each is called in the settings, and in session descriptions."""

_OPUS_FRAMES = (FRAME // 2, FRAME, 2 * FRAME, 3 * FRAME)  # of SILK: 10 to 60 ms
_OPUS_SHORT = (FRAME // 8, FRAME // 4, FRAME // 2, FRAME)  # of CELT: 2.5 to 20 ms
_OPUS_LONGEST = 6 * FRAME  # in one packet: 120 ms


def samples_in(codec: Codec, payload: bytes | memoryview) -> int:
    """How long a payload lasts, in samples at 8 kHz; 0 for what is none of this codec."""
    if codec is not Wideband.OPUS:
        return len(payload)  # an octet of G.722 is two samples at 16 kHz
    if not payload:
        return 0
    samples = _opus_frame(payload[0] >> 3) * _opus_frames(payload)
    return samples if samples <= _OPUS_LONGEST else 0


def _opus_frame(configuration: int) -> int:
    """How long one frame of a configuration lasts (RFC 6716, table 2)."""
    if configuration < 12:
        return _OPUS_FRAMES[configuration & 3]
    if configuration < 16:
        return _OPUS_FRAMES[configuration & 1]
    return _OPUS_SHORT[configuration & 3]


def _opus_frames(payload: bytes | memoryview) -> int:
    """How many frames stand in a packet (RFC 6716, 3.1 and 3.2)."""
    code = payload[0] & 3
    if code < 3:
        return 1 if code == 0 else 2
    return payload[1] & 0x3F if len(payload) > 1 else 0


class Units:
    """The timestamps of one source brought to 8 kHz, and kept on a wheel of 32 bits."""

    __slots__ = ("_last", "_per_sample", "_units")

    def __init__(self, clock: int) -> None:
        """`clock`: that of the timestamps, in Hz; a multiple of 8000."""
        self._per_sample = clock // RATE
        self._last: int | None = None
        self._units = 0

    def samples(self, timestamp: int) -> int:
        """A timestamp in samples at 8 kHz; those of one source keep their distances."""
        if self._per_sample == 1:
            return timestamp
        if self._last is not None:
            self._units += timestamp_samples(self._last, timestamp)
        self._last = timestamp
        return self._units // self._per_sample & 0xFFFFFFFF
