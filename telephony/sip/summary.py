"""Message summaries: how many messages wait, and what a SUBSCRIBE to that must be (RFC 3842)."""

from dataclasses import dataclass
from urllib.parse import quote

from telephony.sip.content import Refusal
from telephony.sip.fields import BadField, Uri, bracket
from telephony.sip.message import Pairs, Request, parse_media_type

PACKAGE = "message-summary"
SUMMARY = "application/simple-message-summary"
ALLOW_EVENTS: Pairs = (("Allow-Events", PACKAGE),)

LONGEST_S = 3600
"""Seconds a subscription lasts that asks for more, or does not say (RFC 3842 §3.4)."""

SHORTEST_S = 60
"""Seconds below which a subscription would only be traffic; RFC 6665 §4.2.1.1 allows up to 3600."""

_TYPES = frozenset({SUMMARY, "application/*", "*/*"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many messages are new and old; the urgent ones are among them, and counted again."""

    new: int
    old: int
    urgent_new: int = 0
    urgent_old: int = 0

    @property
    def lit(self) -> bool:
        """Whether the lamp is on."""
        return self.new > 0


def write_summary(waiting: Waiting, account_uri: str) -> bytes:
    """The body of a NOTIFY (RFC 3842 §5.2)."""
    lines = (
        f"Messages-Waiting: {'yes' if waiting.lit else 'no'}",
        f"Message-Account: {account_uri}",
        f"Voice-Message: {waiting.new}/{waiting.old} ({waiting.urgent_new}/{waiting.urgent_old})",
    )
    return "".join(f"{line}\r\n" for line in lines).encode()


def account_uri(account: str, host: str) -> str:
    """The SIP URI of an account, as summaries name it."""
    return f"sip:{quote(account, safe='-_.!~*()&=+$,')}@{bracket(host)}"


def account_of(target: Uri) -> str:
    """The account that a Request-URI names."""
    return target.number


def refusal_of(request: Request) -> Refusal | None:
    """Why a SUBSCRIBE cannot be granted, whatever its account; None when it can."""
    try:
        package, _ = parse_media_type(request.header("Event") or "")
    except BadField:
        return Refusal(400)
    if package != PACKAGE:
        return Refusal(489, ALLOW_EVENTS)
    accepted = {value.split(";")[0].strip() for value in request.tokens("Accept")}
    if accepted and not accepted & _TYPES:
        return Refusal(406, (("Accept", SUMMARY),))
    seconds = seconds_asked(request)
    if seconds is None:
        return Refusal(400)
    if 0 < seconds < SHORTEST_S:
        return Refusal(423, (("Min-Expires", str(SHORTEST_S)),))
    return None


def event_of(request: Request) -> str:
    """The Event that each NOTIFY repeats, with its id where there is one (RFC 6665 §8.2.1)."""
    _, parameters = parse_media_type(request.header("Event") or "")
    identity = parameters.get("id")
    return f"{PACKAGE};id={identity}" if identity else PACKAGE


def seconds_asked(request: Request) -> int | None:
    """How long a SUBSCRIBE may last: what it asks for, at most LONGEST_S; None if unreadable."""
    text = request.header("Expires")
    if text is None:
        return LONGEST_S
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        return None
    return min(int(text), LONGEST_S)
