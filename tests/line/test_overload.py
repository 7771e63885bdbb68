"""A machine with too much to do takes no more calls, and those under way go on."""

import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from call.leg import HangUpCause
from call.media import KeySource, MediaStatistics, PlaneLoad
from call.sound import Law
from telephony.access import AccessPolicy, Doorkeeper, Outcome
from telephony.line import LineSettings
from telephony.overload import EASE, Limits, Load, Overload
from telephony.record import CallRecord
from tests.line.scripted import Caller, Scene

LIMITS = Limits()
HARD, EASY = Load(busy=0.95), Load(busy=0.3)


def _looks(overload: Overload, load: Load, begin: float, seconds: float) -> bool:
    """Look ten times a second for a while; what it was at the end."""
    for n in range(round(seconds * 10) + 1):
        overload.look(load, begin + n / 10)
    return overload.on


@pytest.mark.parametrize("load", [Load(busy=0.94), Load(lateness_s=0.3)])
def test_a_busy_plane_or_a_late_loop_closes_the_door_at_once(load: Load) -> None:
    assert Overload(LIMITS).look(load, 0.0)


@pytest.mark.parametrize(
    "load", [Load(), Load(busy=0.93), Load(lateness_s=0.25), Load(plane_late_s=0.010)]
)
def test_within_the_limits_calls_are_taken(load: Load) -> None:
    assert not _looks(Overload(LIMITS), load, 0.0, 60.0)


def test_one_late_beat_closes_nothing_but_lasting_lateness_does() -> None:
    overload = Overload(LIMITS)
    late = Load(plane_late_s=0.030)
    assert not _looks(overload, late, 0.0, 1.0)
    assert not _looks(overload, Load(), 1.1, 5.0)
    assert not _looks(overload, late, 10.0, LIMITS.lasting_s - 0.1)
    assert _looks(overload, late, 10.0 + LIMITS.lasting_s, 0.2)


def test_the_door_opens_again_after_a_while_of_ease() -> None:
    overload = Overload(LIMITS)
    _looks(overload, HARD, 0.0, 1.0)
    assert _looks(overload, EASY, 1.1, 1.8)
    assert not _looks(overload, EASY, 3.0, 0.3)


def test_just_below_the_limit_is_not_ease() -> None:
    overload = Overload(LIMITS)
    _looks(overload, HARD, 0.0, 1.0)
    nearly = Load(busy=LIMITS.max_busy * (EASE + 1) / 2)
    assert _looks(overload, nearly, 1.1, 60.0)


def test_ease_that_is_interrupted_begins_anew() -> None:
    overload = Overload(LIMITS)
    _looks(overload, HARD, 0.0, 1.0)
    _looks(overload, EASY, 1.1, 1.5)
    _looks(overload, HARD, 2.7, 0.1)
    assert _looks(overload, EASY, 2.9, 1.9)


@given(st.lists(st.sampled_from([HARD, EASY, Load(busy=0.8)]), min_size=1, max_size=300))
def test_the_door_never_flaps(loads: list[Load]) -> None:
    """Once closed it stays so for as long as ease must last."""
    overload, closed_at = Overload(LIMITS), None
    was = False
    for n, load in enumerate(loads):
        now = n / 10
        on = overload.look(load, now)
        if on and not was:
            closed_at = now
        if was and not on:
            assert closed_at is not None
            assert now - closed_at >= LIMITS.relief_s
        was = on


