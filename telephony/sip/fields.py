"""The values inside headers: URIs, name-addr, Via, parameters (RFC 3261 §25, RFC 3966).

Each `parse` raises `BadField`, and nothing else, on text outside the grammar. Display names and
user parts are read a little more widely than the grammar, since telephones write `#31#` and
`Côté` unescaped; what is written stays within it. No pattern here takes more than linear time:
whatever a stranger sends in one datagram is refused before the next 20 ms of sound are due.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import unquote

from call.errors import PeerFault
from telephony.sip.events import Peer, Transport

REMEMBERED = 256
"""Values of each kind kept as they were read: each layer that a message passes asks for the same
fields, and all messages of a call carry them. Enough for those that are dealt with at one time."""

NO_PARAMETERS: Mapping[str, str | None] = MappingProxyType({})

_TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9_.\-]*[A-Za-z0-9.])?)"
_USER = r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/#\u0080-\U0010ffff]|%[0-9A-Fa-f]{2})+"
_PASSWORD = r"(?:[A-Za-z0-9\-_.!~*'()&=+$,]|%[0-9A-Fa-f]{2})*"
_URI_VALUE = r"(?:[A-Za-z0-9\-_.!~*'()\[\]/:&+$]|%[0-9A-Fa-f]{2})+"

_SIP_URI = re.compile(
    rf"(?P<scheme>[Ss][Ii][Pp][Ss]?):(?:(?P<user>{_USER})(?::(?P<password>{_PASSWORD}))?@)?"
    rf"(?P<host>{_HOST})(?::(?P<port>[0-9]{{1,5}}))?"
    rf"(?P<parameters>(?:;{_URI_VALUE}(?:={_URI_VALUE})?)*)(?:\?(?P<headers>[^\s<>\"]*))?"
)
_TEL_URI = re.compile(
    r"(?P<scheme>[Tt][Ee][Ll]):(?P<user>\+?[0-9A-Fa-f*#\-.()]+)"
    rf"(?P<parameters>(?:;{_URI_VALUE}(?:={_URI_VALUE})?)*)"
)
_OTHER_URI = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*):(?P<rest>[^\s<>\"]+)")
_PARAMETER = re.compile(
    rf"\s*;\s*(?P<name>{_TOKEN})\s*(?:=\s*(?P<value>{_QUOTED}|[^\s;,\"<>=?]+))?\s*"
)
_NAME_ADDR = re.compile(
    rf'(?:(?P<quoted>{_QUOTED})\s*|(?P<plain>[^"<>,:;]*))<(?P<uri>[^<>]*)>(?P<rest>.*)',
    re.DOTALL,
)
_ADDR_SPEC = re.compile(r"(?P<uri>[^\s;,<>\"?]+)\s*(?P<rest>.*)", re.DOTALL)
_VIA = re.compile(
    rf"\s*SIP\s*/\s*2\.0\s*/\s*(?P<transport>{_TOKEN})\s+(?P<host>{_HOST})"
    r"\s*(?::\s*(?P<port>[0-9]{1,5}))?\s*(?P<rest>.*)",
    re.DOTALL | re.IGNORECASE,
)
_SPLIT_COMMAS = re.compile(rf'(?:{_QUOTED}|<[^>]*>|[^",<])*')
_CUT_ESCAPES = re.compile(r"\\(.)")


class BadField(PeerFault):
    """A header or URI outside the grammar; the text says which."""


@dataclass(frozen=True, slots=True)
class Uri:
    """A SIP, SIPS or tel URI; any other scheme keeps its text in `host`.

    `user` is unescaped, `host` without brackets. `text` is the URI as it was written.
    """

    scheme: str
    host: str
    user: str = ""
    port: int | None = None
    parameters: Mapping[str, str | None] = field(default_factory=lambda: NO_PARAMETERS)
    headers: str = ""
    text: str = ""

    @property
    def dialable(self) -> bool:
        """Whether this is a scheme that a telephone answers to."""
        return self.scheme in ("sip", "sips", "tel")

    @property
    def number(self) -> str:
        """The user part without its own parameters; a tel number without its separators.

        Escaped control characters are left out: what a peer dials ends up in logs and in mail.
        """
        user = "".join(char for char in self.user.split(";")[0] if char.isprintable())
        return re.sub(r"[\-.()]", "", user) if self.scheme == "tel" else user

    @property
    def peer(self) -> Peer:
        """Where a request for this URI goes, without any look-up (RFC 3263 §4)."""
        tcp = (self.parameters.get("transport") or "").lower() == "tcp"
        return Peer(Transport.TCP if tcp else Transport.UDP, self.host, self.port or 5060)


@dataclass(frozen=True, slots=True)
class Address:
    """A name-addr or addr-spec, with its header parameters (names in lower case)."""

    uri: str
    display: str = ""
    parameters: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """The dialog tag, "" when there is none."""
        return self.parameters.get("tag") or ""

    def __str__(self) -> str:
        name = f"{quote(self.display)} " if self.display else ""
        return f"{name}<{self.uri}>{write_parameters(self.parameters)}"


@dataclass(frozen=True, slots=True)
class Via:
    """One hop: `host` without brackets; parameter names in lower case."""

    transport: str
    host: str
    port: int | None = None
    parameters: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def branch(self) -> str:
        return self.parameters.get("branch") or ""

    def __str__(self) -> str:
        place = bracket(self.host) + (f":{self.port}" if self.port is not None else "")
        return f"SIP/2.0/{self.transport} {place}{write_parameters(self.parameters)}"


def bracket(host: str) -> str:
    """The host as URIs and Via write it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def quote(text: str) -> str:
    """A quoted-string (RFC 3261 §25.1); control characters become spaces."""
    plain = "".join(" " if ord(char) < 32 or ord(char) == 127 else char for char in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquoted(text: str) -> str:
    """The text of a quoted-string; other text as it is."""
    if len(text) >= 2 and text[0] == '"' and text[-1] == '"':
        return _CUT_ESCAPES.sub(r"\1", text[1:-1])
    return text


def write_parameters(parameters: Mapping[str, str | None]) -> str:
    """`;name=value` for each, in order."""
    return "".join(
        f";{name}" if value is None else f";{name}={value}" for name, value in parameters.items()
    )


def parse_parameters(text: str) -> dict[str, str | None]:
    """`;name[=value]...` to a mapping in order; quoted values keep their quotes."""
    found: dict[str, str | None] = {}
    at = 0
    while at < len(text):
        match = _PARAMETER.match(text, at)
        if match is None:
            raise BadField(f"bad parameters: {text[:80]!r}")
        found.setdefault(match["name"].lower(), match["value"])
        at = match.end()
    return found


def _uri_parameters(text: str) -> Mapping[str, str | None]:
    if not text:
        return NO_PARAMETERS
    pairs = (bit.partition("=") for bit in text[1:].split(";"))
    return {name.lower(): (value if equals else None) for name, equals, value in pairs}


def _port(digits: str | None) -> int | None:
    if digits is None:
        return None
    port = int(digits)
    if port > 65535:
        raise BadField(f"no such port: {port}")
    return port


@lru_cache(REMEMBERED)
def parse_uri(text: str) -> Uri:
    """A URI of any scheme; sip, sips and tel are held to their own grammar."""
    if match := _SIP_URI.fullmatch(text):
        return Uri(
            scheme=match["scheme"].lower(),
            host=match["host"].strip("[]"),
            user=unquote(match["user"] or "", errors="replace"),
            port=_port(match["port"]),
            parameters=_uri_parameters(match["parameters"]),
            headers=match["headers"] or "",
            text=text,
        )
    if match := _TEL_URI.fullmatch(text):
        parameters = _uri_parameters(match["parameters"])
        return Uri("tel", "", match["user"], parameters=parameters, text=text)
    match = _OTHER_URI.fullmatch(text)
    if match is None or match["scheme"].lower() in ("sip", "sips", "tel"):
        raise BadField(f"not a URI: {text[:80]!r}")
    return Uri(match["scheme"].lower(), match["rest"], text=text)


@lru_cache(REMEMBERED)
def parse_address(text: str) -> Address:
    """From, To, Contact, Route and their kin, one value."""
    text = text.strip()
    match = _NAME_ADDR.fullmatch(text)
    if match is None:
        match = _ADDR_SPEC.fullmatch(text)
        if match is None:
            raise BadField(f"not an address: {text[:80]!r}")
        display = ""
    else:
        display = unquoted(match["quoted"]) if match["quoted"] else (match["plain"] or "").strip()
    parse_uri(match["uri"])
    return Address(match["uri"], display, parse_parameters(match["rest"]))


@lru_cache(REMEMBERED)
def parse_via(text: str) -> Via:
    """One Via value."""
    match = _VIA.fullmatch(text)
    if match is None:
        raise BadField(f"not a Via: {text[:80]!r}")
    parameters = parse_parameters(match["rest"])
    return Via(
        match["transport"].upper(), match["host"].strip("[]"), _port(match["port"]), parameters
    )


def split_values(text: str) -> list[str]:
    """The values of a header that may hold several, cut at commas outside quotes and brackets."""
    values: list[str] = []
    at = 0
    while True:
        match = _SPLIT_COMMAS.match(text, at)
        end = match.end() if match else at
        if end < len(text) and text[end] != ",":
            raise BadField(f"unbalanced: {text[:80]!r}")
        values.append(text[at:end].strip())
        if end >= len(text):
            return values
        at = end + 1
