"""A 2xx to an INVITE, first or again: repeated until its ACK comes (RFC 3261 §13.3.1.4, §14.2)."""

from telephony.sip.asking import Asking
from telephony.sip.call import AwaitedAck, Call, Stage
from telephony.sip.core import SDP, Core
from telephony.sip.events import CallConfirmed, OfferAnswered
from telephony.sip.ledger import ServerTransaction
from telephony.sip.message import Pairs, Request


class Answering:
    """Accepts INVITEs, and sees to their ACK."""

    def __init__(self, core: Core, asking: Asking) -> None:
        self._core = core
        self._asking = asking

    def accept(
        self,
        call: Call,
        transaction: ServerTransaction,
        sdp: bytes,
        headers: Pairs,
        now: float,
    ) -> None:
        """Send 200 with our description, now and until it is acknowledged."""
        core, request = self._core, transaction.request
        response = core.respond(
            transaction,
            200,
            now,
            tag=call.dialog.local_tag,
            headers=core.dialog_headers(transaction) + headers,
            body=sdp,
        )
        call.local_sdp = sdp
        call.ack = AwaitedAck(
            data=bytes(response),
            transaction=transaction,
            cseq=request.cseq[0],
            interval=core.times.t1,
            first=transaction is call.opening,
            offers=not request.body,
        )
        core.alarms.set((call.id, "ack"), now + core.times.t1, lambda at: self._repeat(call, at))
        limit = now + core.times.patience
        core.alarms.set((call.id, "ack limit"), limit, lambda at: self._give_up(call, at))

    def _repeat(self, call: Call, now: float) -> None:
        if call.ack is None:
            return
        self._core.send(call.ack.data, call.ack.transaction.reply_to)
        call.ack.interval = min(2 * call.ack.interval, self._core.times.t2)
        self._core.alarms.set(
            (call.id, "ack"), now + call.ack.interval, lambda at: self._repeat(call, at)
        )

    def _give_up(self, call: Call, now: float) -> None:
        self._asking.bye(call, now, status=408)

    def acknowledged(self, call: Call, request: Request, now: float) -> bool:
        """Take the ACK of our 2xx; whether it is one that was awaited."""
        awaited = call.ack
        if awaited is None or request.cseq[0] != awaited.cseq:
            return False
        call.ack = None
        self._core.alarms.clear((call.id, "ack"))
        self._core.alarms.clear((call.id, "ack limit"))
        if call.stage is Stage.ANSWERED:
            call.stage = Stage.UP
        body = request.body if request.content_type in (SDP, "") else b""
        answer = body if awaited.offers and body else None
        if answer:
            call.remote_sdp = answer
        if call.end_after_ack:
            self._asking.bye(call, now)
        elif awaited.first:
            self._core.tell(CallConfirmed(call.id, answer))
        elif answer:
            self._core.tell(OfferAnswered(call.id, answer))
        return True
