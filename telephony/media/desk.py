"""The commands of the media plane, as both of its forms take them: checked, then posted by name.

`MediaProcess` sends what is posted through the seam to its process; `VirtualPlane` does it at once.
What the engine tells comes back through `_told`, to whoever listens to that slot or room. A
command to a slot or a room that is gone, or about to go, is dropped: its end may cross any command.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Generic, TypeVar

from call.errors import Unavailable
from call.media import (
    MediaEvent,
    MediaListener,
    MediaStatistics,
    PlaneDied,
    PlaneLoad,
    RoomClosed,
    RoomEvent,
    RoomListener,
    Side,
    Stream,
)
from call.sound import Clip
from telephony.media.engine import MediaSettings
from telephony.media.outbound import CROWD, GROUPS
from telephony.media.rooms import LEAST_DB, MOST_DB
from telephony.media.slots import MediaMisuse

E = TypeVar("E")


@dataclass(slots=True)
class Place(Generic[E]):
    """One slot or one room that is taken: who listens, and whether its end was asked for."""

    listener: Callable[[E], None]
    closing: bool = False


class Places(Generic[E]):
    """The slots of a plane, or its rooms.

    Those of the first group are taken first, as far as it is no crowd: a beat that serves nobody
    costs nothing.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self.taken: dict[int, Place[E]] = {}
        self._free = self._all_free()

    def _all_free(self) -> list[deque[int]]:
        return [deque(range(group, self._size, GROUPS)) for group in range(GROUPS)]

    @property
    def full(self) -> bool:
        """Whether all are taken."""
        return len(self.taken) == self._size

    def take(self, listener: Callable[[E], None]) -> int:
        """Take the place that was free the longest, in the group where one more costs least."""
        first = self._free[0]
        others = max(self._free, key=len)
        few = len(first) and len(range(0, self._size, GROUPS)) - len(first) < CROWD
        place = (first if few else others).popleft()
        self.taken[place] = Place(listener)
        return place

    def is_open(self, place: int) -> bool:
        """Whether it takes commands."""
        taken = self.taken.get(place)
        return taken is not None and not taken.closing

    def release(self, place: int) -> None:
        """Let it go; nothing when it is free."""
        if self.taken.pop(place, None) is not None:
            self._free[place % GROUPS].append(place)

    def abandon(self) -> list[Callable[[E], None]]:
        """Let all go at once; those who listened."""
        lost, self.taken = self.taken, {}
        self._free = self._all_free()
        return [place.listener for place in lost.values()]


