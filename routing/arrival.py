"""A call from outside arrives at a number of the company: is it taken, and is the number open?

Restrictions first, then the hours of the number. Our own telephones are never refused.
"""

from dataclasses import dataclass
from datetime import datetime

from routing.restrictions import Refusal, Restrictions
from routing.schedule import Decision, Schedule


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as far as it matters here."""

    number: str
    """As the network wrote it; "" where it is withheld."""
    internal: bool = False
    """One of our own telephones."""


def arrive(
    caller: Caller, restrictions: Restrictions, schedule: Schedule, instant: datetime
) -> Refusal | Decision:
    """Why the call is refused, or what the number does with it at this instant, and why."""
    refusal = None if caller.internal else restrictions.refusal(caller.number)
    return schedule.decide(instant) if refusal is None else refusal
