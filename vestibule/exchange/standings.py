"""How every extension stands just now, for the plan of a call."""

from collections.abc import Mapping
from typing import Protocol

from call.clock import Clock
from call.recent import Recent
from routing.handling import Handling
from routing.plan import Lookup, Standing
from routing.shelf import Shelf


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
        self._boxes = boxes
        self._people = people
        self._telephones = telephones
        self._calls = calls
        self._handlings: Recent[Mapping[str, Handling]] = Recent(shelf.all, clock)

    async def lookup(self) -> Lookup:
        """How extensions stand, as chosen a second ago at most; who is on the telephone, now.

        Raises StoreUnavailable when it is time to look and the database cannot be reached.
        """
        boxes = frozenset(await self._boxes.with_mailbox())
        handlings = await self._handlings.get()

        def standing(number: str) -> Standing | None:
            if number not in boxes and number not in self._people.extensions:
                return None
            return Standing(
                handling=handlings.get(number, Handling()),
                registered=self._telephones.registered(number),
                busy=self._calls.busy(number),
                mailbox=number in boxes,
            )

        return standing

    def hold_music(self, extension: str) -> str:
        """The piece its owner chose, as it was known last; "" for the company's."""
        known = self._handlings.last or {}
        return known.get(extension, Handling()).hold_music

    async def handling(self, extension: str) -> Handling:
        """What the owner of an extension chose. Raises StoreUnavailable, as `lookup` does."""
        return (await self._handlings.get()).get(extension, Handling())
