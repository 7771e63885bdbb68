"""The extensions in service, as callers may dial them."""

from collections.abc import Mapping
from typing import Protocol

from call.clock import Clock
from call.recent import Recent
from directory.extension import Extension
from voicemail.mailboxes import Mailboxes


class People(Protocol):
    """Who has an extension, known at once."""

    @property
    def extensions(self) -> Mapping[str, Extension]:
        """Every extension, by number."""


class Extensions:
    """Numbers with a mailbox, and those of `people`.

    Callers who come together wait for one look into the database.
    """

    def __init__(self, mailboxes: Mailboxes, clock: Clock, people: People | None = None) -> None:
        self._mailboxes = mailboxes
        self._people = people
        self._boxes = Recent(self._read, clock)

    async def in_service(self) -> tuple[str, ...]:
        """Every extension, in order, as it was a second ago at most.

        Raises StoreUnavailable when it is time to look and the database cannot be reached.
        """
        boxes = await self.with_mailbox()
        others = () if self._people is None else self._people.extensions.keys()
        return boxes if not others else tuple(sorted({*boxes, *others}))

    async def with_mailbox(self) -> tuple[str, ...]:
        """Every number that has a mailbox, in order, as it was a second ago at most.

        Raises StoreUnavailable when it is time to look and the database cannot be reached.
        """
        return await self._boxes.get()

    async def _read(self) -> tuple[str, ...]:
        return tuple(box.number for box in await self._mailboxes.all())