class Machine:
    """A line whose plane is as loaded as the test says; it looks when the test does."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def bears(self, load: PlaneLoad, seconds: float) -> None:
        """Be so loaded for a while."""
        self.scene.plane.load = load
        for _ in range(round(seconds * 10)):
            self.scene.clock.advance(0.1)
            self.scene.line._look()


async def test_an_overloaded_machine_says_503_and_when_to_try_again_and_the_others_talk_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    policy = AccessPolicy(retry_after_s=7)
    async with Scene(LineSettings(access=policy)) as scene:
        machine = Machine(scene)
        first, second, third = (Caller(scene, name=name) for name in "abc")
        await first.calls()
        machine.bears(PlaneLoad(busy=0.95), 1.0)
        await second.invites()
        assert scene.statuses()[-1] == 503
        assert scene.response(503).header("Retry-After") == "7"
        assert scene.line.statistics.refused_as["overloaded"] == 1
        assert scene.line.statistics.overloaded
        assert scene.leg.up
        assert scene.plane.in_use == 1
        machine.bears(PlaneLoad(busy=0.3), 3.0)
        await third.calls()
        assert scene.statuses()[-1] == 200
        assert not scene.line.statistics.overloaded
        told = [
            record.getMessage() for record in caplog.records if record.levelno == logging.WARNING
        ]
        assert told == ["overloaded: calls are refused", "calls are taken again"]


async def test_beats_that_stay_late_close_the_door_before_calls_suffer_for_long() -> None:
    async with Scene() as scene:
        Machine(scene).bears(PlaneLoad(busy=0.2, late_s=0.020), LIMITS.lasting_s + 0.5)
        await Caller(scene).invites()
        assert scene.statuses()[-1] == 503


async def test_a_call_within_a_call_is_not_refused_by_an_overloaded_machine() -> None:
    async with Scene() as scene:
        caller = Caller(scene)
        await caller.calls()
        Machine(scene).bears(PlaneLoad(busy=0.99), 1.0)
        await caller.invites()  # an offer within the dialog
        assert scene.statuses()[-1] == 200


def test_to_look_is_not_to_refuse() -> None:
    load = Load(busy=0.95)
    keeper = Doorkeeper(AccessPolicy(), lambda: load)
    assert keeper.look(0.0)
    assert keeper.count(Outcome.OVERLOADED) == 0


async def test_without_slots_a_call_is_refused_in_one_line_and_nothing_stays_open(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "telephony")
    async with Scene(slots=0) as scene:
        caplog.clear()
        await Caller(scene).invites()
        assert scene.statuses()[-1] == 503
        assert scene.response(503).header("Retry-After") == "10"
        assert scene.line.active == 0
        assert scene.line.statistics.refused_as["no_slot"] == 1
        (line,) = caplog.records
        assert line.getMessage() == "call refused"
        assert vars(line)["why"] == "no slot"


SOUND = MediaStatistics(
    packets_sent=500,
    packets_received=480,
    packets_lost=20,
    packets_late=1,
    jitter_ms=2.04,
    late_ticks=4,
    burst_ratio=2.34,
    codec=Law.PCMU,
    r_factor=81.6,
    mos=4.079,
    round_trip_ms=60.4,
    remote_lost=3,
    remote_jitter_ms=1.5,
    remote_mos=4.1,
)


TOLD_BY = ((KeySource.RFC4733, 2),)


def _record(sound: MediaStatistics | None) -> CallRecord:
    return CallRecord("c1", False, 0.2, 10.04, HangUpCause.NORMAL, True, 2, TOLD_BY, sound)


def test_the_log_tells_of_a_call_how_well_it_was_heard() -> None:
    fields = _record(SOUND).fields()
    assert fields == {
        "call_id": "c1",
        "cause": "normal",
        "by_peer": True,
        "keys": 2,
        "rfc4733": 2,
        "talk_s": 10.0,
        "codec": "PCMU",
        "sent": 500,
        "received": 480,
        "lost": 20,
        "late": 1,
        "bursts": 2.3,
        "jitter_ms": 2.0,
        "late_ticks": 4,
        "r": 82,
        "mos": 4.08,
        "rtt_ms": 60,
        "remote_lost": 3,
        "remote_jitter_ms": 1.5,
        "remote_mos": 4.1,
    }


def test_the_log_tells_nothing_that_nobody_measured() -> None:
    fields = _record(MediaStatistics(0, 0, 0, 0, 0.0, 0)).fields()
    assert not {"mos", "rtt_ms", "remote_lost", "codec"} & fields.keys()
    assert "lost" not in _record(None).fields()


async def test_a_call_is_written_down_from_its_invite_to_its_end() -> None:
    scene = Scene()
    async with scene:
        scene.answers = False
        caller = Caller(scene)
        await caller.invites()
        scene.clock.advance(2.0)
        answering = asyncio.create_task(scene.leg.answer())
        await scene.settle()
        await caller.acknowledges()
        await answering
        scene.clock.advance(30.0)
        await caller.hangs_up()
    (record,) = scene.written
    assert (record.setup_s, record.talk_s) == (2.0, 30.0)
    assert (record.cause, record.by_peer, record.outgoing) == (HangUpCause.NORMAL, True, False)
    assert record.sound is not None


async def test_a_caller_who_gives_up_was_never_answered() -> None:
    scene = Scene()
    async with scene:
        scene.answers = False
        caller = Caller(scene)
        await caller.invites()
        await caller.cancels()
        await scene.settle()
    (record,) = scene.written
    assert (record.setup_s, record.talk_s) == (None, None)
