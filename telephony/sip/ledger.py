"""The transactions under way: which message belongs to which, and the alarms that drive them."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from telephony.sip.alarms import Alarms
from telephony.sip.events import Peer, Transport
from telephony.sip.fields import Via
from telephony.sip.lingering import Lingering
from telephony.sip.message import Pairs, Request, Response
from telephony.sip.transaction import INITIAL, Act, Kind, Machine, Signal, State, Times

COOKIE = "z9hG4bK"  # RFC 3261 §8.1.1.7

LAST_TIMERS = frozenset({Signal.D, Signal.I, Signal.J, Signal.K, Signal.L, Signal.M})
"""When one of these is started, the transaction is over but for repetitions."""

Key = tuple[str, ...]
Heard = Callable[[int, Response | None, float], None]
"""Told of each response that counts: its status, itself and the time.

Where the network stays silent the status is 408, and 503 where it fails; there is no response then
(RFC 3261 §8.1.3.1).
"""


@dataclass(eq=False, slots=True)
class ServerTransaction:
    """A request we answer. Once it is answered, no more is kept of it than its Via."""

    key: Key
    request: Request
    source: Peer
    machine: Machine
    merged: Key
    reply_to: Peer
    last: bytes = b""
    owner: str = ""
    """The id of the call it belongs to."""

    @property
    def answered(self) -> bool:
        """Whether a final response was given."""
        return self.machine.state not in (State.TRYING, State.PROCEEDING)


@dataclass(eq=False, slots=True)
class ClientTransaction:
    """A request we made, sent to `peer`."""

    key: Key
    request: Request
    peer: Peer
    machine: Machine
    heard: Heard
    data: bytes = field(default=b"", repr=False)

    @property
    def silent(self) -> bool:
        """Whether nothing at all was heard yet: too soon for a CANCEL (RFC 3261 §9.1)."""
        return self.machine.state is State.CALLING


_Transaction = ServerTransaction | ClientTransaction


def server_key(request: Request, via: Via, method: str) -> Key:
    """What a request, its repetitions, its ACK and its CANCEL have in common (§17.2.3)."""
    if via.branch.startswith(COOKIE) and len(via.branch) > len(COOKIE):
        return via.branch, via.host.lower(), str(via.port), method
    # An element of RFC 2543: every field that a repetition keeps is compared.
    number, _ = request.cseq
    return str(via), request.call_id, request.sender.tag, str(number), request.uri, method


def where_to_answer(via: Via, source: Peer) -> Peer:
    """Where responses go: the way back of RFC 3581 §4 and RFC 3261 §18.2.2."""
    if source.transport is Transport.TCP or "rport" in via.parameters:
        return source
    port = via.port or 5060
    return source if port == source.port else Peer(Transport.UDP, source.host, port)


def where_to_answer_anew(via: Via, source: Peer) -> Peer:
    """Where responses go whose connection is gone: the port that the Via names (§18.2.2)."""
    return Peer(source.transport, source.host, via.port or 5060)


def acknowledge(request: Request, response: Response) -> Request:
    """The ACK of a refused INVITE: same Via, Route and Request-URI (§17.1.1.3)."""
    kept = {"Via": 1, "From": 1, "Call-ID": 1, "Max-Forwards": 1}
    headers: Pairs = tuple(
        pair for pair in request.headers if pair[0] in kept or pair[0] == "Route"
    )
    number, _ = request.cseq
    recipient = ("To", response.header("To") or "")
    return Request((*headers, recipient, ("CSeq", f"{number} ACK")), method="ACK", uri=request.uri)


class Ledger:
    """Every transaction of one user agent. `send` takes octets and where they go."""

    def __init__(self, times: Times, alarms: Alarms, send: Callable[[bytes, Peer], None]) -> None:
        self._times = times
        self._alarms = alarms
        self._send = send
        self._servers: dict[Key, ServerTransaction] = {}
        self._clients: dict[Key, ClientTransaction] = {}
        self._merged: Counter[Key] = Counter()
        self._lingering: Lingering[tuple[_Transaction, Signal]] = Lingering(alarms, self._time_up)

    # As the one who answers

    def find(self, request: Request, method: str) -> ServerTransaction | None:
        """The transaction that `request` belongs to, were its method `method`."""
        return self._servers.get(server_key(request, request.top_via, method))

    def is_merged(self, request: Request) -> bool:
        """Whether the same request already came by another path (§8.2.2.2)."""
        return self._merged[_merge_key(request)] > 0

    def open(self, request: Request, source: Peer) -> ServerTransaction:
        """Begin a transaction for a request that `find` does not know."""
        via = request.top_via
        kind = Kind.INVITE_SERVER if request.method == "INVITE" else Kind.SERVER
        transaction = ServerTransaction(
            key=server_key(request, via, request.method),
            request=request,
            source=source,
            machine=Machine(kind, self._times, reliable=source.transport is Transport.TCP),
            merged=_merge_key(request),
            reply_to=where_to_answer(via, source),
        )
        self._servers[transaction.key] = transaction
        self._merged[transaction.merged] += 1
        return transaction

    def repeated(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        """The request came again, or the ACK of its refusal came."""
        signal = Signal.ACK if request.method == "ACK" else Signal.REQUEST
        self._server(transaction, signal, now)

    def respond(self, transaction: ServerTransaction, response: Response, now: float) -> None:
        """Answer; a second final response is not sent (but a 2xx repeated by its dialog is)."""
        if response.status < 200:
            signal = Signal.SEND_1XX
        else:
            signal = Signal.SEND_2XX if response.status < 300 else Signal.SEND_FAILURE
        if (transaction.machine.state, signal) == (State.COMPLETED, Signal.SEND_FAILURE):
            return
        transaction.last = bytes(response)
        self._server(transaction, signal, now)

    def _server(self, transaction: ServerTransaction, signal: Signal, now: float) -> None:
        for act in transaction.machine.receive(signal):
            if act in (Act.SEND, Act.RESEND):
                if transaction.last:
                    self._send(transaction.last, transaction.reply_to)
            elif start := transaction.machine.timer(act):
                self._start(transaction, start.timer, start.seconds, now)
        known = self._servers.get(transaction.key) is transaction
        if transaction.machine.state is State.TERMINATED and known:
            del self._servers[transaction.key]
            self._merged[transaction.merged] -= 1
            if not self._merged[transaction.merged]:
                del self._merged[transaction.merged]

    # As the one who asks

    def request(self, request: Request, peer: Peer, heard: Heard, now: float) -> ClientTransaction:
        """Send a request and listen for its responses."""
        kind = Kind.INVITE_CLIENT if request.method == "INVITE" else Kind.CLIENT
        transaction = ClientTransaction(
            key=(request.top_via.branch, request.method),
            request=request,
            peer=peer,
            machine=Machine(kind, self._times, reliable=peer.transport is Transport.TCP),
            heard=heard,
            data=bytes(request),
        )
        self._clients[transaction.key] = transaction
        self._perform(transaction, INITIAL[kind][1], None, now)
        return transaction

    def response(self, response: Response, now: float) -> bool:
        """Give a response to its transaction; False when it has none (§18.1.2)."""
        vias = response.vias
        key = (vias[0].branch, response.cseq[1])
        transaction = self._clients.get(key) if len(vias) == 1 else None
        if transaction is None:
            return False
        if response.status < 200:
            signal = Signal.GOT_1XX
        else:
            signal = Signal.GOT_2XX if response.status < 300 else Signal.GOT_FAILURE
        self._client(transaction, signal, response, now)
        return True

    def abandon(self, transaction: ClientTransaction, now: float) -> None:
        """Stop listening as if the time were up (§9.1: a CANCEL that nobody heeds)."""
        if transaction.machine.state is not State.TERMINATED:
            transaction.machine.state = State.TERMINATED
            self._clients.pop(transaction.key, None)
            transaction.heard(408, None, now)

    def transport_failed(self, peer: Peer, now: float) -> None:
        """Nothing more can be sent to `peer`: what waits fails, what answers goes round."""
        for answering in self._servers.values():
            if answering.reply_to == peer and peer.transport is Transport.TCP:
                answering.reply_to = where_to_answer_anew(answering.request.top_via, peer)
        for transaction in list(self._clients.values()):
            if transaction.peer == peer:
                self._client(transaction, Signal.TRANSPORT_ERROR, None, now)

    def _client(
        self,
        transaction: ClientTransaction,
        signal: Signal,
        response: Response | None,
        now: float,
    ) -> None:
        self._perform(transaction, transaction.machine.receive(signal), response, now)

    def _perform(
        self,
        transaction: ClientTransaction,
        acts: tuple[Act, ...],
        response: Response | None,
        now: float,
    ) -> None:
        if transaction.machine.state is State.TERMINATED:
            self._clients.pop(transaction.key, None)
        for act in acts:
            match act:
                case Act.SEND | Act.RESEND:
                    self._send(transaction.data, transaction.peer)
                case Act.ACKNOWLEDGE if response is not None:
                    ack = acknowledge(transaction.request, response)
                    self._send(bytes(ack), transaction.peer)
                case Act.PASS if response is not None:
                    transaction.heard(response.status, response, now)
                case Act.TIME_OUT:
                    transaction.heard(408, None, now)
                case Act.FAIL:
                    transaction.heard(503, None, now)
                case _ if start := transaction.machine.timer(act):
                    self._start(transaction, start.timer, start.seconds, now)

    def _start(
        self,
        transaction: _Transaction,
        timer: Signal,
        seconds: float,
        now: float,
    ) -> None:
        if timer in LAST_TIMERS:
            if isinstance(transaction, ServerTransaction):
                transaction.request = _remembered(transaction.request)
            self._lingering.add((transaction, timer), seconds, now)
            return
        ring = partial(self._time_up, (transaction, timer))
        self._alarms.set((transaction.key, timer), now + seconds, ring)

    def _time_up(self, of: tuple[_Transaction, Signal], now: float) -> None:
        transaction, timer = of
        if isinstance(transaction, ServerTransaction):
            self._server(transaction, timer, now)
        else:
            self._client(transaction, timer, None, now)


def _merge_key(request: Request) -> Key:
    number, method = request.cseq
    return request.call_id, request.sender.tag, str(number), method


def _remembered(request: Request) -> Request:
    """What an answered request is kept for: to see where a repetition is answered."""
    vias = tuple(pair for pair in request.headers if pair[0] == "Via")
    return Request(vias, method=request.method, uri=request.uri)
