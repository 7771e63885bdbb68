"""What the exchange needs of the lines: legs that can be joined, and telephones to ring."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, Self, TypeGuard

from call.leg import HangUpCause, Leg, Party
from telephony.sip.events import Diversion
from telephony.watcher import Watcher


class SwitchedLeg(Leg, Protocol):
    """A leg whose peer can be let hear the peer of another one."""

    @property
    def up(self) -> bool:
        """Whether sound may flow."""

    @property
    def over(self) -> bool:
        """Whether it has ended."""

    @property
    def diversions(self) -> Sequence[Diversion]:
        """What the call was sent on from before it came, the oldest first."""

    @property
    def replaces(self) -> str:
        """The `call_id` of the leg whose place this one takes (RFC 3891), "" for none."""

    watcher: Watcher | None
    """Who is told of hold, ringing and transfers."""

    def progress(self) -> bool:
        """Let sound flow before the answer; False where the caller cannot hear any."""

    def transfer_told(self, status: int) -> None:
        """Tell the telephone how the transfer goes that it asked for, in SIP statuses."""

    def bridge(self, other: Self, *, keys: bool = True) -> None:
        """Let both peers hear each other, in place of whomever either hears."""

    def unbridge(self) -> None:
        """Let this peer and the one it is bridged with hear each other no more."""


_SWITCHED = ("bridge", "unbridge", "progress", "transfer_told")


def is_switched(leg: Leg | None) -> TypeGuard[SwitchedLeg]:
    """Whether a leg can be joined to another: it can on a SIP line, and not on a line of pyVoIP."""
    return leg is not None and _can_be_joined(type(leg))


@lru_cache
def _can_be_joined(kind: type) -> bool:
    return all(hasattr(kind, name) for name in _SWITCHED)


class NotReached(Exception):
    """Somebody who was rung did not take the call; `cause` says how that ended."""

    def __init__(self, cause: HangUpCause) -> None:
        super().__init__(cause.value)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody who is rung learns of the call."""

    caller: Party
    behalf: str = ""
    """The extension on whose behalf a number outside is called: its permissions count."""
    diversions: tuple[str, ...] = ()
    """Who sent the call on so far, first to last."""


Rings = Callable[[SwitchedLeg, bool], None]
"""Told that a leg rings; and whether its network sends sound meanwhile, such as an announcement."""


TAKEN_ELSEWHERE = "taken elsewhere"
"""The word by which a bell is cancelled as somebody else took the call."""


@dataclass(frozen=True, slots=True)
class Bell:
    """One telephone that can be rung, or one number outside."""

    party: Party
    """Who is there: an extension, or a number."""
    ring: Callable[[Rings], Awaitable[SwitchedLeg]]
    """Ring until the call is taken, and give its leg, which is up.

    Raises NotReached, and Unavailable where it cannot be rung. Cancelled, it rings no more; what
    is cancelled with TAKEN_ELSEWHERE was taken by somebody else.
    """


class Bells(Protocol):
    """Everything that can be rung."""

    def registered(self, extension: str) -> bool:
        """Whether an extension has a telephone that can be rung."""

    def telephones(self, extension: str, shown: Shown) -> Sequence[Bell]:
        """Every telephone of an extension that is registered just now; at once, from memory."""

    def outside(self, number: str, shown: Shown) -> Bell:
        """A number outside, by way of whatever leads there."""
