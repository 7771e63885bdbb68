"""The door of the conferences, plugged to the database, the locks and the disk."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from call.clock import Clock
from conference.adapters.sqlalchemy_book import SqlAlchemyBook
from conference.door import Count, DoorPorts
from storage.database import Database
from vestibule.meetings.beside import wait
from vestibule.meetings.entering import MeetingDesk, nobody_knows
from vestibule.meetings.ports import Door
from vestibule.tokens import WireTokens
from voicemail.mailboxes import Ports
from voicemail.storage import Charge, Store

COUNTED = timedelta(days=2)
"""Counts are of one day each: nothing is forgotten before its day is over."""


def open_desk(
    database: Database,
    ports: Ports,
    folder: Path,
    door: Door | None = None,
    *,
    pause: Callable[[float], Awaitable[None]] | None = None,
    name_of: Callable[[str], str] = nobody_knows,
) -> MeetingDesk:
    """What callers of conferences meet, by what is arranged in the database.

    What people say of their names lies in `folder` meanwhile; what a crash left there is removed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in folder.glob("*.raw"):
        left.unlink()
    tokens = WireTokens()
    attempts = DoorAttempts(ports.store, ports.clock)
    return MeetingDesk(
        DoorPorts(SqlAlchemyBook(database), attempts, ports.clock, pause or wait),
        lambda: folder / f"{tokens.token()}.raw",
        door,
        name_of,
    )


@dataclass(frozen=True, slots=True)
class DoorAttempts:
    """Wrong rooms and codes, counted where wrong PINs are, under names of their own."""

    store: Store
    clock: Clock

    async def charge(self, counts: Sequence[Count]) -> bool:
        if not counts:
            return True
        charges = [Charge(count.subject, count.most, COUNTED) for count in counts]
        return (await self.store.charge(charges, self.clock.now())).admitted

    async def acquit(self, counts: Sequence[Count]) -> None:
        if counts:
            await self.store.acquit("", [count.subject for count in counts])
