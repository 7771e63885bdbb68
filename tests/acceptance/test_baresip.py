"""An owner and a caller with baresip: the temporary greeting from end to end."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr.testing import ScriptedCaller
from tests.acceptance.baresip import calling
from tests.acceptance.server import demo_server, listening
from tests.wire import hearing
from tests.wire.driver import Measure, WireCall
from tests.wire.hearing import Pcm
from tests.wire.running_demo import ROOT, Demo

pytestmark = [pytest.mark.wire, pytest.mark.peer]

COMPANY = "5145550100"
GREETING = ROOT / "audio_fixtures" / "greeting_3s.wav"

RECORDS = (
    ScriptedCaller("Camille, from outside")
    .hears("aa.welcome", "fr").hears("aa.english_offer", "en").presses("8500")
    .hears("vm.login.mailbox", "fr").presses("101#")
    .hears("vm.login.pin", "fr").presses("4711#")
    .hears("vm.main", "fr").presses("0")
    .hears("vm.options", "fr").presses("4")
    .hears("vm.temp.menu", "fr").presses("1")
    .hears("common.beep").says(GREETING).presses("#")
    .hears("vm.review", "fr").presses("1")
    .hears("vm.temp.saved", "fr").hears("vm.temp.last_day", "fr").presses("#")
    .hears("vm.temp.active", "fr").hangs_up()
)  # fmt: skip

LEAVES = ScriptedCaller("a caller").hears("vm.leave.instructions", "fr").hears("common.beep")

REMOVES = (
    ScriptedCaller("Camille again")
    .hears("aa.welcome", "fr").presses("8500")
    .hears("vm.login.mailbox", "fr").presses("101#")
    .hears("vm.login.pin", "fr").presses("4711#")
    .hears("vm.temp.active", "fr").hears("vm.main", "fr").presses("0")
    .hears("vm.options", "fr").presses("4")
    .hears("vm.temp.menu", "fr").presses("2")
    .hears("vm.temp.removed", "fr").hears("vm.options", "fr").hangs_up()
)  # fmt: skip

FINDS_IT_GONE = ScriptedCaller("a caller").hears("vm.leave.unavailable_name", "fr").hangs_up()


async def test_a_temporary_greeting_is_recorded_heard_by_a_caller_and_removed(
    tmp_path: Path,
) -> None:
    async with demo_server(tmp_path / "data") as server, listening(server) as demo:
        for script in (RECORDS, LEAVES, REMOVES, FINDS_IT_GONE):
            await demo.prepare(script)
        records = await follow(RECORDS, COMPANY, tmp_path / "records", demo)
        assert records.measures[0].what == "hears aa.welcome fr"
        assert_clean(records.measures)
        leaves = await follow(LEAVES.waits(1).hangs_up(), "*101", tmp_path / "leaves", demo)
        assert [each.what for each in leaves.measures] == [str(step) for step in LEAVES.steps]
        assert_clean(leaves.measures)
        assert_greeting_is_heard_whole(leaves.call.line.heard())
        assert_clean((await follow(REMOVES, COMPANY, tmp_path / "removes", demo)).measures)
        after = await follow(FINDS_IT_GONE, "*101", tmp_path / "after", demo)
        assert hearing.find(after.call.line.heard(), spoken_greeting()).score < 0.5
    assert server.complaints() == []


async def follow(script: ScriptedCaller, number: str, folder: Path, demo: Demo) -> WireCall:
    """Follow a script with a baresip of its own; the call, with what was measured."""
    async with calling(number, demo.address, folder, demo.sounds) as call:
        await script.calls(call)
        return call


def assert_clean(measures: list[Measure]) -> None:
    """Right prompts, whole, with no gap, no flat top, no frame out of place."""
    assert measures
    for measure in measures:
        assert measure.score > 0.97, measure
        assert measure.gap_s == 0, measure
        assert measure.drift == 0, measure
        assert measure.clipped == 0, measure


def assert_greeting_is_heard_whole(heard: Pcm) -> None:
    """What the owner said reaches the caller in one piece, neither cut nor flattened."""
    greeting = spoken_greeting()
    place = hearing.find(heard, greeting)
    assert place.score > 0.95
    assert hearing.drift(heard, greeting, at=place.at) == 0
    assert hearing.longest_gap_s(heard, greeting, at=place.at) == 0
    assert hearing.clipped_samples(heard[place.at : place.at + len(greeting)]) == 0


def spoken_greeting() -> Pcm:
    """The greeting without its silent edges."""
    greeting, _ = soundfile.read(GREETING, dtype="int16")
    return np.asarray(greeting[2000:-2000], dtype=np.int16)
