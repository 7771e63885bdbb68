"""A script that cannot be followed shows where, and what happened instead."""

import asyncio
from pathlib import Path

import pytest

from call.clock import VirtualClock
from call.leg import HangUpCause
from ivr.machine import Flows
from ivr.prompts import Phrase, Recorded
from ivr.testing import Hears, LegCall, ScriptedCaller, ScriptFailed, run_in_virtual_time
from tests.ivr.conftest import Calling, dialogue_of
from tests.ivr.memory_mailbox import MemoryMailbox

CALLER = ScriptedCaller("the caller")


async def test_a_failure_shows_the_script_with_a_cursor_and_the_transcript(
    calling: Calling,
) -> None:
    call = await calling()
    script = CALLER.hears("aa.welcome").presses("9").hears("aa.closed").hangs_up()
    with pytest.raises(ScriptFailed) as failed:
        await script.calls(call)
    shown = str(failed.value)
    assert "the caller: never hears aa.closed" in shown
    assert "--> hears aa.closed" in shown
    assert "hears aa.menu (en)" in shown


async def test_a_call_that_goes_on_is_not_a_hang_up(calling: Calling) -> None:
    call = await calling("voicemail_main")
    script = CALLER.hears("vm.login.mailbox").hangs_up().hears_hang_up()
    with pytest.raises(ScriptFailed, match="the caller had hung up before"):
        await script.calls(call)


def test_on_a_leg_a_failure_shows_the_same(flows: Flows, tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        call = LegCall(dialogue_of(flows), MemoryMailbox(tmp_path), clock)
        await CALLER.hears("aa.closed").calls(call)

    with pytest.raises(ScriptFailed, match=r"--> hears aa\.closed"):
        run_in_virtual_time(main)


def test_a_script_is_a_value() -> None:
    longer = CALLER.presses("1")
    assert CALLER.steps == ()
    assert longer.presses("2") != longer


@pytest.mark.parametrize(
    ("expected", "heard"),
    [
        (Hears("vm.main"), Phrase("vm.main", "fr")),
        (Hears("vm.main", "fr"), Phrase("vm.main", "fr")),
        (Hears("vm.summary", None, {"new": 1}), Phrase("vm.summary", "en", (("new", 1),))),
        (Hears(None), Recorded(Path("a.wav"))),
        (Hears(None, recording=Path("a.wav")), Recorded(Path("a.wav"))),
    ],
)
def test_what_is_expected_is_recognised(expected: Hears, heard: Phrase | Recorded) -> None:
    assert expected.matches(heard)
    assert not Hears("vm.help").matches(heard)
    assert not Hears("vm.main", "en").matches(heard)
    assert not Hears(None, recording=Path("b.wav")).matches(heard)


def test_a_minute_of_virtual_time_takes_no_time() -> None:
    async def main(clock: VirtualClock) -> float:
        await asyncio.sleep(60)
        return clock.monotonic()

    assert run_in_virtual_time(main) == pytest.approx(60)


def test_waiting_for_nothing_is_an_error_and_no_hang() -> None:
    async def main(clock: VirtualClock) -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="nothing will bring about"):
        run_in_virtual_time(main)


def test_a_leg_that_goes_down_ends_the_session_and_keeps_the_message(
    flows: Flows, tmp_path: Path
) -> None:
    mailbox = MemoryMailbox(tmp_path)

    async def main(clock: VirtualClock) -> str:
        call = LegCall(dialogue_of(flows, "voicemail_leave", mailbox="101"), mailbox, clock)
        await CALLER.hears("common.beep").says(6.0).calls(call)
        await call.leg.hang_up(HangUpCause.SHUTDOWN)
        return await call.outcome()

    assert run_in_virtual_time(main) == "caller_hung_up"
    assert len(mailbox.boxes["101"].messages) == 1
