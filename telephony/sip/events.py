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
class Diversion:
    """One number that a call was sent on from, and why, in the words of RFC 5806 §6.

    `reason` is one of unknown, user-busy, no-answer, unavailable, unconditional, time-of-day,
    do-not-disturb, deflection, follow-me, out-of-service, away.
    """

    number: str
    reason: str = "unknown"


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
    recipient: str = ""
    """User part of the To, unescaped: what was dialled, where the Request-URI is our Contact."""
    diversions: tuple[Diversion, ...] = ()
    """What the call was sent on from before it came, the oldest first."""
    replaces: str = ""
    """The call whose place this one takes (RFC 3891), "" for an ordinary one."""
    account: str = ""
    """The SIP user that proved itself; "" where nobody did."""


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
class TransferAsked:
    """The peer asks for its own peer to be sent elsewhere (REFER); it was told `100 Trying`.

    `target` is the user part of the Refer-To. `replaces` names the call whose place is to be
    taken, "" where the transfer is blind.
    """

    call: str
    target: str
    replaces: str


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
    | TransferAsked
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
    at_home: bool = False


@dataclass(frozen=True, slots=True)
class SubscribeReceived:
    """A telephone asks for the state of an account, and to be told of changes.

    The owner calls `grant` or `refuse`. Where it is not `fresh`, a subscription goes on or ends.
    `package` says what of the account: `message-summary`, `dialog`.
    """

    ask: str
    account: str
    fresh: bool
    package: str
    source: Peer
    user: str = ""
    """The account of the telephone that asks, "" where it proved none."""


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


@dataclass(frozen=True, slots=True)
class RegistrationHeld:
    """Somebody else's server keeps us registered, for so many seconds more."""

    account: str
    seconds: int


@dataclass(frozen=True, slots=True)
class RegistrationLost:
    """A registration of ours does not hold; it is asked for again, unless we ended it.

    `status` is the SIP status that refused it, 408 where nobody answered, None where we ended it.
    """

    account: str
    status: int | None


RegistrationEvent = RegistrationHeld | RegistrationLost


@dataclass(frozen=True, slots=True)
class Binding:
    """One telephone of an account: the URI it wants requests for, and the peer to send them to.

    The peer is where its REGISTER came from: behind a router, the URI names an address that leads
    nowhere.
    """

    user: str
    uri: str
    peer: Peer
    call_id: str
    cseq: int
    preference: float = 1.0
    instance: str = ""
    """What tells it from other telephones, whatever its address (RFC 5626 §4.1)."""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class BindingKept:
    """A telephone registered, again or anew, for `remaining_s` seconds: to write down."""

    binding: Binding
    remaining_s: float


@dataclass(frozen=True, slots=True)
class BindingEnded:
    """A telephone is registered no more: to strike out."""

    user: str
    uri: str


@dataclass(frozen=True, slots=True)
class BindingSilent:
    """A telephone that is registered answers no more, or answers again."""

    user: str
    uri: str
    silent: bool


BindingEvent = BindingKept | BindingEnded | BindingSilent

SipEvent = CallEvent | LampEvent | RegistrationEvent | BindingEvent

Output = Send | SipEvent
