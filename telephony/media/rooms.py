"""Rooms: everybody hears all others, and not themself.

Each room has its turn in one of the two halves of a frame, and keeps it while anybody is there. Who
is where, what is announced and what is recorded is kept here; the sound itself is mixed for all
rooms of a turn at once (`mixing`). A turn costs much by itself and little for each person: so few
people share one, and only a crowd is spread over both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import numpy as np

from call.errors import Misuse
from call.g711 import Octets, decode
from call.media import PlayEnded, RecordEnded, RoomClosed, RoomEvent, SpeakersChanged
from call.sound import FRAME, EndOfRecording, Law, Pcm
from telephony.media.compiled import Loops
from telephony.media.high_band import HighBand
from telephony.media.live import Live
from telephony.media.mixing import Mixer, Seating
from telephony.media.outbound import CROWD, GROUPS, Outbound
from telephony.media.recording import LOUD, Recording
from telephony.media.relay import Relay
from telephony.media.speakers import LOOK, Speakers
from telephony.media.writer import Sink, Writer

LEAST_DB, MOST_DB = -40.0, 20.0
"""How far a volume may be turned."""

_SPEAKERS = 7  # looks after which it is judged, and told, who speaks: 0.28 s
_NOTHING: Mapping[int, Pcm] = MappingProxyType({})


class NoSuchRoom(Misuse):
    """A command named a room that is not open."""


class _Announcement:
    """Clips, in mu-law, frame by frame."""

    def __init__(self, clips: Sequence[Octets], ticket: int) -> None:
        self.ticket = ticket
        self._frames = chain.from_iterable(clips)
        self._next = next(self._frames, None)

    @property
    def over(self) -> bool:
        """Whether the last frame was taken."""
        return self._next is None

    def take(self) -> Pcm | None:
        """The next frame; None when there was none at all."""
        frame, self._next = self._next, next(self._frames, None)
        return None if frame is None else decode(frame, Law.PCMU)


@dataclass(slots=True)
class _Member:
    muted: bool = False
    spoken: float = 1.0
    """How loud the others hear this one, unless muted."""


@dataclass(slots=True)
class _Room:
    number: int
    group: int = 0
    """In which part of a frame it has its turn."""
    members: dict[int, _Member] = field(default_factory=dict)
    announcement: _Announcement | None = None
    recording: Recording | None = None
    relay: Relay | None = None
    """Who hears the room outside the plane."""
    speakers: tuple[int, ...] = ()
    """Who was told to speak last."""
    writing: int = 0
    """Recordings ended and not yet whole on disk."""
    closing: bool = False

    @property
    def takes_turns(self) -> bool:
        """Whether anything is to be done here, beat by beat."""
        return bool(self.members or self.announcement or self.recording or self.relay)


@dataclass(frozen=True, slots=True)
class _Turn:
    """The rooms served together."""

    seating: Seating
    announcing: tuple[tuple[int, _Room, _Announcement], ...]
    """With the place of the room in the seating."""
    heard: tuple[tuple[int, _Room], ...]
    """Those that are recorded, or heard outside, with their places."""

    @classmethod
    def of(cls, rooms: Sequence[_Room]) -> "_Turn":
        members = [(place, call) for place, room in enumerate(rooms) for call in room.members]
        numbers = np.array([room.number for room in rooms], dtype=np.intp)
        calls = np.array([call for _, call in members], dtype=np.intp)
        where = np.array([place for place, _ in members], dtype=np.intp)
        places = tuple(enumerate(rooms))
        return cls(
            Seating(numbers, calls, where),
            tuple((n, room, room.announcement) for n, room in places if room.announcement),
            tuple((n, room) for n, room in places if room.recording or room.relay),
        )


class Rooms:
    """All rooms of a plane."""

    def __init__(
        self,
        live: Live,
        outbound: Outbound,
        high: HighBand,
        writer: Writer,
        emit: Callable[[int, RoomEvent], None],
        size: int,
        loops: Loops | None = None,
    ) -> None:
        """`size`: how many rooms there may be."""
        self._high = high
        self._writer = writer
        self._emit = emit
        self._mixer = Mixer(live, outbound, size, loops)
        self._speakers = Speakers(len(live.linear), loops)
        self._rooms: dict[int, _Room] = {}
        self._where: dict[int, _Room] = {}
        self._writing: dict[Sink, tuple[_Room, Recording]] = {}
        self._turns: list[_Turn | None] = [None] * GROUPS
        # How loud everybody was at the looks since who speaks was judged last: to judge several
        # looks in a row costs little more than to judge one.
        self._seen = np.zeros((_SPEAKERS, len(live.linear)), dtype=np.float32)
        self._looks = 0
        self._frames = 0

    @property
    def numbers(self) -> Sequence[int]:
        """The rooms that are open."""
        return [room.number for room in self._rooms.values() if not room.closing]

    @property
    def idle(self) -> bool:
        """Whether nothing is to be done in any room, nor waits to be written."""
        rooms = self._rooms.values()
        return not any(room.takes_turns or room.closing or room.speakers for room in rooms)

    def serves(self, group: int) -> bool:
        """Whether any room has its turn then."""
        turn = self._turns[group] or self._seat(group)
        return bool(turn.seating.rooms.size)

    @property
    def writing(self) -> bool:
        """Whether a recording waits to be whole on disk."""
        return bool(self._writing)

    def open(self, room: int) -> None:
        """Open an empty room."""
        self._mixer.forget_room(room)
        self._rooms[room] = _Room(room)

    def close(self, room: int) -> None:
        """Close a room that everybody has left; told once its recording is written."""
        closed = self._open(room)
        closed.announcement = None
        closed.speakers = ()
        self._end(closed, EndOfRecording.HANG_UP)
        self.relay(room, None)
        closed.closing = True
        self._reseat(closed)
        self._release(closed)

    def members(self, room: int) -> Sequence[int]:
        """Who is in a room."""
        return tuple(self._open(room).members)

    def join(self, call: int, room: int, muted: bool) -> None:
        """Enter a room; who is muted is heard in no frame of it."""
        entered = self._open(room)
        if not entered.members:
            self._find_turn(entered)
        entered.members[call] = _Member(muted)
        self._forget_sound(call)
        if muted:
            self._mixer.says.begin(call, 0.0)
        self._where[call] = entered
        self._reseat(entered)

    def leave(self, call: int) -> bool:
        """Leave it; False when in none."""
        room = self._where.pop(call, None)
        if room is None:
            return False
        del room.members[call]
        self._mixer.forget(call)
        self._forget_sound(call)
        self._reseat(room)
        return True

    def mute(self, call: int, muted: bool) -> None:
        """Let the others hear a call, or not; nothing when it is in no room."""
        if (room := self._where.get(call)) is not None:
            room.members[call].muted = muted
            self._turn_up(call, room.members[call])
            self._forget_sound(call)

    def _forget_sound(self, call: int) -> None:
        """Whether a call speaks is to be seen anew."""
        self._mixer.squares[call] = self._seen[:, call] = 0
        self._speakers.forget(call)

    def set_volume(self, call: int, spoken_db: float, heard_db: float) -> None:
        """How loud a call is heard, and hears; nothing when it is in no room."""
        if (room := self._where.get(call)) is not None:
            room.members[call].spoken = 10 ** (spoken_db / 20)
            self._turn_up(call, room.members[call])
            self._mixer.hears.set(call, 10 ** (heard_db / 20))

    def _turn_up(self, call: int, member: _Member) -> None:
        self._mixer.says.set(call, 0.0 if member.muted else member.spoken)

    def announce(self, room: int, clips: Sequence[Octets], ticket: int) -> None:
        """Play clips, in mu-law, to everybody, in place of what is being announced."""
        place = self._open(room)
        place.announcement = _Announcement(clips, ticket)
        self._reseat(place)

    def record(self, room: int, path: Path, max_s: float) -> None:
        """Record what is heard in a room; a recording under way is ended first."""
        place = self._open(room)
        self._end(place, EndOfRecording.STOPPED)
        place.recording = Recording(self._writer, Sink(path), max_s, None, room // GROUPS)
        self._reseat(place)

    def stop_recording(self, room: int) -> None:
        """End the recording, if any."""
        self._end(self._open(room), EndOfRecording.STOPPED)

    def relay(self, room: int, path: Path | None) -> None:
        """Let a room be heard outside, at a Unix datagram socket, or no more."""
        place = self._open(room)
        if place.relay is not None:
            place.relay.close()
        place.relay = None if path is None else Relay(path)
        self._reseat(place)

    def written(self, sink: Sink) -> bool:
        """A file is whole on disk; False when it is of no room."""
        if sink not in self._writing:
            return False
        room, recording = self._writing.pop(sink)
        room.writing -= 1
        cause = recording.ended_by or EndOfRecording.STOPPED
        told = RecordEnded(sink.path, recording.seconds, recording.speech_s, cause)
        self._emit(room.number, told)
        self._release(room)
        return True

    def beat(self, group: int) -> None:
        """Mix every room whose turn it is."""
        if group == 0 and self._rooms:
            self._frames += 1
            if self._frames % LOOK == 0:
                self._look()
        turn = self._turns[group] or self._seat(group)
        seating = turn.seating
        if not seating.rooms.size:
            return
        announced = self._announced(turn) if turn.announcing else _NOTHING
        looked_at = (self._frames + 1) % LOOK == 0
        heard = self._mixer.mix(seating, announced, rooms=bool(turn.heard), measured=looked_at)
        if self._high:
            says, hears = self._mixer.gains(seating.calls)
            self._high.mix(seating.calls, seating.where, says, hears)
        if heard is not None:
            self._pass_on(turn, heard)
        for _, room, announcement in turn.announcing:
            if announcement.over:
                self._end_announcement(room, announcement.ticket)

    def step_over(self, frames: int) -> None:
        """Time went by in which nothing could be mixed: silence on the recordings, for so long."""
        for room in self._rooms.values():
            for _ in range(frames):
                self._tape(room, bytes(2 * FRAME), loud=False)

    def _announced(self, turn: _Turn) -> dict[int, Pcm]:
        """What is played next in each room in which something is."""
        taken = {place: announcement.take() for place, _, announcement in turn.announcing}
        return {place: frame for place, frame in taken.items() if frame is not None}

    def _pass_on(self, turn: _Turn, heard: Pcm) -> None:
        """Give what is heard in rooms to their recordings, and to who hears it outside."""
        loud = (np.add.reduce(np.square(heard, dtype=np.float32), axis=1) >= LOUD).tolist()
        for place, room in turn.heard:
            octets = heard[place].tobytes()
            if room.relay is not None:
                room.relay.send(octets)
            self._tape(room, octets, loud=loud[place])

    def _tape(self, room: _Room, frame: bytes, *, loud: bool) -> None:
        if room.recording is not None:
            cause = room.recording.hear(frame, loud=loud)
            if cause is not None:
                self._end(room, cause)

    def _look(self) -> None:
        """See how loud everybody is; and now and then who speaks, and tell it room by room."""
        self._seen[self._looks] = self._mixer.squares
        self._looks = (self._looks + 1) % _SPEAKERS
        if self._looks:
            return
        turns = [turn or self._seat(group) for group, turn in enumerate(self._turns)]
        calls = np.concatenate([turn.seating.calls for turn in turns])
        if calls.size:
            self._speakers.look(calls, self._seen)
        for room in self._rooms.values():
            self._tell_speakers(room)

    def _end_announcement(self, room: _Room, ticket: int) -> None:
        room.announcement = None
        self._reseat(room)
        self._emit(room.number, PlayEnded(ticket))

    def _tell_speakers(self, room: _Room) -> None:
        heard = self._speakers.among(tuple(room.members), room.speakers)
        if heard != room.speakers:
            room.speakers = heard
            self._emit(room.number, SpeakersChanged(heard))

    def _end(self, room: _Room, cause: EndOfRecording) -> None:
        """End the recording of a room; told once it is whole on disk."""
        recording, room.recording = room.recording, None
        if recording is not None:
            room.writing += 1
            self._writing[recording.sink] = (room, recording)
            recording.end(cause)
            self._reseat(room)

    def _release(self, room: _Room) -> None:
        """Let go of a room that closes, unless something of it is still being written."""
        if room.closing and not room.writing:
            del self._rooms[room.number]
            self._emit(room.number, RoomClosed())

    def _open(self, number: int) -> _Room:
        room = self._rooms.get(number)
        if room is None or room.closing:
            raise NoSuchRoom(f"room {number} is not open")
        return room

    def _reseat(self, room: _Room) -> None:
        """Who is where, or what is to be done there, may have changed."""
        self._turns[room.group] = None

    def _find_turn(self, room: _Room) -> None:
        """Give an empty room the first turn that is no crowd yet, or the smallest of crowds."""
        self._reseat(room)
        people = [0] * GROUPS
        for each in self._rooms.values():
            people[each.group] += len(each.members)
        room.group = next(
            (n for n in range(GROUPS) if people[n] < CROWD), people.index(min(people))
        )

    def _seat(self, group: int) -> _Turn:
        rooms = (room for room in self._rooms.values() if room.group == group)
        self._turns[group] = turn = _Turn.of([room for room in rooms if room.takes_turns])
        return turn
