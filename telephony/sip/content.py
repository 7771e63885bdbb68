"""What requests say and ask for: the caller, the offer, the extensions and types they require."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from call.leg import Party
from telephony.sip.core import SDP, SUPPORTED
from telephony.sip.fields import Address, BadField, parse_uri
from telephony.sip.message import Message, Pairs, Request, parse_media_type

ACCEPT_KEYS: Pairs = (("Accept", "application/dtmf-relay, application/dtmf"),)
ACCEPT_SDP: Pairs = (("Accept", SDP),)

_KEYS: Mapping[str, str] = MappingProxyType(
    {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}
)
_SIGNAL = re.compile(r"^[ \t]*Signal[ \t]*=[ \t]*(\S+)[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
_DURATION = re.compile(
    r"^[ \t]*Duration[ \t]*=[ \t]*([0-9]{1,5})[ \t\r]*$", re.IGNORECASE | re.MULTILINE
)
DEFAULT_KEY_MS = 160  # what telephones write when they measure nothing


@dataclass(frozen=True, slots=True)
class Refusal:
    """The status that refuses a request, and the headers that say why."""

    status: int
    headers: Pairs = ()


def required_but_unknown(request: Request) -> list[str]:
    """The extensions a request requires and we lack (RFC 3261 §8.2.2.3).

    Proxy-Require counts too: whoever receives the request is the last proxy there is.
    """
    asked = request.tokens("Require") + request.tokens("Proxy-Require")
    known = SUPPORTED.split(", ")
    return [tag for tag in asked if tag not in known]


def refusal_of(request: Request) -> Refusal | None:
    """Why an INVITE cannot even be offered to the owner; None when it can."""
    kind = request.content_type
    if request.body and not _ignorable(request):
        encoding = (request.header("Content-Encoding") or "identity").lower()
        if encoding != "identity":
            return Refusal(415, (("Accept-Encoding", "identity"),))
        if kind not in (SDP, "multipart/mixed") or (
            kind == "multipart/mixed" and sdp_in(request) is None
        ):
            return Refusal(415, ACCEPT_SDP)
    accepted = [value.split(";")[0].strip() for value in request.tokens("Accept")]
    if accepted and not {SDP, "application/*", "*/*"} & set(accepted):
        return Refusal(406, ACCEPT_SDP)
    return None


def _ignorable(request: Request) -> bool:
    try:
        _, parameters = parse_media_type(request.header("Content-Disposition") or "session")
    except BadField:
        return False
    return (parameters.get("handling") or "").lower() == "optional"


def sdp_in(message: Message) -> bytes | None:
    """The session description in a message, alone or as a part of a multipart body."""
    if not message.body:
        return None
    if message.content_type == SDP:
        return message.body
    if message.content_type != "multipart/mixed":
        return None
    try:
        _, parameters = parse_media_type(message.header("Content-Type") or "")
    except BadField:
        return None
    boundary = (parameters.get("boundary") or "").strip('"').encode("utf-8", "surrogateescape")
    if not boundary:
        return None
    for part in message.body.split(b"--" + boundary)[1:]:
        head, blank, body = part.partition(b"\r\n\r\n")
        if blank and SDP.encode() in head.lower():
            return body.removesuffix(b"\r\n")
    return None


def caller_of(request: Request) -> Party:
    """Who calls: the asserted identity, else From; nobody when withheld (RFC 3323, 3325)."""
    private = {"id", "user", "header"} & {
        value for line in request.tokens("Privacy") for value in line.split(";")
    }
    if private:
        return Party("")
    try:
        asserted = request.addresses("P-Asserted-Identity")
    except BadField:
        asserted = []
    return _party(asserted[0] if asserted else request.sender)


def _party(address: Address) -> Party:
    uri = parse_uri(address.uri)
    if not uri.dialable or uri.user.lower() == "anonymous" or uri.host.endswith(".invalid"):
        return Party("")
    name = address.display.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return Party(uri.number, "".join(char for char in name if char.isprintable()))


@dataclass(frozen=True, slots=True)
class Key:
    """A key told by INFO, and how long it was held."""

    key: str
    duration_ms: int


def key_in(request: Request) -> Key | None:
    """The key that an INFO of application/dtmf-relay or application/dtmf tells.

    None for what is no key of a telephone (a hook flash).
    """
    text = request.body.decode("ascii", "replace")
    if request.content_type == "application/dtmf-relay":
        signal = _SIGNAL.search(text)
        told = signal[1] if signal else ""
        duration = _DURATION.search(text)
        held = int(duration[1]) if duration else DEFAULT_KEY_MS
    else:
        told, held = text.strip(), DEFAULT_KEY_MS
    key = _KEYS.get(told, told.upper())
    return Key(key, held) if len(key) == 1 and key in "0123456789*#ABCD" else None


def write_key(key: str, duration_ms: int) -> bytes:
    """The body of an INFO of application/dtmf-relay."""
    return f"Signal={key}\r\nDuration={duration_ms}\r\n".encode()
