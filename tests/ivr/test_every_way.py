"""Every way out of every state of the callers' flows and of the options is followed by somebody."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from call.clock import VirtualClock
from ivr.flow import Flow
from ivr.frames import Frame
from ivr.machine import Flows, key_trigger
from ivr.operations import FAILED
from ivr.testing import PureCall, load_scenarios
from tests.ivr.conftest import EXTENSIONS, ROOT, dialogue_of
from tests.ivr.memory_mailbox import MemoryMailbox
from tests.ivr.unusual_boxes import UNUSUAL, Unusual

Way = tuple[str, str, str]
"""A flow, a state of it, and a trigger."""

FOLLOWED = (
    "conference_join",
    "extension",
    "main_attendant",
    "voicemail_first_login",
    "voicemail_greeting",
    "voicemail_keep_or_lose",
    "voicemail_leave",
    "voicemail_options",
    "voicemail_pin",
    "voicemail_record_greeting",
    "voicemail_record_message",
)

ONLY_IN_A_RACE = {
    ("voicemail_greeting", "last_day.set", "nothing"),
    ("voicemail_keep_or_lose", "keep", "too_short"),
    ("voicemail_leave", "star.ask", "closed"),
    ("voicemail_leave", "zero.ask", "closed"),
}
"""What follows only where the mailbox is changed by somebody else between two steps of a call."""


async def on_unusual_boxes(unusual: Unusual, flows: Flows, folder: Path) -> PureCall:
    mailbox = MemoryMailbox(folder)
    unusual.prepare(mailbox.boxes)
    dialogue = dialogue_of(flows, unusual.flow, **unusual.given)
    call = PureCall(dialogue, mailbox, VirtualClock())
    await call.begin()
    await unusual.caller.calls(call)
    return call


@pytest.mark.parametrize("unusual", UNUSUAL, ids=lambda unusual: unusual.caller.name)
async def test_callers_meet_mailboxes_set_otherwise(
    unusual: Unusual, flows: Flows, tmp_path: Path
) -> None:
    call = await on_unusual_boxes(unusual, flows, tmp_path)
    closed = "closed" in unusual.caller.name
    assert not (closed and "vm.leave.zero" in str(call.transcript))


@pytest.fixture
async def taken(flows: Flows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[Way]:
    """Every way that a scenario, or a caller of an unusual mailbox, takes."""
    ways: set[Way] = set()
    move = Frame.move

    def noting(frame: Frame, trigger: str) -> None:
        ways.add((frame.flow.name, frame.state.name, trigger))
        move(frame, trigger)

    monkeypatch.setattr(Frame, "move", noting)
    for number, scenario in enumerate(load_scenarios(ROOT / "flows")):
        await scenario.play(flows, MemoryMailbox(_made(tmp_path / f"s{number}")), EXTENSIONS)
    for number, unusual in enumerate(UNUSUAL):
        await on_unusual_boxes(unusual, flows, _made(tmp_path / f"u{number}"))
    return ways


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def ways_of(flow: Flow) -> Iterator[Way]:
    for state in flow.states.values():
        triggers = [*map(key_trigger, flow.keys(state)), *(edge.trigger for edge in state.edges)]
        yield from ((flow.name, state.name, trigger) for trigger in triggers if trigger != FAILED)


async def test_every_way_is_followed(flows: Flows, taken: set[Way]) -> None:
    ways = {way for name in FOLLOWED for way in ways_of(flows.graph(name).flow)}
    assert ways - taken == ONLY_IN_A_RACE
