"""Rooms: everybody hears all others, and not themself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from call.errors import Misuse
from call.g711 import Octets, encode
from call.media import RoomClosed, RoomEvent
from call.sound import Law
from telephony.media.live import Live
from telephony.media.outbound import GROUPS, Outbound
from telephony.media.writer import Writer

_LAWS = tuple(Law)


class NoSuchRoom(Misuse):
    """A command named a room that is not open."""


@dataclass(slots=True)
class _Room:
    members: list[int] = field(default_factory=list)


class Rooms:
    """All rooms of a plane."""

    def __init__(
        self,
        live: Live,
        outbound: Outbound,
        writer: Writer,
        emit: Callable[[int, RoomEvent], None],
    ) -> None:
        self._live = live
        self._outbound = outbound
        self._writer = writer
        self._emit = emit
        self._rooms: dict[int, _Room] = {}
        self._where: dict[int, int] = {}

    def open(self, room: int) -> None:
        """Open an empty room."""
        self._rooms[room] = _Room()

    def close(self, room: int) -> None:
        """Close a room that everybody has left."""
        del self._rooms[room]
        self._emit(room, RoomClosed())

    def members(self, room: int) -> Sequence[int]:
        """Who is in a room."""
        if room not in self._rooms:
            raise NoSuchRoom(f"room {room} is not open")
        return tuple(self._rooms[room].members)

    def join(self, call: int, room: int) -> None:
        """Enter a room."""
        if room not in self._rooms:
            raise NoSuchRoom(f"room {room} is not open")
        self._rooms[room].members.append(call)
        self._where[call] = room

    def leave(self, call: int) -> bool:
        """Leave it; False when in none."""
        room = self._where.pop(call, None)
        if room is None:
            return False
        self._rooms[room].members.remove(call)
        return True

    def mute(self, call: int, muted: bool) -> None:
        """Let the others hear a call, or not."""

    def set_volume(self, call: int, spoken_db: float, heard_db: float) -> None:
        """How loud a call is heard, and hears."""

    def announce(self, room: int, clips: Sequence[Octets], ticket: int) -> None:
        """Play clips, in mu-law, to everybody."""

    def record(self, room: int, path: Path, max_s: float) -> None:
        """Record the sum of all."""

    def stop_recording(self, room: int) -> None:
        """End the recording."""

    def beat(self, group: int) -> None:
        """Mix every room whose turn it is."""
        for number, room in self._rooms.items():
            if number % GROUPS == group and room.members:
                calls = np.array(room.members, dtype=np.intp)
                heard = self._live.linear[calls].astype(np.int32)
                mixed = np.clip(heard.sum(axis=0) - heard, -32768, 32767).astype(np.int16)
                for place, law in enumerate(_LAWS):
                    mine = self._live.law[calls] == place
                    self._outbound.live[calls[mine]] = encode(mixed[mine], law)
