"""How hard the plane works, and who is told."""

from collections.abc import AsyncIterator

import pytest

from call.clock import VirtualClock
from call.media import MediaStatistics, PlaneLoad
from telephony.media.engine import MediaSettings
from telephony.media.load import TELL_S, LoadMeter
from telephony.media.process import MediaProcess
from tests.media.plane import a_plane
from tests.media.test_process import Ear, call_of


class Beats:
    """A meter that is told of beats of 5 ms."""

    def __init__(self) -> None:
        self.meter = LoadMeter()
        self.clock = VirtualClock()
        self.told: list[tuple[float, float]] = []

    def beat(self, seconds: float, *, worked: float, late: float = 0.0) -> None:
        """Let beats go by, each taking `worked` of its 5 ms."""
        for _ in range(round(seconds / 0.005)):
            woke = self.clock.monotonic()
            if self.meter.note(woke, woke + 0.005 * worked, late):
                self.told.append((self.meter.busy, self.meter.late_s))
            self.clock.advance(0.005)


def test_a_plane_that_works_half_its_time_says_so_after_a_few_seconds() -> None:
    beats = Beats()
    beats.beat(5.0, worked=0.5)
    assert beats.told[-1][0] == pytest.approx(0.5, abs=0.02)


def test_an_even_load_is_told_once_a_second_and_what_changes_within_a_fifth_of_one() -> None:
    beats = Beats()
    beats.beat(5.0, worked=0.3)
    told = len(beats.told)
    beats.beat(10.0, worked=0.3)
    assert len(beats.told) - told == pytest.approx(10, abs=1)
    beats.beat(0.5, worked=0.3)
    before = beats.told[-1][0]
    beats.beat(TELL_S * 2, worked=0.6)
    assert beats.told[-1][0] > before + 0.02


def test_one_long_beat_makes_no_busy_plane() -> None:
    beats = Beats()
    beats.beat(3.0, worked=0.1)
    beats.beat(TELL_S, worked=0.9)
    assert beats.told[-1][0] < 0.3


def test_the_worst_beat_is_told_for_a_second_and_then_forgotten() -> None:
    beats = Beats()
    beats.beat(1.0, worked=0.1)
    beats.beat(0.005, worked=0.1, late=0.03)
    beats.beat(0.8, worked=0.1)
    assert beats.told[-1][1] == 0.03
    beats.beat(0.6, worked=0.1)
    assert beats.told[-1][1] == 0.0


def test_after_a_rest_nothing_of_the_load_before_it_is_left() -> None:
    beats = Beats()
    beats.beat(3.0, worked=0.9, late=0.02)
    assert beats.meter.rest()
    assert (beats.meter.busy, beats.meter.late_s) == (0.0, 0.0)
    assert not beats.meter.rest()
    beats.clock.advance(3600.0)
    beats.beat(TELL_S * 2, worked=0.2)
    assert 0.0 < beats.told[-1][0] < 0.2


def test_a_plane_in_virtual_time_is_as_loaded_as_it_is_told() -> None:
    plane = a_plane()
    assert plane.load == PlaneLoad()
    plane.bear(PlaneLoad(busy=0.9, late_s=0.02))
    assert plane.load.busy == 0.9
    plane.die()
    assert plane.load == PlaneLoad()


@pytest.fixture
async def plane() -> AsyncIterator[MediaProcess]:
    plane = MediaProcess("127.0.0.1", settings=MediaSettings(slots=4))
    await plane.start()
    yield plane
    await plane.stop()


@pytest.mark.wire
async def test_the_process_tells_its_load_while_a_call_is_up_and_none_after_it(
    plane: MediaProcess,
) -> None:
    ear = Ear()
    phone, slot = await call_of(plane, ear)
    await phone.hears(60)  # what is no news is told each second
    assert 0 < plane.load.busy < 1
    plane.close(slot)
    await ear.hears(MediaStatistics)
    phone.transport.close()
    other, _ = await call_of(plane, Ear())
    await other.hears(3)  # the load of the rest between the calls was told before
    assert plane.load.busy == 0.0
    other.transport.close()
