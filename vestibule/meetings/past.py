"""Conferences that were: what is known of them, their recordings and their reports, plugged to the
database, the disk and the words."""

from dataclasses import dataclass
from datetime import timedelta

from call.clock import Clock
from conference.adapters.sqlalchemy_book import SqlAlchemyBook
from conference.adapters.sqlalchemy_journal import SqlAlchemyJournal
from conference.conferences import Conferences
from conference.sessions import Sessions
from vestibule.housekeeping import AGAIN_S, Chore
from vestibule.mailroom import Mailroom
from vestibule.meetings.mail import conference_words
from vestibule.meetings.reports import Reports
from vestibule.meetings.takes import SessionTakes
from vestibule.settings import Settings


@dataclass(frozen=True, slots=True)
class Past:
    """What remains of conferences."""

    conferences: Conferences
    sessions: Sessions
    takes: SessionTakes
    reports: Reports
    kept: timedelta
    """How long what was arranged and what came of it are known."""

    async def recover(self) -> None:
        """Finish what a crash cut off, before anybody is let in. Raises StoreUnavailable."""
        await self.sessions.recover(await self.takes.recover())

    @property
    def chores(self) -> tuple[Chore, ...]:
        """What is done beside the calls."""
        return (
            Chore("conference recordings left in the spool", self.takes.recover, AGAIN_S),
            Chore("old conference recordings", self.takes.sweep, AGAIN_S),
            Chore("old conference sessions", self.sessions.forget, AGAIN_S),
            Chore("old conferences", self._forget_conferences, AGAIN_S),
        )

    async def _forget_conferences(self) -> None:
        """Those that are over."""
        await self.conferences.forget(self.kept)


def open_past(settings: Settings, mailroom: Mailroom, clock: Clock) -> Past:
    """What remains of the conferences of a mailroom's database."""
    recordings_kept = timedelta(days=settings.conferences.keep_days)
    kept = timedelta(days=settings.conferences.history_days)
    sessions = Sessions(
        SqlAlchemyJournal(mailroom.database),
        clock,
        recordings_kept=recordings_kept,
        kept=kept,
    )
    spool = settings.storage.spooled / "conferences"
    takes = SessionTakes(mailroom.ports.sounds, spool, clock, recordings_kept)
    book = SqlAlchemyBook(mailroom.database)
    return Past(
        Conferences(book, clock, mailroom.ports.tokens),
        sessions,
        takes,
        Reports(sessions, conference_words(settings.mail.templates)),
        kept,
    )
