"""The extensions in service, as callers may dial them."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from call.clock import Clock
from directory.extension import Extension
from voicemail.mailboxes import Mailboxes

LOOK_EVERY_S = 1.0
"""Mailboxes are made and removed by other programs too; callers may dial a change this late."""


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
        self._clock = clock
        self._people = people
        self._looking = asyncio.Lock()
        self._numbers: tuple[str, ...] = ()
        self._good_until: float | None = None

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
        async with self._looking:
            now = self._clock.monotonic()
            if self._good_until is None or now >= self._good_until:
                self._numbers = tuple(box.number for box in await self._mailboxes.all())
                self._good_until = now + LOOK_EVERY_S
            return self._numbers
