"""The hours of the company's numbers and its restrictions, as administrators change them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from call.clock import Clock
from routing.hours import Behaviour, BehaviourKind, HoursRefused
from routing.restrictions import Restrictions
from routing.schedule import Schedule
from routing.shelf import Shelf
from vestibule.arrivals import COMPANY
from vestibule.numbers import find_entry
from vestibule.opening import schedule_key
from vestibule.settings import Company, Number

EVERY_NUMBER = "all"
"""What is typed for all numbers that may be closed."""


class Timetables:
    """Reads and changes them. Every method raises StoreUnavailable besides what it names.

    `flow_faults` tells why a flow cannot begin; it is asked when one is named.
    """

    def __init__(
        self,
        *,
        numbers: Sequence[Number],
        company: Company,
        schedules: Shelf[Schedule],
        restrictions: Shelf[Restrictions],
        flow_faults: Callable[[str], Collection[str]],
        clock: Clock,
    ) -> None:
        self._numbers = tuple(numbers)
        self._zone = company.zone
        self._schedules = schedules
        self._restrictions = restrictions
        self._flow_faults = flow_faults
        self.clock = clock

    def entries(self, typed: str) -> tuple[Number, ...]:
        """The numbers of the settings that are meant. Raises HoursRefused where there is none."""
        if typed == EVERY_NUMBER:
            found = tuple(each for each in self._numbers if each.closed is not None)
            if not found:
                raise HoursRefused("no number of the settings has a flow for when it is `closed`")
            return found
        entry = find_entry(typed, self._numbers)
        if entry is None:
            known = ", ".join(each.number for each in self._numbers) or "none"
            raise HoursRefused(f"{typed} is no number of the settings; there are {known}")
        return (entry,)

    async def wanted(self, typed: str | None) -> tuple[tuple[Number, Schedule], ...]:
        """The numbers that are meant, with their schedule; without any typed, those that have one.

        Raises HoursRefused.
        """
        schedules = await self._schedules.all()
        there = self._numbers if typed is None else self.entries(typed)
        found = ((each, schedules.get(schedule_key(each.number))) for each in there)
        return tuple(
            (entry, schedule or self._unset)
            for entry, schedule in found
            if schedule is not None or typed is not None
        )

    async def change(self, entry: Number, change: Callable[[Schedule], Schedule]) -> Schedule:
        """Change what says when a number is open; how it is now. What `change` raises, undoes."""

        def changed(schedule: Schedule) -> Schedule:
            return change(schedule if schedule.decides else replace(schedule, zone=self._zone))

        return await self._schedules.change(schedule_key(entry.number), changed)

    def check(self, behaviour: Behaviour) -> None:
        """Raises HoursRefused for a flow that cannot begin."""
        if behaviour.kind is BehaviourKind.FLOW:
            for fault in self._flow_faults(behaviour.flow):
                raise HoursRefused(f"{behaviour}: {fault}")

    async def restrictions(self) -> Restrictions:
        """Who may call."""
        return await self._restrictions.get(COMPANY)

    async def restrict(self, change: Callable[[Restrictions], Restrictions]) -> Restrictions:
        """Change who may call; how it is now. What `change` raises, undoes."""
        return await self._restrictions.change(COMPANY, change)

    @property
    def _unset(self) -> Schedule:
        return Schedule(zone=self._zone)
