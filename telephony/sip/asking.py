"""Requests we make within a call: sent, proven to those who challenge them, and BYE."""

from dataclasses import dataclass, replace

from telephony.sip.call import Call, Stage
from telephony.sip.core import Core
from telephony.sip.dialog import Dialog
from telephony.sip.digest import Proof, authorization, challenge_of
from telephony.sip.events import Peer
from telephony.sip.ledger import ClientTransaction, Heard
from telephony.sip.message import Pairs, Request, Response

_ATTEMPTS = 3  # a realm, a second realm on the way, and one stale nonce


@dataclass(frozen=True, slots=True)
class _Question:
    """A request as its asker means it, whatever number and proof it goes out with.

    `proven` names the headers that already met a challenge for it.
    """

    call: Call
    method: str
    heard: Heard
    headers: Pairs
    body: bytes
    peer: Peer | None
    attempts: int = _ATTEMPTS
    proven: frozenset[str] = frozenset()


class Asking:
    """Makes requests of calls."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def ask(
        self,
        call: Call,
        method: str,
        heard: Heard,
        now: float,
        *,
        headers: Pairs = (),
        body: bytes = b"",
        peer: Peer | None = None,
    ) -> ClientTransaction:
        """Send a request and tell `heard` of its responses; challenges are met on the way.

        Without `peer` the request follows the dialog's path.
        """
        return self._put(_Question(call, method, heard, headers, body, peer), now)

    def _put(self, question: _Question, now: float) -> ClientTransaction:
        call = question.call
        hop = question.peer or call.dialog.next_hop

        def heard(status: int, response: Response | None, at: float) -> None:
            met = self._meet(question, response)
            if met is None and not self._other_way(question, status, response, hop):
                question.heard(status, response, at)
                return
            proven = question.proven | ({met} if met else frozenset())
            again = replace(question, attempts=question.attempts - 1, proven=proven)
            transaction = self._put(again, at)
            if question.method == "INVITE":
                call.our_request = transaction

        bare = call.dialog.request(question.method)
        headers = (*bare.headers, *self._proofs(call, bare), *question.headers)
        request = Request(headers, question.body, bare.method, bare.uri)
        if question.method == "INVITE":
            call.invited = request
        return self._core.request(request, hop, heard, now)

    def _other_way(
        self, question: _Question, status: int, response: Response | None, hop: Peer
    ) -> bool:
        """Whether a connection closed under a request that may take another way."""
        failed = response is None and status == 503 and question.attempts > 1
        given_up = question.call.over and question.method != "BYE"
        return failed and not given_up and (question.peer or question.call.dialog.next_hop) != hop

    def _meet(self, question: _Question, response: Response | None) -> str | None:
        """Take up a challenge; the header that will answer it, None when it is not to be met.

        The same refusal again is final, unless only the nonce was stale (RFC 3261 §22.1).
        """
        call = question.call
        if response is None or response.status not in (401, 407) or call.credentials is None:
            return None
        challenge = challenge_of(response)
        if challenge is None or question.attempts <= 1:
            return None
        if challenge.answer_header in question.proven and not challenge.stale:
            return None
        # A BYE is worth proving; an offer of a call that is over is not.
        given_up = call.over or call.stage is Stage.CANCELLING
        if given_up and response.cseq[1] != "BYE":
            return None
        call.proofs[challenge.answer_header] = Proof(challenge)
        return challenge.answer_header

    def _proofs(self, call: Call, request: Request) -> Pairs:
        who = call.credentials
        if who is None:
            return ()
        lines: list[tuple[str, str]] = []
        for name, proof in call.proofs.items():
            proof.count += 1
            value = authorization(
                proof.challenge,
                who,
                method=request.method,
                uri=request.uri,
                cnonce=self._core.token(),
                count=proof.count,
            )
            lines.append((name, value))
        return tuple(lines)

    def bye(self, call: Call, now: float, *, status: int | None = None) -> None:
        """End a call that is up, and tell that it ended by us."""
        self._core.finish(call, by_peer=False, status=status)

        def heard(answer: int, response: Response | None, at: float) -> None:
            if answer >= 200:
                self._core.forget(call)

        self.ask(call, "BYE", heard, now)

    def ack_of(self, call: Call, dialog: Dialog, response: Response, peer: Peer) -> Request:
        """The ACK of a 2xx, with the proofs its INVITE carried (RFC 3261 §13.2.2.4)."""
        ack = dialog.request("ACK", response.cseq[0])
        proofs = tuple(
            pair
            for pair in (call.invited.headers if call.invited else ())
            if pair[0] in ("Authorization", "Proxy-Authorization")
        )
        return self._core.stamped(Request((*ack.headers, *proofs), method="ACK", uri=ack.uri), peer)
