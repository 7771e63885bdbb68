"""Notes what happens in a session, in order and at once, however slow the database is."""

import asyncio
import logging
from datetime import datetime

from call.errors import Unavailable
from conference.conference import Conference
from conference.happening import Happening
from conference.ports import Entry, Journal, Spoke
from vestibule.meetings.beside import wait

log = logging.getLogger(__name__)

AGAIN_S = 2.0
"""How long after a failure it is tried again."""


class Minutes:
    """What is noted of one session; have `run` done beside the session, and `close` it."""

    def __init__(
        self, journal: Journal, session: str, conference: Conference, began_at: datetime
    ) -> None:
        self._journal = journal
        self._session = session
        self._conference = conference
        self._began_at = began_at
        self._has_begun = False
        self._unkept: list[Entry] = []
        self._stirred = asyncio.Event()
        self._is_closed = False

    def note(self, at: datetime, what: Happening | Spoke) -> None:
        """Let something be noted; nobody waits for that."""
        self._unkept.append(Entry(at, what))
        self._stirred.set()

    def close(self) -> None:
        """Nothing more will happen."""
        self._is_closed = True
        self._stirred.set()

    async def run(self) -> None:
        """Keep what is noted, until it is closed and all is kept."""
        while True:
            self._stirred.clear()
            if not await self._is_kept():
                await wait(AGAIN_S)
            elif self._is_closed and not self._unkept:
                return
            else:
                await self._stirred.wait()

    async def _is_kept(self) -> bool:
        try:
            if not self._has_begun:
                await self._journal.begin(self._session, self._conference, self._began_at)
                self._has_begun = True
            while entries := tuple(self._unkept):
                await self._journal.note(self._session, entries)
                del self._unkept[: len(entries)]
        except Unavailable as fault:
            log.warning("journal not kept yet", extra={"why": str(fault)})
            return False
        return True
