"""A call is redirected: every flow is left, another begins, and nothing comes back."""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from call.clock import VirtualClock
from ivr.dialogue import HUNG_UP, Dialogue
from ivr.drawing import pages
from ivr.flow import Held
from ivr.frames import MOST_REDIRECTS
from ivr.loader import check_flows, load_flows
from ivr.machine import Flows
from ivr.operations import CATALOGUE
from ivr.prompts import PhraseBook
from ivr.testing import LegCall, PureCall, ScriptedCaller, run_in_virtual_time
from tests.ivr.memory_mailbox import MemoryMailbox

CALLER = ScriptedCaller("the caller")

FIRST = """
schema  = "ivr-flow/1"
flow    = "first"
title   = { fr = "Premier", en = "First" }
initial = "inner"
params  = { target = "text", box = "digits" }
without_operator = "this flow is a test of ours"

[states.inner]
kind = "call"
flow = "leading"
with = { target = "$target", box = "$box" }
on   = { done = "out" }
[states.out]
kind   = "hangup"
prompt = "common.goodbye"
"""

LEADING = """
schema  = "ivr-flow/1"
flow    = "leading"
title   = { fr = "Menant", en = "Leading" }
initial = "menu"
params  = { target = "text", box = "digits" }
without_operator = "this flow is a test of ours"

[states.menu]
kind   = "menu"
lang   = "en"
prompt = "vm.main"
keys   = { 1 = "away", 2 = "back" }
on     = { max_no_input = "back", max_no_match = "back" }
[states.away]
kind = "redirect"
flow = "$target"
with = { mailbox = "$box", keep_language = true }
[states.back]
kind  = "play"
final = true
"""

SECOND = """
schema  = "ivr-flow/1"
flow    = "second"
title   = { fr = "Second", en = "Second" }
initial = "tell"
params  = { company = "text", mailbox = "digits" }
without_operator = "this flow is a test of ours"

[states.tell]
kind   = "play"
prompt = ["aa.welcome", { phrase = "vm.leave.unavailable", args = { extension = "$mailbox" } }]
final  = true
"""

CIRCLE = """
schema  = "ivr-flow/1"
flow    = "circle"
title   = { fr = "Cercle", en = "Circle" }
initial = "again"
without_operator = "this flow is a test of ours"

[states.again]
kind = "redirect"
flow = "circle"
"""

TEXTS = {"first": FIRST, "leading": LEADING, "second": SECOND, "circle": CIRCLE}

Beginning = Callable[..., Awaitable[PureCall]]


@pytest.fixture
def leading(tmp_path: Path, book: PhraseBook) -> Flows:
    for name, text in TEXTS.items():
        (tmp_path / f"{name}.toml").write_text(text)
    return load_flows(tmp_path, book=book, operations=CATALOGUE)


def dialogue_to(flows: Flows, target: str, box: str, offered: dict[str, Held]) -> Dialogue:
    return Dialogue(
        flows,
        "first",
        given={"target": target, "box": box},
        language="fr",
        started_at=datetime(2027, 7, 1, 14, 0, tzinfo=UTC),
        offered=offered,
    )


@pytest.fixture
def begin(leading: Flows, tmp_path: Path) -> Beginning:
    """Begin a call that key 1 redirects to `target`, with `box`."""

    async def begun(target: str, box: str = "101", **offered: Held) -> PureCall:
        dialogue = dialogue_to(leading, target, box, offered)
        call = PureCall(dialogue, MemoryMailbox(tmp_path), VirtualClock())
        await call.begin()
        return call

    return begun


async def test_the_flow_redirected_to_gets_what_it_takes_and_keeps_the_language(
    begin: Beginning,
) -> None:
    call = await begin("second", company="Vestibule", operator="100")
    script = CALLER.hears("vm.main", "en").presses("1")
    script = script.hears("aa.welcome", "en", company="Vestibule")
    await script.hears("vm.leave.unavailable", extension="101").hears_hang_up().calls(call)
    assert call.dialogue.outcome == "done"
    assert "common.goodbye" not in str(call.transcript)


@pytest.mark.parametrize(
    ("target", "box", "offered"),
    [("nowhere", "101", {"company": "Vestibule"}), ("second", "101", {}), ("second", "", {})],
    ids=["no such flow", "without the company", "without a mailbox"],
)
async def test_a_redirect_that_leads_nowhere_is_told_and_ends_the_call(
    begin: Beginning, target: str, box: str, offered: dict[str, Held]
) -> None:
    call = await begin(target, box, **offered)
    script = CALLER.hears("vm.main").presses("1").hears("common.trouble", "en").presses("2")
    await script.hears_hang_up().calls(call)
    assert call.dialogue.outcome == HUNG_UP
    assert "common.goodbye" not in str(call.transcript)


def test_a_redirect_that_leads_nowhere_is_one_line_of_the_log(
    leading: Flows, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(clock: VirtualClock) -> None:
        dialogue = dialogue_to(leading, "nowhere", "101", {})
        call = LegCall(dialogue, MemoryMailbox(tmp_path), clock)
        await CALLER.hears("vm.main").presses("1").hears_hang_up().calls(call)

    with caplog.at_level(logging.ERROR):
        run_in_virtual_time(main)
    (record,) = caplog.records
    assert record.__dict__["fault"] == "redirected to 'nowhere', which is no flow"


async def test_flows_that_redirect_to_each_other_for_ever_are_ended(begin: Beginning) -> None:
    call = await begin("circle")
    script = CALLER.hears("vm.main").presses("1").hears("common.trouble").hears_hang_up()
    await script.calls(call)
    assert MOST_REDIRECTS == 20


async def test_a_caller_who_hangs_up_while_told_of_the_trouble_is_gone(begin: Beginning) -> None:
    call = await begin("nowhere")
    await CALLER.hears("vm.main").presses("1").hears("common.trouble").hangs_up().calls(call)
    assert call.dialogue.ended


def test_a_redirect_is_drawn_as_an_end(leading: Flows) -> None:
    assert "away --> [*]: redirect $target" in pages(leading)["leading.md"]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"$target"\nwith = { mailbox', '"$aim"\nwith = { mailbox', "nothing sets $aim"),
        ('"$target"\nwith = { mailbox', '"third"\nwith = { mailbox', "no flow 'third'"),
        ('mailbox = "$box"', 'mailbox = "$number"', "nothing sets $number"),
        (
            "keep_language = true }",
            'keep_language = true }\non = { done = "back" }',
            "'done' never",
        ),
    ],
)
def test_the_author_of_a_redirect_is_told(
    tmp_path: Path, book: PhraseBook, old: str, new: str, what: str
) -> None:
    assert old in LEADING
    for name, text in (TEXTS | {"leading": LEADING.replace(old, new)}).items():
        (tmp_path / f"{name}.toml").write_text(text)
    found = check_flows(tmp_path, book=book, operations=CATALOGUE)
    assert [fault.state for fault in found if what in fault.what] == ["away"], found
