"""Alarms ring once, in order, and not after they are cleared."""

from telephony.sip.alarms import Alarms


def test_alarms_ring_in_order_of_time() -> None:
    alarms, rung = Alarms(), []
    for name, at in (("b", 2.0), ("a", 1.0), ("c", 3.0)):
        alarms.set(name, at, lambda now, name=name: rung.append(name))
    assert alarms.deadline == 1.0
    alarms.ring(2.0)
    assert rung == ["a", "b"]
    assert alarms.deadline == 3.0


def test_a_replaced_or_cleared_alarm_does_not_ring() -> None:
    alarms, rung = Alarms(), []
    alarms.set("a", 1.0, lambda now: rung.append("old"))
    alarms.set("a", 5.0, lambda now: rung.append("new"))
    alarms.set("b", 1.0, lambda now: rung.append("cleared"))
    alarms.clear("b")
    alarms.ring(4.0)
    assert rung == []
    alarms.ring(5.0)
    assert rung == ["new"]
    assert alarms.deadline is None


def test_thousands_of_cleared_alarms_leave_no_trace() -> None:
    alarms = Alarms()
    for number in range(10_000):
        alarms.set(number, 100.0, lambda now: None)
        alarms.clear(number)
    assert len(alarms._heap) < 100
