"""Requests received within a dialog: in order or not, BYE, INFO, OPTIONS, offers, transfers."""

from telephony.sip.call import Call, Stage
from telephony.sip.content import ACCEPT_KEYS, key_in
from telephony.sip.core import ALLOWED, Core
from telephony.sip.events import InfoKey, Peer
from telephony.sip.message import Pairs, Request
from telephony.sip.offers import Offers
from telephony.sip.transfers import Transfers

KEY_TYPES = ("application/dtmf-relay", "application/dtmf")


class Within:
    """Serves what the peer of a call asks in the middle of it."""

    def __init__(self, core: Core, offers: Offers, transfers: Transfers) -> None:
        self._core = core
        self._offers = offers
        self._transfers = transfers

    def received(self, call: Call, request: Request, source: Peer, now: float) -> None:
        """Any request but ACK and CANCEL; its extensions and method are known to be ours."""
        if not call.dialog.accepts(request):
            after = str(round(self._core.between(1, 10)))
            self._answer(request, source, 500, now, (("Retry-After", after),))
            return
        match request.method:
            case "BYE":
                self._bye(call, request, source, now)
            case _ if call.over or call.end_after_ack:
                self._answer(request, source, 481, now)
            case "INVITE" | "UPDATE":
                self._offers.received(call, request, source, now)
            case "REFER":
                self._transfers.referred(call, request, source, now)
            case "SUBSCRIBE":
                self._transfers.subscribed(call, request, source, now)
            case "NOTIFY":
                self._answer(request, source, 481, now)  # we subscribe to nothing
            case "INFO":
                self._info(call, request, source, now)
            case _:
                self._answer(request, source, 200, now, (("Allow", ALLOWED),))

    def _answer(
        self, request: Request, source: Peer, status: int, now: float, headers: Pairs = ()
    ) -> None:
        transaction = self._core.ledger.open(request, source)
        self._core.respond(transaction, status, now, headers=headers)

    def _bye(self, call: Call, request: Request, source: Peer, now: float) -> None:
        """200, and 487 to what was still unanswered (RFC 3261 §15.1.2)."""
        if call.stage in (Stage.INVITING, Stage.CANCELLING):
            self._answer(request, source, 481, now)
            return
        self._answer(request, source, 200, now)
        self._offers.refuse(call, 487, now)
        if call.opening is not None and call.stage is Stage.OFFERED:
            self._core.respond(call.opening, 487, now, tag=call.dialog.local_tag)
        if not call.over:
            self._core.finish(call, by_peer=True, status=None)
            self._core.forget(call)

    def _info(self, call: Call, request: Request, source: Peer, now: float) -> None:
        if not request.body:
            self._answer(request, source, 200, now)
        elif request.content_type not in KEY_TYPES:
            self._answer(request, source, 415, now, ACCEPT_KEYS)
        else:
            self._answer(request, source, 200, now)
            pressed = key_in(request)
            if pressed:
                self._core.tell(InfoKey(call.id, pressed.key, pressed.duration_ms))
