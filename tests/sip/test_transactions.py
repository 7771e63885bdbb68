"""The four machines: their tables are whole, and their timers are those of the RFC."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.sip.transaction import INITIAL, TABLES, Act, Kind, Machine, Signal, State, Times


@pytest.mark.parametrize("kind", Kind)
def test_every_state_is_reached_and_every_state_but_the_last_is_left(kind: Kind) -> None:
    table = TABLES[kind]
    reached = {INITIAL[kind][0]} | {to for to, _ in table.values()}
    left = {state for state, _ in table}
    assert reached - left == {State.TERMINATED}


@pytest.mark.parametrize("kind", Kind)
def test_every_timer_that_is_started_means_something_where_it_ends(kind: Kind) -> None:
    table = TABLES[kind]
    steps = [INITIAL[kind], *table.values()]
    for reliable in (False, True):
        for state, acts in steps:
            machine = Machine(kind, Times(), reliable=reliable)
            for act in acts:
                start = machine.timer(act)
                assert start is None or (state, start.timer) in table


WAITING = {
    (Kind.INVITE_CLIENT, State.PROCEEDING),  # it rings, as long as its user lets it
    (Kind.INVITE_SERVER, State.PROCEEDING),
    (Kind.SERVER, State.TRYING),
    (Kind.SERVER, State.PROCEEDING),
}
"""Where a transaction waits for its user, without limit."""


@pytest.mark.parametrize("kind", Kind)
@given(signals=st.lists(st.sampled_from([s for s in Signal if len(s.name) > 1]), max_size=6))
@pytest.mark.parametrize("reliable", [False, True])
def test_left_alone_a_transaction_ends_or_waits_for_its_user(
    kind: Kind, reliable: bool, signals: list[Signal]
) -> None:
    machine = Machine(kind, Times(), reliable=reliable)
    running = started(machine, INITIAL[kind][1])
    for signal in signals:
        running |= started(machine, machine.receive(signal))
    for _ in range(100):
        if not running:
            break
        timer = min(running, key=lambda name: running[name])
        now = running.pop(timer)
        begun = started(machine, machine.receive(timer))
        running |= {name: now + seconds for name, seconds in begun.items()}
    assert machine.state is State.TERMINATED or (kind, machine.state) in WAITING


def started(machine: Machine, acts: tuple[Act, ...]) -> dict[Signal, float]:
    starts = (machine.timer(act) for act in acts)
    return {start.timer: start.seconds for start in starts if start}


def test_an_invite_is_repeated_at_doubling_intervals_until_something_is_heard() -> None:
    machine = Machine(Kind.INVITE_CLIENT, Times(), reliable=False)
    lengths = []
    for _ in range(4):
        (_, repeat) = machine.receive(Signal.A)
        start = machine.timer(repeat)
        assert start
        lengths.append(start.seconds)
    assert lengths == [1.0, 2.0, 4.0, 8.0]
    assert machine.receive(Signal.GOT_1XX) == (Act.PASS,)
    assert machine.receive(Signal.A) == ()


def test_other_requests_are_repeated_no_slower_than_t2() -> None:
    machine = Machine(Kind.CLIENT, Times(), reliable=False)
    lengths = []
    for _ in range(5):
        (_, repeat) = machine.receive(Signal.E)
        start = machine.timer(repeat)
        assert start
        lengths.append(start.seconds)
    assert lengths == [1.0, 2.0, 4.0, 4.0, 4.0]


def test_nothing_is_repeated_over_a_reliable_transport() -> None:
    times = Times()
    assert [times.first(timer, reliable=True) for timer in (Signal.A, Signal.E, Signal.G)] == [
        None,
        None,
        None,
    ]
    assert times.first(Signal.B, reliable=True) == 32.0


def test_a_second_answer_changes_nothing() -> None:
    machine = Machine(Kind.SERVER, Times(), reliable=False)
    assert machine.receive(Signal.SEND_2XX) == (Act.SEND, Act.START_J)
    assert machine.receive(Signal.SEND_2XX) == ()
    assert machine.receive(Signal.REQUEST) == (Act.RESEND,)
