"""What one call and its peer agree on about sound: described, answered, connected.

The words of offer and answer are those of `telephony.offer`; here they meet the call: what is
agreed reaches the media plane, and what is answered or refused reaches the peer.
"""

import logging
from collections.abc import Callable

from call.errors import PeerFault
from call.media import Direction, Stream
from telephony.offer import Negotiation
from telephony.signals import Signals

log = logging.getLogger(__name__)


class Agreement:
    """The session of one call. `connect` starts, or changes, what flows."""

    def __init__(
        self,
        call_id: str,
        negotiation: Negotiation,
        signals: Signals,
        connect: Callable[[Stream], None],
    ) -> None:
        self._call_id = call_id
        self._negotiation = negotiation
        self._signals = signals
        self._connect = connect
        self._description = b""
        self._wished = Direction.SENDRECV
        self._peer_holds = False

    @property
    def reached(self) -> bool:
        """Whether both sides have described what flows."""
        return self._negotiation.stream is not None

    @property
    def held(self) -> bool:
        """Whether the call is on hold, by either side."""
        return self._negotiation.held

    @property
    def peer_holds(self) -> bool:
        """Whether it is the peer that put the call on hold."""
        return self._peer_holds

    @property
    def description(self) -> bytes:
        """What `consider` prepared."""
        return self._description

    def consider(self, offer: bytes | None) -> None:
        """Prepare our description: the answer to `offer`, or our own offer when there is none.

        Raises MalformedDescription or NoCommonCodec.
        """
        if offer is None:
            self._description = self._negotiation.offer()
        else:
            self._description, _ = self._negotiation.answer(offer)

    def connect(self) -> None:
        """Let flow what was agreed; nothing while nothing was."""
        if self._negotiation.stream is not None:
            self._connect(self._negotiation.stream)

    def read_early(self, body: bytes) -> None:
        """Early media; what cannot be read there is awaited from the 200."""
        try:
            self._connect(self._negotiation.read_answer(body))
        except PeerFault:
            log.info("early media not understood", extra={"call_id": self._call_id})

    def read_answer(self, answer: bytes) -> bool:
        """Take the answer to our offer; False when it is unusable (RFC 3261 §13.2.2.4)."""
        try:
            self._connect(self._negotiation.read_answer(answer))
        except PeerFault as fault:
            log.info("answer refused", extra={"call_id": self._call_id, "why": str(fault)})
            return False
        if self._wished is Direction.SENDRECV:  # else nothing tells whether the peer holds too
            self._peer_holds = self._negotiation.held
        return True

    def answer_again(self, offer: bytes | None) -> None:
        """Hold, its end, a new address: what cannot be agreed changes nothing (RFC 3261 §14.2)."""
        if offer is None:
            self._signals.accept_offer(self._negotiation.offer())
            return
        try:
            description, stream = self._negotiation.answer(offer)
        except PeerFault as fault:
            log.info("offer refused", extra={"call_id": self._call_id, "why": str(fault)})
            self._signals.refuse_offer(488)
            return
        self._connect(stream)
        self._peer_holds = self._negotiation.held  # for our answer is to speak and to listen
        self._signals.accept_offer(description)

    def offer_again(self, direction: Direction) -> None:
        """Offer anew within the call, as soon as no other offer is under way."""
        self._wished = direction
        self._signals.wish_to_offer()

    def offer_due(self) -> None:
        """Make the offer that was wished for, from what is agreed by now."""
        self._signals.reoffer(self._negotiation.offer(self._wished))

    def withdraw(self) -> None:
        """Our offer was refused: what was agreed before it stays."""
        self._negotiation.withdraw()
