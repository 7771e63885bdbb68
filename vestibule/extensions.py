"""The extensions in service, as callers may dial them."""

import asyncio

from call.clock import Clock
from voicemail.mailboxes import Mailboxes

LOOK_EVERY_S = 1.0
"""Mailboxes are made and removed by other programs too; callers may dial a change this late."""


class Extensions:
    """Numbers with a mailbox. Callers who come together wait for one look into the database."""

    def __init__(self, mailboxes: Mailboxes, clock: Clock) -> None:
        self._mailboxes = mailboxes
        self._clock = clock
        self._looking = asyncio.Lock()
        self._numbers: tuple[str, ...] = ()
        self._good_until: float | None = None

    async def in_service(self) -> tuple[str, ...]:
        """Every extension, in order, as it was a second ago at most.

        Raises StoreUnavailable when it is time to look and the database cannot be reached.
        """
        async with self._looking:
            now = self._clock.monotonic()
            if self._good_until is None or now >= self._good_until:
                self._numbers = tuple(box.number for box in await self._mailboxes.all())
                self._good_until = now + LOOK_EVERY_S
            return self._numbers
