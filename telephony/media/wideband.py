"""G.722 and Opus, by the libraries of the extra `wideband`; nothing else knows them.

Both are imported when first asked for: whether they are there, or by the first call. Sound is
16 kHz, one packet after the other: a codec remembers, so whoever decodes keeps the order and tells
what is lost.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np

from call.errors import PeerFault
from call.media import Wideband
from call.sound import FRAME, RATE
from telephony.resampling import WideFrame

_RATE = 16000
_FRAME = 2 * FRAME  # samples at 16 kHz in 20 ms
_G722_BITS = 64000
# The least at which the encoder both keeps the whole band and tells of each packet in the next one,
# given the losses below. A third of the work of complexity 5, for what hardly shows at this rate.
_OPUS_BITS = 32000
_OPUS_LOSS = 10  # per cent, to be prepared for
_OPUS_COMPLEXITY = 1
_STREAM_BITS = 24000
_STREAM_COMPLEXITY = 5
_OPUS_STEP = 40  # samples: losses are concealed in steps of 2.5 ms
_FADES = (0.7, 0.4, 0.15)  # what is left of the last frame in each one lost


class BadPayload(PeerFault):
    """What came is nothing that the codec knows."""


class WideEncoder(Protocol):
    """One call's sound on its way out."""

    def encode(self, wide: WideFrame) -> bytes:
        """The payload of the next 20 ms."""


class WideDecoder(Protocol):
    """One call's sound on its way in."""

    def decode(self, payload: bytes) -> WideFrame:
        """The sound of the next packet. Raises BadPayload."""

    def conceal(self, samples: int, following: bytes | None) -> WideFrame:
        """In place of `samples` (16 kHz) lost; `following` is the packet after, if it came."""


def wideband_there() -> tuple[Wideband, ...]:
    """The codecs whose libraries are installed, and work on this machine."""
    return tuple(codec for codec in Wideband if _works(codec))


def _works(codec: Wideband) -> bool:
    try:
        make_encoder(codec)
    except (ImportError, OSError, RuntimeError):  # none, or one without its native part
        return False
    return True


def make_encoder(codec: Wideband) -> WideEncoder:
    """What a call says from now on. Raises ImportError where the extra is not installed."""
    return _ENCODERS[codec]()


def make_decoder(codec: Wideband) -> WideDecoder:
    """What a call is heard by from now on. Raises ImportError as above."""
    return _DECODERS[codec]()


class StreamEncoder(Protocol):
    """A stream of sound for listeners who do not call, such as browsers."""

    def encode(self, frame: bytes) -> bytes:
        """The Opus packet of the next 20 ms: samples of 16 bits, little-endian, at 8 kHz."""


def make_stream_encoder() -> StreamEncoder:
    """Opus of a conference for the web. Raises ImportError where the extra is not installed."""
    return _OpusStreamEncoder()


class _G722Encoder:
    def __init__(self) -> None:
        from G722 import G722

        self._codec = G722(_RATE, _G722_BITS)

    def encode(self, wide: WideFrame) -> bytes:
        payload: bytes = self._codec.encode(wide)
        return payload


class _G722Decoder:
    """It knows no loss of its own: the last frame is repeated, fainter and fainter."""

    def __init__(self) -> None:
        from G722 import G722

        self._codec = G722(_RATE, _G722_BITS)
        self._last: WideFrame = np.zeros(_FRAME, dtype=np.int16)

    def decode(self, payload: bytes) -> WideFrame:
        wide = np.frombuffer(self._codec.decode(payload), dtype=np.int16)
        self._last = np.concatenate((self._last, wide))[-_FRAME:]
        return wide

    def conceal(self, samples: int, following: bytes | None) -> WideFrame:
        lost = np.zeros(samples, dtype=np.int16)
        for place, fade in zip(range(0, samples, _FRAME), _FADES, strict=False):
            part = lost[place : place + _FRAME]
            part[:] = self._last[: len(part)] * fade
        return lost


class _OpusEncoder:
    def __init__(self) -> None:
        from opuslib_next import Encoder

        self._codec = Encoder(_RATE, 1, "voip")
        self._codec.bitrate = _OPUS_BITS
        self._codec.complexity = _OPUS_COMPLEXITY
        self._codec.inband_fec = 1
        self._codec.packet_loss_perc = _OPUS_LOSS

    def encode(self, wide: WideFrame) -> bytes:
        payload: bytes = self._codec.encode(wide.tobytes(), len(wide))
        return payload


class _OpusStreamEncoder:
    """One for all who listen, so it may work harder; nothing is told twice: TCP loses nothing."""

    def __init__(self) -> None:
        from opuslib_next import Encoder

        self._codec = Encoder(RATE, 1, "audio")
        self._codec.bitrate = _STREAM_BITS
        self._codec.complexity = _STREAM_COMPLEXITY

    def encode(self, frame: bytes) -> bytes:
        payload: bytes = self._codec.encode(frame, FRAME)
        return payload


class _OpusDecoder:
    def __init__(self) -> None:
        from opuslib_next import Decoder, OpusError

        self._codec = Decoder(_RATE, 1)
        self._fault: type[Exception] = OpusError

    def decode(self, payload: bytes) -> WideFrame:
        try:
            octets = self._codec.decode(payload, 6 * _FRAME)
        except self._fault as fault:
            raise BadPayload(str(fault)) from fault
        return np.frombuffer(octets, dtype=np.int16)

    def conceal(self, samples: int, following: bytes | None) -> WideFrame:
        """The frame before `following` is told in it, in brief; what was before that is guessed."""
        told = min(samples, _FRAME) if following else 0
        guessed = [self._lost(b"", _FRAME) for _ in range(0, samples - told, _FRAME)]
        known = [self._lost(following, told)] if following else []
        return np.concatenate((*guessed, *known))[-samples:]

    def _lost(self, following: bytes, samples: int) -> WideFrame:
        whole = -(-samples // _OPUS_STEP) * _OPUS_STEP
        try:
            octets = self._codec.decode(following, whole, bool(following))
        except self._fault:
            octets = self._codec.decode(b"", whole)
        return np.frombuffer(octets, dtype=np.int16)


_ENCODERS: Mapping[Wideband, Callable[[], WideEncoder]] = MappingProxyType(
    {Wideband.G722: _G722Encoder, Wideband.OPUS: _OpusEncoder}
)
_DECODERS: Mapping[Wideband, Callable[[], WideDecoder]] = MappingProxyType(
    {Wideband.G722: _G722Decoder, Wideband.OPUS: _OpusDecoder}
)
