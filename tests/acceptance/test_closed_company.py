"""An administrator closes the company while it answers calls, and callers with baresip hear so."""

from pathlib import Path

import pytest

from ivr.testing import ScriptedCaller
from tests.acceptance.baresip import calling
from tests.acceptance.company import Company, found
from tests.acceptance.server import command, configured_server, listening
from tests.wire.running_demo import Demo

pytestmark = [pytest.mark.wire, pytest.mark.peer]

OFFICE = "5145550188"

NUMBER = f"""
[[numbers]]
number = "{OFFICE}"
flow = "main_attendant"
closed = "closed"
"""

FINDS_IT_OPEN = ScriptedCaller("a caller by day").hears("aa.welcome", "fr").hangs_up()

FINDS_IT_CLOSED = (
    ScriptedCaller("a caller at night")
    .hears("aa.closed", "fr").hears("aa.english_offer", "en").presses("9")
    .hears("aa.closed", "en").hangs_up()
)  # fmt: skip

IS_REFUSED = (
    ScriptedCaller("a salesman")
    .hears("refused.caller", "fr").hears("refused.caller", "en")
)  # fmt: skip


async def test_a_number_is_closed_and_callers_refused_while_the_server_runs(
    tmp_path: Path,
) -> None:
    company = found(tmp_path, more=NUMBER)
    await company.hires("101", "Camille", "4711")
    async with (
        configured_server(company.config, company.listen, company.data) as server,
        listening(server) as demo,
    ):
        for script in (FINDS_IT_OPEN, FINDS_IT_CLOSED, IS_REFUSED):
            await demo.prepare(script)
        await follow(FINDS_IT_OPEN, tmp_path / "open", demo)
        await type_in(company, "hours", "override", OFFICE, "closed")
        await follow(FINDS_IT_CLOSED, tmp_path / "closed", demo)
        await type_in(company, "restriction", "add", "block", "equals", "514 555-0123")
        await follow(IS_REFUSED, tmp_path / "refused", demo)
    assert server.complaints() == []


async def type_in(company: Company, *words: str) -> None:
    """Type a command that ends well, in a program of its own."""
    status, _, complaints = await command(*words, "--config", str(company.config))
    assert status == 0, complaints


async def follow(script: ScriptedCaller, folder: Path, demo: Demo) -> None:
    """Follow a script with a baresip of its own."""
    async with calling(OFFICE, demo.address, folder, demo.sounds) as call:
        await script.calls(call)
