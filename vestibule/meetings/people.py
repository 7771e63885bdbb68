"""Everybody in one conference, and the room of the media plane that they hear each other in."""

import asyncio
from collections.abc import Collection, Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from call.media import RoomListener
from call.sound import Clip
from conference.room import Seat
from vestibule.meetings.beside import Spawn
from vestibule.meetings.person import Person


class RoomPlane(Protocol):
    """What the media plane does for rooms."""

    def open_room(self, listener: RoomListener) -> int:
        """Open a room. Raises Unavailable when there are too many."""

    def close_room(self, room: int) -> None:
        """Let everybody leave, and tell RoomClosed once a recording is complete."""

    def announce(self, room: int, clips: Sequence[Clip], ticket: int) -> None:
        """Play to everybody in a room; PlayEnded follows."""

    def hear_room(self, room: int, path: Path | None) -> None:
        """Send what is said in a room to a Unix datagram socket, frame by frame; None ends it."""


class People:
    """Who is there; implements `announcements.Stage`. `music` is what those hear who wait."""

    def __init__(self, plane: RoomPlane, room: int, music: Clip, spawn: Spawn) -> None:
        self._plane = plane
        self._room = room
        self._music = music
        self._spawn = spawn
        self._people: dict[str, Person] = {}

    def __iter__(self) -> Iterator[Person]:
        return iter(tuple(self._people.values()))

    def find(self, id: str) -> Person | None:
        """Somebody who is there, or hears why it is over for them."""
        return self._people.get(id)

    def add(self, person: Person) -> None:
        """Somebody is there."""
        self._people[person.id] = person

    def remove(self, person: Person) -> None:
        """Somebody's leg is over."""
        self._people.pop(person.id, None)

    @property
    def named(self) -> Collection[str]:
        """Those who said their name."""
        return {each.id for each in self if each.said is not None}

    def at_slots(self, slots: Collection[int]) -> Collection[str]:
        """Who is at these slots of the plane."""
        return {each.id for each in self if each.inside and each.leg.slot in slots}

    def seat(self, seats: Mapping[str, Seat]) -> list[str]:
        """Make true how everybody is seated; those who went in or out."""
        moved = []
        for person in self:
            seat = seats.get(person.id)
            inside = seat is not None and seat.inside
            muted = seat is not None and seat.muted
            if person.seat(self._room if inside else None, muted=muted):
                moved.append(person.id)
        return moved

    # where sentences are heard

    def inside(self, id: str) -> bool:
        """Whether somebody hears the room."""
        person = self._people.get(id)
        return person is not None and person.inside

    def is_there(self, id: str) -> bool:
        """Whether somebody is in the conference still."""
        person = self._people.get(id)
        return person is not None and not person.is_leaving

    def announce(self, clips: Sequence[Clip], ticket: int) -> None:
        """Let everybody inside hear something."""
        self._plane.announce(self._room, clips, ticket)

    def play(self, id: str, clips: Sequence[Clip], ticket: int) -> None:
        """Let one person hear something."""
        person = self._people.get(id)
        if person is not None:
            person.play(clips, ticket)

    def stop(self, id: str) -> None:
        """Cut what one person hears."""
        person = self._people.get(id)
        if person is not None:
            person.hush()

    def rest(self, id: str) -> None:
        """Let somebody who waits, and to whom nothing is said, hear music."""
        person = self._people.get(id)
        if person is not None and not (person.inside or person.is_leaving):
            person.hear_music(self._music)

    def spawn(self, work: Coroutine[Any, Any, object], name: str) -> asyncio.Task[None]:
        """Have work done beside all else."""
        return self._spawn(work, name)
