"""What conferences need of the outside: where they are kept, and where it is noted what happens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from conference.conference import Conference, Invitee
from conference.happening import Happening


@dataclass(frozen=True, slots=True)
class Spoke:
    """Somebody spoke, for so long, until the moment at which this is noted."""

    id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened in a session, and when (UTC)."""

    at: datetime
    what: Happening | Spoke


class MailKind(StrEnum):
    """What an e-mail tells."""

    INVITATION = "invitation"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class MailDue:
    """An e-mail that is to be sent, as things stood when it became due."""

    id: str
    """Makes the Message-ID, and the file name where e-mails are files: letters, digits, - and _;
    80 at most."""
    kind: MailKind
    conference: Conference
    invitee: Invitee
    """To whom."""
    created: datetime
    """When it became due, in UTC: its date, however late it is sent."""
    session: str = ""
    """What is reported on."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """An e-mail that no server took so far."""

    kind: MailKind
    invitee: Invitee
    again: datetime | None
    """When it is tried next; None where it is given up."""
    why: str
    """What the server said; "" before it was tried."""


class MailQueue(Protocol):
    """E-mails that are due, kept until a server took them. All raise StoreUnavailable."""

    async def add(self, due: Sequence[MailDue]) -> None:
        """Let e-mails be due; one whose id is known already is not added again."""

    async def next(self, now: datetime, held_until: datetime) -> MailDue | None:
        """One whose time has come, oldest first; None where none is due.

        Nobody else is given it before `held_until`, when whoever took it has died.
        """

    async def sent(self, id: str) -> None:
        """A server took it."""

    async def put_off(self, id: str, until: datetime, why: str) -> None:
        """Try again later."""

    async def give_up(self, id: str, why: str) -> None:
        """Try no more."""

    async def undelivered(self, conference: str) -> Sequence[Undelivered]:
        """The e-mails about a conference that no server took so far, oldest first."""

    async def forget(self, before: datetime) -> None:
        """Forget those that became due earlier, and that are sent or given up."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What becomes of a conference, and the e-mails that are due with it, or not at all."""

    conference: Conference | None
    """None takes it away."""
    mail: tuple[MailDue, ...] = ()


class ConferenceBook(Protocol):
    """Every conference that was arranged. All raise StoreUnavailable where the store is away."""

    async def all(self) -> Sequence[Conference]:
        """Every one, by room."""

    async def get(self, id: str) -> Conference | None:
        """One of them."""

    async def in_room(self, room: str) -> Conference | None:
        """The one that has a room, or had it last; None where no conference has or had it."""

    async def change(
        self, id: str, change: Callable[[Conference | None], Changed], now: datetime
    ) -> Conference | None:
        """Put what `change` makes of one in its place; it is given None where there is none yet.

        All in one transaction, the e-mails too: two who change the same one do it one after the
        other, and what `change` raises leaves everything as it was. The room of a conference that
        is closed `now` may be taken over. Raises RoomTaken where it is another's.
        """


@dataclass(frozen=True, slots=True)
class Notes:
    """What a journal holds of a session; `conference.history.retell` tells what it comes to."""

    id: str
    conference: Conference
    """As it was arranged when the first one came."""
    began: datetime
    ended: datetime | None
    """None while it is held, or until a start closes what a crash cut off."""
    entries: tuple[Entry, ...]


class Journal(Protocol):
    """What happens in each session, kept as it happens, so that a crash loses nothing of it.

    All raise StoreUnavailable.
    """

    async def begin(self, session: str, conference: Conference, at: datetime) -> None:
        """The first one came."""

    async def note(self, session: str, entries: Sequence[Entry]) -> None:
        """Keep what happened, in order; the session is closed by an entry of Over.

        With that entry the reports are due that somebody is to have.
        """


class History(Protocol):
    """What a journal holds of the sessions that were. All raise StoreUnavailable."""

    async def held(self, session: str) -> Notes | None:
        """All that is noted of a session; None where there is none."""

    async def over(self, *, conference: str = "", room: str = "", most: int = 0) -> Sequence[Notes]:
        """The sessions that are over, the newest first: of one conference, in one room, or all.

        `most` of them, or every one where that is 0. When who spoke is left out.
        """

    async def left_open(self) -> Sequence[Notes]:
        """The sessions that are not closed: held, or cut off by a crash."""

    async def cut_off(self, session: str, at: datetime) -> None:
        """Close a session that a crash cut off then; its reports are due as after any other."""

    async def forget(self, before: datetime) -> int:
        """Forget the sessions that ended earlier; how many."""


class Takes(Protocol):
    """Recordings of sessions; several where one was stopped and begun again."""

    async def begin(self, session: str) -> Path:
        """A new file in the spool, to be recorded into. Raises SoundUnavailable or OSError."""

    async def keep(self, path: Path) -> None:
        """Keep what was recorded, which is complete now."""
