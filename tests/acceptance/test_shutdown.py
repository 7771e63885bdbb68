"""SIGTERM during a call: nobody new is taken, whoever is talking may end, nothing said is lost."""

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr.testing import ScriptedCaller
from tests.acceptance.company import Company, found
from tests.acceptance.server import Server, command, configured_server, gone, listening
from tests.wire import hearing
from tests.wire.driver import WireCall
from tests.wire.hearing import Pcm
from tests.wire.phone import CallRefused, Phone
from tests.wire.running_demo import ROOT

pytestmark = pytest.mark.wire

VOICE = ROOT / "audio_fixtures" / "caller_10s.wav"

DRAIN_S = 3.0


async def test_a_call_under_way_ends_by_itself_while_new_ones_are_told_to_come_back(
    tmp_path: Path,
) -> None:
    company = await company_of_one(tmp_path, drain_s=60)
    begins = ScriptedCaller("Aimée").presses("#").hears("common.beep").says(VOICE)
    ends = ScriptedCaller("Aimée").presses("#").hears("vm.leave.review", "fr")
    ends = ends.presses("1").hears("vm.leave.kept", "fr")
    ends = ends.hears("common.goodbye", "fr").hears_hang_up()
    async with configured_server(company.config, company.listen, company.data) as server:
        parts = server.parts()
        async with listening(server) as demo, Phone("5145550123") as phone:
            await demo.prepare(ends)
            wire = WireCall(await phone.gets_through("*101", server.address), demo.sounds)
            talking = asyncio.create_task(begins.calls(wire))
            await until_recorded(server)
            server.stop()
            await until_draining(server)
            await assert_refused_politely(server)
            await talking
            await ends.calls(wire)
        assert await server.status() == 0
    assert await gone(parts, within_s=30)
    assert server.complaints() == []
    assert_whole(await exported(company, tmp_path), said())


async def test_a_call_longer_than_the_limit_is_ended_and_what_was_recorded_is_kept(
    tmp_path: Path,
) -> None:
    company = await company_of_one(tmp_path, drain_s=DRAIN_S)
    begins = ScriptedCaller("Aimée").presses("#").hears("common.beep").waits(0.3)
    async with configured_server(company.config, company.listen, company.data) as server:
        parts = server.parts()
        async with listening(server) as demo, Phone("5145550123") as phone:
            await demo.prepare(begins)
            call = await phone.gets_through("*101", server.address)
            await begins.calls(WireCall(call, demo.sounds))
            call.line.say(np.tile(said(), 3))
            await until_recorded(server)
            server.stop()
            told_at = time.monotonic()
            await asyncio.wait_for(call.ended.wait(), DRAIN_S + 5)
            assert call.ended_by_peer
            assert time.monotonic() - told_at == pytest.approx(DRAIN_S, abs=1)
            assert call.line.said_at is not None
            spoken_s = time.monotonic() - call.line.said_at
        assert await server.status() == 0
    assert await gone(parts, within_s=30)
    assert server.complaints() == []
    sure = int((spoken_s - 0.5) * hearing.RATE)
    assert_whole(await exported(company, tmp_path), np.tile(said(), 3)[:sure])


async def company_of_one(folder: Path, *, drain_s: float) -> Company:
    company = found(folder, drain_s=drain_s)
    await company.hires("101", "Camille", "4711")
    return company


async def until_recorded(server: Server) -> None:
    """Until a second of somebody's message lies in the spool."""
    async with asyncio.timeout(60):
        while recording_s(server) < 1:  # noqa: ASYNC110 - another process records
            await asyncio.sleep(0.1)


async def until_draining(server: Server) -> None:
    """Until the signal has reached it."""
    async with asyncio.timeout(30):
        while "line draining" not in server.logged():  # noqa: ASYNC110 - it is not our process
            await asyncio.sleep(0.02)


def recording_s(server: Server) -> float:
    """Seconds of the longest recording under way, as its file tells."""
    sizes = [path.stat().st_size for path in (server.data / "spool").glob("*.raw")]
    return max(sizes, default=0) / (2 * hearing.RATE)


async def assert_refused_politely(server: Server) -> None:
    """A caller now is told 503 and when to try again, not left in silence."""
    async with Phone("5145550199") as late:
        with pytest.raises(CallRefused) as refused:
            await late.call("*101", server.address)
    assert refused.value.status == 503
    assert int(refused.value.message.get("retry-after")) > 0


async def exported(company: Company, folder: Path) -> Pcm:
    """The sound of the only message of 101, taken out by command."""
    config = ("--config", str(company.config))
    _, listed, _ = await command("message", "list", "101", *config)
    (line,) = listed.splitlines()
    file = folder / "taken.wav"
    status, _, complaints = await command("message", "export", line.split()[0], str(file), *config)
    assert status == 0, complaints
    sound, _ = soundfile.read(file, dtype="int16")
    return np.asarray(sound, dtype=np.int16)


def assert_whole(stored: Pcm, spoken: Pcm) -> None:
    place = hearing.find(stored, spoken)
    assert place.score >= 0.98
    assert hearing.drift(stored, spoken, at=place.at) == 0


def said() -> Pcm:
    voice, _ = soundfile.read(VOICE, dtype="int16")
    return np.asarray(voice, dtype=np.int16)
