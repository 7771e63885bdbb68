"""Session descriptions (RFC 8866): tolerant when read, strict when written.

Read: any line ending, missing `s=` and `t=`, lines and attributes nobody here knows, a second
`c=` in one media. Written: the mandatory lines in their order, CRLF. What offers and answers mean
is in `telephony.offer`; this module only knows the text.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from types import MappingProxyType

from call.errors import Misuse, PeerFault
from call.media import Direction

MAX_OCTETS = 32_768
MAX_LINES = 1_000
MAX_MEDIA = 64


class MalformedDescription(PeerFault):
    """A body that is no session description."""


class UnwritableDescription(Misuse):
    """A description of ours with a line break or a space where none may be."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One `a=` line; `value` is None for a property attribute such as `a=sendrecv`."""

    name: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The `o=` line: who made the description, and which version of it this is."""

    username: str
    session_id: int
    version: int
    host: str


@dataclass(frozen=True, slots=True)
class RtpMap:
    """What one payload type stands for (`a=rtpmap`, or RFC 3551 for the static ones)."""

    payload_type: int
    encoding: str
    """As written by the peer; compare without case (RFC 4855 §3)."""
    rate: int
    channels: int = 1


STATIC_MAPS: Mapping[int, RtpMap] = MappingProxyType(
    {0: RtpMap(0, "PCMU", 8000), 8: RtpMap(8, "PCMA", 8000), 9: RtpMap(9, "G722", 8000)}
)
"""Payload types of RFC 3551 §6 that need no `a=rtpmap`; only ours."""


@dataclass(frozen=True, slots=True)
class Media:
    """One `m=` line with what follows it. `host` is its own `c=`, or None."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    host: str | None = None
    attributes: tuple[Attribute, ...] = ()
    ports: int = 1

    def value(self, name: str) -> str | None:
        """The value of the first attribute of that name; None when absent or without value."""
        return next((a.value for a in self.attributes if a.name == name), None)

    def direction(self) -> Direction | None:
        """The direction said at this level, from the peer's side; None when it says nothing."""
        return _direction(self.attributes)

    def maps(self) -> tuple[RtpMap, ...]:
        """What the offered formats stand for, in the order of preference; unknown ones left out."""
        said = {m.payload_type: m for m in _rtpmaps(self.attributes)}
        numbers = [int(f) for f in self.formats if f.isascii() and f.isdigit() and len(f) < 4]
        found = (said.get(number) or STATIC_MAPS.get(number) for number in numbers if number < 128)
        return tuple(m for m in found if m is not None)

    def milliseconds(self, name: str) -> int | None:
        """`ptime` or `maxptime`; None when absent or no number."""
        value = self.value(name)
        try:
            return None if value is None else int(float(value))
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """A whole description. `host` is the `c=` of the session level, or None."""

    origin: Origin
    media: tuple[Media, ...] = ()
    host: str | None = None
    attributes: tuple[Attribute, ...] = ()
    name: str = "-"

    def host_of(self, media: Media) -> str | None:
        """Where a medium is received: its own `c=`, else the session's."""
        return media.host if media.host is not None else self.host

    def direction_of(self, media: Media) -> Direction:
        """The direction of a medium, from the writer's side; sendrecv when nothing is said."""
        return media.direction() or _direction(self.attributes) or Direction.SENDRECV


# reading


def parse(data: bytes) -> SessionDescription:
    """Read a body of type application/sdp. Raises MalformedDescription, and nothing else."""
    if len(data) > MAX_OCTETS:
        raise MalformedDescription(f"{len(data)} octets of description")
    lines = list(_lines(data.decode("utf-8", errors="replace")))
    if not lines or lines[0] != ("v", "0"):
        raise MalformedDescription("it does not begin with v=0")
    sections = _sections(lines)
    session = sections[0]
    return SessionDescription(
        origin=_origin(_first(session, "o")),
        name=_first(session, "s") or "-",
        host=_connection(_first(session, "c")),
        attributes=_attributes(session),
        media=tuple(_media(section) for section in sections[1:]),
    )


def _lines(text: str) -> Iterator[tuple[str, str]]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MAX_LINES:
        raise MalformedDescription(f"{len(lines)} lines")
    for line in lines:
        if not line.strip(" \t\0"):
            continue
        if len(line) < 2 or line[1] != "=":
            raise MalformedDescription("a line that is not type=value")
        value = line[2:].strip(" \t\0")
        if "\0" in value:
            raise MalformedDescription("a null inside a line")  # RFC 8866 §9: byte-string
        yield line[0], value


