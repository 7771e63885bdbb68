"""Calls that others make to us: INVITE, its answer, its refusal, and CANCEL."""

from telephony.sip.answering import Answering
from telephony.sip.call import Call, Stage
from telephony.sip.content import Refusal, caller_of, refusal_of, sdp_in
from telephony.sip.core import Core
from telephony.sip.dialog import as_called
from telephony.sip.diverting import diversions_of
from telephony.sip.events import IncomingCall, Peer
from telephony.sip.fields import parse_uri
from telephony.sip.ledger import ServerTransaction
from telephony.sip.message import Pairs, Request
from telephony.sip.refresh import Refresh
from telephony.sip.replacing import replaced_by

RING_EVERY_S = 60.0
"""Seconds after which a proxy is told again that it rings; it gives up after three minutes of
silence (RFC 3261 §13.3.1.1, §16.6)."""


class Called:
    """The called party of calls."""

    def __init__(self, core: Core, answering: Answering, refresh: Refresh) -> None:
        self._core = core
        self._answering = answering
        self._refresh = refresh

    def invited(self, request: Request, source: Peer, now: float, account: str = "") -> None:
        """An admitted INVITE that opens a dialog; `account` is who proved to have sent it."""
        core = self._core
        transaction = core.ledger.open(request, source)
        refusal = refusal_of(request) or self._refresh.refusal_of(request)
        replaced = replaced_by(core, request)
        if isinstance(replaced, Refusal):
            refusal = refusal or replaced
        if refusal:
            core.respond(transaction, refusal.status, now, headers=refusal.headers)
            return
        stamp = request.header("Timestamp")
        core.respond(transaction, 100, now, headers=(("Timestamp", stamp),) if stamp else ())
        call = Call(
            id=core.token(),
            dialog=as_called(request, core.token(), source, at_home=account != ""),
            stage=Stage.OFFERED,
            opening=transaction,
            remote_sdp=sdp_in(request) or b"",
            peer_updates="update" in request.tokens("Allow"),
        )
        transaction.owner = call.id
        core.keep(call)
        core.tell(
            IncomingCall(
                call=call.id,
                source=source,
                caller=caller_of(request),
                dialed=request.target.number,
                offer=sdp_in(request),
                sip_call_id=request.call_id,
                diversions=diversions_of(request),
                replaces=replaced.id if isinstance(replaced, Call) else "",
                recipient=parse_uri(request.recipient.uri).number,
                account=account,
            )
        )

    def ring(self, call: Call, now: float) -> None:
        """180, with the tag of the dialog to come, and again each minute while it rings."""
        self._provisional(call, 180, b"", now)

    def progress(self, call: Call, sdp: bytes, now: float) -> None:
        """183 with our description: sound may flow before the answer."""
        self._provisional(call, 183, sdp, now)

    def _provisional(self, call: Call, status: int, sdp: bytes, now: float) -> None:
        if call.opening is None or call.stage is not Stage.OFFERED:
            return
        tag, headers = call.dialog.local_tag, self._core.dialog_headers(call.opening)
        self._core.respond(call.opening, status, now, tag=tag, headers=headers, body=sdp)
        self._core.alarms.set(
            (call.id, "ringing"), now + RING_EVERY_S, lambda at: self._again(call, status, sdp, at)
        )

    def _again(self, call: Call, status: int, sdp: bytes, now: float) -> None:
        self._provisional(call, status, sdp, now)

    def answer(self, call: Call, sdp: bytes, now: float) -> None:
        """200 with our description."""
        if call.opening is None or call.stage is not Stage.OFFERED:
            return
        call.stage = Stage.ANSWERED
        self._core.alarms.clear((call.id, "ringing"))
        headers = self._refresh.agree(call, call.opening.request, now)
        self._answering.accept(call, call.opening, sdp, headers, now)

    def reject(
        self, call: Call, status: int, now: float, headers: Pairs = (), *, by_peer: bool = False
    ) -> None:
        """A final refusal; the call is over."""
        if call.opening is None or call.stage is not Stage.OFFERED:
            return
        self._core.respond(call.opening, status, now, tag=call.dialog.local_tag, headers=headers)
        self._core.finish(call, by_peer=by_peer, status=status)
        self._core.forget(call)

    def cancelled(
        self, invite: ServerTransaction, request: Request, source: Peer, now: float
    ) -> None:
        """CANCEL of `invite`: 200 to it, and 487 to the INVITE unless it was answered (§9.2)."""
        core = self._core
        call = core.calls.get(invite.owner)
        tag = call.dialog.local_tag if call else ""
        core.respond(core.ledger.open(request, source), 200, now, tag=tag)
        if call is None or invite.answered:
            return
        if invite is call.opening:
            self.reject(call, 487, now, by_peer=True)
        else:
            call.their_offer = None
            core.respond(invite, 487, now)
