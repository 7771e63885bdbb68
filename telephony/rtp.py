"""RTP packets (RFC 3550, section 5) to and from bytes, and counters that wrap."""

import struct
from dataclasses import dataclass

from call.errors import PeerFault

HEADER = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")

COMFORT_NOISE = 13
"""Payload type of comfort noise (RFC 3389): the peer is silent and says so."""


class RtpFault(PeerFault):
    """What came is not an RTP packet."""


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet, with everything its header can carry."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False
    csrcs: tuple[int, ...] = ()
    extension: tuple[int, bytes] | None = None
    """Profile and body of the header extension; the body is whole 32-bit words."""
    padding: int = 0
    """Octets of padding after the payload, the count octet included; 0 for none."""


def parse(data: bytes | bytearray | memoryview) -> RtpPacket:
    """Read one packet. Raises RtpFault for anything RFC 3550 does not allow."""
    if len(data) < HEADER.size:
        raise RtpFault("shorter than an RTP header")
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    if first >> 6 != 2:
        raise RtpFault("not RTP version 2")
    begin = HEADER.size + 4 * (first & 0x0F)
    if begin > len(data):
        raise RtpFault("contributing sources run past the end")
    csrcs = struct.unpack_from(f"!{first & 0x0F}I", data, HEADER.size)
    extension = None
    if first & 0x10:
        extension, begin = _extension(data, begin)
    padding = data[-1] if first & 0x20 else 0
    if first & 0x20 and not 0 < padding <= len(data) - begin:
        raise RtpFault("padding longer than the payload")
    return RtpPacket(
        payload_type=second & 0x7F,
        sequence=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        payload=bytes(data[begin : len(data) - padding]),
        marker=bool(second & 0x80),
        csrcs=csrcs,
        extension=extension,
        padding=padding,
    )


def _extension(data: bytes | bytearray | memoryview, begin: int) -> tuple[tuple[int, bytes], int]:
    if begin + _EXTENSION.size > len(data):
        raise RtpFault("header extension cut short")
    profile, words = _EXTENSION.unpack_from(data, begin)
    begin += _EXTENSION.size
    end = begin + 4 * words
    if end > len(data):
        raise RtpFault("header extension runs past the end")
    return (profile, bytes(data[begin:end])), end


def pack(packet: RtpPacket) -> bytes:
    """Write one packet; `parse` reads back the same."""
    first = 0x80 | len(packet.csrcs)
    first |= 0x10 if packet.extension is not None else 0
    first |= 0x20 if packet.padding else 0
    second = packet.payload_type | (0x80 if packet.marker else 0)
    parts = [
        HEADER.pack(first, second, packet.sequence, packet.timestamp, packet.ssrc),
        struct.pack(f"!{len(packet.csrcs)}I", *packet.csrcs),
    ]
    if packet.extension is not None:
        profile, body = packet.extension
        parts += [_EXTENSION.pack(profile, len(body) // 4), body]
    parts.append(packet.payload)
    if packet.padding:
        parts.append(bytes(packet.padding - 1) + bytes([packet.padding]))
    return b"".join(parts)


def sequence_after(sequence: int, steps: int = 1) -> int:
    """The sequence number `steps` later, on its 16-bit wheel."""
    return (sequence + steps) & 0xFFFF


def sequence_steps(older: int, newer: int) -> int:
    """Steps from `older` to `newer` by the short way round: -32768 to 32767."""
    return ((newer - older + 0x8000) & 0xFFFF) - 0x8000


def timestamp_after(timestamp: int, samples: int) -> int:
    """The timestamp `samples` later, on its 32-bit wheel."""
    return (timestamp + samples) & 0xFFFFFFFF


def timestamp_samples(older: int, newer: int) -> int:
    """Samples from `older` to `newer` by the short way round."""
    return ((newer - older + 0x80000000) & 0xFFFFFFFF) - 0x80000000
