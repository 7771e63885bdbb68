"""Wrong PINs over several calls: the lock outlives the call, and the server."""

import asyncio
from pathlib import Path

import pytest

from ivr.testing import ScriptedCaller
from tests.acceptance.server import command, demo_server, listening
from tests.wire.driver import WireCall
from tests.wire.phone import Phone
from tests.wire.running_demo import Demo

pytestmark = pytest.mark.wire

GUESSES = (
    ScriptedCaller("somebody who guesses")
    .hears("vm.login.mailbox", "fr").presses("101#0007#")
    .hears("vm.login.incorrect", "fr").presses("101#0008#")
    .hears("vm.login.incorrect", "fr").presses("101#0009#")
    .hears("vm.login.locked", "fr").hears_hang_up()
)  # fmt: skip

KNOWS = ScriptedCaller("Camille").hears("vm.login.mailbox", "fr").presses("101#4711#")
IS_SENT_AWAY = KNOWS.hears("vm.login.locked", "fr").hears_hang_up()
IS_LET_IN = KNOWS.hears("vm.main", "fr").hangs_up()


async def test_three_wrong_pins_in_each_of_two_calls_lock_the_box_for_everybody_until_unlocked(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    async with demo_server(data) as server, listening(server) as demo:
        await dial(demo, GUESSES, "5145550123")
        await dial(demo, IS_LET_IN, "5145550111")
        await asyncio.gather(*(dial(demo, GUESSES, f"514555012{last}") for last in (3, 4)))
        await dial(demo, IS_SENT_AWAY, "5145550111")
    async with demo_server(data) as again, listening(again) as demo:
        await dial(demo, IS_SENT_AWAY, "5145550111")
        status, _, complaints = await command("mailbox", "unlock", "101", "--data", str(data))
        assert status == 0, complaints
        await dial(demo, IS_LET_IN, "5145550111")
    assert again.complaints() == []
    for secret in ("0007", "0008", "0009", "4711"):
        assert f"={secret}" not in again.logged()


async def dial(demo: Demo, script: ScriptedCaller, caller: str) -> None:
    """Call 8500 from a number and follow a script to its end."""
    await demo.prepare(script)
    async with Phone(caller) as phone:
        await script.calls(WireCall(await phone.gets_through("8500", demo.address), demo.sounds))
