"""What is told of a session is what happened in the room, whatever that was."""

from collections import defaultdict
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as some

from conference.conference import Role
from conference.happening import (
    Come,
    Departure,
    Go,
    Happening,
    Member,
    Mute,
    MuteAll,
    Record,
    RoomEvent,
)
from conference.history import retell
from conference.ports import Entry, Notes
from conference.report import report
from conference.room import Phase, Room, Rules
from tests.conference.sessions import BUDGET, TEN, at

IDS = ("a", "b", "c", "d")
ROLES = {"a": Role.ADMINISTRATOR, "b": Role.ADMINISTRATOR}

events: some.SearchStrategy[RoomEvent] = some.one_of(
    some.sampled_from(IDS).map(lambda id: Come(Member(id, id, ROLES.get(id, Role.PARTICIPANT)))),
    some.builds(Go, some.sampled_from(IDS), some.sampled_from(Departure)),
    some.builds(Record, some.booleans(), some.sampled_from(IDS)),
    some.builds(Mute, some.sampled_from(IDS), some.booleans(), some.sampled_from(("", *IDS))),
    some.builds(MuteAll, some.booleans(), some.just("a")),
)


class Watched:
    """A room, and a watch that is read each minute: who is inside, who waits, what is recorded."""

    def __init__(self, rules: Rules) -> None:
        self.room = Room(rules)
        self.minute = 0
        self.entries: list[Entry] = []
        self.inside: dict[str, int] = defaultdict(int)
        self.waited: dict[str, int] = defaultdict(int)
        self.met = self.recorded = 0

    def told(self, happenings: Sequence[Happening]) -> None:
        self.entries += [Entry(at(self.minute), each) for each in happenings]

    def wait(self, minutes: int) -> None:
        for _ in range(minutes):
            for seat in self.room.seats.values():
                counted = self.inside if seat.inside else self.waited
                counted[seat.member.id] += 60
            self.met += 60 * (self.room.phase is Phase.RUNNING)
            self.recorded += 60 * self.room.recording
            self.minute += 1
            self.told(self.room.tick(self.minute * 60.0))

    def happens(self, event: RoomEvent) -> None:
        if self.room.phase is not Phase.OVER:
            self.told(self.room.receive(event, self.minute * 60.0))


@given(
    some.builds(Rules, needs_administrator=some.booleans(), recorded=some.booleans()),
    some.lists(some.tuples(some.integers(0, 40), events), min_size=1, max_size=25),
)
def test_people_are_told_to_have_been_inside_and_waiting_as_long_as_they_were(
    rules: Rules, deeds: list[tuple[int, RoomEvent]]
) -> None:
    watched = Watched(rules)
    for minutes, event in deeds:
        watched.wait(minutes)
        watched.happens(event)
    watched.wait(1)
    is_over = watched.room.phase is Phase.OVER
    ended = watched.entries[-1].at if is_over else at(watched.minute)
    session = retell(Notes("s", BUDGET, TEN, ended, tuple(watched.entries)))
    for person in session.people:
        assert person.inside_s == watched.inside[person.name]
        assert sum(each.seconds for each in person.waited) == watched.waited[person.name]
    assert sum(each.seconds for each in session.met) == watched.met
    assert sum(each.seconds for each in session.recorded) == watched.recorded
    assert session.cut_off is not is_over
    for language in ("fr", "en"):
        told = report(session, language)
        assert len(told.rows) == len(session.people)
        for row in told.rows:
            bars = (*row.waiting_bars, *row.inside_bars)
            assert all(0 <= begin < end <= 1 for begin, end in bars)
            assert sum(end - begin for begin, end in bars) < 1.000001
