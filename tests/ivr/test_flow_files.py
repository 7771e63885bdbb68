"""What the author of a flow is told: every fault at once, with its file, its state, what to do."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.faults import FlowFault, FlowsRefused, Severity
from ivr.loader import check_flows, flow_files, load_flows
from ivr.operations import CATALOGUE
from ivr.prompts import PhraseBook
from tests.ivr.conftest import EXTENSIONS, ROOT

HEADER = """
schema  = "ivr-flow/1"
flow    = "small"
title   = { fr = "Petit", en = "Small" }
initial = "menu"
params  = { mailbox = "digits" }
without_operator = "this flow is a test of ours"
"""

MENU = """
[states.menu]
kind   = "menu"
prompt = "vm.main"
keys   = { 1 = "bye" }
on     = { max_no_input = "bye", max_no_match = "bye" }
"""

BYE = """
[states.bye]
kind = "hangup"
"""

Checking = Callable[..., list[FlowFault]]


@pytest.fixture
def checking(tmp_path: Path, book: PhraseBook) -> Checking:
    """Check flows given as text; the first is small.toml."""

    def check(*texts: str) -> list[FlowFault]:
        for name, text in zip(["small", "other"], texts, strict=False):
            (tmp_path / f"{name}.toml").write_text(text)
        return check_flows(tmp_path, book=book, operations=CATALOGUE, extensions=EXTENSIONS)

    return check


def test_the_flows_we_ship_have_no_fault_and_no_doubt(book: PhraseBook) -> None:
    found = check_flows(ROOT / "flows", book=book, operations=CATALOGUE, extensions=EXTENSIONS)
    assert found == []


def test_a_small_flow_is_accepted(checking: Checking) -> None:
    assert checking(HEADER + MENU + BYE) == []


@pytest.mark.parametrize(
    ("text", "state", "what"),
    [
        (HEADER + MENU, "menu", "leads to 'bye', which does not exist"),
        (HEADER + MENU + BYE + '[states.lost]\nkind = "hangup"', "lost", "nothing leads here"),
        (
            HEADER
            + MENU.replace('"bye" }', '"more.add" }', 1)
            + BYE
            + '[states.more]\ninitial = "more.add"\n[states."more.add"]\nkind = "hangup"',
            "more.add",
            "cannot have a state named 'add'",
        ),
        (
            HEADER + MENU.replace("max_no_input", "filled") + BYE,
            "menu",
            "where 'max_no_input' leads",
        ),
        (
            HEADER + MENU.replace("max_no_match", "filled") + BYE,
            "menu",
            "where 'max_no_match' leads",
        ),
        (HEADER + MENU.replace("max_no_input", "filled") + BYE, "menu", "'filled' never happens"),
        (HEADER + MENU.replace("vm.main", "vm.nonsense") + BYE, "menu", "no phrase 'vm.nonsense'"),
        (HEADER.replace("en =", "es =") + MENU + BYE, "", "the title has no en"),
        (HEADER.replace("without_operator", "#") + MENU + BYE, "", "no way to a person"),
        (HEADER + 'operator = "bye"' + MENU + BYE, "", "two answers about a person"),
        (HEADER + MENU + BYE + "lang = 'es'", "bye", "no language 'es'"),
        (
            HEADER.replace("without_operator", 'operator = "bye"#')
            + MENU.replace('keys   = { 1 = "bye" }', 'keys = { 0 = "menu" }').replace(
                'max_no_match = "bye"', 'max_no_match = "end"'
            )
            + BYE
            + '[states.end]\nkind = "play"\nkeys = { 1 = "end" }\non = { done = "end" }',
            "end",
            "no end can be reached",
        ),
        (
            HEADER + MENU.replace("keys ", 'dial = { patterns = ["22"] }\nkeys ') + BYE,
            "menu",
            "where 'dial_22' leads",
        ),
        (
            HEADER
            + MENU.replace("keys ", 'dial = { patterns = ["101", "extension"] }\nkeys ').replace(
                "on     = {", 'on = { dial_101 = "bye", dial_extension = "bye",'
            )
            + BYE,
            "menu",
            "101 is also an extension",
        ),
        (
            HEADER
            + MENU
            + BYE.replace("hangup", 'branch"\nbranch = [{ when = "has_mailbox", to = "menu" }]#'),
            "bye",
            "the branch on 'enter' has no else",
        ),
        (
            HEADER
            + MENU
            + BYE.replace(
                "hangup",
                'branch"\nbranch = [{ when = "is_tuesday", to = "menu" }, { to = "menu" }]#',
            ),
            "bye",
            "no guard 'is_tuesday'",
        ),
        (
            HEADER
            + MENU
            + BYE.replace(
                "hangup",
                'branch"\nbranch = [{ when = "is_deleted", to = "menu" }, { to = "menu" }]#',
            ),
            "bye",
            "'is_deleted' reads deleted, which nothing sets",
        ),
        (
            HEADER + MENU + BYE.replace("hangup", 'branch"\nbranch = [{ to = "bye" }]#'),
            "bye",
            "comes back to itself without a word",
        ),
    ],
)
def test_the_author_is_told(checking: Checking, text: str, state: str, what: str) -> None:
    found = [fault for fault in checking(text) if fault.state == state and what in fault.what]
    assert found, checking(text)
    assert found[0].file == "small.toml"
    assert found[0].advice


ACTION = """
[states.ask]
kind = "action"
do   = "voicemail.login"
with = { mailbox = "$mailbox", pin = "1234" }
on   = { ok = "menu", wrong = "bye", locked = "bye", failed = "bye" }
"""
ASKING = HEADER.replace('initial = "menu"', 'initial = "ask"') + MENU + BYE


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("voicemail.login", "voicemail.open_safe", "no operation 'voicemail.open_safe'"),
        ('pin = "1234"', "nip = 1234", "needs parameter 'pin'"),
        ('pin = "1234"', 'pin = "1", nip = "2"', "takes no parameter 'nip'"),
        ('locked = "bye",', "", "nothing says where 'locked' leads"),
        (', failed = "bye"', "", "nothing says where 'failed' leads"),
        ('wrong = "bye"', 'wrong = "bye", angry = "bye"', "'angry' never happens here"),
        ("$mailbox", "$box", "nothing sets $box"),
    ],
)
def test_the_author_of_an_action_is_told(checking: Checking, old: str, new: str, what: str) -> None:
    assert checking(ASKING + ACTION) == []
    found = checking(ASKING + ACTION.replace(old, new))
    assert any(what in fault.what and fault.state == "ask" for fault in found), found


def test_an_operation_takes_only_the_choices_it_has(checking: Checking) -> None:
    action = """
