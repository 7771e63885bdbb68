"""The closure message is recorded by telephone, heard by clients, and turned off by a silence."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ivr.testing import ScriptedCaller
from tests.acceptance.baresip import calling
from tests.acceptance.company import found
from tests.acceptance.server import command, configured_server, listening
from tests.wire.running_demo import ROOT, Demo

pytestmark = [pytest.mark.wire, pytest.mark.peer]

OFFICE, CODE, PIN = "5145550188", "8511", "7305"
SPOKEN = ROOT / "audio_fixtures" / "greeting_3s.wav"

NUMBER = f"""
[[numbers]]
number = "{OFFICE}"
flow = "main_attendant"
closed = "closed"
"""

SIGNS_IN = (
    ScriptedCaller("whoever closes")
    .hears("aa.closed", "fr").presses(CODE)
    .hears("closure.pin", "fr").presses(f"{PIN}#")
)  # fmt: skip

RECORDS = (
    SIGNS_IN.hears("closure.state", "fr", state="silent").hears("closure.menu", "fr").presses("1")
    .hears("closure.record", "fr").presses("#").hears("common.beep").says(SPOKEN).presses("#")
    .hears("vm.review", "fr").presses("1").hears("closure.kept", "fr").hangs_up()
)  # fmt: skip

HEARS_IT = ScriptedCaller("a client").hears_recording(SPOKEN).hears("aa.closed", "fr").hangs_up()

SAYS_NOTHING = (
    SIGNS_IN.hears("closure.menu", "fr").presses("1").hears("closure.record", "fr").presses("#")
    .hears("common.beep").waits(1.5).presses("#").hears("closure.silence", "fr").hangs_up()
)  # fmt: skip

HEARS_THE_USUAL = (
    ScriptedCaller("a client").hears("aa.closed", "fr").hears("aa.english_offer", "en").hangs_up()
)


async def test_a_closure_message_recorded_by_telephone_is_heard_until_a_silence_is_recorded(
    tmp_path: Path,
) -> None:
    company = found(tmp_path, more=NUMBER)
    await company.hires("101", "Camille", "4711")
    today = datetime.now(ZoneInfo("America/Toronto")).date()
    tomorrow = today + timedelta(days=1)  # midnight may come meanwhile
    for words in (
        ("closure", "add", CODE, "--pin", PIN),
        ("exception", "add", OFFICE, today.isoformat(), tomorrow.isoformat()),
    ):
        status, _, complaints = await command(*words, "--config", str(company.config))
        assert status == 0, complaints
    async with (
        configured_server(company.config, company.listen, company.data) as server,
        listening(server) as demo,
    ):
        for script in (RECORDS, HEARS_IT, SAYS_NOTHING, HEARS_THE_USUAL):
            await demo.prepare(script)
        for step, script in enumerate((RECORDS, HEARS_IT, SAYS_NOTHING, HEARS_THE_USUAL)):
            await follow(script, tmp_path / f"call{step}", demo)
    assert server.complaints() == []


async def follow(script: ScriptedCaller, folder: Path, demo: Demo) -> None:
    """Follow a script with a baresip of its own."""
    async with calling(OFFICE, demo.address, folder, demo.sounds) as call:
        await script.calls(call)
