"""Requests and responses: octets in, values out, and back (RFC 3261 §7).

Headers are an ordered list of pairs, compact names spelled out, folded lines unfolded. Reading a
message checks the fields every element relies on (start line, Via, From, To, Call-ID, CSeq,
Content-Length, Max-Forwards); every other header stays text until somebody asks for it.

`read` raises `Malformed` and nothing else. A malformed request carries what could be recovered of
it, and the status to answer it with; a malformed response is only ever dropped.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sipmessage.message import COMPACT_FORMS

from call.errors import PeerFault
from telephony.sip.fields import (
    Address,
    BadField,
    Uri,
    Via,
    parse_address,
    parse_parameters,
    parse_uri,
    parse_via,
    split_values,
)

Pairs = tuple[tuple[str, str], ...]

VERSION = "SIP/2.0"
MAX_CSEQ = 2**31 - 1  # RFC 3261 §8.1.1.5
MAX_HEAD = 64 * 1024  # a UDP datagram holds no more; a TCP peer gets no more

REASONS: Mapping[int, str] = MappingProxyType(
    {
        100: "Trying",
        180: "Ringing",
        181: "Call Is Being Forwarded",
        183: "Session Progress",
        200: "OK",
        202: "Accepted",
        302: "Moved Temporarily",
        400: "Bad Request",
        401: "Unauthorized",
        403: "Forbidden",
        404: "Not Found",
        405: "Method Not Allowed",
        406: "Not Acceptable",
        407: "Proxy Authentication Required",
        408: "Request Timeout",
        413: "Request Entity Too Large",
        415: "Unsupported Media Type",
        416: "Unsupported URI Scheme",
        420: "Bad Extension",
        422: "Session Interval Too Small",
        423: "Interval Too Brief",
        480: "Temporarily Unavailable",
        481: "Call/Transaction Does Not Exist",
        482: "Loop Detected",
        483: "Too Many Hops",
        484: "Address Incomplete",
        486: "Busy Here",
        487: "Request Terminated",
        488: "Not Acceptable Here",
        489: "Bad Event",
        491: "Request Pending",
        500: "Server Internal Error",
        501: "Not Implemented",
        503: "Service Unavailable",
        504: "Server Time-out",
        505: "Version Not Supported",
        600: "Busy Everywhere",
        603: "Decline",
    }
)

_CANONICAL: Mapping[str, str] = MappingProxyType(
    COMPACT_FORMS
    | {
        name.lower(): name
        for name in (
            *COMPACT_FORMS.values(),
            *("Accept", "Allow", "Authorization", "CSeq", "Max-Forwards", "Min-SE"),
            *("Content-Disposition", "Privacy", "P-Asserted-Identity", "Proxy-Authenticate"),
            *("Proxy-Authorization", "Proxy-Require", "Record-Route", "Require", "Retry-After"),
            *("Route", "Server", "Timestamp", "Unsupported", "User-Agent", "WWW-Authenticate"),
            *("Expires", "Min-Expires", "Subscription-State"),
            *("Diversion", "History-Info", "Refer-Sub", "Replaces"),
        )
    }
)
_SINGLE = ("Call-ID", "CSeq", "From", "To", "Max-Forwards", "Content-Length", "Content-Type")
_METHOD = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_REQUEST_LINE = re.compile(r"(\S+) (.+) (SIP/\d+\.\d+)", re.IGNORECASE)
_STATUS_LINE = re.compile(r"SIP/2\.0 ([0-9]{3})(?: (.*))?", re.IGNORECASE)
_CSEQ = re.compile(rf"0*([0-9]{{1,10}})\s+({_METHOD.pattern})")
_HOPS = re.compile(r"0*(?:[0-9]{1,2}|1[0-9]{2}|2[0-4][0-9]|25[0-5])")  # RFC 3261 §20.22
_DIGITS = re.compile(r"[0-9]+")
_UNFOLD = re.compile(r"\r\n[ \t]+")


@dataclass(frozen=True, slots=True)
class Message:
    """What requests and responses share. The essential fields are read once, at parsing."""

    headers: Pairs
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of a header, by its long name in its usual spelling."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    def values(self, name: str) -> list[str]:
        """Every value of a header, one or several a line. Raises BadField."""
        return [
            value
            for key, line in self.headers
            if key == name and line
            for value in split_values(line)
        ]

    def tokens(self, name: str) -> list[str]:
        """The values of a list of tokens (Supported, Allow, Require), in lower case."""
        lines = (line for key, line in self.headers if key == name)
        return [bit.strip().lower() for line in lines for bit in line.split(",") if bit.strip()]

    def addresses(self, name: str) -> list[Address]:
        """The values of Contact, Route, Record-Route. Raises BadField."""
        return [parse_address(value) for value in self.values(name)]

    @property
    def vias(self) -> list[Via]:
        """Every Via, top first. Raises BadField."""
        return [parse_via(value) for value in self.values("Via")]

    @property
    def top_via(self) -> Via:
        """The Via of the last element that sent this. Raises BadField."""
        line = self.header("Via")
        if line is None:
            raise BadField("no Via")
        return parse_via(line if "," not in line else split_values(line)[0])

    @property
    def call_id(self) -> str:
        return self.header("Call-ID") or ""

    @property
    def cseq(self) -> tuple[int, str]:
        """Sequence number and method. Raises BadField."""
        match = _CSEQ.fullmatch(self.header("CSeq") or "")
        if match is None or int(match[1]) > MAX_CSEQ:
            raise BadField("bad CSeq")
        return int(match[1]), match[2]

    @property
    def sender(self) -> Address:
        """From. Raises BadField."""
        return parse_address(self.header("From") or "")

    @property
    def recipient(self) -> Address:
        """To. Raises BadField."""
        return parse_address(self.header("To") or "")

    @property
    def content_type(self) -> str:
        """Media type in lower case, without its parameters; "" when absent."""
        return (self.header("Content-Type") or "").split(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Request(Message):
    """A SIP request. `uri` is the Request-URI as written."""

    method: str = ""
    uri: str = ""

    @property
    def target(self) -> Uri:
        """The Request-URI. Raises BadField."""
        return parse_uri(self.uri)

    def __bytes__(self) -> bytes:
        return _write(f"{self.method} {self.uri} {VERSION}", self.headers, self.body)


@dataclass(frozen=True, slots=True)
class Response(Message):
    """A SIP response."""

    status: int = 0
    reason: str = ""

    def __bytes__(self) -> bytes:
        return _write(f"{VERSION} {self.status} {self.reason}", self.headers, self.body)


class Malformed(PeerFault):
    """Not a SIP message that can be served.

    `request` holds what was recovered of a request, to be answered `status`; None where nobody
    can be answered.
    """

    def __init__(self, why: str, status: int = 400, request: Request | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.status = status
        self.request = request


def _write(start: str, headers: Pairs, body: bytes) -> bytes:
    lines = [start]
    lines += [f"{name}: {value}" for name, value in headers if name != "Content-Length"]
    lines.append(f"Content-Length: {len(body)}\r\n\r\n")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + body


def read(data: bytes) -> Request | Response:
    """One whole message, as a datagram holds it; octets past its Content-Length are ignored.

    Raises Malformed.
    """
    head, blank, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not blank:
        head = head.removesuffix(b"\r\n")
    if len(head) > MAX_HEAD:
        raise Malformed("head too long")
    text = head.decode("utf-8", "surrogateescape")
    start, _, rest = text.partition("\r\n")
    pairs, fault = _pairs(rest)
    length, length_fault = _length(pairs, len(body))
    if not blank:
        fault = fault or "no blank line after the headers"
    if start[:4].upper() == "SIP/":
        response = _response(start, pairs, body[:length])
        _refuse(fault or _fault(response) or length_fault, None)
        return response
    request, line_fault, status = _request(start, pairs, body[:length])
    _refuse(line_fault or fault or _fault(request) or length_fault, request, status)
    return request


def _refuse(fault: str, request: Request | None, status: int = 400) -> None:
    if fault:
        raise Malformed(fault, status, request)


def _pairs(text: str) -> tuple[Pairs, str]:
    """The header lines, and what is wrong with the first bad one ("" when none is)."""
    if "\r\n " in text or "\r\n\t" in text:
        text = _UNFOLD.sub(" ", text)
    pairs: list[tuple[str, str]] = []
    fault = ""
    for line in text.split("\r\n") if text else ():
        name, colon, value = line.partition(":")
        name = name.rstrip(" \t")
        known = _CANONICAL.get(name.lower())
        if not colon or (known is None and not _METHOD.fullmatch(name)):
            fault = fault or "bad header line"
            continue
        pairs.append((known or name, value.strip(" \t")))
    return tuple(pairs), fault


def _request(start: str, pairs: Pairs, body: bytes) -> tuple[Request, str, int]:
    match = _REQUEST_LINE.fullmatch(start)
    if match is None:
        words = start.split()
        if len(words) < 3 or not words[-1].upper().startswith("SIP/"):
            raise Malformed("not SIP")
        return Request(pairs, body, words[0], " ".join(words[1:-1])), "bad request line", 400
    method, uri, version = match[1], match[2], match[3].upper()
    request = Request(pairs, body, method, uri)
    if version != VERSION:
        return request, "version", 505
    if not _METHOD.fullmatch(method):
        return request, "bad method", 400
    try:
        target = request.target
    except BadField:
        return request, "bad Request-URI", 400
    # RFC 3261 §19.1.1: URI headers never stand in a Request-URI.
    return request, "headers in Request-URI" if target.headers else "", 400


def _response(start: str, pairs: Pairs, body: bytes) -> Response:
    match = _STATUS_LINE.fullmatch(start)
    if match is None or not 100 <= int(match[1]) <= 699:
        raise Malformed("bad status line")
    return Response(pairs, body, int(match[1]), match[2] or "")


def _fault(message: Request | Response) -> str:
    """What is wrong with the fields every element relies on; "" when nothing is."""
    seen: dict[str, int] = {}
    for name, _ in message.headers:
        seen[name] = seen.get(name, 0) + 1
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        if name not in seen:
            return f"no {name}"
    for name in _SINGLE:
        if seen.get(name, 0) > 1:
            return f"several {name}"
    try:
        _check_fields(message)
    except BadField as bad:
        return str(bad).partition(":")[0]
    return ""


def _check_fields(message: Request | Response) -> None:
    for name, line in message.headers:
        if name == "Via":
            for value in split_values(line):
                parse_via(value)
    for name in ("From", "To"):
        parse_address(message.header(name) or "")
    method = message.cseq[1]
    if not message.call_id or " " in message.call_id:
        raise BadField("bad Call-ID")
    if isinstance(message, Request):
        if method != message.method:
            raise BadField("CSeq method differs")
        hops = message.header("Max-Forwards")
        if hops is not None and not _HOPS.fullmatch(hops):
            raise BadField("bad Max-Forwards")
    for name in ("Contact", "Record-Route", "Route"):
        for value in message.values(name):
            if value != "*" or name != "Contact":
                parse_address(value)


def _length(pairs: Pairs, there: int) -> tuple[int, str]:
    """How many octets of body count, and what is wrong with Content-Length."""
    told = next((value for name, value in pairs if name == "Content-Length"), None)
    if told is None:
        return there, ""
    if not _DIGITS.fullmatch(told) or len(told) > 9:
        return there, "bad Content-Length"
    return int(told), "body shorter than Content-Length" if int(told) > there else ""


def content_length(head: bytes) -> int | None:
    """The Content-Length told in the octets before a blank line; None when absent or bad.

    A stream is cut into messages by it (RFC 3261 §18.3).
    """
    pairs, _ = _pairs(head.decode("utf-8", "surrogateescape"))
    for name, value in pairs:
        if name == "Content-Length" and _DIGITS.fullmatch(value) and len(value) < 10:
            return int(value)
    return None


def parse_media_type(text: str) -> tuple[str, dict[str, str | None]]:
    """A media type in lower case, and its parameters. Raises BadField."""
    kind, semicolon, rest = text.partition(";")
    return kind.strip().lower(), parse_parameters(semicolon + rest) if semicolon else {}
