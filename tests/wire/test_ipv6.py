"""Callers whose network has IPv6 only."""

import asyncio
from pathlib import Path

import pytest

from ivr.testing import ScriptedCaller
from tests.acceptance.server import command
from tests.wire.driver import WireCall
from tests.wire.phone import Phone
from tests.wire.running_demo import Demo, running_demo
from tests.wire.test_demo import COMPANY, assert_clean, mailed

pytestmark = pytest.mark.wire


async def follows(demo: Demo, caller: ScriptedCaller, transport: str) -> WireCall:
    """Follow a script on a telephone with an IPv6 address."""
    async with Phone("5145550123", host="::1", transport=transport) as phone:
        call = await phone.gets_through(COMPANY, demo.address)
        assert call.hop == demo.address
        wire = WireCall(call, demo.sounds)
        await caller.calls(wire)
    assert call.line.remote[0] == "::1"
    assert {packet.source[0] for packet in call.line.arrivals} == {"::1"}
    return wire


async def hears_clean(demo: Demo, listener: ScriptedCaller) -> None:
    """Hear the welcome and the offer, over TCP."""
    heard = await follows(demo, listener, "TCP")
    assert_clean(heard.measures[:2])


async def test_a_greeting_is_heard_and_a_message_left_over_ipv6(tmp_path: Path) -> None:
    talker = ScriptedCaller("a caller").hears("aa.welcome", "fr").presses("101")
    talker = talker.hears("vm.leave.unavailable_name", "fr").presses("#")
    talker = talker.hears("common.beep").says(3.0).hangs_up()
    listener = ScriptedCaller("another").hears("aa.welcome", "fr").hears("aa.english_offer", "en")
    listener = listener.hears("aa.menu", "fr").hangs_up()
    async with running_demo(tmp_path / "data", "::1") as demo:
        for caller in (talker, listener):
            await demo.prepare(caller)
        await asyncio.gather(follows(demo, talker, "UDP"), hears_clean(demo, listener))
        await mailed(demo)


async def test_the_doctor_tells_who_does_not_reach_an_ipv6_address(tmp_path: Path) -> None:
    config = tmp_path / "vestibule.toml"
    config.write_text(
        f'[sip]\nlisten = "[::1]:0"\nallow = ["192.0.2.0/24"]\n[storage]\ndata = "{tmp_path}"\n'
    )
    status, out, _ = await command("doctor", "--config", str(config))
    lines = out.splitlines()
    assert status == 1
    assert "good  sip.listen [::1]:0: free, UDP and TCP" in lines
    assert any(line.startswith("note  sip.listen [::1]:0: IPv6. Telephones") for line in lines)
    assert any(line.startswith("bad   sip.allow: no IPv6 network") for line in lines)
