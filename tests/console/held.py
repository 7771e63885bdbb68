"""Conferences held in a test alone: how they stand is set, and what is wished is kept."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from conference.conference import Role
from conference.errors import NotGranted, NotHeld
from conference.happening import Wish
from conference.live import LivePerson, LiveRoom
from conference.room import Phase

NOON = datetime(2027, 7, 1, 16, 0, tzinfo=UTC)

CAMILLE = LivePerson(
    id="camille@192.0.2.1",
    name="Camille Côté",
    number="101",
    role=Role.ADMINISTRATOR,
    since=NOON,
    inside=True,
    muted=False,
    silenced=False,
    talking=True,
)
MARC = replace(
    CAMILLE,
    id="a/b?c#d@192.0.2.9",
    name="Marc Tremblay",
    number="+15145550123",
    role=Role.PARTICIPANT,
    talking=False,
)
MARCELLE = replace(MARC, id="m-3", name="Marcelle Roy", number="")

BOARD = LiveRoom(
    conference="c1",
    session="s1",
    room="4321",
    title="Réunion du lundi",
    phase=Phase.RUNNING,
    locked=False,
    recording=False,
    announced=True,
    streamed=False,
    since=NOON,
    began=NOON,
    people=(CAMILLE, MARC, MARCELLE),
)


class HeldMeetings:
    """The Meetings of a test."""

    def __init__(self, *rooms: LiveRoom) -> None:
        self.rooms = rooms
        self.wishes: list[tuple[str, Wish]] = []
        self.volumes: list[tuple[str, str, float, float]] = []
        self.called: list[tuple[str, str, str, Role, str]] = []
        self.refuses = ""
        self.joins = True
        self.watchers = 0
        self.watched = asyncio.Event()
        """Set when somebody who watches was told how it stands."""
        self._changed = asyncio.Event()

    def stand(self, *rooms: LiveRoom) -> None:
        """So it is from now on."""
        self.rooms = rooms
        self.watched.clear()
        self._changed.set()
        self._changed = asyncio.Event()

    def live(self) -> Sequence[LiveRoom]:
        return self.rooms

    async def watch(self) -> AsyncIterator[Sequence[LiveRoom]]:
        self.watchers += 1
        try:
            while True:
                changed = self._changed
                yield self.rooms
                self.watched.set()
                await changed.wait()
        finally:
            self.watchers -= 1

    def wish(self, room: str, wish: Wish) -> None:
        self._check(room)
        self.wishes.append((room, wish))

    def set_volume(self, room: str, member: str, *, spoken_db: float, heard_db: float) -> None:
        self._check(room)
        self.volumes.append((room, member, spoken_db, heard_db))

    async def call_in(self, room: str, number: str, name: str, role: Role, language: str) -> bool:
        self._check(room)
        self.called.append((room, number, name, role, language))
        return self.joins

    def hear(self, conference: str, path: Path | None) -> None:
        raise NotHeld("nobody says anything here")

    def _check(self, room: str) -> None:
        if all(each.room != room for each in self.rooms):
            raise NotHeld(f"nobody is in {room}")
        if self.refuses:
            raise NotGranted(self.refuses)
