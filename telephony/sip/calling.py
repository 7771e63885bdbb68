"""Calls that we make: INVITE, what comes back, forks, and CANCEL."""

from collections.abc import Callable

from telephony.sip.asking import Asking
from telephony.sip.call import Call, Stage
from telephony.sip.content import sdp_in
from telephony.sip.core import SDP, Core
from telephony.sip.dialog import Dialog, as_calling
from telephony.sip.digest import Credentials
from telephony.sip.events import CallAnswered, CallProgress, Peer
from telephony.sip.fields import Address
from telephony.sip.message import Pairs, Request, Response
from telephony.sip.refresh import Refresh, minimum_in


class Calling:
    """The calling party of calls. `lives_at` tells where telephones of ours are registered."""

    def __init__(
        self, core: Core, asking: Asking, refresh: Refresh, lives_at: Callable[[Peer], bool]
    ) -> None:
        self._core = core
        self._lives_at = lives_at
        self._asking = asking
        self._refresh = refresh

    def invite(
        self,
        target_uri: str,
        from_uri: str,
        display_name: str,
        sdp: bytes,
        credentials: Credentials | None,
        peer: Peer,
        now: float,
        headers: Pairs = (),
        heard_within_s: float | None = None,
    ) -> str:
        """Call `target_uri` through `peer`; the id of the call. `headers` go with its INVITEs."""
        core = self._core
        dialog = Dialog(
            call_id=core.token(),
            local=str(Address(from_uri, display_name)),
            local_tag=core.token(),
            remote=str(Address(target_uri)),
            remote_tag="",
            target=target_uri,
            route=(),
            via_peer=peer,
            at_home=self._lives_at(peer),
        )
        call = Call(core.token(), dialog, Stage.INVITING, local_sdp=sdp, credentials=credentials)
        core.keep(call)
        self._send(call, headers, now)
        if heard_within_s is not None:
            limit = now + heard_within_s
            core.alarms.set((call.id, "silence"), limit, lambda at: self._unheard(call, at))
        return call.id

    def _unheard(self, call: Call, now: float) -> None:
        """Nobody is there: whoever made the call does not wait for 64*T1 to learn it."""
        if call.our_request is not None and call.our_request.silent:
            self._core.ledger.abandon(call.our_request, now)

    def _send(self, call: Call, headers: Pairs, now: float, shortest: int = 0) -> None:
        def heard(status: int, response: Response | None, at: float) -> None:
            again = status == 422 and not shortest and call.stage is Stage.INVITING
            if response is not None and again:
                self._send(call, headers, at, max(minimum_in(response), 1))
            else:
                self._heard(call, status, response, at)

        call.our_request = self._asking.ask(
            call,
            "INVITE",
            heard,
            now,
            headers=(*headers, ("Content-Type", SDP), *self._refresh.wish(call, shortest)),
            body=call.local_sdp,
            peer=call.dialog.via_peer,
        )

    def _heard(self, call: Call, status: int, response: Response | None, now: float) -> None:
        if response is None or status >= 300:
            self._failed(call, status, by_peer=response is not None)
        elif status >= 200:
            self._accepted(call, response, now)
        elif call.stage is Stage.CANCELLING:
            self._cancel(call, now)
        elif status > 100 and call.stage is Stage.INVITING:
            body, tag = sdp_in(response), response.recipient.tag
            if tag:
                call.early_tags.add(tag)
            if body:
                call.early_answers[tag] = body
            self._core.tell(CallProgress(call.id, status, body))

    def _failed(self, call: Call, status: int, *, by_peer: bool) -> None:
        if call.stage not in (Stage.INVITING, Stage.CANCELLING):
            return
        cancelled = call.stage is Stage.CANCELLING
        self._core.finish(
            call, by_peer=by_peer and not cancelled, status=487 if cancelled else status
        )
        self._core.forget(call)

    def _accepted(self, call: Call, response: Response, now: float) -> None:
        """A 2xx: acknowledged each time; the first makes the call, others are hung up."""
        tag = response.recipient.tag
        if tag in call.acks:
            self._core.send(*call.acks[tag])
            return
        dialog = as_calling(call.dialog, response)
        peer = dialog.next_hop
        ack = bytes(self._asking.ack_of(call, dialog, response, peer))
        call.acks[tag] = (ack, peer)
        self._core.send(ack, peer)
        if call.stage is Stage.CANCELLING:
            call.dialog = dialog
            self._asking.bye(call, now, status=487)
        elif call.stage is Stage.INVITING:
            self._established(call, dialog, response, now)
        else:
            # Another telephone answered the same call (§13.2.2.4): it is let go.
            self._hang_up_fork(call, dialog, now)

    def _established(self, call: Call, dialog: Dialog, response: Response, now: float) -> None:
        call.dialog = dialog
        call.stage = Stage.UP
        call.our_request = None
        call.peer_updates = "update" in response.tokens("Allow")
        self._refresh.agreed(call, response, now)
        answer = sdp_in(response)
        if answer is None:
            answer = call.early_answers.get(dialog.remote_tag)
        call.remote_sdp = answer or b""
        self._core.tell(CallAnswered(call.id, answer))

    def _hang_up_fork(self, call: Call, dialog: Dialog, now: float) -> None:
        fork = Call(
            self._core.token(),
            dialog,
            Stage.ENDING,
            credentials=call.credentials,
            proofs=call.proofs,
        )
        self._asking.ask(fork, "BYE", lambda status, response, at: None, now)

    def cancel(self, call: Call, now: float, reason: str = "") -> None:
        """Give the call up: CANCEL once something was heard, BYE if it is answered meanwhile."""
        if call.stage is not Stage.INVITING:
            return
        call.stage = Stage.CANCELLING
        call.cancelled_because = reason
        if call.our_request is not None and not call.our_request.silent:
            self._cancel(call, now)

    def _cancel(self, call: Call, now: float) -> None:
        invite = call.our_request
        if invite is None or (call.id, "cancel") in self._core.alarms:
            return
        kept = ("Via", "Max-Forwards", "Route", "From", "To", "Call-ID")
        headers = tuple(pair for pair in invite.request.headers if pair[0] in kept)
        sequence = ("CSeq", f"{invite.request.cseq[0]} CANCEL")
        why = (("Reason", call.cancelled_because),) if call.cancelled_because else ()
        cancel = Request((*headers, sequence, *why), method="CANCEL", uri=invite.request.uri)
        self._core.ledger.request(cancel, invite.peer, lambda status, response, at: None, now)
        limit = now + self._core.times.patience
        self._core.alarms.set(
            (call.id, "cancel"), limit, lambda at: self._core.ledger.abandon(invite, at)
        )
