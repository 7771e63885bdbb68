"""Packet captures read back: the UDP payloads of a pcap file, with their times and addresses."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ETHERNET, _RAW, _COOKED, _COOKED_2, _NULL = 1, 101, 113, 276, 0
_HEADERS = {_ETHERNET: 14, _RAW: 0, _COOKED: 16, _COOKED_2: 20, _NULL: 4}
"""Octets in front of the IP header, by link type."""


@dataclass(frozen=True)
class Datagram:
    """One UDP datagram as it was seen on the wire."""

    at: float
    """Seconds since the first one."""
    source: tuple[str, int]
    target: tuple[str, int]
    payload: bytes


def datagrams(capture: Path) -> Iterator[Datagram]:
    """The IPv4 datagrams of a capture with microseconds or nanoseconds, of either byte order."""
    data = capture.read_bytes()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    (magic,) = struct.unpack_from(order + "I", data)
    fraction = {0xA1B2C3D4: 1e-6, 0xA1B23C4D: 1e-9}[magic]
    skip = _HEADERS[struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF]
    place, first = 24, None
    while place < len(data):
        seconds, parts, kept, whole = struct.unpack_from(order + "4I", data, place)
        assert kept == whole, "a packet was cut short"
        packet = data[place + 16 + skip : place + 16 + kept]
        place += 16 + kept
        at = seconds + parts * fraction
        first = at if first is None else first
        if packet[0] >> 4 == 4 and packet[9] == 17:
            yield _datagram(packet, at - first)


def _datagram(packet: bytes, at: float) -> Datagram:
    begin = 4 * (packet[0] & 0x0F)
    source, target, length, _ = struct.unpack_from("!4H", packet, begin)
    hosts = [".".join(map(str, packet[n : n + 4])) for n in (12, 16)]
    payload = packet[begin + 8 : begin + length]
    return Datagram(at, (hosts[0], source), (hosts[1], target), payload)
