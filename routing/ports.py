"""What routing asks of the world."""

from collections.abc import Callable, Mapping
from typing import Protocol


class Documents(Protocol):
    """Small texts by kind and key, each written as a whole. Raises only StoreUnavailable."""

    async def read(self, kind: str, key: str) -> str | None:
        """One text; None where there is none."""

    async def read_all(self, kind: str) -> Mapping[str, str]:
        """Every text of a kind, by key."""

    async def change(
        self, kind: str, key: str, change: Callable[[str | None], str | None]
    ) -> str | None:
        """Put what `change` makes of a text in its place; None deletes it.

        All in one transaction: two who change the same text do it one after the other. What
        `change` raises leaves the text as it was.
        """
