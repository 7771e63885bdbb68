"""The event packages that telephones subscribe to, and what a SUBSCRIBE to one must be (RFC 6665).

Three packages are served: waiting messages (RFC 3842), the calls of an extension (RFC 4235), and in
one word what it does (RFC 3856). Each has states, and a document that tells one; all else about
subscriptions is the same.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from telephony.sip import dialog_info, pidf, summary
from telephony.sip.content import Refusal
from telephony.sip.dialog_info import Calls
from telephony.sip.fields import BadField
from telephony.sip.message import Pairs, Request, parse_media_type
from telephony.sip.pidf import Activity, Doing
from telephony.sip.summary import Waiting

State = Waiting | Calls | Doing
"""What telephones are told."""

LONGEST_S = 3600
"""Seconds a subscription lasts that asks for more, or says nothing (RFC 3842 §3.4, 4235 §3.4)."""

SHORTEST_S = 60
"""Seconds below which a subscription would only be traffic; RFC 6665 §4.2.1.1 allows up to 3600."""


@dataclass(frozen=True, slots=True)
class Package:
    """One event package: its name, the type of its documents, and what is true of nothing."""

    name: str
    content_type: str
    dark: State

    @property
    def types(self) -> frozenset[str]:
        """The values of Accept that take its documents."""
        return frozenset({self.content_type, "application/*", "*/*"})


PACKAGES: Mapping[str, Package] = MappingProxyType(
    {
        summary.PACKAGE: Package(summary.PACKAGE, summary.SUMMARY, Waiting(0, 0)),
        dialog_info.PACKAGE: Package(dialog_info.PACKAGE, dialog_info.DIALOG_INFO, Calls()),
        pidf.PACKAGE: Package(pidf.PACKAGE, pidf.PIDF, Doing(Activity.AWAY)),
    }
)


def allow_events(served: Collection[str]) -> Pairs:
    """Allow-Events with the packages of that name; nothing where there are none."""
    names = ", ".join(name for name in PACKAGES if name in served)
    return (("Allow-Events", names),) if names else ()


def package_of(event: str) -> Package:
    """The package of an Event that was written by `event_of`."""
    return PACKAGES[event.partition(";")[0]]


def write(state: State, before: State | None, uri: str, version: int) -> bytes:
    """The document that tells a state of an account, by its URI.

    Where `before` is what the telephone knows, only what differs may be told.
    """
    match state:
        case Waiting():
            return summary.write_summary(state, uri)
        case Calls():
            known = before if isinstance(before, Calls) else None
            return dialog_info.write_dialogs(state, known, uri, version)
        case Doing():
            return pidf.write_presence(state, uri)


def refusal_of(request: Request, served: Collection[str]) -> Refusal | None:
    """Why a SUBSCRIBE cannot be granted, whatever its account; None when it can."""
    try:
        name, _ = parse_media_type(request.header("Event") or "")
    except BadField:
        return Refusal(400)
    package = PACKAGES.get(name) if name in served else None
    if package is None:
        return Refusal(489, allow_events(served))
    accepted = {value.split(";")[0].strip() for value in request.tokens("Accept")}
    if accepted and not accepted & package.types:
        return Refusal(406, (("Accept", package.content_type),))
    seconds = seconds_asked(request)
    if seconds is None:
        return Refusal(400)
    if 0 < seconds < SHORTEST_S:
        return Refusal(423, (("Min-Expires", str(SHORTEST_S)),))
    return None


def event_of(request: Request) -> str:
    """The Event that each NOTIFY repeats, with its id where there is one (RFC 6665 §8.2.1).

    Other parameters belong to the SUBSCRIBE alone (RFC 4235 §3.2).
    """
    name, parameters = parse_media_type(request.header("Event") or "")
    identity = parameters.get("id")
    return f"{name};id={identity}" if identity else name


def seconds_asked(request: Request) -> int | None:
    """How long a SUBSCRIBE may last: what it asks for, at most LONGEST_S; None if unreadable."""
    text = request.header("Expires")
    if text is None:
        return LONGEST_S
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        return None
    return min(int(text), LONGEST_S)
