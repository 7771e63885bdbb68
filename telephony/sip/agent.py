"""The user agent: octets and the time in, octets and events out (RFC 3261, sans-IO).

Theory of operation. Nothing here knows a socket, a clock or a task. The owner feeds what arrives,
calls `tick` at `deadline`, gives commands, and carries out each `Output` in order. Every method
returns at once. A call is named by the id of its IncomingCall, or by what `invite` returned; its
last event is CallEnded, and a command for a call that is over does nothing, so that a hang-up wins
every race.

    message, fields     octets to values and back          transaction, ledger   RFC 3261 §17
    dialog              §12                                core                  what all share
    called, calling     both ends of INVITE                answering             2xx until its ACK
    offers, refresh     re-INVITE, UPDATE, RFC 4028        asking, digest        our requests
    within              the peer's requests in a call      stream                TCP to messages
    transfers           REFER (RFC 3515)                   replacing             RFC 3891
    diverting           RFC 5806, RFC 7044
    registrar           telephones (RFC 3261 §10)          bindings, challenges  its rules, RFC 8760
    subscriptions       message lamps (RFC 6665)           summary               RFC 3842
    announcing          lamps nobody asked for             telling               NOTIFY, one by one
"""

from collections.abc import Callable, Mapping

from call.errors import Misuse
from telephony.sip.announcing import Announcing
from telephony.sip.answering import Answering
from telephony.sip.asking import Asking
from telephony.sip.call import Call, Stage
from telephony.sip.called import Called
from telephony.sip.calling import Calling
from telephony.sip.content import required_but_unknown, write_key
from telephony.sip.core import (
    ALLOWED,
    SDP,
    SUPPORTED,
    Admit,
    Core,
    Drop,
    Gate,
    Local,
    Refuse,
    SessionPolicy,
    Tokens,
)
from telephony.sip.dialog_info import PACKAGE as DIALOG
from telephony.sip.digest import Credentials
from telephony.sip.events import Output, Peer, Transport
from telephony.sip.fields import BadField, parse_uri
from telephony.sip.ledger import where_to_answer
from telephony.sip.message import Malformed, Pairs, Request, read
from telephony.sip.offers import Offers
from telephony.sip.packages import allow_events
from telephony.sip.pidf import PACKAGE as PIDF
from telephony.sip.refresh import Refresh
from telephony.sip.registering import Registering
from telephony.sip.registrar import Registrar
from telephony.sip.replacing import DialogName
from telephony.sip.stream import PING, PONG, Stream
from telephony.sip.subscriptions import Subscriptions
from telephony.sip.summary import PACKAGE as SUMMARY
from telephony.sip.transaction import Times
from telephony.sip.transfers import Transfers
from telephony.sip.within import Within

SERVED = frozenset(ALLOWED.split(", "))
KNOWN = SERVED | {"REGISTER", "MESSAGE", "PRACK", "PUBLISH"}
"""Named methods: 405 for those we do not serve, 501 for any other (RFC 3261 §8.2.1, §21.5.2)."""

CAPABILITIES: Pairs = (
    ("Allow", ALLOWED),
    ("Accept", SDP),
    ("Accept-Encoding", "identity"),
    ("Supported", SUPPORTED),
)


ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
"""Why a telephone of several stops ringing (RFC 3326 §2)."""


