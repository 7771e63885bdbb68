"""Who gets in at the door, and what the others hear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from call.errors import Misuse
from telephony.access import MAX_STRANGERS, AccessPolicy, Doorkeeper, Outcome
from telephony.overload import Load
from telephony.sip.core import Admit, Refuse, Verdict
from telephony.sip.events import Peer, Transport
from telephony.sip.message import Request

POLICY = AccessPolicy(
    allowed=("127.0.0.1", "192.0.2.0/24", "2001:db8::/32"), max_calls=2, retry_after_s=7
)


class Door:
    """A doorkeeper whose load the test sets."""

    def __init__(self, policy: AccessPolicy = POLICY) -> None:
        self.load = Load()
        self.keeper = Doorkeeper(policy, lambda: self.load)

    def knock(self, host: str, now: float = 0.0, method: str = "INVITE") -> Verdict | None:
        """What a request is told; None when it is not even read."""
        if not self.keeper.hears(host, now):
            return None
        request = Request(headers=(), method=method, uri="sip:101@192.0.2.1")
        return self.keeper.judge(request, Peer(Transport.UDP, host, 5060), now)


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.200", "2001:db8::5", "::ffff:192.0.2.9"])
def test_a_known_peer_is_let_in(host: str) -> None:
    assert Door().knock(host) == Admit()


@pytest.mark.parametrize("host", ["203.0.113.1", "127.0.0.2", "2001:db9::1", "phone.invalid"])
def test_a_stranger_is_told_so(host: str) -> None:
    assert Door().knock(host) == Refuse(403)


def test_a_scanner_hears_nothing_after_a_few_tries_and_again_after_a_pause() -> None:
    door = Door()
    verdicts = [door.knock("203.0.113.1", now=0.1 * n, method="OPTIONS") for n in range(8)]
    assert verdicts == [Refuse(403)] * 5 + [None] * 3
    assert door.keeper.count(Outcome.SCANNER) == 3
    assert door.knock("203.0.113.1", now=60.0) == Refuse(403)


def test_a_scanner_costs_no_peer_its_call() -> None:
    door = Door()
    for n in range(100):
        door.knock("203.0.113.1", now=n / 100)
    assert door.knock("127.0.0.1", now=1.0) == Admit()
    assert door.knock("203.0.113.2", now=1.0) == Refuse(403)


def test_one_we_call_is_read_though_it_may_not_call() -> None:
    door = Door()
    door.keeper.expect("203.0.113.1")
    assert [door.knock("203.0.113.1") for _ in range(20)] == [Refuse(403)] * 20


def test_a_flood_of_false_addresses_is_not_all_remembered() -> None:
    door = Door()
    for n in range(MAX_STRANGERS + 100):
        door.knock(f"10.{n >> 16}.{(n >> 8) & 255}.{n & 255}")
    assert len(door.keeper._strangers) <= MAX_STRANGERS


def test_above_the_limit_a_caller_is_asked_to_try_later() -> None:
    door = Door()
    door.load = Load(calls=2)
    assert door.knock("127.0.0.1") == Refuse(503, retry_after=7)
    assert door.knock("127.0.0.1", method="OPTIONS") == Admit()
    door.load = Load(calls=1)
    assert door.knock("127.0.0.1") == Admit()


def test_a_late_machine_takes_no_more_calls() -> None:
    door = Door()
    door.load = Load(lateness_s=0.4)
    assert door.knock("127.0.0.1") == Refuse(503, retry_after=7)
    assert door.keeper.count(Outcome.OVERLOADED) == 1


def test_a_draining_line_takes_no_more_calls() -> None:
    door = Door()
    door.keeper.draining = True
    assert door.knock("127.0.0.1") == Refuse(503, retry_after=7)
    assert door.keeper.count(Outcome.DRAINING) == 1


def test_a_setting_that_names_no_network_stops_the_start() -> None:
    with pytest.raises(Misuse):
        Door(AccessPolicy(allowed=("the office",)))


@given(st.lists(st.floats(0, 1_000), max_size=60))
def test_no_stranger_is_answered_more_than_its_share(times: list[float]) -> None:
    door = Door()
    times.sort()
    answered = [now for now in times if door.knock("203.0.113.1", now) == Refuse(403)]
    span = times[-1] - times[0] if times else 0
    assert len(answered) <= POLICY.stranger_burst + span / POLICY.stranger_every_s + 1e-6


@pytest.mark.parametrize(
    ("host", "vouched"),
    [("192.0.2.130", True), ("::ffff:192.0.2.130", True), ("192.0.2.1", False), ("nobody", False)],
)
def test_a_number_is_believed_from_our_own_telephones_alone(host: str, vouched: bool) -> None:
    policy = AccessPolicy(allowed=("192.0.2.0/24",), phones=("192.0.2.128/25",))
    assert Door(policy).keeper.vouches_for(host) is vouched


def test_nobody_is_believed_unless_telephones_are_named() -> None:
    assert not Door().keeper.vouches_for("127.0.0.1")


def test_telephones_that_are_no_network_are_a_mistake_of_ours() -> None:
    with pytest.raises(Misuse, match="phones"):
        Door(AccessPolicy(phones=("reception",)))
