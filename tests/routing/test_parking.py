"""Who is parked where, and until when."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from routing.parking import MOVES, SLOTS, ParkingLot, Space


@pytest.fixture
def lot() -> ParkingLot:
    return ParkingLot(45.0)


def test_the_first_is_parked_in_701_and_the_next_in_702(lot: ParkingLot) -> None:
    assert lot.park("a", "101", 0.0) == "701"
    assert lot.park("b", "101", 0.0) == "702"


def test_the_lowest_slot_that_is_free_again_is_taken_first(lot: ParkingLot) -> None:
    for guest in "abc":
        lot.park(guest, "101", 0.0)
    assert lot.take("702") == "b"
    assert lot.park("d", "101", 1.0) == "702"


def test_a_slot_that_was_named_is_taken_if_it_is_free(lot: ParkingLot) -> None:
    assert lot.park("a", "101", 0.0, "703") == "703"
    assert lot.park("b", "101", 0.0, "703") is None


def test_there_is_no_tenth_slot(lot: ParkingLot) -> None:
    for number in SLOTS:
        assert lot.park(f"call {number}", "101", 0.0) == number
    assert lot.park("one more", "101", 0.0) is None
    assert lot.promise("a parker") is None
    assert lot.park("one more", "101", 0.0, "710") is None


def test_a_parker_hears_the_number_before_anybody_waits_there(lot: ParkingLot) -> None:
    assert lot.promise("consultation") == "701"
    assert lot.promise("consultation") == "701"
    assert lot.take("701") is None
    assert lot.park("somebody else's", "102", 0.0) == "702"
    assert lot.claim("consultation", "guest", "101", 1.0) == "701"
    assert lot.take("701") == "guest"


def test_a_parker_who_hangs_up_first_leaves_the_slot_free(lot: ParkingLot) -> None:
    lot.promise("consultation")
    lot.withdraw("consultation")
    assert lot.claim("consultation", "guest", "101", 1.0) is None
    assert lot.promise("another") == "701"


def test_the_hang_up_of_the_consultation_after_the_transfer_frees_nothing(lot: ParkingLot) -> None:
    lot.promise("consultation")
    lot.claim("consultation", "guest", "101", 1.0)
    lot.withdraw("consultation")
    assert lot.take("701") == "guest"


def test_whoever_hangs_up_while_waiting_leaves_the_slot_free(lot: ParkingLot) -> None:
    lot.park("guest", "101", 0.0)
    lot.leave("guest")
    assert lot.take("701") is None
    assert lot.deadline is None


def test_after_45_seconds_the_parker_is_to_be_rung_back_once(lot: ParkingLot) -> None:
    lot.park("guest", "101", 10.0)
    assert lot.deadline == 55.0
    assert not lot.fall_due(54.9)
    (late,) = lot.fall_due(55.0)
    assert (late.number, late.call, late.parker) == ("701", "guest", "101")
    assert not lot.fall_due(60.0)
    assert lot.deadline is None


def test_somebody_may_be_taken_while_the_parker_is_rung_back(lot: ParkingLot) -> None:
    lot.park("guest", "101", 0.0)
    lot.fall_due(45.0)
    assert lot.take("701") == "guest"


def test_every_state_of_a_slot_has_a_way_back_to_free() -> None:
    for space in Space:
        reached = {space}
        for _ in Space:
            reached |= {after for (before, _), after in MOVES.items() if before in reached}
        assert Space.FREE in reached


class AnyDay(RuleBasedStateMachine):
    """Whatever is done in whatever order: nobody is lost, and nobody is in two places."""

    def __init__(self) -> None:
        super().__init__()
        self.lot = ParkingLot(45.0)
        self.now = 0.0
        self.calls = 0
        self.waiting: dict[str, str] = {}
        self.promised: dict[str, str] = {}

    def _call(self) -> str:
        self.calls += 1
        return f"call {self.calls}"

    @property
    def _free(self) -> list[str]:
        taken = {*self.waiting.values(), *self.promised.values()}
        return [number for number in SLOTS if number not in taken]

    @rule(number=st.sampled_from(["", *SLOTS]))
    def park(self, number: str) -> None:
        guest = self._call()
        wanted = [number] if number else SLOTS
        expected = next((each for each in wanted if each in self._free), None)
        assert self.lot.park(guest, "101", self.now, number) == expected
        if expected is not None:
            self.waiting[guest] = expected

    @rule()
    def promise(self) -> None:
        parker = self._call()
        expected = next(iter(self._free), None)
        assert self.lot.promise(parker) == expected
        if expected is not None:
            self.promised[parker] = expected

    @precondition(lambda self: self.promised)
    @rule(data=st.data(), stays=st.booleans())
    def claim(self, data: st.DataObject, stays: bool) -> None:
        parker = data.draw(st.sampled_from(sorted(self.promised)))
        number = self.promised.pop(parker)
        if stays:
            guest = self._call()
            assert self.lot.claim(parker, guest, "101", self.now) == number
            self.waiting[guest] = number
        self.lot.withdraw(parker)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), taken=st.booleans())
    def go(self, data: st.DataObject, taken: bool) -> None:
        guest = data.draw(st.sampled_from(sorted(self.waiting)))
        number = self.waiting.pop(guest)
        if taken:
            assert self.lot.take(number) == guest
        else:
            self.lot.leave(guest)

    @rule(seconds=st.floats(0.0, 60.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        for late in self.lot.fall_due(self.now):
            assert self.waiting[late.call] == late.number

    @invariant()
    def everybody_is_where_they_were_told(self) -> None:
        assert {each.call: each.number for each in self.lot.slots if each.waits} == self.waiting

    @invariant()
    def whoever_is_late_was_told(self) -> None:
        assert self.lot.deadline is None or self.lot.deadline > self.now


AnyDay.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestAnyDay = AnyDay.TestCase
