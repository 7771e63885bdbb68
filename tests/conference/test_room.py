"""What happens in a conference when people come, go, wish and wait."""

import pytest

from conference.conference import Role
from conference.errors import RoomOver
from conference.happening import (
    AllMuted,
    Announce,
    Announcing,
    Began,
    Came,
    Come,
    Departure,
    Ending,
    Expel,
    Finish,
    Go,
    Happening,
    Interrupted,
    Lock,
    Locked,
    Member,
    Mute,
    MuteAll,
    Muted,
    Over,
    Record,
    Recording,
    Refusal,
    Refused,
    Resumed,
    RoomEvent,
    Warned,
    Went,
)
from conference.room import Phase, Room, Rules

ANNE = Member("anne", "Anne", Role.ADMINISTRATOR)
ALAIN = Member("alain", "Alain", Role.ADMINISTRATOR)
PAUL = Member("paul", "Paul")
PIA = Member("pia", "Pia")

HOUR = 3600.0


class Session:
    """A room that is told what happens, at moments in seconds from the first."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.room = Room(rules or Rules())
        self.now = 0.0

    def __call__(self, *events: RoomEvent) -> list[Happening]:
        """What follows from the last of these."""
        told: list[Happening] = []
        for event in events:
            told = list(self.room.receive(event, self.now))
        return told

    def come(self, *members: Member) -> list[Happening]:
        return self(*(Come(each) for each in members))

    def wait(self, seconds: float) -> list[Happening]:
        """What time brings until then."""
        told: list[Happening] = []
        until = self.now + seconds
        while self.room.deadline is not None and self.room.deadline <= until:
            self.now = self.room.deadline
            told += self.room.tick(self.now)
            assert self.room.deadline != self.now, "what is due is told once"
        self.now = until
        return told

    @property
    def inside(self) -> list[str]:
        return [id for id, seat in self.room.seats.items() if seat.inside]


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def held() -> Session:
    """Anne leads Paul and Pia."""
    session = Session()
    session.come(ANNE, PAUL, PIA)
    return session


def refusals(told: list[Happening]) -> list[Refusal]:
    return [each.why for each in told if isinstance(each, Refused)]


# ---- Waiting, beginning, interruption


def test_participants_wait_while_no_administrator_is_there(session: Session) -> None:
    assert session.come(PAUL) == [Came(PAUL, inside=False)]
    assert session.come(PIA) == [Came(PIA, inside=False)]
    assert session.room.phase is Phase.WAITING
    assert session.inside == []


def test_it_begins_when_an_administrator_comes_and_everybody_waiting_goes_inside(
    session: Session,
) -> None:
    session.come(PAUL)
    assert session.come(ANNE) == [Came(ANNE, inside=False), Began("anne")]
    assert session.inside == ["paul", "anne"]


def test_whoever_comes_later_is_inside_at_once(session: Session) -> None:
    assert session.come(ANNE, PAUL) == [Came(PAUL, inside=True)]


def test_a_conference_without_administrators_begins_with_the_first_to_come() -> None:
    session = Session(Rules(needs_administrator=False))
    assert session.come(PAUL) == [Came(PAUL, inside=False), Began("paul")]
    session.come(PIA)
    assert session(Go("paul")) == [Went(PAUL, Departure.HUNG_UP)]
    assert session.inside == ["pia"]


@pytest.mark.parametrize("how", [Departure.HUNG_UP, Departure.CUT_OFF])
def test_everybody_waits_again_when_the_last_administrator_is_gone(
    held: Session, how: Departure
) -> None:
    assert held(Go("anne", how)) == [Went(ANNE, how), Interrupted()]
    assert held.inside == []
    assert held.come(ALAIN) == [Came(ALAIN, inside=False), Resumed("alain")]
    assert held.inside == ["paul", "pia", "alain"]


def test_it_goes_on_while_another_administrator_is_there(held: Session) -> None:
    held.come(ALAIN)
    assert held(Go("anne")) == [Went(ANNE, Departure.HUNG_UP)]
    assert held.room.phase is Phase.RUNNING


def test_it_is_over_when_the_last_one_is_gone(held: Session) -> None:
    held(Go("anne"), Go("paul"))
    assert held(Go("pia")) == [Went(PIA, Departure.HUNG_UP), Over(Ending.EMPTY)]
    assert held.room.deadline is None


def test_an_administrator_alone_who_leaves_ends_it_and_interrupts_nobody(session: Session) -> None:
    session.come(ANNE)
    assert session(Go("anne")) == [Went(ANNE, Departure.HUNG_UP), Over(Ending.EMPTY)]


def test_who_is_there_already_does_not_come_again_and_who_is_not_does_not_go(held: Session) -> None:
    assert held.come(PAUL) == []
    assert held(Go("nobody")) == []


# ---- Time


def test_people_are_let_wait_for_an_hour_from_when_the_first_came(session: Session) -> None:
    session.come(PAUL)
    session.wait(0.5 * HOUR)
    session.come(PIA)
    assert session.room.deadline == HOUR
    ended = Departure.ENDED
    expected = [Went(PAUL, ended), Went(PIA, ended), Over(Ending.NOBODY_CAME)]
    assert session.wait(0.5 * HOUR) == expected


def test_an_interruption_lets_people_wait_for_another_hour(held: Session) -> None:
    held.wait(1000)
    held(Go("anne"))
    assert held.wait(HOUR - 1) == []
    assert held.wait(1)[-1] == Over(Ending.NOBODY_CAME)


def test_three_hours_after_it_began_it_is_over_with_two_warnings(session: Session) -> None:
    session.come(PAUL)
    session.wait(100)
    session.come(ANNE)
    assert session.wait(3 * HOUR - 601) == []
    assert session.wait(1) == [Warned(10)]
    assert session.wait(540) == [Warned(1)]
    assert session.wait(59) == []
    assert session.wait(1)[-1] == Over(Ending.TOO_LONG)


def test_interruptions_count_among_the_three_hours(held: Session) -> None:
    held.wait(2.5 * HOUR)
    held(Go("anne"))
    assert held.wait(0.5 * HOUR)[-1] == Over(Ending.TOO_LONG)


def test_a_conference_that_may_be_five_minutes_long_is_not_warned_of_ten() -> None:
    session = Session(Rules(longest_s=300.0))
    session.come(ANNE)
    assert session.wait(299) == [Warned(1)]


def test_one_that_may_be_ten_minutes_long_is_not_warned_as_it_begins() -> None:
    session = Session(Rules(longest_s=600.0))
    session.come(ANNE)
    assert session.wait(0) == []


def test_a_clock_that_was_late_tells_the_last_warning_alone(held: Session) -> None:
    assert held.room.tick(3 * HOUR - 30) == [Warned(1)]
    assert held.room.deadline == 3 * HOUR


def test_a_clock_that_was_very_late_ends_it_for_what_came_first(held: Session) -> None:
    held(Go("anne"))
    assert held.room.tick(4 * HOUR)[-1] == Over(Ending.NOBODY_CAME)


# ---- Who may do what


@pytest.mark.parametrize(
    "wish",
    [
        Mute("pia", True, "paul"),
        MuteAll(True, "paul"),
        Lock(True, "paul"),
        Expel("pia", "paul"),
        Expel("paul", "paul"),
        Record(True, "paul"),
        Announce(False, "paul"),
        Finish("paul"),
        Expel("nobody", "paul"),
    ],
)
def test_a_participant_moderates_nothing(held: Session, wish: RoomEvent) -> None:
    assert held(wish) == [Refused("paul", Refusal.NOT_ADMINISTRATOR)]


@pytest.mark.parametrize("by", ["anne", ""])
def test_an_administrator_and_who_steers_from_outside_do_all(held: Session, by: str) -> None:
    assert held(Mute("pia", True, by)) == [Muted("pia", True, by)]
    assert held(MuteAll(True, by)) == [AllMuted(True, by)]
    assert held(Lock(True, by)) == [Locked(True, by)]
    assert held(Record(True, by)) == [Recording(True, by)]
    assert held(Announce(False, by)) == [Announcing(False, by)]
    assert held(Expel("pia", by)) == [Went(PIA, Departure.EXPELLED)]
    assert held(Finish(by))[-1] == Over(Ending.FINISHED)


def test_who_is_gone_wishes_for_nothing(held: Session) -> None:
    held(Go("paul"))
    assert held(Mute("paul", True, "paul")) == [Refused("paul", Refusal.NOT_HERE)]


def test_nobody_who_is_gone_is_muted_or_put_out(held: Session) -> None:
    held(Go("paul"))
    assert refusals(held(Mute("paul", True, "anne"))) == [Refusal.NOT_HERE]
    assert refusals(held(Expel("paul", "anne"))) == [Refusal.NOT_HERE]


@pytest.mark.parametrize(
    "wish",
    [
        Mute("pia", True, "anne"),
        MuteAll(True, "anne"),
        Lock(True, "anne"),
        Record(True, "anne"),
        Announce(False, "anne"),
        Mute("anne", True, "anne"),
    ],
)
def test_what_is_so_already_is_refused(held: Session, wish: RoomEvent) -> None:
    assert not refusals(held(wish))
    assert refusals(held(wish)) == [Refusal.ALREADY]


# ---- Mutes


def test_people_mute_and_unmute_themselves(held: Session) -> None:
    assert held(Mute("paul", True, "paul")) == [Muted("paul", True, "paul")]
    assert held.room.seats["paul"].muted
    assert held(Mute("paul", False, "paul")) == [Muted("paul", False, "paul")]
    assert not held.room.seats["paul"].muted


def test_whom_an_administrator_muted_cannot_undo_it(held: Session) -> None:
    held(Mute("paul", True, "anne"))
    assert refusals(held(Mute("paul", False, "paul"))) == [Refusal.SILENCED]
    assert held.room.seats["paul"].muted
    held(Mute("paul", False, "anne"))
    assert not held.room.seats["paul"].muted


def test_whom_an_administrator_muted_as_well_cannot_even_undo_their_own(held: Session) -> None:
    held(Mute("paul", True, "paul"), Mute("paul", True, "anne"))
    assert refusals(held(Mute("paul", False, "paul"))) == [Refusal.SILENCED]


def test_who_muted_themself_is_made_to_be_heard_by_nobody_else(held: Session) -> None:
    held(Mute("paul", True, "paul"))
    assert refusals(held(Mute("paul", False, "anne"))) == [Refusal.OWN_MUTE]
    held(MuteAll(True, "anne"), MuteAll(False, "anne"))
    assert held.room.seats["paul"].muted
    assert not held.room.seats["pia"].muted


def test_all_are_muted_but_administrators(held: Session) -> None:
    held.come(ALAIN)
    held(MuteAll(True, "anne"))
    muted = {id for id, seat in held.room.seats.items() if seat.muted}
    assert muted == {"paul", "pia"}


def test_participants_who_come_while_all_are_muted_are_muted_too(session: Session) -> None:
    session.come(ANNE)
    session(MuteAll(True, "anne"))
    assert session.come(PAUL) == [Came(PAUL, inside=True), Muted("paul", True, "")]
    assert session.room.seats["paul"].muted
    assert session.come(ALAIN) == [Came(ALAIN, inside=True)]


def test_one_who_was_let_speak_is_muted_again_with_all(held: Session) -> None:
    held(MuteAll(True, "anne"), Mute("paul", False, "anne"))
    assert held(MuteAll(True, "anne")) == [AllMuted(True, "anne")]
    assert held.room.seats["paul"].muted


def test_all_may_speak_again_frees_whom_an_administrator_muted_alone(held: Session) -> None:
    held(Mute("paul", True, "anne"))
    assert held(MuteAll(False, "anne")) == [AllMuted(False, "anne")]
    assert not held.room.seats["paul"].muted


def test_mutes_outlast_an_interruption(held: Session) -> None:
    held(Mute("paul", True, "anne"), Mute("pia", True, "pia"), Go("anne"))
    held.come(ALAIN)
    assert held.room.seats["paul"].silenced
    assert held.room.seats["pia"].own_mute


# ---- The door, and who is put out


def test_a_locked_room_admits_administrators_alone(held: Session) -> None:
    held(Lock(True, "anne"))
    assert held.room.admits(Role.ADMINISTRATOR)
    assert not held.room.admits(Role.PARTICIPANT)
    held(Lock(False, "anne"))
    assert held.room.admits(Role.PARTICIPANT)


def test_a_room_stays_locked_while_its_administrator_is_away(held: Session) -> None:
    held(Lock(True, "anne"), Go("anne", Departure.CUT_OFF))
    assert not held.room.admits(Role.PARTICIPANT)
    assert held.room.admits(Role.ADMINISTRATOR)


def test_an_administrator_may_be_put_out_and_the_last_one_interrupts(held: Session) -> None:
    held.come(ALAIN)
    assert held(Expel("anne", "alain")) == [Went(ANNE, Departure.EXPELLED)]
    assert held(Expel("alain")) == [Went(ALAIN, Departure.EXPELLED), Interrupted()]


def test_somebody_is_put_out_of_the_waiting_room(session: Session) -> None:
    session.come(PAUL, PIA)
    assert session(Expel("paul")) == [Went(PAUL, Departure.EXPELLED)]


# ---- The recording


def test_a_conference_that_is_to_be_recorded_is_from_its_beginning() -> None:
    session = Session(Rules(recorded=True))
    session.come(PAUL)
    assert not session.room.recording
    assert session.come(ANNE) == [Came(ANNE, False), Began("anne"), Recording(True)]


def test_the_recording_stops_with_an_interruption_and_goes_on_with_the_resumption(
    held: Session,
) -> None:
    held(Record(True, "anne"))
    told = held(Go("anne", Departure.CUT_OFF))
    assert told == [Went(ANNE, Departure.CUT_OFF), Recording(False), Interrupted()]
    assert held.come(ALAIN) == [Came(ALAIN, False), Resumed("alain"), Recording(True)]


def test_a_recording_that_an_administrator_ended_does_not_begin_again_by_itself() -> None:
    session = Session(Rules(recorded=True))
    session.come(PAUL, ANNE)
    session(Record(False, "anne"), Go("anne"))
    assert session.come(ANNE) == [Came(ANNE, False), Resumed("anne")]


def test_nothing_is_recorded_of_a_waiting_room(session: Session) -> None:
    session.come(PAUL)
    assert refusals(session(Record(True))) == [Refusal.NOT_RUNNING]


# ---- The end


def test_the_end_puts_everybody_out_before_it_is_told(held: Session) -> None:
    held(Record(True, "anne"))
    ended = Departure.ENDED
    assert held(Finish("anne")) == [
        Recording(False),
        Went(ANNE, ended),
        Went(PAUL, ended),
        Went(PIA, ended),
        Over(Ending.FINISHED),
    ]
    assert not held.room.seats


def test_a_waiting_room_is_closed_from_outside(session: Session) -> None:
    session.come(PAUL)
    assert session(Finish()) == [Went(PAUL, Departure.ENDED), Over(Ending.FINISHED)]


def test_nothing_follows_once_it_is_over_and_nobody_comes(held: Session) -> None:
    held(Finish("anne"))
    assert held(Go("anne")) == []
    assert held(Mute("paul", True, "paul")) == []
    assert held.wait(4 * HOUR) == []
    assert not held.room.admits(Role.ADMINISTRATOR)
    with pytest.raises(RoomOver):
        held.come(PAUL)
