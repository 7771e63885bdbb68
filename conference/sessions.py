"""The sessions that were held: listed, told, reported on, closed after a crash and forgotten.

What was said in three hours by a hundred people takes a moment to reckon: a thread does it, while
calls go on.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from call.clock import Clock
from conference.conference import ROOM_DIGITS
from conference.errors import SessionUnknown
from conference.history import Session, retell
from conference.ports import History
from conference.report import Report, report


class Sessions:
    """What is known of sessions. All of it raises StoreUnavailable."""

    def __init__(
        self, history: History, clock: Clock, *, recordings_kept: timedelta, kept: timedelta
    ) -> None:
        self._history = history
        self._clock = clock
        self._recordings_kept = recordings_kept
        self._kept = kept

    async def over(
        self, *, conference: str = "", room: str = "", most: int = 0
    ) -> Sequence[Session]:
        """Those that are over, the newest first: of one conference, in one room, or all.

        Nobody's speech is told in them, and none is there that nobody joined.
        """
        found = await self._history.over(conference=conference, room=room, most=most)
        told = await asyncio.to_thread(lambda: [retell(notes) for notes in found])
        return [session for session in told if session.people]

    async def get(self, id: str) -> Session:
        """One of them, or how one stands that is being held. Raises SessionUnknown."""
        notes = await self._history.held(id)
        if notes is None:
            raise SessionUnknown(f"no session {id}; see `vestibule conference history`")
        return await asyncio.to_thread(retell, notes)

    async def find(self, named: str) -> Session:
        """One by its id, or the newest of a room by its four digits. Raises SessionUnknown."""
        if len(named) == ROOM_DIGITS and named.isdigit():
            newest = next(iter(await self.over(room=named)), None)
            if newest is None:
                raise SessionUnknown(f"room {named}: nobody was in a conference there")
            return await self.get(newest.id)
        return await self.get(named)

    async def report(self, id: str, language: str = "") -> Report:
        """The report on one, in the language of its conference or in another.

        Raises SessionUnknown.
        """
        session = await self.get(id)
        until = self.recording_kept_until(session)
        language = language or session.conference.language
        return await asyncio.to_thread(report, session, language, until)

    def recording_kept_until(self, session: Session) -> datetime | None:
        """When the recording of a session is deleted; None where it has none, or none any more."""
        if not session.recorded:
            return None
        until = session.recorded[0].begin + self._recordings_kept
        return until if until > self._clock.now() else None

    async def recover(self, written: Mapping[str, datetime]) -> int:
        """Close what a crash cut off, before anybody is let in; how many sessions that were.

        A session was held at least until its last entry, and until its recording was last
        `written`, where that is known.
        """
        left = await self._history.left_open()
        for notes in left:
            last = max((entry.at for entry in notes.entries), default=notes.began)
            await self._history.cut_off(notes.id, max(last, written.get(notes.id, last)))
        return len(left)

    async def forget(self) -> int:
        """Forget what is older than sessions are remembered; how many."""
        return await self._history.forget(self._clock.now() - self._kept)
