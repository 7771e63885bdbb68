"""Whether a number of the company is open, by the hours that administrators keep for it."""

from collections.abc import Mapping
from datetime import datetime

from call.clock import Clock
from call.recent import Recent
from routing.numbers import national
from routing.schedule import Decision, Schedule, State
from routing.shelf import Shelf


class Opening:
    """The hours of all numbers. Every method raises StoreUnavailable.

    A number is meant in any of its forms, as the settings write it or as the network does.
    """

    def __init__(self, schedules: Shelf[Schedule], clock: Clock, zone: str) -> None:
        self._schedules: Recent[Mapping[str, Schedule]] = Recent(
            schedules.all, clock, holds_on=True
        )
        self._clock = clock
        self._unset = Schedule(zone=zone)

    async def schedule(self, number: str) -> Schedule:
        """Everything that says when a number is open."""
        return (await self._schedules.get()).get(schedule_key(number), self._unset)

    async def decision(self, number: str, instant: datetime | None = None) -> Decision:
        """What a number does, and why; now unless another instant is given."""
        return (await self.schedule(number)).decide(instant or self._clock.now())

    async def state(self, number: str, instant: datetime | None = None) -> State:
        """The same, and until when. It looks a year ahead: for people, not for each call."""
        return (await self.schedule(number)).state_at(instant or self._clock.now())


def schedule_key(number: str) -> str:
    """The name a number's hours are kept under."""
    return national(number)
