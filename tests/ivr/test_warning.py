"""A caller who leaves a long message is warned before its end, and goes on speaking."""

from pathlib import Path

import numpy as np
import pytest

from call.clock import VirtualClock
from call.media import KeyPressed, KeySource, PlayEnded, RecordEnded
from call.sound import EndOfRecording
from ivr.actions import Speak, StartRecording
from ivr.dialogue import Dialogue
from ivr.faults import Severity
from ivr.loader import check_flows
from ivr.operations import CATALOGUE
from ivr.prompts import Phrase, PhraseBook
from ivr.testing import LegCall, PureCall, ScriptedCaller, run_in_virtual_time
from tests.ivr.conftest import SMALL_HEAD, SMALL_TAIL, small_dialogue
from tests.ivr.memory_mailbox import MemoryMailbox

CALLER = ScriptedCaller("the caller")

MESSAGE = """
params = { spool = "text", max_s = "int" }
[states.first]
kind    = "record"
into    = "recording"
max     = "$max_s"
final_silence = "10s"
warning = "10s"
on      = { done = "out", limit = "one" }
"""


def dialogue(folder: Path, book: PhraseBook, max_s: int = 60, flow: str = MESSAGE) -> Dialogue:
    return small_dialogue(folder, book, flow, spool=folder / "message.raw", max_s=max_s)


async def a_call(folder: Path, book: PhraseBook, max_s: int = 60, flow: str = MESSAGE) -> PureCall:
    call = PureCall(dialogue(folder, book, max_s, flow), MemoryMailbox(folder), VirtualClock())
    await call.begin()
    return call


def spoken_s(folder: Path) -> float:
    return np.count_nonzero(np.fromfile(folder / "message.raw", dtype="<i2")) / 8000


async def test_ten_seconds_before_the_end_the_caller_hears_it_and_loses_nothing(
    tmp_path: Path, book: PhraseBook
) -> None:
    call = await a_call(tmp_path, book)
    await CALLER.hears("common.beep").says(70.0).calls(call)
    await CALLER.hears("common.warning").hears("vm.goodbye").hears_hang_up().calls(call)
    assert "   50.30  hears common.warning" in str(call.transcript)
    assert "   60.30  hears vm.goodbye" in str(call.transcript)
    assert spoken_s(tmp_path) == pytest.approx(60.0)


def test_a_session_warns_while_it_records(tmp_path: Path, book: PhraseBook) -> None:
    async def main(clock: VirtualClock) -> None:
        call = LegCall(dialogue(tmp_path, book), MemoryMailbox(tmp_path), clock)
        script = CALLER.hears("common.beep").says(70.0).hears("common.warning")
        await script.hears("vm.goodbye").hears_hang_up().calls(call)

    run_in_virtual_time(main)
    assert spoken_s(tmp_path) == pytest.approx(60.0)


async def test_a_message_that_ends_before_has_no_warning(tmp_path: Path, book: PhraseBook) -> None:
    call = await a_call(tmp_path, book)
    await CALLER.hears("common.beep").says(49.0).presses("#").hears("common.goodbye").calls(call)
    await CALLER.hears_hang_up().calls(call)
    assert "common.warning" not in str(call.transcript)


@pytest.mark.parametrize(("max_s", "warned"), [(19, False), (20, True)])
async def test_a_short_message_has_no_warning(
    tmp_path: Path, book: PhraseBook, max_s: int, warned: bool
) -> None:
    call = await a_call(tmp_path, book, max_s)
    await CALLER.hears("common.beep").says(30.0).hears("vm.goodbye").calls(call)
    assert ("common.warning" in str(call.transcript)) is warned


async def test_a_key_still_ends_the_message_while_the_warning_sounds(
    tmp_path: Path, book: PhraseBook
) -> None:
    call = await a_call(tmp_path, book)
    script = CALLER.hears("common.beep").says(51.0).presses("#").hears("common.goodbye")
    await script.hears_hang_up().calls(call)
    assert spoken_s(tmp_path) == pytest.approx(51.0)


async def test_hanging_up_while_the_warning_sounds_completes_the_message(
    tmp_path: Path, book: PhraseBook
) -> None:
    call = await a_call(tmp_path, book)
    await CALLER.hears("common.beep").says(51.0).hears("common.warning").hangs_up().calls(call)
    assert call.dialogue.ended
    assert spoken_s(tmp_path) == pytest.approx(51.0)


async def test_the_warning_may_be_a_sentence(tmp_path: Path, book: PhraseBook) -> None:
    flow = MESSAGE.replace("warning =", 'warning_prompt = "common.one_moment"\nwarning =')
    call = await a_call(tmp_path, book, flow=flow)
    await CALLER.hears("common.beep").says(30.0).says(30.0).calls(call)
    assert "common.one_moment" in str(call.transcript)
    assert "common.warning" not in str(call.transcript)


def test_the_end_of_the_warning_is_not_the_end_of_the_recording(
    tmp_path: Path, book: PhraseBook
) -> None:
    call = dialogue(tmp_path, book)
    (beep,) = call.start(0.0)
    assert isinstance(beep, Speak)
    (recording,) = call.receive(PlayEnded(beep.ticket), 1.0)
    assert isinstance(recording, StartRecording)
    assert call.deadline == 51.0
    (said,) = call.tick(51.0)
    assert isinstance(said, Speak)
    assert said.segments == (Phrase("common.warning", "fr"),)
    assert call.receive(PlayEnded(said.ticket), 51.5) == []
    assert call.deadline is None
    assert call.tick(52.0) == []
    path = tmp_path / "message.raw"
    ended = call.receive(RecordEnded(path, 60.0, 60.0, EndOfRecording.LIMIT), 61.0)
    assert [type(action) for action in ended] == [Speak]


def test_a_recording_told_to_stop_warns_no_more(tmp_path: Path, book: PhraseBook) -> None:
    call = dialogue(tmp_path, book)
    (beep,) = call.start(0.0)
    assert isinstance(beep, Speak)
    call.receive(PlayEnded(beep.ticket), 1.0)
    call.receive(KeyPressed("#", KeySource.RFC4733, 50.9), 50.9)
    assert call.tick(51.0) == []


def test_the_author_is_told_of_a_warning_that_never_comes(tmp_path: Path, book: PhraseBook) -> None:
    flow = SMALL_HEAD + MESSAGE.replace("$max_s", "15s") + SMALL_TAIL
    (tmp_path / "small.toml").write_text(flow)
    (doubt,) = check_flows(tmp_path, book=book, operations=CATALOGUE)
    assert doubt.severity is Severity.WARNING
    assert "never comes" in doubt.what


def test_a_warning_nobody_wrote_is_told(tmp_path: Path, book: PhraseBook) -> None:
    flow = MESSAGE.replace("warning =", 'warning_prompt = "common.none"\nwarning =')
    (tmp_path / "small.toml").write_text(SMALL_HEAD + flow + SMALL_TAIL)
    (fault,) = check_flows(tmp_path, book=book, operations=CATALOGUE)
    assert fault.what == "no phrase 'common.none'"
