"""What the SIP core takes in and gives out: datagrams to send, and what happened to calls.

The core is sans-IO. Its owner feeds it bytes and the time, sends each `Send`, acts on each event,
and calls it again at its deadline. A call is named by the id the core gave it, never by a header.
"""

from dataclasses import dataclass
from enum import StrEnum

from call.leg import Party


class Transport(StrEnum):
    """How a message travels; the values stand in Via and in URI parameters."""

    UDP = "UDP"
    TCP = "TCP"


@dataclass(frozen=True, slots=True)
class Peer:
    """The far end of a datagram or of a connection."""

    transport: Transport
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes to send. Over TCP: on the connection to `to`, opened when there is none."""

    data: bytes
    to: Peer


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """An INVITE that opens a dialog, already admitted and answered 100.

    `offer` is the session description, or None for a delayed offer (we offer in the 200).
    """

    call: str
    source: Peer
    caller: Party
    dialed: str
    """User part of the Request-URI (digits of a tel: URI), unescaped."""
    offer: bytes | None
    sip_call_id: str


@dataclass(frozen=True, slots=True)
class CallConfirmed:
    """Our 200 was acknowledged. `answer` holds the peer's answer to a delayed offer."""

    call: str
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class OfferReceived:
    """The peer re-offers in a re-INVITE or an UPDATE; None asks us to offer.

    The owner calls `accept_offer` or `refuse_offer`.
    """

    call: str
    offer: bytes | None


@dataclass(frozen=True, slots=True)
class OfferAnswered:
    """The peer accepted what we re-offered."""

    call: str
    answer: bytes


@dataclass(frozen=True, slots=True)
class OfferDue:
    """Nothing else is under way: what we wished to offer may be offered now."""

    call: str


@dataclass(frozen=True, slots=True)
class OfferRefused:
    """The peer refused what we re-offered; the session goes on as it was (RFC 3261 §14.1)."""

    call: str
    status: int


@dataclass(frozen=True, slots=True)
class InfoKey:
    """A key by SIP INFO (application/dtmf-relay or application/dtmf)."""

    call: str
    key: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class CallProgress:
    """A provisional response to a call we make; `body` is early media's description."""

    call: str
    status: int
    body: bytes | None


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """A call we make was answered; the ACK is sent by the core."""

    call: str
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class CallEnded:
    """A call is over: BYE, CANCEL, final refusal, lost ACK, expired session timer.

    The last event of its call. `status` is the SIP status that ended a call we made or that we
    refused, 487 for a cancelled one, 408 where nobody answered, and None for an ordinary BYE.
    """

    call: str
    by_peer: bool
    status: int | None


CallEvent = (
    IncomingCall
    | CallConfirmed
    | OfferReceived
    | OfferAnswered
    | OfferDue
    | OfferRefused
    | InfoKey
    | CallProgress
    | CallAnswered
    | CallEnded
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A subscription to a message lamp as it outlives the program: its dialog, and its account.

    `account_uri` names the account to the subscriber, `event` is the Event of its NOTIFYs.
    """

    subscription: str
    account: str
    account_uri: str
    event: str
    call_id: str
    local: str
    local_tag: str
    remote: str
    remote_tag: str
    target: str
    route: tuple[str, ...]
    via_peer: Peer
    local_seq: int
    remote_seq: int | None


@dataclass(frozen=True, slots=True)
class SubscribeReceived:
    """A telephone asks how many messages an account has, and to be told of changes.

    The owner calls `grant` or `refuse`. Where it is not `fresh`, a subscription goes on or ends.
    """

    ask: str
    account: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class SubscriptionKept:
    """A subscription to write down as it now is, for `remaining_s` seconds more."""

    kept: Kept
    remaining_s: float


@dataclass(frozen=True, slots=True)
class SubscriptionEnded:
    """A subscription to strike out: unsubscribed, expired, or its telephone is gone."""

    subscription: str


LampEvent = SubscribeReceived | SubscriptionKept | SubscriptionEnded

SipEvent = CallEvent | LampEvent

Output = Send | SipEvent
