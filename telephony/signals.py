"""What a leg asks of the SIP core for its own call, and how that reaches the wire."""

from collections.abc import Callable, Sequence
from typing import Protocol

from call.clock import Clock
from call.media import Address
from telephony.sip.agent import UserAgent
from telephony.sip.events import Output, SipEvent


class Wire(Protocol):
    """The sockets, as the line needs them."""

    async def open(self) -> Address:
        """Bind; gives the address bound."""

    def attach(
        self,
        core: UserAgent,
        tell: Callable[[SipEvent], None],
        hears: Callable[[str, float], bool],
    ) -> None:
        """Begin to receive for the core, from those that `hears` says are heard."""

    def carry(self, outputs: Sequence[Output]) -> None:
        """Send and tell what the core gave."""

    @property
    def behind_s(self) -> float:
        """Seconds that messages wait before they are read; nought as a rule."""

    async def close(self) -> None:
        """Close every socket."""


class Signals(Protocol):
    """What a leg asks of the SIP core, for its own call."""

    def ring(self) -> None:
        """Tell the caller that it rings."""

    def progress(self, sdp: bytes) -> None:
        """Describe our sound to the caller before the call is answered."""

    def answer(self, sdp: bytes) -> None:
        """Send 200 with our description."""

    def reject(self, status: int) -> None:
        """Refuse the call."""

    def cancel(self, *, elsewhere: bool = False) -> None:
        """Stop calling; `elsewhere` says that somebody else took the call."""

    def bye(self) -> None:
        """End an answered call."""

    def accept_offer(self, sdp: bytes) -> None:
        """Answer a re-offer."""

    def refuse_offer(self, status: int) -> None:
        """Refuse a re-offer."""

    def wish_to_offer(self) -> None:
        """Ask to be told, by OfferDue, when an offer may be made within the call."""

    def reoffer(self, sdp: bytes) -> None:
        """Offer anew within the call."""

    def transfer_told(self, status: int) -> None:
        """Tell the peer how the transfer goes that it asked for."""


class CallSignals:
    """The core's commands for one call; `call` is known once the core has named it."""

    def __init__(self, core: UserAgent, wire: Wire, clock: Clock, call: str = "") -> None:
        self._core = core
        self._wire = wire
        self._clock = clock
        self.call = call

    def ring(self) -> None:
        self._wire.carry(self._core.ring(self.call, self._now))

    def progress(self, sdp: bytes) -> None:
        self._wire.carry(self._core.progress(self.call, sdp, self._now))

    def answer(self, sdp: bytes) -> None:
        self._wire.carry(self._core.answer(self.call, sdp, self._now))

    def reject(self, status: int, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self._wire.carry(self._core.reject(self.call, status, self._now, headers=headers))

    def cancel(self, *, elsewhere: bool = False) -> None:
        self._wire.carry(self._core.cancel(self.call, self._now, elsewhere=elsewhere))

    def bye(self) -> None:
        self._wire.carry(self._core.bye(self.call, self._now))

    def accept_offer(self, sdp: bytes) -> None:
        self._wire.carry(self._core.accept_offer(self.call, sdp, self._now))

    def refuse_offer(self, status: int) -> None:
        self._wire.carry(self._core.refuse_offer(self.call, status, self._now))

    def wish_to_offer(self) -> None:
        self._wire.carry(self._core.wish_to_offer(self.call, self._now))

    def reoffer(self, sdp: bytes) -> None:
        self._wire.carry(self._core.reoffer(self.call, sdp, self._now))

    def transfer_told(self, status: int) -> None:
        self._wire.carry(self._core.transfers.tell(self.call, status, self._now))

    @property
    def _now(self) -> float:
        return self._clock.monotonic()
