"""Whoever has put the telephone down is let go soon, however deep in the menus."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from call.clock import VirtualClock
from ivr.prompts import PhraseBook
from ivr.testing import PureCall, ScriptedCaller
from tests.ivr.conftest import Small, small_dialogue
from tests.ivr.memory_mailbox import MemoryMailbox

OWNER = ScriptedCaller("the owner")


def menu(name: str, prompt: str, silent: str, keys: str) -> str:
    return f"""
[states.{name}]
kind   = "menu"
prompt = "{prompt}"
keys   = {{ {keys} }}
on     = {{ max_no_input = "{silent}", max_no_match = "out" }}
"""


NESTED = (
    menu("first", "vm.main", "out", '1 = "options"')
    + menu("options", "common.one_moment", "first", '1 = "greeting"')
    + menu("greeting", "common.trouble", "options", '1 = "review"')
    + menu("review", "common.no_recording", "greeting", '1 = "one", 2 = "greeting"')
)
"""Four menus, each inside the one before, as the review of a greeting lies in the options."""

INTO_THE_REVIEW = OWNER.presses("1").presses("1").presses("1").hears("common.no_recording")


def times(call: PureCall, phrase: str) -> int:
    return str(call.transcript).count(f"hears {phrase} ")


async def test_an_owner_silent_at_the_review_of_a_greeting_is_let_go_within_a_minute(
    small: Small,
) -> None:
    call = await small(NESTED)
    await INTO_THE_REVIEW.calls(call)
    await OWNER.hears("common.goodbye").calls(call)
    lines = str(call.transcript).splitlines()
    (asked, *_) = [line for line in lines if "common.no_recording" in line]
    (gone,) = [line for line in lines if "common.goodbye" in line]
    assert float(gone.split()[0]) - float(asked.split()[0]) <= 60.0
    await OWNER.hears_hang_up().calls(call)


async def test_two_menus_ask_as_often_as_ever_and_those_outside_them_no_more(
    small: Small,
) -> None:
    call = await small(NESTED)
    await INTO_THE_REVIEW.hears("common.goodbye").calls(call)
    assert times(call, "common.no_recording") == 3
    assert times(call, "common.trouble") == 3 + 1
    assert times(call, "common.one_moment") == 1
    assert times(call, "vm.main") == 1


@pytest.mark.parametrize(("key", "reviews", "options"), [("1", 6, 1), ("9", 3, 4)])
async def test_any_key_right_or_wrong_begins_the_count_anew(
    small: Small, key: str, reviews: int, options: int
) -> None:
    call = await small(NESTED)
    script = INTO_THE_REVIEW.hears("common.trouble").waits(1).presses(key)
    await script.hears("common.goodbye").calls(call)
    assert times(call, "vm.main") == 1
    assert times(call, "common.no_recording") == reviews
    assert times(call, "common.one_moment") == options
    await OWNER.hears_hang_up().calls(call)


RECORD = """
params = { spool = "text" }
[states.first]
kind   = "menu"
prompt = "vm.main"
keys   = { 1 = "one" }
on     = { max_no_input = "second", max_no_match = "out" }
[states.second]
kind   = "menu"
prompt = "common.one_moment"
keys   = { 1 = "one" }
on     = { max_no_input = "take", max_no_match = "out" }
[states.take]
kind   = "record"
into   = "recording"
max    = "30s"
final_silence = "5s"
on     = { done = "third" }
[states.third]
kind   = "menu"
prompt = "common.trouble"
keys   = { 1 = "one" }
on     = { max_no_input = "out", max_no_match = "out" }
"""


@pytest.mark.parametrize(("says", "asked"), [(True, 3), (False, 0)])
async def test_a_caller_who_says_something_into_a_recording_is_there(
    tmp_path: Path, book: PhraseBook, says: bool, asked: int
) -> None:
    dialogue = small_dialogue(tmp_path, book, RECORD, spool=tmp_path / "message.raw")
    call = PureCall(dialogue, MemoryMailbox(tmp_path), VirtualClock())
    await call.begin()
    caller = OWNER.hears("common.beep")
    caller = caller.says(3.0) if says else caller
    await caller.hears("common.goodbye").hears_hang_up().calls(call)
    assert times(call, "common.trouble") == asked


CIRCLE = (
    menu("first", "vm.main", "second", '1 = "one"')
    + menu("second", "common.one_moment", "third", '1 = "out"')
    + menu("third", "common.trouble", "second", '1 = "out"')
)


async def test_menus_that_lead_a_silent_caller_in_a_circle_go_on_asking(small: Small) -> None:
    call = await small(CIRCLE)
    await OWNER.waits(300).calls(call)
    assert times(call, "common.one_moment") + times(call, "common.trouble") > 20
    await OWNER.hears("common.one_moment").presses("1").hears("common.goodbye").calls(call)


LAST_WORD = (
    menu("first", "vm.main", "second", '1 = "one"')
    + menu("second", "common.one_moment", "third", '1 = "one"')
    + menu("third", "common.trouble", "last", '1 = "one"')
    + """
[states.last]
kind   = "play"
prompt = "common.no_recording"
keys   = { 1 = "first" }
on     = { done = "out" }
"""
)


async def test_who_comes_back_and_goes_again_is_let_go_as_soon_again(small: Small) -> None:
    call = await small(LAST_WORD)
    script = OWNER.hears("common.no_recording").presses("1").hears("vm.main")
    await script.hears("common.no_recording").hears("common.goodbye").calls(call)
    assert times(call, "common.one_moment") == 6
    assert times(call, "common.trouble") == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("1234"), st.floats(0, 40)), max_size=8))
async def test_whatever_was_pressed_a_silent_caller_is_let_go_within_seventy_seconds(
    tmp_path_factory: pytest.TempPathFactory, book: PhraseBook, keys: list[tuple[str, float]]
) -> None:
    folder = tmp_path_factory.mktemp("flow")
    clock = VirtualClock()
    call = PureCall(small_dialogue(folder, book, NESTED), MemoryMailbox(folder), clock)
    await call.begin()
    for key, wait in keys:
        if not call.dialogue.ended:
            await call.presses(key)
            await call.waits(wait)
    last = clock.monotonic()
    while await call.passes():
        assert clock.monotonic() <= last + 70
    assert call.dialogue.ended
