"""Whatever people do in a conference, in whatever order: its rules hold."""

from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from conference import telling
from conference.conference import Role
from conference.happening import (
    Announce,
    Came,
    Come,
    Departure,
    Ending,
    Expel,
    Finish,
    Go,
    Happening,
    Lock,
    Member,
    Mute,
    MuteAll,
    Over,
    Record,
    Refused,
    RoomEvent,
    Went,
)
from conference.room import Phase, Room, Rules
from tests.conference.replay import Replay

WARNINGS = (600.0, 60.0)

OF_THEMSELVES = (Departure.HUNG_UP, Departure.CUT_OFF)
"""How people leave who hear nothing any more."""

ROLES = st.sampled_from(Role)
BOOLEANS = st.booleans()
WHICH = st.integers(0, 6)
"""One of those who are there; or who steers from outside; or somebody who is gone."""
WAITS = st.sampled_from([0.0, 1.0, 60.0, 100.0, 599.0, 1800.0, 3599.0, 3600.0, 10_200.0])


class Session(RuleBasedStateMachine):
    """One session, and beside it what is known of it from what it tells."""

    room: Room
    known: Replay

    @initialize(needed=BOOLEANS, recorded=BOOLEANS, announced=BOOLEANS)
    def is_arranged(self, needed: bool, recorded: bool, announced: bool) -> None:
        self.arranged(needed, recorded, announced)

    def arranged(self, needed: bool, recorded: bool, announced: bool) -> None:
        self.room = Room(Rules(needed, recorded, announced))
        self.known = Replay(announced=announced)
        self.now = 1000.0
        self.began_at: float | None = None
        self.waiting_since: float | None = None
        self.came = 0
        self.endings: list[Ending] = []

    # ---- What happens

    @rule(role=ROLES)
    def somebody_comes(self, role: Role) -> None:
        if self.room.phase is Phase.OVER:
            rules = self.room.rules
            self.arranged(rules.needs_administrator, rules.recorded, rules.announced)
        self.came += 1
        told = self.tell(Come(Member(f"leg {self.came}", role=role)))
        assert isinstance(told[0], Came)

    @rule(which=WHICH, how=st.sampled_from([Departure.HUNG_UP, Departure.CUT_OFF]))
    def somebody_goes(self, which: int, how: Departure) -> None:
        self.tell(Go(self.someone(which) or "nobody", how))

    @rule(whose=WHICH, by=WHICH, on=BOOLEANS)
    def a_mute_is_wished(self, whose: int, by: int, on: bool) -> None:
        self.tell(Mute(self.someone(whose), on, self.someone(by)))

    @rule(which=WHICH, on=BOOLEANS)
    def ones_own_mute_is_wished(self, which: int, on: bool) -> None:
        id = self.someone(which)
        if id:
            self.tell(Mute(id, on, id))

    @rule(by=WHICH, on=BOOLEANS, kind=st.sampled_from([MuteAll, Lock, Record, Announce]))
    def something_is_turned_on_or_off(
        self, by: int, on: bool, kind: type[MuteAll | Lock | Record | Announce]
    ) -> None:
        self.tell(kind(on, self.someone(by)))

    @rule(whom=WHICH, by=WHICH)
    def somebody_is_put_out(self, whom: int, by: int) -> None:
        self.tell(Expel(self.someone(whom), self.someone(by)))

    @precondition(lambda self: self.came > 5)
    @rule(by=WHICH)
    def the_end_is_wished(self, by: int) -> None:
        self.tell(Finish(self.someone(by)))

    @rule(seconds=WAITS)
    def time_passes(self, seconds: float) -> None:
        until = self.now + seconds
        while self.room.deadline is not None and self.room.deadline <= until:
            assert self.room.deadline >= self.now, "time does not go back"
            self.now = self.room.deadline
            assert self.learn(self.room.tick(self.now)), "something is due at a deadline"
            assert self.room.deadline != self.now, "and is told once"
        self.now = until
        assert not self.room.tick(self.now)

    # ---- What is seen of it

    def someone(self, which: int) -> str:
        there = list(self.room.seats)
        return there[which] if which < len(there) else "" if which % 2 else "gone"

    def tell(self, event: RoomEvent) -> Sequence[Happening]:
        leads = self.leads(event)
        told = self.learn(self.room.receive(event, self.now))
        refused = [each for each in told if isinstance(each, Refused)]
        assert not refused or len(told) == 1
        assert leads or len(refused) == 1 or self.room.phase is Phase.OVER
        return told

    def leads(self, event: RoomEvent) -> bool:
        """Whether who asks may ask for it."""
        if isinstance(event, Come | Go) or event.by == "":
            return True
        seat = self.room.seats.get(event.by)
        if seat is None:
            return False
        own = isinstance(event, Mute) and event.id == event.by
        return own or seat.member.role is Role.ADMINISTRATOR

    def learn(self, told: Sequence[Happening]) -> Sequence[Happening]:
        was_running, had_people = self.known.running, bool(self.known.there)
        self.known.hear(told)
        if self.known.began and self.began_at is None:
            self.began_at = self.now
        if self.known.running:
            self.waiting_since = None
        elif was_running or not had_people:
            self.waiting_since = self.now if self.known.there else None
        self.endings += [each.why for each in told if isinstance(each, Over)]
        self.listen(told)
        return told

    def listen(self, told: Sequence[Happening]) -> None:
        """What is said reaches people who are there, and each who is sent away hears why, once."""
        went = [each for each in told if isinstance(each, Went)]
        sayings = telling.told(told, self.room, {"leg 1", "leg 3"})
        for said in sayings:
            assert said.phrase or said.chime
            assert said.to or self.room.phase is Phase.RUNNING
            assert set(said.to) <= {*self.room.seats, *(each.member.id for each in went)}
        sent_away = [each.member.id for each in went if each.how not in OF_THEMSELVES]
        assert [id for said in sayings for id in said.to if id in sent_away] == sent_away
        assert not [said for said in sayings if set(said.to) & {*self.known.gone} - {*sent_away}]

    @invariant()
    def nobody_is_inside_while_no_administrator_is_there(self) -> None:
        inside = {id for id, seat in self.room.seats.items() if seat.inside}
        if self.room.rules.needs_administrator and not self.known.led:
            assert not inside
        else:
            assert inside == set(self.room.seats)

    @invariant()
    def the_session_is_as_what_was_told_makes_it(self) -> None:
        room, known = self.room, self.known
        assert list(room.seats) == list(known.there)
        for id, seat in room.seats.items():
            assert seat.member == known.there[id]
            assert seat.inside is (id in known.inside)
            assert seat.own_mute is (id in known.own_mutes)
            assert seat.silenced is (id in known.silenced)
        assert (room.phase is Phase.RUNNING) is known.running
        assert (room.phase is Phase.OVER) is known.over
        assert (room.locked, room.recording) == (known.locked, known.recording)
        assert (room.announced, room.all_muted) == (known.announced, known.all_muted)

    @invariant()
    def whoever_is_muted_by_either_is_not_heard(self) -> None:
        for id, seat in self.room.seats.items():
            assert seat.muted is (id in self.known.own_mutes | self.known.silenced)

    @invariant()
    def nothing_is_recorded_while_people_wait(self) -> None:
        assert not self.room.recording or self.room.phase is Phase.RUNNING

    @invariant()
    def it_is_over_when_and_only_when_nobody_is_there_any_more(self) -> None:
        over = self.came > 0 and not self.room.seats
        assert (self.room.phase is Phase.OVER) is over or not self.came
        assert len(self.endings) == over
        assert len(self.known.gone) + len(self.room.seats) == self.came

    @invariant()
    def nobody_talks_longer_than_three_hours_nor_waits_longer_than_one(self) -> None:
        if self.room.phase is Phase.OVER:
            return
        assert self.began_at is None or self.now < self.began_at + 10_800
        assert self.waiting_since is None or self.now < self.waiting_since + 3600

    @invariant()
    def the_deadline_is_what_is_due_next(self) -> None:
        due: list[float] = []
        if self.room.phase is not Phase.OVER:
            if self.began_at is not None:
                ends = self.began_at + 10_800
                told = len(self.known.warned)
                due += [ends, *(ends - each for each in WARNINGS[told:])]
            if self.waiting_since is not None:
                due.append(self.waiting_since + 3600)
        assert self.room.deadline == min(due, default=None)

    @invariant()
    def the_door_lets_administrators_in_and_participants_unless_it_is_locked(self) -> None:
        over = self.room.phase is Phase.OVER
        assert self.room.admits(Role.ADMINISTRATOR) is not over
        assert self.room.admits(Role.PARTICIPANT) is (not over and not self.room.locked)


TestSession = Session.TestCase
TestSession.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
