"""Where each account can be reached, and what a REGISTER makes of it (RFC 3261 §10.3). Pure.

A REGISTER is carried out as a whole or not at all: `Bindings.after` reckons what would be, and
raises `RegisterRefused` where a rule of §10.3 is broken; nothing changes until it is put in place.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from call.errors import PeerFault
from telephony.sip.events import Binding, Peer, Transport
from telephony.sip.fields import Address, BadField, parse_uri
from telephony.sip.message import Pairs, Request

LONGEST_URI = 500
"""Characters of a contact; a longer one is refused."""

_SECONDS = re.compile(r"[0-9]{1,10}")
_PREFERENCE = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")  # qvalue, §25.1


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long telephones are registered, in seconds, and how many for one account."""

    shortest_s: int = 60
    longest_s: int = 3600
    usual_s: int = 3600
    """Where a telephone does not say."""
    most: int = 10
    """Beyond, the one registered longest ago makes room: telephones that come back under another
    address forget to sign off the old one."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A binding, and the monotonic time at which it ends."""

    binding: Binding
    ends_at: float


Registered = Mapping[str, Bound]
"""The bindings of one account, by key, the one registered longest ago first."""

NONE: Registered = MappingProxyType({})


class RegisterRefused(PeerFault):
    """A REGISTER that cannot be carried out; the status and the headers that say why."""

    def __init__(self, status: int, why: str, headers: Pairs = ()) -> None:
        super().__init__(why)
        self.status = status
        self.headers = headers


def contact_key(uri: str) -> str:
    """The same text for URIs that are the same contact. Raises BadField."""
    read = parse_uri(uri)
    transport = (read.parameters.get("transport") or "").lower()
    return f"{read.scheme}:{read.user}@{read.host.lower()}:{read.port or ''};{transport}"


def after(
    before: Registered, user: str, request: Request, source: Peer, now: float, terms: Terms
) -> Registered:
    """The bindings of an account once a REGISTER is carried out.

    Raises RegisterRefused, and then nothing is to change.
    """
    left = {key: bound for key, bound in before.items() if bound.ends_at > now}
    contacts = request.values("Contact")
    if "*" in contacts:
        if len(contacts) > 1 or _seconds(request.header("Expires"), -1) != 0:
            raise RegisterRefused(400, "* with others, or without Expires: 0")
        for bound in left.values():
            _check_order(bound.binding, request)
        return NONE
    for contact in request.addresses("Contact"):
        asked = _Asked.of(contact, request, terms)
        binding = asked.binding(user, request, source)
        for key in [key for key, bound in left.items() if _is_same(bound.binding, binding)]:
            _check_order(left[key].binding, request)
            del left[key]
        if asked.seconds:
            left[contact_key(binding.uri)] = Bound(binding, now + asked.seconds)
    while len(left) > terms.most:
        del left[next(iter(left))]
    return MappingProxyType(left)


def in_order(registered: Registered, now: float) -> Sequence[Bound]:
    """Those that last, the preferred first, then the one registered last."""
    latest_first = [bound for bound in [*registered.values()][::-1] if bound.ends_at > now]
    return sorted(latest_first, key=lambda bound: -bound.binding.preference)


def contact_lines(registered: Registered, now: float) -> Iterator[tuple[str, str]]:
    """The Contact headers of a 200 (§10.3 step 8)."""
    for bound in in_order(registered, now):
        binding = bound.binding
        q = "" if binding.preference == 1.0 else f";q={binding.preference:g}"
        instance = f';+sip.instance="{binding.instance}"' if binding.instance else ""
        yield "Contact", f"<{binding.uri}>{q};expires={round(bound.ends_at - now)}{instance}"


@dataclass(frozen=True, slots=True)
class _Asked:
    """One Contact of a REGISTER."""

    uri: str
    seconds: int
    preference: float
    instance: str = field(default="")

    @classmethod
    def of(cls, contact: Address, request: Request, terms: Terms) -> "_Asked":
        uri = parse_uri(contact.uri)
        if uri.scheme != "sip" or uri.headers or len(contact.uri) > LONGEST_URI:
            raise RegisterRefused(400, "a contact that is no SIP URI")
        header = _seconds(request.header("Expires"), terms.usual_s)
        seconds = _seconds(contact.parameters.get("expires"), header)
        if 0 < seconds < terms.shortest_s:
            shortest = str(terms.shortest_s)
            raise RegisterRefused(423, "too brief", (("Min-Expires", shortest),))
        q = contact.parameters.get("q") or ""
        instance = (contact.parameters.get("+sip.instance") or "").strip('"')
        return cls(
            uri=contact.uri,
            seconds=min(seconds, terms.longest_s),
            preference=float(q) if _PREFERENCE.fullmatch(q) else 1.0,
            instance=instance if instance.isprintable() and len(instance) <= 200 else "",
        )

    def _home(self, request: Request, source: Peer) -> Peer:
        """Where the telephone is heard from; where it listens, if it is no other host, and does
        not ask to be answered where it sends from (RFC 3581)."""
        listens = parse_uri(self.uri).peer
        straight = source.transport is listens.transport is Transport.UDP
        if straight and listens.host == source.host and "rport" not in request.top_via.parameters:
            return listens
        return source

    def binding(self, user: str, request: Request, source: Peer) -> Binding:
        agent = request.header("User-Agent") or ""
        return Binding(
            user=user,
            uri=self.uri,
            peer=self._home(request, source),
            call_id=request.call_id,
            cseq=request.cseq[0],
            preference=self.preference,
            instance=self.instance,
            agent="".join(sign for sign in agent if sign.isprintable() and sign.isascii())[:200],
        )


def _is_same(one: Binding, other: Binding) -> bool:
    """Whether they are one telephone: the same contact, or the same instance (RFC 5626 §6)."""
    same = contact_key(one.uri) == contact_key(other.uri)
    return same or (one.instance == other.instance != "")


def _check_order(binding: Binding, request: Request) -> None:
    """§10.3 step 7: what was sent before must not undo what was sent after it."""
    if binding.call_id == request.call_id and request.cseq[0] <= binding.cseq:
        raise RegisterRefused(500, "out of order")


def _seconds(text: str | None, otherwise: int) -> int:
    """Delta-seconds; what cannot be read counts as not said (§10.2.1.1)."""
    return int(text) if text is not None and _SECONDS.fullmatch(text.strip()) else otherwise


def is_restorable(binding: Binding) -> bool:
    """Whether a binding that was written down can be used."""
    try:
        return parse_uri(binding.uri).scheme == "sip"
    except BadField:
        return False
