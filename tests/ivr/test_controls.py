"""Back, forward, pause and restart while something plays, as the owner of a mailbox knows them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from call.clock import VirtualClock
from call.media import KeyPressed, KeySource
from call.sound import Clip
from ivr.actions import Action, Hush, Pause, Resume, Skip
from ivr.dialogue import Dialogue
from ivr.loader import check_flows
from ivr.operations import CATALOGUE
from ivr.prompts import Phrase, PhraseBook, Segment
from ivr.session import Session
from ivr.testing import FakeLeg, FakeVoice, LegCall, PureCall, ScriptedCaller, run_in_virtual_time
from tests.ivr.conftest import SMALL_HEAD, SMALL_TAIL, Small, small_dialogue
from tests.ivr.memory_mailbox import MemoryMailbox

OWNER = ScriptedCaller("the owner")

MESSAGE = """
[states.first]
kind     = "play"
prompt   = ["common.one_moment", "common.no_recording", "common.trouble"]
controls = { "*" = "back", "#" = "forward", 0 = "pause", 2 = "restart" }
on       = { done = "second" }
[states.second]
kind   = "menu"
prompt = "common.still_there"
keys   = { 1 = "one", "#" = "out" }
on     = { max_no_input = "out", max_no_match = "out" }
"""
"""Six seconds of sound, two for each sentence, then a menu."""


def heard(call: PureCall, phrase: str) -> list[float]:
    """When a sentence was heard, or gone back or forward into."""
    lines = [line.split() for line in str(call.transcript).splitlines()]
    return [float(at) for at, verb, what, *_ in lines if (verb, what) == ("hears", phrase)]


async def test_the_star_goes_three_seconds_back(small: Small) -> None:
    call = await small(MESSAGE)
    script = OWNER.hears("common.trouble").waits(1.5).presses("*")
    await script.hears("common.no_recording").hears("common.trouble").calls(call)
    assert heard(call, "common.no_recording") == [2.0, 5.5]
    assert heard(call, "common.trouble") == pytest.approx([4.0, 7.0])
    await OWNER.hears("common.still_there").calls(call)
    assert heard(call, "common.still_there") == pytest.approx([9.0])


async def test_the_pound_key_goes_three_seconds_forward(small: Small) -> None:
    call = await small(MESSAGE)
    script = OWNER.hears("common.one_moment").waits(1.5).presses("#").hears("common.trouble")
    await script.hears("common.still_there").calls(call)
    assert heard(call, "common.no_recording") == []
    assert heard(call, "common.still_there") == pytest.approx([3.0])


async def test_forward_past_the_end_is_the_end(small: Small) -> None:
    call = await small(MESSAGE)
    await OWNER.waits(1).presses("##").hears("common.still_there").calls(call)
    assert heard(call, "common.still_there") == pytest.approx([1.25])


async def test_two_begins_again(small: Small) -> None:
    call = await small(MESSAGE)
    script = OWNER.hears("common.trouble").waits(1).presses("2").hears("common.one_moment")
    await script.hears("common.still_there").calls(call)
    assert heard(call, "common.still_there") == pytest.approx([11.0])


async def test_skips_are_as_long_as_the_flow_says(small: Small) -> None:
    call = await small(MESSAGE.replace("controls", 'skip = "500ms"\ncontrols'))
    await OWNER.waits(1).presses("##").hears("common.still_there").calls(call)
    assert heard(call, "common.still_there") == pytest.approx([5.0])


async def test_zero_pauses_and_goes_on_where_it_stopped(small: Small) -> None:
    call = await small(MESSAGE)
    script = OWNER.hears("common.no_recording").waits(1).presses("0").waits(50).presses("0")
    await script.hears("common.trouble").hears("common.still_there").calls(call)
    assert heard(call, "common.trouble") == pytest.approx([54.25])
    assert heard(call, "common.still_there") == pytest.approx([56.25])


async def test_a_forgotten_pause_ends_after_a_minute(small: Small) -> None:
    call = await small(MESSAGE)
    script = OWNER.waits(1).presses("0").hears("common.no_recording")
    await script.hears("common.still_there").calls(call)
    assert heard(call, "common.no_recording") == pytest.approx([62.0])


@pytest.mark.parametrize(
    ("key", "again", "menu_at"),
    [
        ("*", "common.no_recording", 19.0),
        ("#", None, 15.0),
        ("2", "common.one_moment", 21.0),
    ],
)
async def test_another_control_ends_a_pause_and_acts(
    small: Small, key: str, again: str | None, menu_at: float
) -> None:
    call = await small(MESSAGE)
    script = OWNER.hears("common.trouble").waits(1).presses("0").waits(9.75).presses(key)
    script = script if again is None else script.hears(again)
    await script.hears("common.still_there").calls(call)
    assert heard(call, "common.still_there") == pytest.approx([menu_at])


@pytest.mark.parametrize("first", ["", "0"])
async def test_any_other_key_cuts_the_message_paused_or_not_and_acts_in_the_menu(
    small: Small, first: str
) -> None:
    call = await small(MESSAGE)
    await OWNER.waits(1).presses(first + "1").hears("vm.goodbye").hears_hang_up().calls(call)
    assert heard(call, "common.still_there") == []


async def test_controls_mean_what_the_menu_says_once_the_menu_asks(small: Small) -> None:
    call = await small(MESSAGE)
    script = OWNER.hears("common.still_there").presses("#").hears("common.goodbye")
    await script.hears_hang_up().calls(call)


async def test_with_keys_as_well_a_key_leads_away_and_any_other_cuts(small: Small) -> None:
    flow = MESSAGE.replace("controls", 'keys = { 7 = "out" }\ncontrols')
    call = await small(flow)
    await OWNER.waits(1).presses("*7").hears("common.goodbye").calls(call)
    call = await small(flow)
    await OWNER.waits(1).presses("1").hears("vm.goodbye").calls(call)


async def test_without_controls_a_play_with_keys_passes_over_the_others(small: Small) -> None:
    controls = 'controls = { "*" = "back", "#" = "forward", 0 = "pause", 2 = "restart" }'
    call = await small(MESSAGE.replace(controls, 'keys = { 7 = "out" }'))
    await OWNER.waits(1).presses("1*").hears("common.trouble").presses("7").calls(call)
    assert heard(call, "common.trouble") == [4.0]


async def test_a_control_pressed_before_the_message_begins_is_dropped(small: Small) -> None:
    notice = """