class UserAgent:
    """Both ends of SIP calls, over UDP and TCP.

    Every new request outside a dialog is put to `gate` before anything is kept of it. With
    `lamps`, telephones may subscribe to message summaries, with `presence` to the calls of
    extensions: the owner then answers each SubscribeReceived through `subscriptions`. Where it
    `registers` telephones, `gate` admits a REGISTER in the name of an account alone.
    """

    def __init__(
        self,
        local: Local,
        tokens: Tokens,
        *,
        gate: Gate,
        times: Times | None = None,
        session: SessionPolicy | None = None,
        lamps: bool = False,
        presence: bool = False,
        registers: bool = False,
        stands_for: Callable[[str], str] = lambda user: user,
    ) -> None:
        core = Core(local, tokens, times or Times(), session or SessionPolicy())
        self._core = core
        self._gate = gate
        self._registers = registers
        self._streams: dict[Peer, Stream] = {}
        self._asking = Asking(core)
        answering = Answering(core, self._asking)
        refresh = Refresh(
            core,
            due=lambda call, now: self._offers.refresh(call, now),
            expired=lambda call, now: self._asking.bye(call, now, status=408),
        )
        self._offers = Offers(core, self._asking, answering, refresh)
        self.transfers = Transfers(core)
        self._within = Within(core, self._offers, self.transfers)
        self._called = Called(core, answering, refresh)
        self._calling = Calling(
            core, self._asking, refresh, lambda peer: self.registrar.lives_at(peer)
        )
        self._answering = answering
        served = ((SUMMARY,) if lamps else ()) + ((DIALOG, PIDF) if presence else ())
        self._capabilities = CAPABILITIES + allow_events(served)
        self.subscriptions = Subscriptions(core, served=served, stands_for=stands_for)
        self.announcing = Announcing(core)
        self.registering = Registering(core, self._asking)
        self.registrar = Registrar(core)

    # What arrives

    def feed(self, data: bytes, source: Peer, now: float) -> list[Output]:
        """One datagram, or some octets of a connection. Never raises, whatever they are."""
        if source.transport is Transport.UDP:
            if data == PING:
                self._core.send(PONG, source)
            elif data.strip(b"\r\n\0 "):  # else a keep-alive
                self._message(data, source, now)
        else:
            self._octets(data, source, now)
        return self._core.taken()

    def tick(self, now: float) -> list[Output]:
        """What is due by `now`, in monotonic seconds."""
        self._core.alarms.ring(now)
        return self._core.taken()

    @property
    def deadline(self) -> float | None:
        """When `tick` is next due; None when nothing is awaited."""
        return self._core.alarms.deadline

    def transport_failed(self, peer: Peer, now: float) -> list[Output]:
        """A connection closed, or nothing can be sent to `peer`: requests waiting for it fail."""
        self._streams.pop(peer, None)
        self._core.cut_off(peer)
        self.subscriptions.cut_off(peer)
        self.registrar.cut_off(peer, now)
        self.transfers.cut_off(peer)
        self._core.ledger.transport_failed(peer, now)
        return self._core.taken()

    @property
    def calls(self) -> int:
        """How many calls are known, those being ended included."""
        return len(self._core.calls)

    @property
    def dropped(self) -> Mapping[str, int]:
        """How many messages were refused a hearing, by reason."""
        return self._core.dropped

    # Commands of the owner

    def ring(self, call: str, now: float) -> list[Output]:
        """Tell the caller that it rings (180)."""
        if known := self._core.calls.get(call):
            self._called.ring(known, now)
        return self._core.taken()

    def progress(self, call: str, sdp: bytes, now: float) -> list[Output]:
        """Let the caller hear us before the call is answered (183).

        `sdp` answers its offer, and is to be the very same in `answer` (RFC 3261 §13.2.1).
        """
        if known := self._core.calls.get(call):
            self._called.progress(known, sdp, now)
        return self._core.taken()

    def answer(self, call: str, sdp: bytes, now: float) -> list[Output]:
        """Take the call: `sdp` answers the offer, or offers where there was none."""
        if known := self._core.calls.get(call):
            self._called.answer(known, sdp, now)
        return self._core.taken()

    def reject(self, call: str, status: int, now: float, headers: Pairs = ()) -> list[Output]:
        """Refuse the call with a final status (300 to 699)."""
        if not 300 <= status <= 699:
            raise Misuse(f"not a refusal: {status}")
        if known := self._core.calls.get(call):
            self._called.reject(known, status, now, headers)
        return self._core.taken()

    def bye(self, call: str, now: float) -> list[Output]:
        """End the call at whatever stage it is: BYE, CANCEL, or 480 to one not yet taken."""
        known = self._core.calls.get(call)
        if known is not None:
            self.transfers.after(call, lambda at: self._hang_up(known, at), now)
        return self._core.taken()

    def _hang_up(self, call: Call, now: float) -> None:
        match call.stage:
            case Stage.OFFERED:
                self._called.reject(call, 480, now)
            case Stage.ANSWERED:
                call.end_after_ack = True  # §15: no BYE before the ACK
            case Stage.INVITING:
                self._calling.cancel(call, now)
            case Stage.UP:
                self._offers.refuse(call, 487, now)
                self._asking.bye(call, now)
            case _:
                pass

    def accept_offer(self, call: str, sdp: bytes, now: float) -> list[Output]:
        """Answer the OfferReceived of a call."""
        if known := self._core.calls.get(call):
            self._offers.accept(known, sdp, now)
            self._offers.proceed(known)
        return self._core.taken()

    def refuse_offer(self, call: str, status: int, now: float) -> list[Output]:
        """Refuse the OfferReceived of a call (488, most often)."""
        if not 300 <= status <= 699:
            raise Misuse(f"not a refusal: {status}")
        if known := self._core.calls.get(call):
            self._offers.refuse(known, status, now)
            self._offers.proceed(known)
        return self._core.taken()

    def wish_to_offer(self, call: str, now: float) -> list[Output]:
        """Ask for the time to offer a new description: OfferDue tells it, perhaps at once."""
        if known := self._core.calls.get(call):
            self._offers.wish(known)
        return self._core.taken()

    def reoffer(self, call: str, sdp: bytes, now: float) -> list[Output]:
        """Offer a new session description; OfferAnswered or OfferRefused follows.

        Where something else is under way nothing is sent: OfferDue tells when to offer, and what
        is then true is to be described. It follows an offer refused by 491 as well.
        """
        if known := self._core.calls.get(call):
            self._offers.offer(known, sdp, now)
        return self._core.taken()

    def send_info_key(self, call: str, key: str, duration_ms: int, now: float) -> list[Output]:
        """Send a key press by INFO (application/dtmf-relay)."""
        known = self._core.calls.get(call)
        if known is not None and known.stage is Stage.UP:
            self._asking.ask(
                known,
                "INFO",
                lambda status, response, at: None,
                now,
                headers=(("Content-Type", "application/dtmf-relay"),),
                body=write_key(key, duration_ms),
            )
        return self._core.taken()

    def invite(
        self,
        target_uri: str,
        *,
        from_uri: str,
        display_name: str,
        sdp: bytes,
        credentials: Credentials | None,
        peer: Peer,
        now: float,
        headers: Pairs = (),
        heard_within_s: float | None = None,
    ) -> tuple[str, list[Output]]:
        """Call `target_uri` through `peer`: the call's id, and what to send.

        `headers` go with the INVITE as they are. Where nothing at all is heard within
        `heard_within_s` seconds, the call ends by 408.

        `credentials` answer the challenges met on the way. Nobody answering within 64*T1 ends the
        call by 408; how long it may ring is the owner's to say, by `cancel`. Raises Misuse for
        what is no URI.
        """
        try:
            parse_uri(target_uri)
            parse_uri(from_uri)
        except BadField as bad:
            raise Misuse(str(bad)) from bad
        call = self._calling.invite(
            target_uri,
            from_uri,
            display_name,
            sdp,
            credentials,
            peer,
            now,
            headers,
            heard_within_s,
        )
        return call, self._core.taken()

    def dialog_of(self, call: str) -> DialogName | None:
        """The dialog of a call as its telephone names it; None while that is not known."""
        known = self._core.calls.get(call)
        if known is None:
            return None
        theirs = known.dialog.remote_tag or min(known.early_tags, default="")
        return DialogName(known.dialog.call_id, theirs, known.dialog.local_tag)

    def cancel(self, call: str, now: float, *, elsewhere: bool = False) -> list[Output]:
        """Give up a call we make before it is answered; CallEnded with 487 follows.

        With `elsewhere` the telephone learns that somebody else took the call: it was not missed.
        """
        if known := self._core.calls.get(call):
            self._calling.cancel(known, now, ELSEWHERE if elsewhere else "")
        return self._core.taken()

    # One message

    def _octets(self, data: bytes, source: Peer, now: float) -> None:
        stream = self._streams.setdefault(source, Stream())
        for message in stream.receive(data):
            self._message(message, source, now)
        for _ in range(stream.pings):
            self._core.send(PONG, source)
        stream.pings = 0

    def _message(self, data: bytes, source: Peer, now: float) -> None:
        try:
            message = read(data)
        except Malformed as bad:
            self._core.dropped["malformed"] += 1
            self._answer_malformed(bad, source)
            return
        try:
            if isinstance(message, Request):
                self._request(message, source, now)
            elif not self._core.ledger.response(message, now):
                self._core.dropped["stray response"] += 1
        except BadField:
            # `read` looks at every field that is relied on; what it overlooks ends here, counted
            # by itself, and disturbs no other call.
            self._core.dropped["overlooked"] += 1

    def _answer_malformed(self, bad: Malformed, source: Peer) -> None:
        """400 with what is wrong, where enough could be read to send it back."""
        request = bad.request
        if request is None or request.method == "ACK" or request.header("Via") is None:
            return
        reason = f"Bad Request ({bad.why})" if bad.status == 400 else ""
        self._stateless(request, source, bad.status, reason=reason)

    def _stateless(
        self,
        request: Request,
        source: Peer,
        status: int,
        headers: Pairs = (),
        reason: str = "",
    ) -> None:
        try:
            to = where_to_answer(request.top_via, source)
        except BadField:
            to = source
        response = self._core.response(request, source, status, headers=headers, reason=reason)
        self._core.send(bytes(response), to)

    def _request(self, request: Request, source: Peer, now: float) -> None:
        core = self._core
        method = "INVITE" if request.method == "ACK" else request.method
        repeated = core.ledger.find(request, method)
        if request.method == "ACK":
            self._ack(request, now)
        if repeated is not None:
            core.ledger.repeated(repeated, request, now)
        elif request.method == "CANCEL" and (invite := core.ledger.find(request, "INVITE")):
            self._called.cancelled(invite, request, source, now)
        elif request.method != "ACK" and request.recipient.tag:
            self._in_dialog(request, source, now)
        elif request.method != "ACK":
            self._out_of_dialog(request, source, now)

    def _ack(self, request: Request, now: float) -> None:
        call = self._core.call_of(request)
        if call is not None and self._answering.acknowledged(call, request, now):
            self._offers.proceed(call)

    def _in_dialog(self, request: Request, source: Peer, now: float) -> None:
        call, lamp = self._core.call_of(request), self.subscriptions.of(request)
        refusal = self._unserved(request)
        if (call is None and lamp is None) or request.method == "CANCEL":
            self._stateless(request, source, 481)
        elif refusal is not None:
            self._stateless(request, source, *refusal)
        elif lamp is not None:
            self.subscriptions.within(lamp, request, source, now)
        elif call is not None:
            call.dialog.heard_from(source)
            self._within.received(call, request, source, now)

    def _out_of_dialog(self, request: Request, source: Peer, now: float) -> None:
        match self._gate(request, source, now):
            case Drop():
                self._core.dropped["by the gate"] += 1
                return
            case Refuse(status, reason, retry_after, headers):
                wait = (("Retry-After", str(retry_after)),) if retry_after is not None else ()
                self._stateless(request, source, status, headers + wait, reason)
                return
            case Admit(account):
                pass
        refusal = self._unserved(request) or self._unopenable(request)
        if refusal is not None:
            self._stateless(request, source, *refusal)
        elif request.method == "INVITE":
            self._called.invited(request, source, now, account)
        elif request.method == "REGISTER":
            self.registrar.asked(account, request, source, now)
        elif request.method == "SUBSCRIBE":
            self.subscriptions.asked(request, source, now, account)
        elif request.method == "OPTIONS":
            self._stateless(request, source, 200, self._capabilities)
        else:
            # A transfer is asked for within a call, by somebody who is known by it.
            self._stateless(request, source, 403 if request.method == "REFER" else 481)

    def _unserved(self, request: Request) -> tuple[int, Pairs] | None:
        """Why nobody here serves such a request, in the order of RFC 3261 §8.2."""
        if request.method not in SERVED and not (self._registers and request.method == "REGISTER"):
            return (405, (("Allow", ALLOWED),)) if request.method in KNOWN else (501, ())
        if not request.target.dialable:
            return 416, ()
        unknown = required_but_unknown(request)
        return (420, (("Unsupported", ", ".join(unknown)),)) if unknown else None

    def _unopenable(self, request: Request) -> tuple[int, Pairs] | None:
        """Why a request cannot open anything here."""
        if self._core.ledger.is_merged(request):
            return 482, ()
        # An OPTIONS that ends its hops here is answered (§11.1); a call that went through 70
        # elements goes in circles.
        if request.method != "INVITE" and request.header("Replaces") is not None:
            return 400, ()  # RFC 3891 §3
        hops = request.header("Max-Forwards")
        if request.method == "INVITE" and hops is not None and int(hops) == 0:
            return 483, ()
        return None
