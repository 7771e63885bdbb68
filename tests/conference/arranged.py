"""Conferences in a database of their own, on a clock that is turned by hand."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from call.clock import VirtualClock
from conference.adapters.sqlalchemy_book import SqlAlchemyBook
from conference.adapters.sqlalchemy_mail_queue import SqlAlchemyMailQueue
from conference.arranging import Draft, Guest
from conference.conference import Kind, Role
from conference.conferences import Arranged, Conferences
from conference.ports import MailDue, MailKind
from storage.database import Database

TUESDAY = datetime(2027, 8, 3, 14, 0, tzinfo=UTC)
TOMORROW = TUESDAY + timedelta(days=1)

CAMILLE = Guest("Camille Roy", "camille@example.org", Role.ADMINISTRATOR)
MARC = Guest("Marc Côté", "marc@example.org")
AVA = Guest("Ava Reed", "ava@example.com", language="en")
LUC = Guest("Luc Sans-Courriel")

WEEKLY = Draft("Réunion du mardi")
ONCE = Draft("Lancement", Kind.SINGLE_USE, starts_at=TOMORROW, planned=timedelta(minutes=90))


@dataclass
class Counted:
    """Chance that never comes twice, and that a test can foretell."""

    drawn: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def token(self, octets: int) -> bytes:
        return (next(self.drawn) * 7919).to_bytes(octets)


class Loaded:
    """Chance that begins where it is told, and draws the digits that a test wants first."""

    def __init__(self, begin: int, *wanted: int) -> None:
        self._wanted = list(wanted)
        self._rest = Counted(itertools.count(1 + begin * 1_000_000))

    def token(self, octets: int) -> bytes:
        if octets == 8 and self._wanted:
            return self._wanted.pop(0).to_bytes(octets)
        return self._rest.token(octets)


@dataclass
class Desk:
    """What an administrator arranges conferences with."""

    database: Database
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(TUESDAY))

    def __post_init__(self) -> None:
        self.book = SqlAlchemyBook(self.database)
        self.queue = SqlAlchemyMailQueue(self.database)
        self.conferences = Conferences(self.book, self.clock, Counted())

    async def arranged(self, draft: Draft = WEEKLY, *guests: Guest) -> Arranged:
        """A conference, whose invitations are sent already."""
        made = await self.conferences.arrange(draft, guests)
        await self.mail()
        return made

    async def mail(self) -> Sequence[MailDue]:
        """The e-mails that are due since this was asked last."""
        due: list[MailDue] = []
        now = self.clock.now()
        while (each := await self.queue.next(now, now + timedelta(hours=1))) is not None:
            due.append(each)
            await self.queue.sent(each.id)
        return due

    async def told(self) -> list[tuple[MailKind, str]]:
        """What is told to whom since this was asked last."""
        return sorted((each.kind, each.invitee.name) for each in await self.mail())
