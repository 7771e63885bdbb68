"""Transfers that a peer asks for within its call: REFER and its NOTIFYs (RFC 3515, RFC 5589).

Theory of operation. A REFER that can be understood is answered 202 and told `100 Trying` at once;
the owner hears TransferAsked, and says by `tell` how it goes. Each status is a NOTIFY of a
fragment of that response (RFC 3420); a final one ends the subscription that the REFER began. The
subscription lives on when the call itself is over, since telephones hang up as soon as they know
that a blind transfer is under way; it ends by itself after `LONGEST_S`. Where we hang up, the end
of the transfer is told first: a telephone takes no NOTIFY for a call that is over. A second REFER
while the first is under way is answered 491.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from telephony.sip.call import Call, Stage
from telephony.sip.content import Refusal
from telephony.sip.core import Core
from telephony.sip.dialog import Dialog
from telephony.sip.events import Output, Peer, TransferAsked
from telephony.sip.fields import BadField, parse_uri
from telephony.sip.message import REASONS, Request, parse_media_type
from telephony.sip.replacing import read_replaces, target_of, uri_headers
from telephony.sip.telling import Telling

PACKAGE = "refer"
FRAGMENT = "message/sipfrag;version=2.0"

LONGEST_S = 180.0
"""Seconds a transfer may be under way: longer than any telephone is left ringing."""


@dataclass(eq=False, slots=True)
class _Referral:
    """One REFER, until it is told how it ended."""

    dialog: Dialog
    event: str
    ends_at: float
    telling: Telling[bytes] | None = None
    over: str = ""

    def state(self, now: float) -> str:
        """Subscription-State of the NOTIFYs."""
        if self.over:
            return f"terminated;reason={self.over}"
        return f"active;expires={max(0, ceil(self.ends_at - now))}"


FAREWELL_S = 2.0
"""Seconds that our BYE waits for the telephone to know how its transfer ended."""


class Transfers:
    """What peers asked to be transferred, and were not told the end of."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._referrals: dict[str, _Referral] = {}
        self._ending: dict[str, _Referral] = {}
        self._waiting: dict[str, Callable[[float], None]] = {}

    # What arrives

    def referred(self, call: Call, request: Request, source: Peer, now: float) -> None:
        """A REFER within a call."""
        core = self._core
        transaction = core.ledger.open(request, source)
        asked = self._understood(call, request)
        if isinstance(asked, Refusal):
            core.respond(transaction, asked.status, now, headers=asked.headers)
            return
        target, replaces = asked
        core.respond(transaction, 202, now, headers=core.dialog_headers(transaction))
        # RFC 3515 §2.4.6: the first REFER of a dialog needs no id, each later one its number.
        event = f"{PACKAGE};id={request.cseq[0]}" if call.referred else PACKAGE
        call.referred = True
        self._begin(call, event, now)
        if replaces is None:
            self._tell(call.id, 481, now)
            return
        self._tell(call.id, 100, now)
        core.tell(TransferAsked(call.id, target, replaces))

    def subscribed(self, call: Call, request: Request, source: Peer, now: float) -> None:
        """A SUBSCRIBE to how a transfer goes: refreshed, or given up (RFC 3515 §2.4.4)."""
        core, referral = self._core, self._referrals.get(call.id)
        transaction = core.ledger.open(request, source)
        try:
            package, _ = parse_media_type(request.header("Event") or "")
        except BadField:
            package = ""
        if referral is None or referral.telling is None or package != PACKAGE:
            # Any other subscription has a dialog of its own (RFC 6665 §4.5.2).
            core.respond(transaction, 481, now)
            return
        given_up = request.header("Expires") == "0"
        left = 0 if given_up else max(0, ceil(referral.ends_at - now))
        headers = (*core.dialog_headers(transaction), ("Expires", str(left)))
        core.respond(transaction, 200, now, headers=headers)
        if given_up:
            self._end(call.id, "timeout", now)
        else:
            referral.telling.insist(now)

    def cut_off(self, peer: Peer) -> None:
        """A connection is gone: NOTIFYs go another way."""
        for referral in (*self._referrals.values(), *self._ending.values()):
            referral.dialog.cut_off(peer)

    # What the owner says

    def tell(self, call: str, status: int, now: float) -> list[Output]:
        """Tell the peer of a call how its transfer goes; a final status is the last."""
        self._tell(call, status, now)
        return self._core.taken()

    def after(self, call: str, act: Callable[[float], None], now: float) -> None:
        """Do something once the peer of a call knows how its transfer ended, or after a while."""
        if call not in self._ending:
            act(now)
            return
        self._waiting[call] = act
        self._core.alarms.set(
            (call, "farewell"), now + FAREWELL_S, lambda at: self._settled(call, at)
        )

    # One transfer

    def _understood(self, call: Call, request: Request) -> tuple[str, str | None] | Refusal:
        """The number, and the call to be replaced: "" for none, None for one that is not here."""
        if call.stage not in (Stage.UP, Stage.ANSWERED):
            return Refusal(403)
        if call.id in self._referrals:
            return Refusal(491)
        try:
            uri = parse_uri(target_of(request).uri)
            replaces = uri_headers(uri.headers).get("replaces")
            name = read_replaces(replaces) if replaces else None
        except BadField:
            return Refusal(400)
        if not uri.dialable or (uri.parameters.get("method") or "INVITE").upper() != "INVITE":
            return Refusal(603)
        if name is None:
            return uri.number, ""
        replaced = self._core.named(name.call_id, name.to_tag, name.from_tag)
        gone = replaced is None or replaced.over or replaced is call
        return uri.number, None if gone or replaced is None else replaced.id

    def _begin(self, call: Call, event: str, now: float) -> None:
        referral = _Referral(call.dialog, event, now + LONGEST_S)
        referral.telling = Telling(
            self._core,
            f"{call.id} refer",
            notice=lambda body, before, at: self._notice(referral, body, at),
            hop=lambda: referral.dialog.next_hop,
            given_up=lambda at: self._drop(call.id),
            nothing=b"",
            settled=lambda at: self._settled(call.id, at),
        )
        self._referrals[call.id] = referral
        self._core.alarms.set(
            (call.id, "refer"), referral.ends_at, lambda at: self._end(call.id, "timeout", at)
        )

    def _tell(self, call: str, status: int, now: float) -> None:
        referral = self._referrals.get(call)
        if referral is None or referral.telling is None:
            return
        referral.telling.body = f"SIP/2.0 {status} {REASONS.get(status, 'Unknown')}\r\n".encode()
        if status >= 200:
            self._end(call, "noresource", now)
        else:
            referral.telling.tell(now)

    def _end(self, call: str, why: str, now: float) -> None:
        """Tell the peer a last time."""
        referral = self._forget(call)
        if referral is not None and referral.telling is not None:
            referral.over = why
            referral.telling.stop()
            self._ending[call] = referral
            referral.telling.insist(now)

    def _settled(self, call: str, now: float) -> None:
        """The end of a transfer is told, or there was no time to wait for that."""
        if self._ending.pop(call, None) is not None:
            self._core.alarms.clear((call, "farewell"))
            if act := self._waiting.pop(call, None):
                act(now)

    def _drop(self, call: str) -> None:
        self._forget(call)

    def _forget(self, call: str) -> _Referral | None:
        self._core.alarms.clear((call, "refer"))
        return self._referrals.pop(call, None)

    def _notice(self, referral: _Referral, body: bytes, now: float) -> Request:
        bare = referral.dialog.request("NOTIFY")
        headers = (
            *bare.headers,
            ("Event", referral.event),
            ("Subscription-State", referral.state(now)),
            ("Content-Type", FRAGMENT),
        )
        return Request(headers, body, bare.method, bare.uri)
