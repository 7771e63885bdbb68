"""What a telephone asks of the exchange in the middle of its call, as its leg tells it.

A leg has at most one watcher: whoever joined it to another leg. What is told here needs no
answer in dialogue, and comes whether or not somebody reads the leg's events.
"""

from dataclasses import dataclass
from typing import Protocol

from call.leg import Leg


@dataclass(frozen=True, slots=True)
class Transfer:
    """Where a telephone wants its peer to go: a REFER within its call (RFC 3515, RFC 5589)."""

    target: str
    """The number: user part of the Refer-To."""
    replaces: str = ""
    """Attended: our `call_id` of the leg whose place the peer takes; "" for a blind transfer."""


class Watcher(Protocol):
    """Who is told what a telephone does to its call."""

    def held(self, leg: Leg, on: bool) -> None:
        """The telephone put its call on hold, or took it up again."""

    def rings(self, leg: Leg, early: bool) -> None:
        """The telephone that we call rings; with `early`, its network sends sound meanwhile.

        It may be told several times, and of a forked call by several telephones.
        """

    def transfer_asked(self, leg: Leg, transfer: Transfer) -> None:
        """The telephone wants its peer elsewhere. It was told 202 and `100 Trying`.

        `leg.transfer_told` tells it how that goes, also after the telephone has hung up.
        """