[states.first]
kind     = "play"
prompt   = "common.invalid"
barge_in = false
on       = { done = "message" }
"""
    call = await small(notice + MESSAGE.replace("states.first", "states.message"))
    script = OWNER.hears("common.invalid").presses("#0").hears("common.one_moment")
    await script.hears("common.still_there").calls(call)
    assert heard(call, "common.still_there") == [8.0]


def presses(dialogue: Dialogue, key: str, at: float) -> list[Action]:
    return dialogue.receive(KeyPressed(key, KeySource.RFC4733, at), at)


def test_a_control_moves_what_plays_before_it_ends_a_pause(
    tmp_path: Path, book: PhraseBook
) -> None:
    dialogue = small_dialogue(tmp_path, book, MESSAGE)
    dialogue.start(0.0)
    assert presses(dialogue, "*", 1.0) == [Skip(-3.0)]
    assert presses(dialogue, "0", 2.0) == [Pause()]
    assert dialogue.deadline == 62.0
    assert dialogue.tick(61.9) == []
    assert presses(dialogue, "#", 3.0) == [Skip(3.0), Resume()]
    assert presses(dialogue, "0", 4.0) == [Pause()]
    assert presses(dialogue, "0", 5.0) == [Resume()]
    assert presses(dialogue, "0", 6.0) == [Pause()]
    assert dialogue.tick(66.0) == [Resume()]
    assert dialogue.deadline is None
    assert presses(dialogue, "0", 70.0) == [Pause()]
    assert presses(dialogue, "5", 71.0)[0] == Hush()


class SlowVoice(FakeVoice):
    """Takes a second to make any sound."""

    async def clips(self, segments: Sequence[Segment]) -> tuple[Clip, ...]:
        await asyncio.sleep(1)
        return await super().clips(segments)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("0", ["1.0 common.one_moment", "62.5 common.no_recording"]),
        ("00", ["1.0 common.one_moment", "3.0 common.no_recording"]),
        ("#", ["1.0 common.one_moment", "1.0 common.no_recording"]),
    ],
)
def test_a_control_pressed_while_sound_is_being_made_counts_when_it_begins(
    tmp_path: Path, book: PhraseBook, keys: str, told: list[str]
) -> None:
    heard: list[str] = []

    def hear(segment: Segment, at: float) -> None:
        assert isinstance(segment, Phrase)
        heard.append(f"{at:.1f} {segment.id}")

    async def main(clock: VirtualClock) -> None:
        voice = SlowVoice()
        leg = FakeLeg(voice, hear)
        dialogue = small_dialogue(tmp_path, book, MESSAGE)
        session = Session(dialogue, leg, voice, MemoryMailbox(tmp_path), clock)
        running = asyncio.create_task(session.run())
        await asyncio.sleep(0.5)
        for key in keys:
            leg.press(key)
        await asyncio.sleep(66)
        leg.caller_hangs_up()
        await running

    run_in_virtual_time(main)
    assert heard[:2] == told


def test_a_session_moves_what_plays_as_the_pure_dialogue_does(
    tmp_path: Path, book: PhraseBook
) -> None:
    async def main(clock: VirtualClock) -> str:
        dialogue = small_dialogue(tmp_path, book, MESSAGE)
        call = LegCall(dialogue, MemoryMailbox(tmp_path), clock)
        script = OWNER.hears("common.trouble").waits(1.5).presses("*").hears("common.no_recording")
        script = script.presses("0").waits(30).presses("0").hears("common.trouble").presses("#")
        script = script.hears("common.still_there").presses("1").hears("vm.goodbye")
        await script.hears_hang_up().calls(call)
        return str(call.transcript)

    assert "common.still_there" in run_in_virtual_time(main)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("0123456789*#"), st.floats(0, 5)), max_size=30))
def test_whatever_is_pressed_the_call_goes_on_within_a_minute_of_the_last_key(
    tmp_path_factory: pytest.TempPathFactory, book: PhraseBook, keys: list[tuple[str, float]]
) -> None:
    dialogue = small_dialogue(tmp_path_factory.mktemp("flow"), book, MESSAGE)
    clock = VirtualClock()
    call = PureCall(dialogue, MemoryMailbox(Path()), clock)

    async def main() -> None:
        await call.begin()
        for key, wait in keys:
            await call.presses(key)
            await call.waits(wait)
        last = clock.monotonic()
        while await call.passes():
            assert clock.monotonic() < last + 60 + 6 + 40

    asyncio.run(main())
    assert dialogue.ended


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("controls", 'keys = { 0 = "out" }\ncontrols', "key 0 leads away and is a control"),
        ("controls", "barge_in = false\ncontrols", "controls need barge_in"),
        ('"back"', '"backwards"', "'controls.*' is not as it should be"),
        ('"*" = "back"', 'A = "back"', "'controls' is not"),
        ("controls", 'skip = "far"\ncontrols', "'skip' is not written as it should be"),
        ('kind   = "menu"', 'kind = "menu"\ncontrols = { 7 = "pause" }', "unknown key 'controls'"),
    ],
)
def test_the_author_of_controls_is_told_what_cannot_be(
    tmp_path: Path, book: PhraseBook, old: str, new: str, what: str
) -> None:
    assert old in MESSAGE
    (tmp_path / "small.toml").write_text(SMALL_HEAD + MESSAGE.replace(old, new) + SMALL_TAIL)
    found = check_flows(tmp_path, book=book, operations=CATALOGUE)
    assert any(what in fault.what and fault.advice for fault in found), found
