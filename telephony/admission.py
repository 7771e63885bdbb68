"""Which calls that come in are attended to: who calls, by which trunk, and on which leg.

The door has let them in already, by where they come from and how much there is to do. What is seen
to here is the call itself: what it replaces, whether its number leads anywhere, whether there is a
slot for it and a codec in common.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

from call.errors import PeerFault, Unavailable
from call.leg import Party
from telephony.access import Doorkeeper
from telephony.call_facts import CallFacts
from telephony.leg import SipLeg
from telephony.legs import Legs
from telephony.sdp import MalformedDescription
from telephony.signals import CallSignals
from telephony.sip.events import IncomingCall, Peer
from telephony.telephones import Telephones
from telephony.trunks import Trunks

REFUSED_AS = MappingProxyType(
    {
        400: "malformed",
        403: "not_allowed",
        404: "unknown_number",
        481: "nothing_to_replace",
        488: "no_common_codec",
        503: "no_slot",
    }
)
"""Why a call that the door let in is refused after all, by its status."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call is not attended to, for the peer and for the log."""

    status: int
    why: str

    @property
    def counted_as(self) -> str:
        """The reason by which it is counted."""
        return REFUSED_AS[self.status]


class Admission:
    """Makes the leg of a call that comes in, or says why there is none.

    `accepts` tells whether a dialled number exists. Without `trunks` nobody calls by one, and
    without `accounts` whoever calls is who From names.
    """

    def __init__(
        self,
        legs: Legs,
        door: Doorkeeper,
        accepts: Callable[[str], bool],
        trunks: Trunks | None,
        accounts: Telephones | None,
    ) -> None:
        self._legs = legs
        self._door = door
        self._accepts = accepts
        self._trunks = trunks
        self._accounts = accounts

    def read(self, event: IncomingCall) -> tuple[IncomingCall, str]:
        """A call with its caller as we know them and its numbers as we write them; its trunk.

        An account that proved itself calls, whatever From says; else whoever From names, or the
        trunk tells. "" stands for no trunk.
        """
        trunk = self._trunks.of(event) if self._trunks is not None else None
        if self._trunks is not None and trunk is not None:
            return self._trunks.read(event, trunk), trunk
        party = self._party(event.account)
        if party is None:
            party = replace(event.caller, internal=self._door.vouches_for(event.source.host))
        return replace(event, caller=party), ""

    def admit(self, event: IncomingCall, trunk: str, signals: CallSignals) -> SipLeg | Refusal:
        """The leg of a call that can be attended to; it is kept among the legs."""
        replaced = self._legs.of(event.replaces)
        if event.replaces and replaced is None:
            return Refusal(481, "the call to be replaced is over")
        if replaced is not None and not event.caller.internal:
            return Refusal(403, "only our own telephones take over calls")
        if replaced is None and not self._accepts(event.dialed):
            return Refusal(404, "the number leads nowhere")
        facts = CallFacts(
            event.call,
            event.caller,
            event.dialed,
            outgoing=False,
            diversions=event.diversions,
            replaces=replaced.call_id if replaced is not None else "",
            heard_at=event.source.host if event.account else "",
            trunk=trunk,
        )
        try:
            leg = self._legs.make(facts, signals)
        except Unavailable as fault:
            return Refusal(503, str(fault))
        self._legs.keep(event.call, leg)
        return self._agree(leg, event.offer)

    @staticmethod
    def _agree(leg: SipLeg, offer: bytes | None) -> SipLeg | Refusal:
        try:
            leg.consider(offer)
        except MalformedDescription as fault:
            leg.refuse(400)
            return Refusal(400, str(fault))
        except PeerFault as fault:
            leg.refuse(488)
            return Refusal(488, str(fault))
        return leg

    def lives_at(self, peer: Peer) -> bool:
        """Whether a telephone of ours is at that address."""
        return self._accounts is not None and self._accounts.lives_at(peer)

    def stands_for(self, user: str) -> str:
        """The number of an account; other users stand for themselves."""
        party = self._party(user)
        return user if party is None else party.number

    def _party(self, user: str) -> Party | None:
        return self._accounts.accounts.party(user) if self._accounts is not None else None
