"""Offers within a call that is up: re-INVITE and UPDATE, theirs and ours (RFC 3261 §14, RFC 3311).

At most one offer is under way. Theirs during ours is answered 491, theirs during theirs 500; ours
during theirs waits, and ours answered 491 comes again after the RFC's delay. What waits is the
wish, never the text: what is agreed meanwhile changes what there is to say, and its version.
"""

from telephony.sip.answering import Answering
from telephony.sip.asking import Asking
from telephony.sip.call import Call, Stage
from telephony.sip.content import Refusal, refusal_of, sdp_in
from telephony.sip.core import SDP, Core
from telephony.sip.events import OfferAnswered, OfferDue, OfferReceived, OfferRefused, Peer
from telephony.sip.ledger import ServerTransaction
from telephony.sip.message import Pairs, Request, Response
from telephony.sip.refresh import Refresh


class Offers:
    """Offers and answers of calls that are up."""

    def __init__(self, core: Core, asking: Asking, answering: Answering, refresh: Refresh) -> None:
        self._core = core
        self._asking = asking
        self._answering = answering
        self._refresh = refresh

    # Theirs

    def received(self, call: Call, request: Request, source: Peer, now: float) -> None:
        """A re-INVITE or an UPDATE."""
        core = self._core
        transaction = core.ledger.open(request, source)
        refusal = self._untimely(call, request)
        refusal = refusal or refusal_of(request) or self._refresh.refusal_of(request)
        if refusal:
            core.respond(transaction, refusal.status, now, headers=refusal.headers)
            return
        call.dialog.refresh(request)
        call.peer_updates = call.peer_updates or "update" in request.tokens("Allow")
        offer = sdp_in(request)
        if request.method == "UPDATE" and offer is None:
            self._answer_update(call, transaction, b"", now)
            return
        call.their_offer = transaction
        transaction.owner = call.id
        if request.method == "INVITE":
            core.respond(transaction, 100, now)
        core.tell(OfferReceived(call.id, offer))

    def _untimely(self, call: Call, request: Request) -> Refusal | None:
        """Why an offer cannot be taken just now (RFC 3261 §14.2, RFC 3311 §5.2)."""
        if request.method == "UPDATE" and not request.body:
            return None
        later = Refusal(500, (("Retry-After", str(round(self._core.between(1, 10)))),))
        if call.their_offer is not None or call.stage is Stage.OFFERED:
            return later
        ours = call.our_request is not None
        unacknowledged = call.ack is not None and (request.method == "INVITE" or call.ack.offers)
        return Refusal(491) if ours or unacknowledged else None

    def accept(self, call: Call, sdp: bytes, now: float) -> None:
        """Answer their offer (or make ours, where they asked for it)."""
        transaction, call.their_offer = call.their_offer, None
        if transaction is None:
            return
        call.remote_sdp = sdp_in(transaction.request) or call.remote_sdp
        if transaction.request.method == "UPDATE":
            self._answer_update(call, transaction, sdp, now)
        else:
            headers = self._refresh.agree(call, transaction.request, now)
            self._answering.accept(call, transaction, sdp, headers, now)

    def _answer_update(
        self, call: Call, transaction: ServerTransaction, sdp: bytes, now: float
    ) -> None:
        headers = self._core.dialog_headers(transaction)
        if call.stage is not Stage.OFFERED:
            headers += self._refresh.agree(call, transaction.request, now)
        if sdp:
            call.local_sdp = sdp
        self._core.respond(transaction, 200, now, headers=headers, body=sdp)

    def refuse(self, call: Call, status: int, now: float, headers: Pairs = ()) -> None:
        """Refuse their offer; the session stays as it was."""
        transaction, call.their_offer = call.their_offer, None
        if transaction is not None:
            self._core.respond(transaction, status, now, headers=headers)

    # Ours

    def wish(self, call: Call) -> None:
        """Ask for the time to offer: OfferDue tells it, as soon as nothing else is under way."""
        if not call.over:
            call.offer_wished = True
            self.proceed(call)

    def offer(self, call: Call, sdp: bytes, now: float) -> None:
        """Offer `sdp` in a re-INVITE now; where it cannot be, OfferDue tells when it can."""
        if self._may_offer(call):
            call.offer_wished = False
            self._reinvite(call, sdp, now, refreshing=False)
        else:
            self.wish(call)

    def proceed(self, call: Call) -> None:
        """Tell that the time has come for the offer that waits, if it has."""
        if call.offer_wished and self._may_offer(call):
            call.offer_wished = False
            self._core.tell(OfferDue(call.id))

    def _may_offer(self, call: Call) -> bool:
        busy = call.our_request or call.their_offer or call.ack
        waiting = (call.id, "offer") in self._core.alarms
        return call.stage is Stage.UP and not busy and not waiting

    def refresh(self, call: Call, now: float) -> None:
        """Refresh the session: by UPDATE where the peer knows it, else by the same offer again."""
        if call.peer_updates:
            self._update(call, now)
        elif not (call.our_request or call.their_offer or call.ack):
            self._reinvite(call, call.local_sdp, now, refreshing=True)

    def _update(self, call: Call, now: float) -> None:
        def heard(status: int, response: Response | None, at: float) -> None:
            if call.over or status < 200:
                return
            if response is not None and status < 300:
                call.dialog.refresh(response)
                self._refresh.agreed(call, response, at)
            elif status in (408, 481):
                self._asking.bye(call, at, status=status)

        self._asking.ask(call, "UPDATE", heard, now, headers=self._refresh.wish(call))

    def _reinvite(self, call: Call, sdp: bytes, now: float, *, refreshing: bool) -> None:
        acks: list[Request] = []

        def heard(status: int, response: Response | None, at: float) -> None:
            if status < 200:
                return
            if response is not None and status < 300:
                self._acknowledge(call, response, acks)
                if len(acks) > 1:
                    return
            call.our_request = None
            if call.over:
                return
            if response is not None and status < 300:
                self._refresh.agreed(call, response, at)
                self._answered(call, sdp, response, refreshing)
            else:
                self._refused(call, status, at, refreshing)
            self.proceed(call)

        headers = (("Content-Type", SDP), *self._refresh.wish(call))
        call.our_request = self._asking.ask(call, "INVITE", heard, now, headers=headers, body=sdp)

    def _acknowledge(self, call: Call, response: Response, acks: list[Request]) -> None:
        """ACK a 2xx; a repeated 2xx gets the very same ACK (RFC 3261 §13.2.2.4)."""
        if not acks:
            call.dialog.refresh(response)
        peer = call.dialog.next_hop
        ack = acks[0] if acks else self._asking.ack_of(call, call.dialog, response, peer)
        acks.append(ack)
        self._core.send(bytes(ack), peer)

    def _answered(self, call: Call, sdp: bytes, response: Response, refreshing: bool) -> None:
        call.local_sdp = sdp
        answer = sdp_in(response) or call.remote_sdp
        changed, call.remote_sdp = answer != call.remote_sdp, answer
        if changed or not refreshing:
            self._core.tell(OfferAnswered(call.id, answer))

    def _refused(self, call: Call, status: int, now: float, refreshing: bool) -> None:
        if status in (408, 481):  # §12.2.1.2
            self._asking.bye(call, now, status=status)
        elif status == 491 and not refreshing:
            # The end that made the Call-ID waits longer, so that the two do not meet again.
            ours = call.opening is None
            wait = self._core.between(2.1, 4.0) if ours else self._core.between(0.0, 2.0)
            call.offer_wished = True
            self._core.alarms.set((call.id, "offer"), now + wait, lambda at: self.proceed(call))
        if not refreshing and not call.over:
            self._core.tell(OfferRefused(call.id, status))
