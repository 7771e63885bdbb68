"""What extensions do with their calls: chosen by administrators, kept where it makes sense."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from typing import Protocol

from routing.errors import HandlingRefused
from routing.handling import Handling
from routing.sense import Company, code_faults, dialable, handling_faults
from routing.shelf import Shelf


class CodeHasher(Protocol):
    """Makes of an access code what may be kept."""

    async def hashed(self, pin: str) -> str:
        """What is kept of it: it cannot be read back."""


Everybody = Callable[[], Awaitable[Collection[str]]]
"""The numbers of all extensions."""


class Choosing:
    """The choices of every extension.

    `local` holds the beginnings of the numbers that are local calls, `pieces` the names of the
    hold music there is.
    """

    def __init__(
        self,
        shelf: Shelf[Handling],
        everybody: Everybody,
        company_numbers: Collection[str],
        local: frozenset[str],
        hasher: CodeHasher,
        pieces: Collection[str] = (),
    ) -> None:
        self._shelf = shelf
        self._everybody = everybody
        self._company_numbers = company_numbers
        self._local = local
        self._hasher = hasher
        self._pieces = frozenset(pieces)

    async def all(self) -> Mapping[str, Handling]:
        """What each extension does with its calls, by its number."""
        chosen = await self._shelf.all()
        return {number: chosen.get(number, Handling()) for number in await self._everybody()}

    async def show(self, extension: str) -> Handling:
        """What one does. Raises HandlingRefused for an extension there is not."""
        return _known(extension, await self.all())

    async def choose(
        self, extension: str, change: Callable[[Handling], Handling], code: str | None = None
    ) -> Handling:
        """Put what `change` makes of the choices in their place; `code` is a new access code.

        Raises HandlingRefused with every reason; what stood then stands still.
        """
        everyone = await self.all()
        _known(extension, everyone)
        company = Company(everyone, self._company_numbers, self._local, self._pieces)
        reasons = [] if code is None else list(code_faults(code))
        hashed = None if code is None or reasons else await self._hasher.hashed(code)

        def chosen(before: Handling) -> Handling:
            after = _tidied(change(before), company)
            if hashed is not None:
                after = replace(after, outgoing=replace(after.outgoing, code_hash=hashed))
            if faults := [*reasons, *handling_faults(extension, after, company)]:
                raise HandlingRefused("; ".join(faults))
            return after

        return await self._shelf.change(extension, chosen)


def _known(extension: str, everyone: Mapping[str, Handling]) -> Handling:
    if extension not in everyone:
        raise HandlingRefused(f"{extension}: there is no such extension")
    return everyone[extension]


def _tidied(chosen: Handling, company: Company) -> Handling:
    """Numbers as they are kept, however they were written."""
    forward, follow = chosen.forward, chosen.follow_me
    return replace(
        chosen,
        forward=replace(forward, target=dialable(forward.target, company)),
        follow_me=replace(
            follow, targets=tuple(dialable(target, company) for target in follow.targets)
        ),
    )
