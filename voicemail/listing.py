"""A list of messages as it stood when it was opened, and the place of whoever goes through it."""

from collections.abc import Iterable
from enum import StrEnum


class Move(StrEnum):
    """Where to go in the list of messages."""

    FIRST = "first"
    NEXT = "next"
    PREVIOUS = "previous"
    CURRENT = "current"


_STEPS = ((Move.NEXT, 1), (Move.PREVIOUS, -1), (Move.CURRENT, 0))


class Listing:
    """Ids of messages in order. A place in it is an index from 0; none is taken at first."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._ids = list(ids)
        self._at: int | None = None

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def current(self) -> str | None:
        """The message at the place taken; None before any is."""
        return self.id(self._at) if self._at is not None else None

    def id(self, at: int) -> str | None:
        """The message at a place; None beyond either end."""
        return self._ids[at] if 0 <= at < len(self._ids) else None

    def target(self, move: Move) -> int:
        """The place a move leads to, which may be beyond either end; at first, the first."""
        if move is Move.FIRST or self._at is None:
            return 0
        return self._at + dict(_STEPS)[move]

    def take(self, at: int) -> None:
        """Take a place."""
        self._at = at

    def strike(self, at: int) -> None:
        """Take a message out of the list; the one whose place is taken stays so."""
        del self._ids[at]
        if self._at is not None and at < self._at:
            self._at -= 1
