"""What tests of the dialogue share: the flows we ship, proved once, and calls on them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from call.clock import VirtualClock
from ivr.dialogue import Dialogue
from ivr.flow import Held
from ivr.loader import load_flows
from ivr.machine import Flows
from ivr.operations import CATALOGUE
from ivr.phrase_file import load_book
from ivr.prompts import PhraseBook
from ivr.testing import PureCall
from tests.ivr.memory_mailbox import MemoryMailbox, default_boxes

ROOT = Path(__file__).parents[2]
EXTENSIONS = frozenset(default_boxes())
ATTENDANT = {"company": "Vestibule", "operator": "100"}

Calling = Callable[..., Awaitable[PureCall]]
Small = Callable[[str], Awaitable[PureCall]]

SMALL_HEAD = """
schema  = "ivr-flow/1"
flow    = "small"
title   = { fr = "Petit", en = "Small" }
initial = "first"
without_operator = "this flow is a test of ours"
"""

SMALL_TAIL = """
[states.one]
kind   = "hangup"
prompt = "vm.goodbye"
[states.out]
kind   = "hangup"
prompt = "common.goodbye"
"""


@pytest.fixture(scope="session")
def book() -> PhraseBook:
    return load_book(ROOT / "prompts")


@pytest.fixture(scope="session")
def flows(book: PhraseBook) -> Flows:
    return load_flows(ROOT / "flows", book=book, operations=CATALOGUE, extensions=EXTENSIONS)


@pytest.fixture
def mailbox(tmp_path: Path) -> MemoryMailbox:
    return MemoryMailbox(tmp_path)


def dialogue_of(flows: Flows, flow: str = "main_attendant", **given: Held) -> Dialogue:
    parameters = given or (ATTENDANT if flow == "main_attendant" else {})
    return Dialogue(
        flows,
        flow,
        given=parameters,
        language="fr",
        started_at=datetime(2027, 7, 1, 14, 0, tzinfo=UTC),
        extensions=EXTENSIONS,
        offered=ATTENDANT,
    )


@pytest.fixture
def calling(flows: Flows, mailbox: MemoryMailbox) -> Calling:
    """Begin a call on a flow of ours."""

    async def begin(flow: str = "main_attendant", **given: str) -> PureCall:
        call = PureCall(dialogue_of(flows, flow, **given), mailbox, VirtualClock())
        await call.begin()
        return call

    return begin


def small_dialogue(folder: Path, book: PhraseBook, states: str, **given: Held) -> Dialogue:
    """A dialogue on a flow of these states, not yet begun; `one` and `out` end it."""
    (folder / "small.toml").write_text(SMALL_HEAD + states + SMALL_TAIL)
    flows = load_flows(folder, book=book, operations=CATALOGUE)
    at = datetime(2027, 7, 1, 14, 0, tzinfo=UTC)
    return Dialogue(flows, "small", given=given, language="fr", started_at=at)


@pytest.fixture
def small(tmp_path: Path, book: PhraseBook) -> Small:
    """Begin a call on a flow of these states; `one` and `out` end it."""

    async def begin(states: str) -> PureCall:
        dialogue = small_dialogue(tmp_path, book, states)
        call = PureCall(dialogue, MemoryMailbox(tmp_path), VirtualClock())
        await call.begin()
        return call

    return begin
