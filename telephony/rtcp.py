"""RTCP reports (RFC 3550, section 6): what was received and sent, told every few seconds.

Parsing reads the sender and receiver reports, the goodbyes and the names of a compound packet, and
steps over kinds it does not know. What is malformed raises RtcpFault, and nothing else.
"""

import struct
from dataclasses import dataclass

from call.errors import PeerFault

SENDER_REPORT, RECEIVER_REPORT, SOURCE_DESCRIPTION, GOODBYE = 200, 201, 202, 203
_HEADER = struct.Struct("!BBH")
_SENDER = struct.Struct("!IIIII")
_BLOCK = struct.Struct("!IIIIII")
_CNAME = 1


class RtcpFault(PeerFault):
    """What came is not an RTCP compound packet."""


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """How one source is received by the one who reports."""

    ssrc: int
    fraction_lost: int
    """Loss since the last report, in 256ths."""
    lost: int
    """Packets lost in all, -2^23 to 2^23 - 1; negative when duplicates outnumber losses."""
    highest: int
    """Highest sequence number received, extended by its count of wraps."""
    jitter: int
    """Interarrival jitter in timestamp units."""
    last_report: int
    """Middle 32 bits of the last sender report's NTP time; 0 when there was none."""
    delay: int
    """Time since that report, in 65536ths of a second."""


@dataclass(frozen=True, slots=True)
class SenderReport:
    """What a sender sent, and how it receives."""

    ssrc: int
    ntp: int
    """NTP time, 32 bits of seconds since 1900 and 32 of fraction."""
    timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """How one who sends nothing receives."""

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceName:
    """The canonical name of a source (the CNAME item of SDES)."""

    ssrc: int
    cname: str


@dataclass(frozen=True, slots=True)
class Goodbye:
    """Sources that leave."""

    ssrcs: tuple[int, ...]
    reason: str = ""


Report = SenderReport | ReceiverReport | SourceName | Goodbye


def parse(data: bytes) -> list[Report]:
    """Read a compound packet; unknown kinds are stepped over. Raises RtcpFault."""
    reports: list[Report] = []
    begin = 0
    while begin < len(data):
        if len(data) - begin < _HEADER.size:
            raise RtcpFault("shorter than an RTCP header")
        first, kind, words = _HEADER.unpack_from(data, begin)
        end = begin + 4 * (words + 1)
        if first >> 6 != 2 or not 192 <= kind <= 223:
            raise RtcpFault("not RTCP version 2")
        if end > len(data):
            raise RtcpFault("a report runs past the end")
        reports += _read(kind, first & 0x1F, _unpadded(data[begin + 4 : end], first))
        begin = end
    if not data:
        raise RtcpFault("an empty compound packet")
    return reports


def _unpadded(body: bytes, first: int) -> bytes:
    if not first & 0x20:
        return body
    if not body or not 0 < body[-1] <= len(body):
        raise RtcpFault("padding longer than the report")
    return body[: -body[-1]]


def _read(kind: int, count: int, body: bytes) -> list[Report]:
    try:
        if kind == SENDER_REPORT:
            (ssrc,) = struct.unpack_from("!I", body)
            high, low, timestamp, packets, octets = _SENDER.unpack_from(body, 4)
            blocks = _blocks(body, 4 + _SENDER.size, count)
            return [SenderReport(ssrc, high << 32 | low, timestamp, packets, octets, blocks)]
        if kind == RECEIVER_REPORT:
            (ssrc,) = struct.unpack_from("!I", body)
            return [ReceiverReport(ssrc, _blocks(body, 4, count))]
        if kind == SOURCE_DESCRIPTION:
            return _names(body, count)
        if kind == GOODBYE:
            return [_goodbye(body, count)]
    except (struct.error, IndexError) as fault:
        raise RtcpFault("a report is cut short") from fault
    return []


def _blocks(body: bytes, begin: int, count: int) -> tuple[ReportBlock, ...]:
    blocks = []
    for n in range(count):
        ssrc, loss, *rest = _BLOCK.unpack_from(body, begin + n * _BLOCK.size)
        lost = ((loss & 0xFFFFFF) ^ 0x800000) - 0x800000
        blocks.append(ReportBlock(ssrc, loss >> 24, lost, *rest))
    return tuple(blocks)


def _names(body: bytes, count: int) -> list[Report]:
    names: list[Report] = []
    begin = 0
    for _ in range(count):
        (ssrc,) = struct.unpack_from("!I", body, begin)
        begin += 4
        while body[begin]:
            item, length = body[begin], body[begin + 1]
            text = body[begin + 2 : begin + 2 + length]
            if len(text) < length:
                raise RtcpFault("a name runs past the end")
            if item == _CNAME:
                names.append(SourceName(ssrc, text.decode("utf-8", "replace")))
            begin += 2 + length
        begin += 4 - begin % 4  # the chunk ends with one to four null octets
    return names


def _goodbye(body: bytes, count: int) -> Goodbye:
    ssrcs = struct.unpack_from(f"!{count}I", body)
    begin = 4 * count
    reason = body[begin + 1 : begin + 1 + body[begin]] if begin < len(body) else b""
    return Goodbye(ssrcs, reason.decode("utf-8", "replace"))


def pack(reports: list[Report]) -> bytes:
    """Write a compound packet; `parse` reads back the same."""
    return b"".join(_written(report) for report in reports)


def _written(report: Report) -> bytes:
    match report:
        case SenderReport():
            sender = (report.ntp >> 32, report.ntp & 0xFFFFFFFF, report.timestamp)
            body = struct.pack("!I", report.ssrc)
            body += _SENDER.pack(*sender, report.packets, report.octets)
            return _framed(SENDER_REPORT, len(report.blocks), body + _packed(report.blocks))
        case ReceiverReport():
            body = struct.pack("!I", report.ssrc) + _packed(report.blocks)
            return _framed(RECEIVER_REPORT, len(report.blocks), body)
        case SourceName():
            text = report.cname.encode()[:255]
            body = struct.pack("!IBB", report.ssrc, _CNAME, len(text)) + text
            return _framed(SOURCE_DESCRIPTION, 1, body + bytes(4 - len(body) % 4))
        case Goodbye():
            body = struct.pack(f"!{len(report.ssrcs)}I", *report.ssrcs)
            if report.reason:
                text = report.reason.encode()[:255]
                body += bytes([len(text)]) + text
            return _framed(GOODBYE, len(report.ssrcs), body + bytes(-len(body) % 4))


def _packed(blocks: tuple[ReportBlock, ...]) -> bytes:
    return b"".join(
        _BLOCK.pack(
            b.ssrc, b.fraction_lost << 24 | (b.lost & 0xFFFFFF), b.highest, b.jitter,
            b.last_report, b.delay,
        )
        for b in blocks
    )  # fmt: skip


def _framed(kind: int, count: int, body: bytes) -> bytes:
    return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body
