"""Every scenario beside the flows, at the two depths that need no network."""

from pathlib import Path

import pytest

from call.clock import VirtualClock
from ivr.dialogue import Dialogue
from ivr.machine import Flows
from ivr.prompts import Segment
from ivr.testing import LegCall, PureCall, Scenario, load_scenarios, run_in_virtual_time
from tests.ivr.conftest import EXTENSIONS, ROOT
from tests.ivr.memory_mailbox import MemoryMailbox

SCENARIOS = load_scenarios(ROOT / "flows")

every_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)


@every_scenario
async def test_the_dialogue_follows(scenario: Scenario, flows: Flows, tmp_path: Path) -> None:
    await scenario.play(flows, MemoryMailbox(tmp_path), EXTENSIONS)


@every_scenario
def test_a_session_on_a_leg_follows(scenario: Scenario, flows: Flows, tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        dialogue = scenario.dialogue(flows, EXTENSIONS)
        call = LegCall(dialogue, MemoryMailbox(tmp_path), clock)
        await scenario.caller.calls(call)
        if not call.leg.over:
            call.leg.caller_hangs_up()
        await call.outcome()

    run_in_virtual_time(main)


async def test_scenarios_go_through_every_flow(flows: Flows, tmp_path: Path) -> None:
    entered = {scenario.flow for scenario in SCENARIOS}
    for number, scenario in enumerate(SCENARIOS):
        spool = tmp_path / str(number)
        spool.mkdir()
        dialogue = scenario.dialogue(flows, EXTENSIONS)

        def note(_: Segment, dialogue: Dialogue = dialogue) -> None:
            entered.add(dialogue.place.partition("/")[0])

        call = PureCall(dialogue, MemoryMailbox(spool), VirtualClock(), hear=note)
        await call.begin()
        await scenario.caller.calls(call)
    assert {flow.name for flow in flows} <= entered
