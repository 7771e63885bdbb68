"""Scenarios written beside flows, as TOML: a call told from the caller's end.

[[scenario]]
name  = "8500 during the greeting"
flow  = "main_attendant"
with  = { company = "Vestibule", operator = "100" }
steps = [{ expect = "aa.welcome" }, { press = "8500" }, { expect = "vm.login.mailbox" }]
"""

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from call.clock import VirtualClock
from ivr.dialogue import Dialogue
from ivr.loader import SCENARIOS
from ivr.machine import Flows
from ivr.operations import Operations
from ivr.prompts import Value
from ivr.testing.depths import PureCall
from ivr.testing.script import ScriptedCaller


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Step(_Table):
    """One step: exactly one of these, with what belongs to `expect`."""

    expect: str | None = None
    lang: str | None = None
    args: dict[str, str | int | bool] = {}
    expect_recording: bool = False
    press: str | None = None
    wait: float | None = None
    speak: float | str | None = None
    hang_up: bool = False
    expect_hang_up: bool = False


class _ScenarioTable(_Table):
    name: str
    flow: str
    given: dict[str, str | int | bool] = Field(default={}, alias="with")
    offered: dict[str, str | int | bool] = Field(
        default={"company": "Vestibule", "operator": "100"}
    )
    codes: list[str] = []
    language: str = "fr"
    at: AwareDatetime = datetime(2027, 7, 1, 14, 0, tzinfo=UTC)
    steps: list[_Step]


class _ScenarioFile(_Table):
    scenario: list[_ScenarioTable]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A caller's script, and the call it belongs to.

    `given` is what its flow begins with, `offered` what a flow it is redirected to may take,
    `codes` what the company's own people may dial in a menu.
    """

    name: str
    flow: str
    given: dict[str, Value]
    offered: dict[str, Value]
    language: str
    at: datetime
    caller: ScriptedCaller
    codes: tuple[str, ...] = ()

    def dialogue(self, flows: Flows, extensions: Collection[str]) -> Dialogue:
        """The dialogue this scenario is about, not yet begun."""
        return Dialogue(
            flows,
            self.flow,
            given=self.given,
            language=self.language,
            started_at=self.at,
            extensions=extensions,
            codes=self.codes,
            offered=self.offered,
        )

    async def play(
        self, flows: Flows, operations: Operations, extensions: Collection[str] = ()
    ) -> None:
        """Play it on the pure dialogue, in virtual time. Raises ScriptFailed."""
        call = PureCall(self.dialogue(flows, extensions), operations, VirtualClock())
        await call.begin()
        await self.caller.calls(call)


def load_scenarios(directory: Path) -> list[Scenario]:
    """Every scenario beside the flows of a directory. Raises ValueError for one badly written."""
    found: list[Scenario] = []
    for path in sorted(directory.glob(f"*{SCENARIOS}")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        found += [_scenario(entry, directory) for entry in _ScenarioFile(**table).scenario]
    return found


def _scenario(entry: _ScenarioTable, directory: Path) -> Scenario:
    caller = ScriptedCaller(entry.name)
    for step in entry.steps:
        caller = _with_step(caller, step, directory)
    return Scenario(
        name=entry.name,
        flow=entry.flow,
        given=dict(entry.given),
        offered=dict(entry.offered),
        language=entry.language,
        at=entry.at,
        caller=caller,
        codes=tuple(entry.codes),
    )


def _with_step(caller: ScriptedCaller, step: _Step, directory: Path) -> ScriptedCaller:
    if step.expect is not None:
        return caller.hears(step.expect, step.lang, **step.args)
    if step.expect_recording:
        return caller.hears_recording()
    if step.press is not None:
        return caller.presses(step.press)
    if step.wait is not None:
        return caller.waits(step.wait)
    if step.speak is not None:
        sound = step.speak
        return caller.says(directory.parent / sound if isinstance(sound, str) else sound)
    if step.hang_up:
        return caller.hangs_up()
    if step.expect_hang_up:
        return caller.hears_hang_up()
    raise ValueError(f"{caller.name}: a step that says nothing")
