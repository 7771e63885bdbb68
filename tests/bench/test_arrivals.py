"""What the benchmarks say of packets is what came."""

from array import array

import pytest

from bench.arrivals import Arrivals, missing, pacing


def heard(*packets: tuple[float, int]) -> Arrivals:
    """Packets by their instant and sequence."""
    times = array("d", (at for at, _ in packets))
    return Arrivals(times, array("H", (sequence for _, sequence in packets)))


def test_a_packet_that_never_came_is_missing_though_the_counter_wraps() -> None:
    assert missing([65534, 65535, 1, 2]) == 1


def test_a_packet_overtaken_on_the_way_is_not_missing() -> None:
    assert missing([7, 9, 8, 10]) == 0


def test_a_packet_that_came_twice_hides_no_other() -> None:
    assert missing([7, 7, 9]) == 1


def test_times_are_taken_within_each_call_and_told_in_milliseconds() -> None:
    even = heard((10.00, 1), (10.02, 2), (10.04, 3))
    late = heard((10.01, 5), (10.04, 6))
    measured = pacing([even, late])
    assert measured is not None
    assert measured.packets == 3
    assert measured.p50 == pytest.approx(20.0)
    assert measured.worst == pytest.approx(30.0)
    assert measured.even == pytest.approx(2 / 3)


def test_what_came_outside_the_window_does_not_count() -> None:
    call = heard((1.0, 1), (2.0, 2), (3.0, 3)).within(1.5, 3.0)
    assert list(call.sequences) == [2]


def test_nothing_is_said_of_calls_that_heard_nothing() -> None:
    assert pacing([Arrivals(), heard((1.0, 1))]) is None
