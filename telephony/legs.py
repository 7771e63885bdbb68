"""The legs of one line: made alike, found by either name, and told of when they are over."""

import hashlib
import logging
from collections.abc import Callable, Iterator

from call.clock import Clock
from call.media import MediaPlane
from telephony.call_facts import CallFacts, LegSettings
from telephony.leg import SipLeg
from telephony.record import CallRecord, record_of
from telephony.signals import CallSignals

log = logging.getLogger("telephony.line")


class Legs:
    """Every leg that is not over yet.

    The core names a call by an id of its own, everybody else by `call_id`. `over` is told of each
    leg at its end.
    """

    def __init__(
        self,
        plane: MediaPlane,
        clock: Clock,
        settings: LegSettings,
        over: Callable[[CallRecord], None],
    ) -> None:
        self._plane = plane
        self._clock = clock
        self._settings = settings
        self._tell_over = over
        self._legs: dict[str, SipLeg] = {}

    def __len__(self) -> int:
        return len(self._legs)

    def __iter__(self) -> Iterator[SipLeg]:
        return iter(tuple(self._legs.values()))

    def make(self, facts: CallFacts, signals: CallSignals) -> SipLeg:
        """A leg with a slot of its own; it is known once it is kept. Raises Unavailable."""
        return SipLeg(
            facts,
            self._settings,
            signals=signals,
            plane=self._plane,
            clock=self._clock,
            session_id=_session_id(facts.call_id),
            over=lambda leg: self._over(signals.call, leg),
        )

    def keep(self, call: str, leg: SipLeg) -> None:
        """Know a leg by the core's name for its call."""
        self._legs[call] = leg

    def of(self, call: str) -> SipLeg | None:
        """The leg of a call of the core."""
        return self._legs.get(call)

    def named(self, call_id: str) -> SipLeg | None:
        """The leg of that `call_id`."""
        return next((leg for leg in self._legs.values() if leg.call_id == call_id), None)

    def call_of(self, call_id: str) -> str | None:
        """What the core calls the call of that `call_id`."""
        return next((call for call, leg in self._legs.items() if leg.call_id == call_id), None)

    def on(self, trunk: str) -> int:
        """How many of them are calls of a trunk."""
        return sum(leg.facts.trunk == trunk for leg in self._legs.values())

    def _over(self, call: str, leg: SipLeg) -> None:
        if self._legs.get(call) is not leg:
            return
        del self._legs[call]
        record = record_of(leg, self._clock.monotonic())
        log.info("call over", extra=record.fields())
        self._tell_over(record)


def _session_id(call_id: str) -> int:
    """A number for `o=`, unlike that of other calls, within what 32-bit telephones read."""
    digest = hashlib.blake2s(call_id.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1
