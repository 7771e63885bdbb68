"""One slot of the plane: the sound of one call, and what is known of its peer."""

from dataclasses import dataclass, field

from call.media import Address, Direction, Stream
from call.sound import FRAME_S, Clip, Law
from telephony.dtmf import KeyReceiver
from telephony.feedback import Feedback
from telephony.following import Following
from telephony.media.line import Line
from telephony.media.outbound import Sender
from telephony.media.wide_ear import WideEar
from telephony.playout import Timeline
from telephony.rtcp import SenderReport

PLAYOUT_S = 2 * FRAME_S
"""How long sound waits to be heard, where nobody measures it."""


@dataclass(slots=True)
class Suitor:
    """A source that is not where the peer was expected, and the frames of its sound."""

    address: Address
    since: int
    last: int


@dataclass(slots=True)
class Slot:
    """What the engine keeps of one call, besides its rows in the arrays."""

    call: int
    line: Line
    placing: Timeline
    """The timeline, as it was told last: `timeline` tells it first."""
    following: Following
    heard: int
    """The frame in which RTP came last, or could first have; brought up to date twice a second."""
    alive: int
    """The same for RTP or RTCP."""
    next_report: int
    late_before: int
    """Late ticks of the engine before this call."""
    ear: WideEar | None = None
    """What takes its packets, where they are not G.711."""
    keys: KeyReceiver = field(default_factory=KeyReceiver)
    stream: Stream | None = None
    sender: Sender | None = None
    target: Address | None = None
    home: Address | None = None
    """Where the peer said it would be, or its sound has come from for certain."""
    suitor: Suitor | None = None
    """Who sends from elsewhere, while nothing comes from home."""
    locked: bool = False
    settled: bool = False
    """Whether the source was certain before, since the peer last told an address."""
    lost_told: bool = False
    closing: bool = False
    waiting: tuple[tuple[Clip, ...], int, bool] | None = None
    """What to play once there is a stream: clips, ticket, and whether to repeat."""
    playing: tuple[Clip, ...] = ()
    writing: int = 0
    """Recordings ended and not yet whole on disk."""
    feedback: Feedback = field(default_factory=Feedback)
    """How the peer hears us."""
    playout_s: float = PLAYOUT_S
    """How long what is received waits for its turn to be heard."""
    last_report: SenderReport | None = None
    last_report_at: float = 0.0
    reported: tuple[int, int] = (0, 0)
    """Packets expected and received at our last report."""
    malformed: int = 0

    @property
    def timeline(self) -> Timeline:
        """Where all that was received belongs."""
        self.following.settle(self.call, self.placing)
        return self.placing

    @property
    def listened(self) -> bool:
        """Whether what is received is kept: for a recording, the search for tones, a bridge.

        Not while the peer is on hold: what it should not send is nothing to hear.
        """
        return bool(self.following.listened[self.call])

    @listened.setter
    def listened(self, listened: bool) -> None:
        self.following.listened[self.call] = listened

    @property
    def law(self) -> Law:
        return Law.PCMU if self.stream is None else self.stream.law

    @property
    def listens(self) -> bool:
        """Whether the peer should be sending."""
        return self.stream is not None and self.stream.direction in (
            Direction.SENDRECV,
            Direction.RECVONLY,
        )
