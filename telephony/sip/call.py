"""One call as the core keeps it: its dialog, where it stands, what each end owes the other."""

from dataclasses import dataclass, field
from enum import Enum, auto

from telephony.sip.dialog import Dialog
from telephony.sip.digest import Credentials, Proof
from telephony.sip.events import Peer
from telephony.sip.ledger import ClientTransaction, ServerTransaction
from telephony.sip.message import Request


class Stage(Enum):
    """Where a call stands."""

    OFFERED = auto()  # they call: no final answer was given
    ANSWERED = auto()  # they call: our 200 is not acknowledged
    INVITING = auto()  # we call: no final answer was heard
    CANCELLING = auto()  # we call, and gave up
    UP = auto()
    ENDING = auto()  # our BYE is on its way; the owner was told that the call is over
    OVER = auto()


@dataclass(slots=True)
class AwaitedAck:
    """A 2xx that is repeated until its ACK comes (RFC 3261 §13.3.1.4)."""

    data: bytes
    transaction: ServerTransaction
    cseq: int
    interval: float
    first: bool
    """Whether it answers the INVITE that opened the call."""
    offers: bool
    """Whether it holds our offer, so that the ACK holds the answer."""


@dataclass(slots=True)
class Session:
    """What both ends agreed about the session's expiry (RFC 4028)."""

    seconds: int
    we_refresh: bool


@dataclass(eq=False, slots=True)
class Call:
    """One call. Only the core and its parts touch it."""

    id: str
    dialog: Dialog
    stage: Stage
    opening: ServerTransaction | None = None
    """The INVITE that opened the call, when they call."""
    their_offer: ServerTransaction | None = None
    """A re-INVITE or UPDATE that the owner has not answered."""
    ack: AwaitedAck | None = None
    our_request: ClientTransaction | None = None
    """Our INVITE, re-INVITE or UPDATE under way."""
    invited: Request | None = None
    """The last INVITE we sent: its ACK carries the same proofs."""
    offer_wished: bool = False
    """Whether we want to offer as soon as nothing else is under way."""
    local_sdp: bytes = b""
    remote_sdp: bytes = b""
    peer_updates: bool = False
    """Whether the peer allows UPDATE."""
    session: Session | None = None
    end_after_ack: bool = False
    credentials: Credentials | None = None
    proofs: dict[str, Proof] = field(default_factory=dict)
    """The challenges met so far, by the header that answers them."""
    early_tags: set[str] = field(default_factory=set)
    """The tags of those who ring, when we call: one, or one for each telephone of a fork."""
    early_answers: dict[str, bytes] = field(default_factory=dict)
    """The descriptions of early media by tag, when we call."""
    cancelled_because: str = ""
    """The Reason of our CANCEL (RFC 3326), "" for none."""
    referred: bool = False
    """Whether the peer has asked for a transfer before."""
    acks: dict[str, tuple[bytes, Peer]] = field(default_factory=dict)
    """Our ACK for each branch that answered, by its tag: sent again when its 2xx is."""

    @property
    def over(self) -> bool:
        """Whether the owner was told that the call is over."""
        return self.stage in (Stage.ENDING, Stage.OVER)
