"""What tests of the dialogue share: the flows we ship, proved once, and calls on them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from call.clock import VirtualClock
from ivr.dialogue import Dialogue
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


@pytest.fixture(scope="session")
def book() -> PhraseBook:
    return load_book(ROOT / "prompts")


@pytest.fixture(scope="session")
def flows(book: PhraseBook) -> Flows:
    return load_flows(ROOT / "flows", book=book, operations=CATALOGUE, extensions=EXTENSIONS)


@pytest.fixture
def mailbox(tmp_path: Path) -> MemoryMailbox:
    return MemoryMailbox(tmp_path)


def dialogue_of(flows: Flows, flow: str = "main_attendant", **given: str) -> Dialogue:
    parameters = given or (ATTENDANT if flow == "main_attendant" else {})
    return Dialogue(
        flows,
        flow,
        given=parameters,
        language="fr",
        started_at=datetime(2027, 7, 1, 14, 0, tzinfo=UTC),
        extensions=EXTENSIONS,
    )


@pytest.fixture
def calling(flows: Flows, mailbox: MemoryMailbox) -> Calling:
    """Begin a call on a flow of ours."""

    async def begin(flow: str = "main_attendant", **given: str) -> PureCall:
        call = PureCall(dialogue_of(flows, flow, **given), mailbox, VirtualClock())
        await call.begin()
        return call

    return begin
