"""Keys that lead somewhere only where a condition holds, and are none where it does not."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from call.clock import VirtualClock
from ivr.drawing import pages
from ivr.loader import check_flows, load_flows
from ivr.operations import CATALOGUE
from ivr.prompts import PhraseBook
from ivr.testing import PureCall, ScriptedCaller
from tests.ivr.conftest import SMALL_HEAD, SMALL_TAIL, small_dialogue
from tests.ivr.memory_mailbox import MemoryMailbox

CALLER = ScriptedCaller("the caller")

OPEN = """
[states.first]
kind = "action"
do   = "voicemail.open_deposit"
with = { mailbox = "101", busy = false }
on   = { ready = "state", full = "out", unknown = "out", failed = "out" }
"""

PLAY = """
[states.state]
kind   = "play"
prompt = "vm.help"
keys   = { 0 = "one" }
keys_when = { 0 = "zero_open" }
on     = { done = "out" }
"""

MENU = """
[states.state]
kind   = "menu"
prompt = "vm.main"
keys   = { 0 = "one", 1 = "out" }
keys_when = { 0 = "zero_open" }
on     = { max_no_input = "out", max_no_match = "out" }
"""

RECORD = """
[states.state]
kind = "record"
into = "recording"
max  = "60s"
final_silence = "5s"
keys = { 0 = "one" }
keys_when = { 0 = "zero_open" }
on   = { done = "out" }
"""

GOODBYE_ONE = "vm.goodbye"
GOODBYE_OUT = "common.goodbye"


Beginning = Callable[[str, str], Awaitable[PureCall]]


@pytest.fixture
def begin(tmp_path: Path, book: PhraseBook) -> Beginning:
    """Begin a call in a state, for a mailbox whose key 0 leads somewhere or is closed."""

    async def begun(state: str, zero: str) -> PureCall:
        mailbox = MemoryMailbox(tmp_path)
        mailbox.boxes["101"].zero = zero
        call = PureCall(small_dialogue(tmp_path, book, OPEN + state), mailbox, VirtualClock())
        await call.begin()
        return call

    return begun


@pytest.mark.parametrize("state", [PLAY, MENU], ids=["play", "menu"])
async def test_a_key_whose_condition_holds_leads_where_it_says(
    begin: Beginning, state: str
) -> None:
    call = await begin(state, "operator")
    await CALLER.waits(0.5).presses("0").hears(GOODBYE_ONE).calls(call)


async def test_a_key_whose_condition_does_not_hold_cuts_nothing_that_is_said(
    begin: Beginning,
) -> None:
    call = await begin(PLAY, "closed")
    await CALLER.hears("vm.help").presses("0").waits(1.5).calls(call)
    assert GOODBYE_OUT not in str(call.transcript)
    await CALLER.hears(GOODBYE_OUT).calls(call)


async def test_a_key_whose_condition_does_not_hold_is_a_wrong_one_in_a_menu(
    begin: Beginning,
) -> None:
    call = await begin(MENU, "closed")
    await CALLER.hears("vm.main").presses("0").hears("common.invalid").calls(call)


async def test_a_key_ends_a_recording_only_where_its_condition_holds(begin: Beginning) -> None:
    call = await begin(RECORD, "operator")
    await CALLER.hears("common.beep").says(2.0).presses("0").hears(GOODBYE_ONE).calls(call)
    call = await begin(RECORD, "closed")
    script = CALLER.hears("common.beep").says(2.0).presses("0").says(2.0).waits(5)
    await script.hears(GOODBYE_OUT).calls(call)
    assert GOODBYE_ONE not in str(call.transcript)


def faults(folder: Path, book: PhraseBook, state: str) -> list[str]:
    (folder / "small.toml").write_text(SMALL_HEAD + OPEN + state + SMALL_TAIL)
    found = check_flows(folder, book=book, operations=CATALOGUE)
    return [fault.what for fault in found]


def test_the_author_of_a_condition_is_told(tmp_path: Path, book: PhraseBook) -> None:
    assert faults(tmp_path, book, MENU) == []
    (what,) = faults(tmp_path, book, MENU.replace('{ 0 = "zero_open"', '{ 5 = "zero_open"'))
    assert what == "key 5 has a condition and leads nowhere"
    (what,) = faults(tmp_path, book, MENU.replace("zero_open", "is_tuesday"))
    assert what == "no guard 'is_tuesday'"
    (what,) = faults(tmp_path, book, MENU.replace("zero_open", "is_deleted"))
    assert what == "'is_deleted' reads deleted, which nothing sets"


def test_a_condition_is_drawn_beside_its_key(tmp_path: Path, book: PhraseBook) -> None:
    (tmp_path / "small.toml").write_text(SMALL_HEAD + OPEN + MENU + SMALL_TAIL)
    flows = load_flows(tmp_path, book=book, operations=CATALOGUE)
    assert "state --> one: dtmf.0 [zero_open]" in pages(flows)["small.md"]


def test_a_crowded_menu_that_says_why_is_not_doubtful(tmp_path: Path, book: PhraseBook) -> None:
    many = MENU.replace('1 = "out"', ", ".join(f'{key} = "out"' for key in range(1, 8)))
    assert faults(tmp_path, book, many) == ["7 options in one menu"]
    reason = many.replace("keys_when", 'crowded = "owners know these keys"\nkeys_when')
    assert faults(tmp_path, book, reason) == []
