"""People found by the letters of their names, bound for flows."""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from call.errors import Misuse
from directory.extension import Extension
from directory.names import LEAST_LETTERS, search
from ivr.flow import Held
from ivr.operations import Outcome

Arguments = Mapping[str, Held]


@dataclass(frozen=True, slots=True)
class People:
    """Who can be found: everybody, and the recording in which somebody says their own name."""

    extensions: Callable[[], Awaitable[Sequence[Extension]]]
    spoken_name: Callable[[str], Awaitable[Path | None]]


class LookingUp:
    """The operations of the directory for one call: it holds who is still to be offered."""

    def __init__(self, people: People | None) -> None:
        self._people = people
        self._found: deque[Extension] = deque()

    @property
    def bound(self) -> Mapping[str, Callable[[Arguments], Awaitable[Outcome]]]:
        """The operations by their names."""
        return {"directory.search": self._search, "directory.next": self._next}

    async def _search(self, arguments: Arguments) -> Outcome:
        typed = str(arguments["letters"])
        everybody = await self._at_hand.extensions()
        self._found = deque(search(everybody, typed) if len(typed) >= LEAST_LETTERS else ())
        return Outcome("found", {"total": len(self._found)}) if self._found else Outcome("none")

    async def _next(self, _: Arguments) -> Outcome:
        if not self._found:
            return Outcome("no_more")
        person = self._found.popleft()
        spoken = await self._at_hand.spoken_name(person.number)
        return Outcome(
            "offered",
            {"extension": person.number, "name": person.name, "spoken_name": spoken},
        )

    @property
    def _at_hand(self) -> People:
        if self._people is None:
            raise Misuse("there is no directory here")
        return self._people
