"""Opus in Ogg, page by page, for a stream that has no end yet: RFC 3533 and RFC 7845. Pure.

An `OggOpus` is one listener's stream: it begins at nothing, whenever they came. Packets come from
one encoder shared by all of them; only what is written around them is each listener's own.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence

MEDIA_TYPE = "audio/ogg; codecs=opus"

PACKET = 960
"""Samples of 48 kHz in a packet of 20 ms: granule positions count at 48 kHz, whatever the sound."""

PRE_SKIP = 3840
"""Samples of 48 kHz not played at the beginning, 80 ms: what a decoder needs that begins in the
middle of a stream (RFC 7845, 4.6)."""

_MOST_PACKETS = 50
"""In one page: a second of sound, of packets with less than 1,275 octets."""

_FIRST, _LAST = 2, 4
_VENDOR = b"Vestibule"
_HEAD = struct.Struct("<4sBBqIIIB")
_OPUS_HEAD = struct.Struct("<8sBBHIhB")
_MIRRORED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


class OggOpus:
    """One channel of Opus as pages. `serial` names the stream."""

    def __init__(self, serial: int, rate: int) -> None:
        self._serial = serial
        self._rate = rate
        self._page = 0
        self._granule = 0

    def head(self) -> bytes:
        """The two pages that a stream begins with; `rate` is told as that of the sound before."""
        comments = b"OpusTags" + struct.pack("<I", len(_VENDOR)) + _VENDOR + struct.pack("<I", 0)
        return self._written([opus_head(self._rate)], _FIRST) + self._written([comments], 0)

    def body(self, packets: Sequence[bytes]) -> bytes:
        """The next packets, of 20 ms each, in as few pages as they need."""
        return b"".join(self._sounding(some) for some in _in_pages(packets))

    def end(self) -> bytes:
        """The page that a stream ends with."""
        return self._written([], _LAST)

    def _sounding(self, packets: Sequence[bytes]) -> bytes:
        self._granule += PACKET * len(packets)
        return self._written(packets, 0)

    def _written(self, packets: Sequence[bytes], kind: int) -> bytes:
        laced = b"".join(_lacing(packet) for packet in packets)
        body = b"".join(packets)
        head = _HEAD.pack(b"OggS", 0, kind, self._granule, self._serial, self._page, 0, len(laced))
        self._page += 1
        page = head + laced + body
        return page[:22] + struct.pack("<I", checksum(page)) + page[26:]


def opus_head(rate: int) -> bytes:
    """What Opus of one channel is told by (RFC 7845, 5.1); `rate` is that of the sound before."""
    return _OPUS_HEAD.pack(b"OpusHead", 1, 1, PRE_SKIP, rate, 0, 0)


def checksum(octets: bytes) -> int:
    """The CRC of RFC 3533: that of zlib, the bits of each octet and of the sum turned round."""
    mirrored = zlib.crc32(octets.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")


def _in_pages(packets: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for first in range(0, len(packets), _MOST_PACKETS):
        yield packets[first : first + _MOST_PACKETS]


def _lacing(packet: bytes) -> bytes:
    """How long a packet is: octets of 255, and one that is less."""
    return b"\xff" * (len(packet) // 255) + bytes((len(packet) % 255,))
