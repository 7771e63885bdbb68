"""Opus in WebM, a cluster at a time, for browsers that are fed by a script (Media Source
Extensions). Pure. RFC 8794 (EBML), RFC 9559 (Matroska).

What a browser is given as a file, it reads in blocks of many seconds of such sound, and is late by
as much; what it is fed, it plays as it comes.
"""

import struct
from collections.abc import Sequence

from console.ogg import PRE_SKIP, opus_head

MEDIA_TYPE = 'audio/webm; codecs="opus"'

_PACKET_MS = 20
_MOST_PACKETS = 1000
"""In one cluster: its blocks tell their time in 16 bits of milliseconds, from its own."""

_UNKNOWN_SIZE = b"\x01" + b"\xff" * 7
_TRACK, _KEYFRAME = b"\x81", b"\x80"


class WebmOpus:
    """One channel of Opus as clusters; `rate` is told as that of the sound before."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._packets = 0

    def head(self) -> bytes:
        """What a stream begins with."""
        kind = b"".join(
            (
                _element(0x4286, _number(1)),  # EBMLVersion
                _element(0x42F7, _number(1)),  # EBMLReadVersion
                _element(0x42F2, _number(4)),  # EBMLMaxIDLength
                _element(0x42F3, _number(8)),  # EBMLMaxSizeLength
                _element(0x4282, b"webm"),  # DocType
                _element(0x4287, _number(4)),  # DocTypeVersion
                _element(0x4285, _number(2)),  # DocTypeReadVersion
            )
        )
        scale = _element(0x2AD7B1, _number(1_000_000))  # TimestampScale: milliseconds
        made = _element(0x4D80, b"Vestibule") + _element(0x5741, b"Vestibule")
        segment = _octets(0x18538067) + _UNKNOWN_SIZE
        return b"".join(
            (
                _element(0x1A45DFA3, kind),
                segment,
                _element(0x1549A966, scale + made),  # Info
                _element(0x1654AE6B, self._track()),  # Tracks
            )
        )

    def body(self, packets: Sequence[bytes]) -> bytes:
        """The next packets, of 20 ms each."""
        clusters = []
        for first in range(0, len(packets), _MOST_PACKETS):
            some = packets[first : first + _MOST_PACKETS]
            blocks = (
                _element(0xA3, _TRACK + struct.pack(">h", n * _PACKET_MS) + _KEYFRAME + packet)
                for n, packet in enumerate(some)
            )
            began = _element(0xE7, _number(self._packets * _PACKET_MS))
            clusters.append(_element(0x1F43B675, began + b"".join(blocks)))
            self._packets += len(some)
        return b"".join(clusters)

    def end(self) -> bytes:
        """Nothing: a stream ends where it is cut."""
        return b""

    def _track(self) -> bytes:
        sound = _element(0xB5, struct.pack(">f", 48_000)) + _element(0x9F, _number(1))
        return _element(
            0xAE,  # TrackEntry
            b"".join(
                (
                    _element(0xD7, _number(1)),  # TrackNumber
                    _element(0x73C5, _number(1)),  # TrackUID
                    _element(0x83, _number(2)),  # TrackType: sound
                    _element(0x86, b"A_OPUS"),  # CodecID
                    _element(0x63A2, opus_head(self._rate)),  # CodecPrivate
                    _element(0x56AA, _number(PRE_SKIP * 1_000_000_000 // 48_000)),  # CodecDelay
                    _element(0x56BB, _number(80_000_000)),  # SeekPreRoll
                    _element(0xE1, sound),  # Audio
                )
            ),
        )


def _element(id: int, content: bytes) -> bytes:
    """An element: its id, its size in eight octets, its content."""
    return _octets(id) + (len(content) | 1 << 56).to_bytes(8, "big") + content


def _octets(id: int) -> bytes:
    return id.to_bytes((id.bit_length() + 7) // 8, "big")


def _number(value: int) -> bytes:
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
