"""A dialogue on a leg: keys while sound is being made, trouble, errors, the end."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from call.clock import VirtualClock
from call.sound import Clip
from ivr.faults import DialogueMisuse
from ivr.flow import Held
from ivr.machine import Flows
from ivr.operations import Outcome
from ivr.prompts import Segment
from ivr.session import Session
from ivr.testing import FakeLeg, FakeVoice, LegCall, ScriptedCaller, run_in_virtual_time
from tests.ivr.conftest import dialogue_of
from tests.ivr.memory_mailbox import MemoryMailbox

T = TypeVar("T")
CALLER = ScriptedCaller("the caller")


class SlowVoice(FakeVoice):
    """Takes a second to make any sound."""

    async def clips(self, segments: Sequence[Segment]) -> tuple[Clip, ...]:
        await asyncio.sleep(1)
        return await super().clips(segments)


class SlowMailbox(MemoryMailbox):
    """Takes five seconds to keep a message."""

    async def perform(self, name: str, arguments: Mapping[str, Held]) -> Outcome:
        if name == "voicemail.keep_deposit":
            await asyncio.sleep(5)
        return await super().perform(name, arguments)


def test_a_key_pressed_while_sound_is_being_made_replaces_it(flows: Flows, tmp_path: Path) -> None:
    heard: list[str] = []

    async def main(clock: VirtualClock) -> None:
        voice = SlowVoice()
        leg = FakeLeg(voice, lambda segment, at: heard.append(f"{at:.1f} {segment}"))
        session = Session(dialogue_of(flows), leg, voice, MemoryMailbox(tmp_path), clock)
        running = asyncio.create_task(session.run())
        await asyncio.sleep(0.5)
        leg.press("9")
        await asyncio.sleep(2)
        leg.caller_hangs_up()
        await running

    run_in_virtual_time(main)
    assert len(heard) == 1
    assert heard[0].startswith("1.5 Phrase(id='aa.menu', language='en'")


def test_a_message_being_kept_is_kept_to_the_end_when_the_caller_goes(
    flows: Flows, tmp_path: Path
) -> None:
    mailbox = SlowMailbox(tmp_path)

    async def main(clock: VirtualClock) -> float:
        call = LegCall(dialogue_of(flows, "voicemail_leave", mailbox="101"), mailbox, clock)
        await CALLER.hears("common.beep").says(3.0).presses("##").calls(call)
        gone = clock.monotonic()
        await CALLER.hangs_up().calls(call)
        return clock.monotonic() - gone

    assert run_in_virtual_time(main) == pytest.approx(4.75)
    assert len(mailbox.boxes["101"].messages) == 1


def test_an_operation_that_raises_is_told_to_the_caller_and_logged(
    flows: Flows, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mailbox = MemoryMailbox(tmp_path)
    mailbox.failing.add("voicemail.login")

    async def main(clock: VirtualClock) -> None:
        call = LegCall(dialogue_of(flows, "voicemail_main", mailbox="101"), mailbox, clock)
        script = CALLER.hears("vm.login.pin").presses("4711#").hears("common.trouble")
        await script.hears_hang_up().calls(call)

    run_in_virtual_time(main)
    (record,) = caplog.records
    assert record.getMessage() == "operation failed"
    assert "4711" not in caplog.text


def test_an_error_in_the_dialogue_hangs_up_and_is_raised(flows: Flows, tmp_path: Path) -> None:
    class OddMailbox(MemoryMailbox):
        async def perform(self, name: str, arguments: Mapping[str, Held]) -> Outcome:
            """Ready, without saying where to record."""
            return Outcome("ready", {"language": "fr"})

    async def main(clock: VirtualClock) -> None:
        call = LegCall(
            dialogue_of(flows, "voicemail_leave", mailbox="101"), OddMailbox(tmp_path), clock
        )
        with pytest.raises(ExceptionGroup) as raised:
            await call.outcome()
        assert raised.group_contains(DialogueMisuse, match="no file or no limit")
        assert call.leg.over

    run_in_virtual_time(main)


def test_every_call_is_answered(flows: Flows, tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> bool:
        call = LegCall(dialogue_of(flows), MemoryMailbox(tmp_path), clock)
        await CALLER.hears("aa.welcome").hangs_up().calls(call)
        return call.leg.answered

    assert run_in_virtual_time(main)


def test_a_hundred_calls_share_the_flows(flows: Flows, tmp_path: Path) -> None:
    async def one(clock: VirtualClock, extension: str) -> str:
        call = LegCall(dialogue_of(flows), MemoryMailbox(tmp_path), clock)
        script = CALLER.hears("aa.welcome").presses(extension).hears("common.beep").hangs_up()
        await script.calls(call)
        return await call.outcome()

    async def main(clock: VirtualClock) -> list[str]:
        calls: list[Coroutine[None, None, str]] = [
            one(clock, extension) for extension in ["101", "102"] * 50
        ]
        return await asyncio.gather(*calls)

    assert run_in_virtual_time(main) == ["caller_hung_up"] * 100


def test_a_dialogue_is_started_with_what_its_flow_needs(flows: Flows) -> None:
    with pytest.raises(DialogueMisuse, match="without \\['mailbox'\\]"):
        dialogue_of(flows, "voicemail_leave")