class Desk(ABC):
    """Where commands are handed in. How a slot is opened, and its port, is the form's own."""

    def __init__(self, settings: MediaSettings) -> None:
        self._slots: Places[MediaEvent] = Places(settings.slots)
        self._rooms: Places[RoomEvent] = Places(settings.rooms)
        self._load = PlaneLoad()

    @abstractmethod
    def _post(self, name: str, *fields: object) -> None:
        """Have the engine do what its method of that name does."""

    @property
    def load(self) -> PlaneLoad:
        return self._load

    def connect(self, slot: int, stream: Stream) -> None:
        try:
            ip_address(stream.remote[0])
        except ValueError as fault:
            raise MediaMisuse("a stream goes to an IP address, not to a name") from fault
        self._to_slot(slot, "connect", stream)

    def play(self, slot: int, clips: Sequence[Clip], ticket: int, *, repeat: bool = False) -> None:
        self._to_slot(slot, "play", absolute(clips), ticket, repeat)

    def stop_playing(self, slot: int) -> None:
        self._to_slot(slot, "stop_playing")

    def skip(self, slot: int, seconds: float) -> None:
        self._to_slot(slot, "skip", seconds)

    def pause(self, slot: int) -> None:
        self._to_slot(slot, "pause")

    def resume(self, slot: int) -> None:
        self._to_slot(slot, "resume")

    def record(
        self,
        slot: int,
        path: Path,
        *,
        max_s: float,
        final_silence_s: float | None = None,
        side: Side = Side.RECEIVED,
    ) -> None:
        self._to_slot(slot, "record", path.absolute(), max_s, final_silence_s, side)

    def stop_recording(self, slot: int) -> None:
        self._to_slot(slot, "stop_recording")

    def send_keys(self, slot: int, keys: str) -> None:
        self._to_slot(slot, "send_keys", keys)

    def watch_speech(self, slot: int, wanted: bool) -> None:
        self._to_slot(slot, "watch_speech", wanted)

    def bridge(self, slot: int, other: int, *, keys: bool = True) -> None:
        if slot == other:
            raise MediaMisuse(f"slot {slot} cannot be bridged with itself")
        if self._slots.is_open(other):
            self._to_slot(slot, "bridge", other, keys)

    def unbridge(self, slot: int) -> None:
        self._to_slot(slot, "unbridge")

    def close(self, slot: int) -> None:
        self._to_slot(slot, "close")
        if slot in self._slots.taken:
            self._slots.taken[slot].closing = True

    def open_room(self, listener: RoomListener) -> int:
        self._check_running()
        if self._rooms.full:
            raise Unavailable("every room is taken")
        room = self._rooms.take(listener)
        self._post("open_room", room)
        return room

    def close_room(self, room: int) -> None:
        self._to_room(room, "close_room")
        if room in self._rooms.taken:
            self._rooms.taken[room].closing = True

    def join(self, slot: int, room: int, *, muted: bool = False) -> None:
        if self._rooms.is_open(room):
            self._to_slot(slot, "join", room, muted)

    def leave(self, slot: int) -> None:
        self._to_slot(slot, "leave")

    def mute(self, slot: int, muted: bool) -> None:
        self._to_slot(slot, "mute", muted)

    def set_volume(self, slot: int, *, spoken_db: float = 0.0, heard_db: float = 0.0) -> None:
        for volume in (spoken_db, heard_db):
            if not LEAST_DB <= volume <= MOST_DB:
                raise MediaMisuse(f"a volume is {LEAST_DB:g} to {MOST_DB:+g} dB, not {volume:g}")
        self._to_slot(slot, "set_volume", spoken_db, heard_db)

    def announce(self, room: int, clips: Sequence[Clip], ticket: int) -> None:
        self._to_room(room, "announce", absolute(clips), ticket)

    def record_room(self, room: int, path: Path, *, max_s: float) -> None:
        self._to_room(room, "record_room", path.absolute(), max_s)

    def hear_room(self, room: int, path: Path | None) -> None:
        self._to_room(room, "hear_room", None if path is None else path.absolute())

    def stop_recording_room(self, room: int) -> None:
        self._to_room(room, "stop_recording_room")

    @abstractmethod
    def _check_running(self) -> None:
        """Raise Unavailable when nothing can be opened."""

    def _take_slot(self, listener: MediaListener) -> int:
        if self._slots.full:
            raise Unavailable("every media slot is taken")
        return self._slots.take(listener)

    def _to_slot(self, slot: int, name: str, *fields: object) -> None:
        if self._slots.is_open(slot):
            self._post(name, slot, *fields)

    def _to_room(self, room: int, name: str, *fields: object) -> None:
        if self._rooms.is_open(room):
            self._post(name, room, *fields)

    def _told(self, slot: int, event: MediaEvent) -> None:
        taken = self._slots.taken.get(slot)
        if isinstance(event, MediaStatistics | PlaneDied):
            self._slots.release(slot)
        if taken is not None:
            taken.listener(event)

    def _told_of_room(self, room: int, event: RoomEvent) -> None:
        taken = self._rooms.taken.get(room)
        if isinstance(event, RoomClosed):
            self._rooms.release(room)
        if taken is not None:
            taken.listener(event)

    def _bereave(self) -> None:
        """The engine is gone, and every slot and room with it: tell all who listened."""
        slots, rooms = self._slots.abandon(), self._rooms.abandon()
        self._load = PlaneLoad()
        for tell in slots:
            tell(PlaneDied())
        for tell_room in rooms:
            tell_room(PlaneDied())


def absolute(clips: Sequence[Clip]) -> list[Clip]:
    """The same clips by absolute paths: the other process may stand elsewhere."""
    return [Clip(clip.stem.absolute(), clip.frames) for clip in clips]
