"""How many calls a machine will hold: tried, and told with what limits it."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from call.clock import SystemClock
from telephony.media.compiling import compiler
from telephony.media.trial import Round, Step, TrialPlan, try_calls
from tests.ports import free_port
from vestibule.capacity import BUSY, Estimate, estimate, examine_media, judge
from vestibule.doctor import Finding, Verdict, examine
from vestibule.program import open_program
from vestibule.settings import Settings, settings_from

MIB = 2**20
FEW = Step(calls=50, busy=0.10, processor=0.08, late_s=0.001, memory=50 * MIB)
MANY = Step(calls=550, busy=0.35, processor=0.44, late_s=0.001, memory=55 * MIB)
PLAYING = Round(record=False, priority="SCHED_FIFO", compiled=True, steps=(FEW, MANY), lost=0)
RECORDING = replace(PLAYING, record=True, steps=(FEW, replace(MANY, busy=0.60)))


def _settings(**sip: object) -> Settings:
    return settings_from({"sip": sip}, origin="test")


def _told(findings: list[Finding], about: str) -> Finding:
    (told,) = [each for each in findings if each.about.startswith(about)]
    return told


def test_the_price_of_one_call_more_tells_how_many_there_may_be() -> None:
    """0.25 more for 500 more calls: from 0.35 to 0.70 there is room for another 700."""
    assert estimate((FEW, MANY), late_s=0.01) == Estimate(
        processor=pytest.approx(0.0008), memory=pytest.approx(5 * MIB / 500), calls=1250
    )


def test_a_step_beyond_the_limit_is_judged_back_to_it() -> None:
    too_many = replace(MANY, calls=1050, busy=0.90)
    found = estimate((FEW, too_many), late_s=0.01)
    assert FEW.calls < found.calls < too_many.calls
    assert found.calls == pytest.approx(800)


def test_calls_whose_beats_came_late_are_too_many_however_idle_the_plane() -> None:
    assert estimate((FEW, replace(MANY, late_s=0.02)), late_s=0.01).calls == FEW.calls


def test_one_step_alone_is_judged_by_its_share() -> None:
    assert estimate((FEW,), late_s=0.01).calls == round(FEW.calls * BUSY / FEW.busy)


def test_the_dearer_kind_of_call_decides_and_the_limit_is_named() -> None:
    findings = judge(_settings(max_calls=200), PLAYING, RECORDING, late_s=0.01)
    told = _told(findings, "sip.max_calls")
    assert told.verdict is Verdict.GOOD
    assert "about 650 calls at once, limited by processor" in told.what


def test_more_calls_than_the_machine_holds_are_told_with_what_to_do() -> None:
    findings = judge(_settings(max_calls=2000), PLAYING, RECORDING, late_s=0.01)
    told = _told(findings, "sip.max_calls")
    assert told.verdict is Verdict.NOTE
    assert "Set sip.max_calls to 650" in told.advice


def test_few_ports_limit_calls_too() -> None:
    values: dict[str, object] = {"media": {"first_port": 20000, "last_port": 20099}}
    findings = judge(settings_from(values, origin="test"), PLAYING, RECORDING, late_s=0.01)
    assert "enough for 50 calls" in _told(findings, "ports").what
    assert "limited by ports" in _told(findings, "sip.max_calls").what


@pytest.mark.parametrize(
    ("priority", "verdict"),
    [("SCHED_FIFO", Verdict.GOOD), ("nice -10", Verdict.NOTE), ("normal", Verdict.NOTE)],
)
def test_what_scheduling_was_had_is_told_and_how_to_have_better(
    priority: str, verdict: Verdict
) -> None:
    trial = replace(PLAYING, priority=priority)
    told = _told(judge(_settings(), trial, RECORDING, late_s=0.01), "scheduling")
    assert told.verdict is verdict
    assert ("LimitRTPRIO" in told.advice) is (verdict is Verdict.NOTE)


@pytest.mark.parametrize(
    ("compiled", "compiled_by", "told"),
    [(True, "numba 1.2.3", 0), (False, "numba 1.2.3", 1), (False, "", 0)],
)
def test_a_plane_that_does_without_the_loops_it_could_have_is_told_of(
    compiled: bool, compiled_by: str, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is installed has been told already, by the doctor who tries nothing."""
    monkeypatch.setattr("vestibule.capacity.compiler", lambda: compiled_by)
    findings = judge(_settings(), replace(PLAYING, compiled=compiled), RECORDING, late_s=0.01)
    lines = [each for each in findings if each.about == "media loops"]
    assert len(lines) == told
    for line in lines:
        assert line.verdict is Verdict.NOTE
        assert line.what.startswith("not compiled, though numba 1.2.3 is there")


@pytest.mark.parametrize("compiled_by", ["numba 1.2.3", ""])
async def test_a_doctor_who_tries_nothing_tells_what_would_compile_the_loops(
    compiled_by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vestibule.doctor.compiler", lambda: compiled_by)
    settings = settings_from({"storage": {"data": tmp_path}}, origin="test")
    told = _told(await examine(settings, SystemClock()), "media loops")
    assert told.verdict is (Verdict.GOOD if compiled_by else Verdict.NOTE)
    assert "numba 1.2.3" in told.what if compiled_by else "'vestibule[compiled]'" in told.advice


def test_without_numba_nothing_compiles_the_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.media.compiling.find_spec", lambda name: None)
    assert compiler() == ""


@pytest.mark.wire
@pytest.mark.skipif(not compiler(), reason="numba is not installed")
async def test_a_server_that_takes_calls_has_told_that_its_loops_are_compiled(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "vestibule.program")
    values: dict[str, object] = {
        "storage": {"data": tmp_path},
        "sip": {"listen": f"127.0.0.1:{free_port()}"},
    }
    async with open_program(settings_from(values, origin="test"), SystemClock()):
        told = [each.__dict__ for each in caplog.records if each.name == "vestibule.program"]
    (line,) = told
    assert line["msg"] == "media plane serves"
    assert line["compiled"] is True
    assert line["priority"] in {"SCHED_FIFO", "nice -10", "normal"}


@pytest.mark.wire
async def test_a_real_plane_is_tried_with_calls_that_hear_each_other(tmp_path: Path) -> None:
    tried = await try_calls(TrialPlan(tmp_path, most=4, step_s=0.6), record=True)
    (step,) = tried.steps
    assert step.calls == 4
    assert 0 < step.busy < 1
    assert step.processor > 0
    assert step.memory > MIB
    assert tried.lost == 0
    sizes = [(tmp_path / f"{slot}.raw").stat().st_size for slot in range(4)]
    assert all(size > 0 for size in sizes)


@pytest.mark.wire
async def test_the_doctor_tells_each_limit_in_a_line_of_its_own(tmp_path: Path) -> None:
    settings = settings_from({"storage": {"data": tmp_path}}, origin="test")
    findings = await examine_media(settings, TrialPlan(tmp_path, most=2, step_s=0.5))
    abouts = [each.about for each in findings]
    assert "media loops" not in abouts, findings
    assert abouts[:2] == ["calls that hear a prompt", "calls that are recorded"]
    assert {"scheduling", "descriptors", "ports", "memory"} <= set(abouts)
    assert "of a core a call" in findings[0].what