def _sections(lines: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """The session's lines, then those of each medium beginning with its m=."""
    sections: list[list[tuple[str, str]]] = [[]]
    for line in lines:
        if line[0] == "m":
            sections.append([])
        sections[-1].append(line)
    if len(sections) > MAX_MEDIA + 1:
        raise MalformedDescription(f"{len(sections) - 1} media")
    return sections


def _first(section: list[tuple[str, str]], kind: str) -> str | None:
    return next((value for line, value in section if line == kind), None)


def _origin(value: str | None) -> Origin:
    parts = (value or "").split()
    if len(parts) != 6:
        raise MalformedDescription("no usable o= line")
    return Origin(parts[0], _number(parts[1]), _number(parts[2]), parts[5])


def _connection(value: str | None) -> str | None:
    """The address of a c= line; the TTL and the count of multicast are dropped."""
    if value is None:
        return None
    parts = value.split()
    if len(parts) != 3 or parts[0].upper() != "IN" or parts[1].upper() not in ("IP4", "IP6"):
        raise MalformedDescription("a c= line that is not IN IP4 or IN IP6")
    host = parts[2].partition("/")[0]
    if not host:
        raise MalformedDescription("a c= line without address")
    return host


def _media(section: list[tuple[str, str]]) -> Media:
    parts = section[0][1].split()
    if len(parts) < 4:
        raise MalformedDescription("an m= line with fewer than four fields")
    port, slash, ports = parts[1].partition("/")
    return Media(
        kind=parts[0],
        port=_number(port, 65_535),
        ports=_number(ports, 65_535) if slash else 1,
        protocol=parts[2],
        formats=tuple(parts[3:]),
        host=_connection(_first(section, "c")),
        attributes=_attributes(section),
    )


def _attributes(section: list[tuple[str, str]]) -> tuple[Attribute, ...]:
    pairs = (value.partition(":") for line, value in section if line == "a")
    return tuple(
        Attribute(name.strip(), value.strip() if colon else None)
        for name, colon, value in pairs
        if name.strip()
    )


def _rtpmaps(attributes: tuple[Attribute, ...]) -> Iterator[RtpMap]:
    """The rtpmap attributes that can be read; the others are as if unsaid."""
    for attribute in attributes:
        if attribute.name != "rtpmap" or attribute.value is None:
            continue
        try:
            number, encoding = attribute.value.split(None, 1)
            name, rate, *rest = encoding.split("/")
            channels = int(rest[0]) if rest else 1
            yield RtpMap(int(number), name.strip(), int(rate), channels)
        except ValueError:
            continue


def _direction(attributes: tuple[Attribute, ...]) -> Direction | None:
    values = {direction.value for direction in Direction}
    said = (a.name for a in attributes if a.value is None and a.name in values)
    return next((Direction(name) for name in said), None)


def _number(text: str, limit: int = 2**64) -> int:
    # int() alone would take "+1", "1_0" and digits of other scripts.
    if not (text.isascii() and text.isdigit() and len(text) <= 20) or int(text) > limit:
        raise MalformedDescription("a number that is none, or out of range")
    return int(text)


# writing


def write(description: SessionDescription) -> bytes:
    """The text of a description, as application/sdp. Raises UnwritableDescription."""
    o = description.origin
    lines = [
        "v=0",
        f"o={_token(o.username)} {o.session_id} {o.version} IN {_net(o.host)}",
        f"s={_text(description.name)}",
    ]
    if description.host is not None:
        lines.append(f"c=IN {_net(description.host)}")
    lines.append("t=0 0")
    lines.extend(_attribute_line(a) for a in description.attributes)
    for media in description.media:
        lines.extend(_media_lines(media))
    return ("\r\n".join(lines) + "\r\n").encode()


def _media_lines(media: Media) -> Iterator[str]:
    port = str(media.port) if media.ports == 1 else f"{media.port}/{media.ports}"
    if not media.formats:
        raise UnwritableDescription("a medium without format")
    formats = " ".join(_token(f) for f in media.formats)
    yield f"m={_token(media.kind)} {port} {_token(media.protocol)} {formats}"
    if media.host is not None:
        yield f"c=IN {_net(media.host)}"
    yield from (_attribute_line(a) for a in media.attributes)


def _attribute_line(attribute: Attribute) -> str:
    name = _token(attribute.name)
    return f"a={name}" if attribute.value is None else f"a={name}:{_text(attribute.value)}"


def _net(host: str) -> str:
    """The address type and the address; a name counts as IP4, as RFC 8866 §5.7 lets it."""
    try:
        version = ip_address(host).version
    except ValueError:
        version = 4
    return f"IP{version} {_token(host)}"


def _token(text: str) -> str:
    if not text or text.split() != [text] or "\0" in text:
        raise UnwritableDescription(f"not one word: {text!r}")
    return text


def _text(text: str) -> str:
    if set(text) & {"\r", "\n", "\0"}:
        raise UnwritableDescription(f"not one line: {text!r}")
    return text
