"""Whatever people do in rooms, each hears exactly who they should."""

from typing import ClassVar

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from call.clock import VirtualClock
from call.media import RoomClosed, RoomEvent
from call.sound import Law
from telephony.media.compiled import Loops
from telephony.media.compiling import load_loops, loops_are_there
from telephony.media.engine import TICK_S, MediaSettings
from telephony.media.virtual import VirtualPlane
from tests.media.plane import VirtualCall, a_call, stream, tone

PEOPLE = 5
ROOMS = 2
WINDOW = 800  # samples: 0.1 s, in which each pitch makes whole turns
SECONDS = 40

who = st.integers(0, PEOPLE - 1)
where = st.integers(0, ROOMS - 1)


class Rooms(RuleBasedStateMachine):
    """People come, go, are muted and turned down, while rooms close and open again."""

    pitches: ClassVar = [300 + 400 * n for n in range(PEOPLE)]
    speech: ClassVar = [tone(SECONDS, pitch, 4000) for pitch in pitches]

    @staticmethod
    def loops() -> Loops | None:
        """What serves a beat."""
        return None

    @initialize()
    def begin(self) -> None:
        settings = MediaSettings(slots=PEOPLE + 1, rooms=ROOMS)
        self.plane = VirtualPlane(VirtualClock(), settings, loops=self.loops())
        self.events: list[list[RoomEvent]] = []
        self.rooms = [self._open() for _ in range(ROOMS)]
        self.people = [self._call(n) for n in range(PEOPLE)]
        self.place: list[int | None] = [None] * PEOPLE
        self.muted: set[int] = set()

    def _open(self) -> int:
        self.events.append([])
        return self.plane.open_room(self.events[-1].append)

    def _call(self, n: int) -> VirtualCall:
        call = a_call(self.plane, stream(law=list(Law)[n % 2]))
        call.far.speak(self.speech[n])
        return call

    @rule(n=who, room=where)
    def join(self, n: int, room: int) -> None:
        self.plane.join(self.people[n].slot, self.rooms[room])
        self.place[n] = room
        self.muted.discard(n)

    @rule(n=who)
    def leave(self, n: int) -> None:
        self.plane.leave(self.people[n].slot)
        self.place[n] = None
        self.muted.discard(n)

    @rule(n=who, muted=st.booleans())
    def mute(self, n: int, muted: bool) -> None:
        self.plane.mute(self.people[n].slot, muted)
        if self.place[n] is not None:
            (self.muted.add if muted else self.muted.discard)(n)

    @rule(n=who, other=who)
    def bridge(self, n: int, other: int) -> None:
        """Whoever is bridged leaves the room; and here, the bridge at once."""
        if n != other:
            self.plane.bridge(self.people[n].slot, self.people[other].slot)
            self.plane.advance(0.03)
            self.plane.unbridge(self.people[n].slot)
            for each in (n, other):
                self.place[each] = None
                self.muted.discard(each)

    @rule(n=who)
    def call_again(self, n: int) -> None:
        self.plane.close(self.people[n].slot)
        self.plane.advance(0.01)
        self.people[n] = self._call(n)
        self.place[n] = None
        self.muted.discard(n)

    @rule(room=where)
    def close_and_open(self, room: int) -> None:
        self.plane.close_room(self.rooms[room])
        self.plane.advance(0.01)
        assert isinstance(self.events[room][-1], RoomClosed)
        self.events[room] = []
        self.rooms[room] = self.plane.open_room(self.events[room].append)
        gone = {n for n, place in enumerate(self.place) if place == room}
        self.muted -= gone
        self.place = [None if n in gone else place for n, place in enumerate(self.place)]

    @rule(ticks=st.integers(1, 9))
    def wait(self, ticks: int) -> None:
        self.plane.advance(ticks * TICK_S)

    @invariant()
    def each_hears_exactly_who_they_should(self) -> None:
        if not hasattr(self, "people"):
            return
        self.plane.advance(0.3)
        for n, person in enumerate(self.people):
            sound = person.far.sound()[-WINDOW:].astype(np.float64)
            strength = 2 * np.abs(np.fft.rfft(sound)) / WINDOW
            heard = {m for m, pitch in enumerate(self.pitches) if strength[pitch // 10] > 2000}
            rest = strength.copy()
            rest[[pitch // 10 for pitch in self.pitches]] = 0
            wanted = {
                m
                for m in range(PEOPLE)
                if m != n and self.place[m] is not None and self.place[m] == self.place[n]
            }
            assert heard == wanted - self.muted
            assert rest.max() < 200


class RoomsInLoops(Rooms):
    """The same, mixed in loops."""

    @staticmethod
    def loops() -> Loops | None:
        return load_loops()


TestRooms = Rooms.TestCase
TestRooms.settings = settings(max_examples=12, stateful_step_count=14, deadline=None)

if loops_are_there():
    TestRoomsInLoops = RoomsInLoops.TestCase
    TestRoomsInLoops.settings = TestRooms.settings
