"""How every extension stands just now, for the plan of a call."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from call.clock import Clock
from routing.handling import Handling
from routing.plan import Lookup, Standing
from routing.shelf import Shelf

LOOK_EVERY_S = 1.0
"""What an owner chose is changed by other programs too; it counts this late at most."""


class Telephones(Protocol):
    """Who has a telephone that can be rung."""

    def registered(self, extension: str) -> bool:
        """Whether one is registered just now."""


class Calls(Protocol):
    """Who is on the telephone."""

    def busy(self, extension: str) -> bool:
        """Whether this extension is."""


class Boxes(Protocol):
    """Who has a mailbox."""

    async def with_mailbox(self) -> tuple[str, ...]:
        """Every number that has one."""


class People(Protocol):
    """Who has an extension."""

    @property
    def extensions(self) -> Mapping[str, object]:
        """Every extension, by number."""


class Standings:
    """Extensions as they stand. Callers who come together wait for one look into the database."""

    def __init__(
        self,
        shelf: Shelf[Handling],
        boxes: Boxes,
        people: People,
        telephones: Telephones,
        calls: Calls,
        clock: Clock,
    ) -> None:
        self._shelf = shelf
        self._boxes = boxes
        self._people = people
        self._telephones = telephones
        self._calls = calls
        self._clock = clock
        self._looking = asyncio.Lock()
        self._handlings: Mapping[str, Handling] = MappingProxyType({})
        self._good_until: float | None = None

    async def lookup(self) -> Lookup:
        """How extensions stand, as chosen a second ago at most; who is on the telephone, now.

        Raises StoreUnavailable when it is time to look and the database cannot be reached.
        """
        boxes = frozenset(await self._boxes.with_mailbox())
        await self._look()

        def standing(number: str) -> Standing | None:
            if number not in boxes and number not in self._people.extensions:
                return None
            return Standing(
                handling=self._handlings.get(number, Handling()),
                registered=self._telephones.registered(number),
                busy=self._calls.busy(number),
                mailbox=number in boxes,
            )

        return standing

    def hold_music(self, extension: str) -> str:
        """The piece its owner chose, as it was known last; "" for the company's."""
        return self._handlings.get(extension, Handling()).hold_music

    async def handling(self, extension: str) -> Handling:
        """What the owner of an extension chose. Raises StoreUnavailable, as `lookup` does."""
        await self._look()
        return self._handlings.get(extension, Handling())

    async def _look(self) -> None:
        async with self._looking:
            now = self._clock.monotonic()
            if self._good_until is None or now >= self._good_until:
                self._handlings = await self._shelf.all()
                self._good_until = now + LOOK_EVERY_S