[states.ask]
kind = "action"
do   = "voicemail.select"
with = { move = "sideways" }
on   = { message = "menu", none = "bye", no_more = "bye", failed = "bye" }
"""
    found = checking(ASKING + action)
    assert [fault.what for fault in found] == ["voicemail.select has no move 'sideways'"]


CALLING = """
[states.bye]
kind = "call"
flow = "other"
with = { mailbox = "$mailbox" }
on   = { done = "over" }
[states.over]
kind = "hangup"
"""
OTHER = HEADER.replace('"small"', '"other"').replace('"menu"', '"end"')
END = '[states.end]\nkind = "play"\nfinal = true\n'


def test_a_flow_may_call_another(checking: Checking) -> None:
    assert checking(HEADER + MENU + CALLING, OTHER + END) == []


def test_a_flow_that_leads_back_into_itself_is_refused(checking: Checking) -> None:
    back = END + '[states.back]\nkind = "call"\nflow = "small"\nwith = { mailbox = "1" }\n'
    other = OTHER.replace('initial = "end"', 'initial = "back"') + back
    found = checking(HEADER + MENU + CALLING.replace("done", "done"), other)
    assert any("leads back into" in fault.what for fault in found)


def test_a_call_answers_for_every_outcome_and_parameter(checking: Checking) -> None:
    calling = CALLING.replace("mailbox =", "box =").replace("done", "gone")
    whats = [fault.what for fault in checking(HEADER + MENU + calling, OTHER + END)]
    assert "nothing says where 'done' leads" in whats
    assert "'gone' never happens here" in whats
    assert "other needs parameter 'mailbox'" in whats
    assert "other takes no parameter 'box'" in whats


def test_a_digit_cannot_be_a_key_where_digits_are_asked_for(checking: Checking) -> None:
    collect = MENU.replace('"menu"', '"collect"\ninto = "pin"\ndigits = { exact = 4 }').replace(
        "on     = {", 'on = { filled = "bye",'
    )
    found = checking(HEADER + collect + BYE)
    assert [fault.what for fault in found] == ["key 1 can also begin the digits asked for"]


def test_six_options_are_doubtful_and_not_refused(checking: Checking) -> None:
    many = ", ".join(f'{key} = "bye"' for key in range(1, 7))
    found = checking(HEADER + MENU.replace('1 = "bye"', many) + BYE)
    assert [fault.severity for fault in found] == [Severity.WARNING]
    assert found[0].what == "6 options in one menu"


def test_a_key_that_begins_an_extension_is_doubtful(checking: Checking) -> None:
    menu = MENU.replace("keys ", 'dial = { patterns = ["extension"] }\nkeys ').replace(
        "on     = {", 'on = { dial_extension = "bye",'
    )
    found = checking(HEADER + menu + BYE)
    assert {fault.severity for fault in found} == {Severity.WARNING}
    assert "1 is also the start of 101" in [fault.what for fault in found]


@pytest.mark.parametrize(
    ("old", "new", "what", "advice"),
    [
        ('"hangup"', '"conference"', "unknown kind of state", "Choose one of menu, collect"),
        ('kind = "hangup"', "", "'initial' is missing", "Add it."),
        ('"hangup"', '"hangup"\nvolume = 3', "unknown key 'volume'", "Remove it"),
        ('"hangup"', '"record"\nmax = "long"\ninto = "x"', "'max' is not", "flow-format"),
        ("[states.bye]", "[states.bye", "not TOML", "Mend the line"),
    ],
)
def test_a_file_with_the_wrong_shape_is_told_in_the_words_of_the_format(
    checking: Checking, old: str, new: str, what: str, advice: str
) -> None:
    found = checking(HEADER + MENU + BYE.replace(old, new))
    assert any(what in fault.what and advice in fault.advice for fault in found), found


def test_everything_wrong_is_told_at_once(tmp_path: Path, book: PhraseBook) -> None:
    (tmp_path / "small.toml").write_text(HEADER + MENU.replace("vm.main", "vm.none"))
    (tmp_path / "other.toml").write_text("schema = 1")
    with pytest.raises(FlowsRefused) as refused:
        load_flows(tmp_path, book=book, operations=CATALOGUE)
    assert {fault.file for fault in refused.value.faults} == {"small.toml", "other.toml"}
    assert len(refused.value.faults) > 5


def test_a_flow_is_named_like_its_file(checking: Checking) -> None:
    found = checking(HEADER.replace('"small"', '"tiny"') + MENU + BYE)
    assert [fault.what for fault in found] == ["the flow is named 'tiny'"]


def test_an_empty_folder_is_told(checking: Checking) -> None:
    assert [fault.what for fault in checking()] == ["no flow here"]


@settings(max_examples=150, deadline=None)
@given(choice=st.data())
def test_a_damaged_flow_is_refused_with_reasons_or_runs(
    choice: st.DataObject, tmp_path_factory: pytest.TempPathFactory, book: PhraseBook
) -> None:
    """Any line of any flow of ours lost or said twice, any word changed for another."""
    folder = tmp_path_factory.mktemp("damaged")
    files = flow_files(ROOT / "flows")
    for path in files:
        (folder / path.name).write_text(path.read_text())
    victim = choice.draw(st.sampled_from(files))
    lines = victim.read_text().splitlines()
    place = choice.draw(st.integers(0, len(lines) - 1))
    words = re.findall(r"\w+|\S", lines[place]) or [""]
    match choice.draw(st.sampled_from(["lose", "repeat", "change"])):
        case "lose":
            del lines[place]
        case "repeat":
            lines.insert(place, lines[place])
        case _:
            other = choice.draw(st.sampled_from(re.findall(r"\w+|\S", victim.read_text())))
            lines[place] = lines[place].replace(choice.draw(st.sampled_from(words)), other, 1)
    (folder / victim.name).write_text("\n".join(lines))
    found = check_flows(folder, book=book, operations=CATALOGUE, extensions=EXTENSIONS)
    assert all(fault.what and fault.advice for fault in found)
    if not any(fault.severity is Severity.ERROR for fault in found):
        flows = load_flows(folder, book=book, operations=CATALOGUE, extensions=EXTENSIONS)
        assert all(flows.graph(flow.name).mermaid() for flow in flows)
