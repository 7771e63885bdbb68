"""What the parts of the user agent share: who we are, the calls, what goes out."""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from telephony.sip.alarms import Alarms
from telephony.sip.call import Call, Stage
from telephony.sip.events import CallEnded, Output, Peer, Send, SipEvent, Transport
from telephony.sip.fields import BadField, bracket, parse_via, split_values
from telephony.sip.ledger import COOKIE, ClientTransaction, Heard, Ledger, ServerTransaction
from telephony.sip.message import REASONS, Pairs, Request, Response
from telephony.sip.transaction import Times

ALLOWED = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, SUBSCRIBE, NOTIFY, REFER"
SUPPORTED = "timer, replaces"
"""The extensions we know (option tags of RFC 4028 and RFC 3891)."""
SDP = "application/sdp"


class Tokens(Protocol):
    """Where unpredictable text comes from."""

    def token(self) -> str:
        """At least 64 unpredictable bits, in letters and digits; never the same twice."""


@dataclass(frozen=True, slots=True)
class Admit:
    """Let the request in. `account` is the one it proved to speak for, "" for none."""

    account: str = ""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer `status` and keep nothing; `retry_after` in seconds."""

    status: int
    reason: str = ""
    retry_after: int | None = None
    headers: Pairs = ()


@dataclass(frozen=True, slots=True)
class Drop:
    """Answer nothing."""


Verdict = Admit | Refuse | Drop
Gate = Callable[[Request, Peer, float], Verdict]
"""Judges each request that opens something, before anything is kept of it."""


@dataclass(frozen=True, slots=True)
class Local:
    """Who we are on the wire: the address others reach us at, and the name of the product."""

    host: str
    port: int
    product: str

    def contact(self, transport: Transport) -> str:
        """Our Contact."""
        suffix = ";transport=tcp" if transport is Transport.TCP else ""
        return f"<sip:{bracket(self.host)}:{self.port}{suffix}>"

    def via(self, transport: Transport, branch: str) -> str:
        """Our Via for a new transaction."""
        return f"SIP/2.0/{transport} {bracket(self.host)}:{self.port};rport;branch={branch}"


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """Session timers (RFC 4028), in seconds: what we ask for, and the least we accept."""

    seconds: int = 1800
    shortest: int = 90


class Core:
    """The calls of one user agent and the means to speak about them."""

    def __init__(self, local: Local, tokens: Tokens, times: Times, session: SessionPolicy) -> None:
        self.local = local
        self.times = times
        self.session = session
        self.alarms = Alarms()
        self.ledger = Ledger(times, self.alarms, self.send)
        self.calls: dict[str, Call] = {}
        self.dropped: Counter[str] = Counter()
        self._tokens = tokens
        self._stateless_key = tokens.token().encode()
        self._dialogs: dict[tuple[str, str], Call] = {}
        self._out: list[Output] = []

    # What goes out

    def send(self, data: bytes, to: Peer) -> None:
        """Have octets sent."""
        self._out.append(Send(data, to))

    def tell(self, event: SipEvent) -> None:
        """Tell the owner what happened."""
        self._out.append(event)

    def taken(self) -> list[Output]:
        """What was sent and told since the last time."""
        out, self._out = self._out, []
        return out

    # Randomness

    def token(self) -> str:
        """Text that nobody can guess: tags, branches, ids."""
        return self._tokens.token()

    def between(self, low: float, high: float) -> float:
        """An unpredictable number of seconds, in steps of 10 ms (RFC 3261 §14.1)."""
        drawn = hashlib.blake2s(self.token().encode(), digest_size=4).digest()
        steps = round((high - low) * 100)
        return low + int.from_bytes(drawn, "big") % (steps + 1) / 100

    def stateless_tag(self, request: Request) -> str:
        """The To tag of an answer that nothing is kept of: the same for a repetition (§8.2.7)."""
        essence = "\0".join(
            request.header(name) or "" for name in ("Via", "Call-ID", "From", "CSeq")
        )
        data = essence.encode("utf-8", "surrogateescape")
        return hashlib.blake2s(data, key=self._stateless_key[:32], digest_size=8).hexdigest()

    # Calls

    def keep(self, call: Call) -> None:
        """Make a call known by its id and by its dialog."""
        self.calls[call.id] = call
        self._dialogs[call.dialog.call_id, call.dialog.local_tag] = call

    def call_of(self, request: Request) -> Call | None:
        """The call whose dialog a request belongs to (§12.2.2)."""
        call = self._dialogs.get((request.call_id, request.recipient.tag))
        if call is None:
            return None
        known = call.dialog.remote_tag
        # The peer's tag is unknown until a response of a call we make brings one.
        early = call.stage in (Stage.INVITING, Stage.CANCELLING)
        return call if early or known == request.sender.tag else None

    def named(self, call_id: str, one: str, other: str) -> Call | None:
        """The call with that Call-ID and those two tags (RFC 3891 §3).

        Its own tag is the first, or the other: who picks up what a lamp shows reads the dialog
        from the end of the telephone that rings, and telephones differ in how they turn it round.
        Both tags are to be known either way; "0" stands for one that was never given.
        """
        for mine, theirs in ((one, other), (other, one)):
            call = self._dialogs.get((call_id, mine))
            if call is not None:
                tags = {call.dialog.remote_tag} - {""} | call.early_tags
                if theirs in (tags or {"0"}):
                    return call
        return None

    def finish(self, call: Call, *, by_peer: bool, status: int | None) -> None:
        """Tell the owner that the call is over; its dialog lives on until `forget`."""
        if call.over:
            return
        call.stage = Stage.ENDING
        for what in ("ack", "ack limit", "ringing", "session", "offer", "cancel", "silence"):
            self.alarms.clear((call.id, what))
        call.ack = None
        call.offer_wished = False
        self.tell(CallEnded(call.id, by_peer, status))

    def forget(self, call: Call) -> None:
        """Let go of the dialog: what still comes for it is answered 481."""
        call.stage = Stage.OVER
        self.calls.pop(call.id, None)
        self._dialogs.pop((call.dialog.call_id, call.dialog.local_tag), None)

    def cut_off(self, peer: Peer) -> None:
        """A connection is gone: calls that used it go on another way."""
        for call in self.calls.values():
            call.dialog.cut_off(peer)

    # Messages

    def request(self, request: Request, peer: Peer, heard: Heard, now: float) -> ClientTransaction:
        """Send a request in a transaction of its own."""
        return self.ledger.request(self.stamped(request, peer), peer, heard, now)

    def stamped(self, request: Request, peer: Peer) -> Request:
        """The request with our Via, and our Contact where one belongs."""
        via = ("Via", self.local.via(peer.transport, COOKIE + self.token()))
        headers: Pairs = (via, *request.headers)
        if request.method in ("INVITE", "UPDATE", "NOTIFY"):
            headers += (("Contact", self.local.contact(peer.transport)), ("Allow", ALLOWED))
        headers += (("User-Agent", self.local.product),)
        return Request(headers, request.body, request.method, request.uri)

    def respond(
        self,
        transaction: ServerTransaction,
        status: int,
        now: float,
        *,
        tag: str = "",
        headers: Pairs = (),
        body: bytes = b"",
        reason: str = "",
    ) -> Response:
        """Answer within a transaction."""
        response = self.response(
            transaction.request, transaction.source, status, tag, headers, body, reason
        )
        self.ledger.respond(transaction, response, now)
        return response

    def response(
        self,
        request: Request,
        source: Peer,
        status: int,
        tag: str = "",
        headers: Pairs = (),
        body: bytes = b"",
        reason: str = "",
    ) -> Response:
        """A response to `request`, with the fields it must repeat (§8.2.6.2)."""
        pairs = [*_vias(request, source)]
        for name in ("From", "To", "Call-ID", "CSeq"):
            value = request.header(name)
            if value is None:
                continue
            if name == "To" and status > 100 and not _tag_of(request):
                value = f"{value};tag={tag or self.stateless_tag(request)}"
            pairs.append((name, value))
        if body:
            pairs.append(("Content-Type", SDP))
        pairs.append(("Server", self.local.product))
        return Response((*pairs, *headers), body, status, reason or REASONS.get(status, "Unknown"))

    def dialog_headers(self, transaction: ServerTransaction) -> Pairs:
        """What a response that opens or refreshes a dialog carries (§12.1.1)."""
        routes = tuple(pair for pair in transaction.request.headers if pair[0] == "Record-Route")
        contact = self.local.contact(transaction.source.transport)
        return (*routes, ("Contact", contact), ("Allow", ALLOWED), ("Supported", SUPPORTED))


def _tag_of(request: Request) -> str:
    try:
        return request.recipient.tag
    except BadField:
        return "unreadable"  # sent back as it came


def _vias(request: Request, source: Peer) -> list[tuple[str, str]]:
    """The Via values, the top one marked with where it really came from (§18.2.1, RFC 3581)."""
    lines = [pair for pair in request.headers if pair[0] == "Via"]
    if not lines:
        return []
    try:
        first, *others = split_values(lines[0][1])
        via = parse_via(first)
    except BadField:
        return lines
    extra = dict(via.parameters)
    if "rport" in extra:
        extra["rport"] = str(source.port)
    if "rport" in extra or via.host != source.host:
        extra["received"] = source.host
    if extra != dict(via.parameters):
        first = str(type(via)(via.transport, via.host, via.port, extra))
    return [("Via", ", ".join([first, *others])), *lines[1:]]
