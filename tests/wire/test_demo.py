"""The scripts of callers on a real wire, against the running demo."""

import asyncio
import email
import email.policy
import io
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import soundfile

from ivr.testing import Scenario, ScriptedCaller, load_scenarios
from ivr.testing.script import Presses
from tests.acceptance.server import descendants
from tests.fuzz.corpus import OFFERS, rtcp_corpus, rtp_corpus, sip_corpus
from tests.fuzz.mutation import BINARY, mutants
from tests.wire import hearing
from tests.wire.driver import Measure, WireCall, until
from tests.wire.phone import Phone
from tests.wire.running_demo import ROOT, Demo, running_demo

pytestmark = [pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]

VOICE = ROOT / "audio_fixtures" / "caller_10s.wav"
COMPANY = "5145550100"

HELD_UP_S = 0.5


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    async with running_demo(tmp_path_factory.mktemp("demo") / "data") as demo:
        yield demo


async def script(demo: Demo, caller: ScriptedCaller, dialed: str = COMPANY) -> WireCall:
    """Follow a script from dialling to its end; the call, with what was measured."""
    await demo.prepare(caller)
    async with Phone("5145550123", display="Aimée Côté") as phone:
        wire = WireCall(await phone.gets_through(dialed, demo.address), demo.sounds)
        await caller.calls(wire)
        return wire


def assert_clean(measures: list[Measure]) -> None:
    """Right prompts, whole, with no gap, no flat top, no frame out of place."""
    assert measures
    for measure in measures:
        assert measure.score > 0.97, measure
        assert measure.gap_s == 0, measure
        assert measure.drift == 0, measure
        assert measure.altered == 0, measure
        assert measure.clipped == 0, measure


async def test_a_message_left_by_hanging_up_is_mailed_whole_from_the_end_of_the_beep(
    demo: Demo,
) -> None:
    caller = ScriptedCaller("Aimée").hears("vm.leave.unavailable_name", "fr").presses("#")
    wire = await script(demo, caller.hears("common.beep").says(VOICE).hangs_up(), "*100")
    mail = await mailed(demo, "reception@example.org")
    message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
    (attachment,) = list(message.iter_attachments())
    stored, rate = soundfile.read(io.BytesIO(attachment.get_content()), dtype="int16")
    said, _ = soundfile.read(VOICE, dtype="int16")
    assert rate == 8000
    place = hearing.find(stored, said)
    assert place.score >= 0.98
    assert hearing.drift(stored, said, at=place.at) == 0
    assert abs(lost_after_beep_s(wire, place.at)) <= 0.060


def lost_after_beep_s(wire: WireCall, said_at_sample: int) -> float:
    """Seconds between the end of the beep and the beginning of what was stored."""
    line, beep = wire.call.line, wire.measures[-1]
    silence_from = round((beep.at_s + beep.seconds) * hearing.RATE)
    assert line.said_at is not None
    return line.said_at - line.due_at(silence_from) - said_at_sample / hearing.RATE


async def mailed(demo: Demo, to: str = "") -> Path:
    """The only e-mail, or the only one to somebody, once it is written."""

    def there() -> list[Path]:
        return [each for each in demo.mails() if to in each.read_text()]

    await until(lambda: bool(there()), within_s=30)
    (mail,) = there()
    return mail


DIALLED = {"main_attendant": (COMPANY,), "voicemail_leave": ("*{mailbox}",)}
"""How the demo's callers reach the flows that scenarios are written for."""


def reachable(scenario: Scenario) -> str | None:
    """The number that leads the demo's caller into a scenario; None where none does.

    Owners' scenarios stay out: they meet each other in Camille's mailbox.
    """
    signs_in = any(
        (isinstance(step, Presses) and "#" in step.keys[:-1])
        or (isinstance(step, Presses) and step.keys in ("8500", "*"))
        for step in scenario.caller.steps
    )
    mailbox = scenario.given.get("mailbox", "101")
    set_otherwise = scenario.codes or "directory" in scenario.given
    if scenario.flow not in DIALLED or set_otherwise or signs_in or mailbox not in ("101", "102"):
        return None
    return DIALLED[scenario.flow][0].format(mailbox=mailbox)


async def test_the_scenarios_of_callers_all_at_once(demo: Demo) -> None:
    scenarios = [each for each in load_scenarios(ROOT / "flows") if reachable(each)]
    assert len(scenarios) >= 6
    for scenario in scenarios:
        await demo.prepare(scenario.caller)
    async with asyncio.TaskGroup() as callers:
        calls = [
            callers.create_task(script(demo, each.caller, str(reachable(each))))
            for each in scenarios
        ]
    for call in calls:
        for measure in call.result().measures:
            assert measure.score > 0.9, measure
            assert measure.drift == 0, measure


async def test_french_the_english_offer_and_the_menu_are_heard_through_six_thousand_damaged_packets(
    demo: Demo,
) -> None:
    async with Phone("5145550123") as caller, Phone("5145550199") as victim:
        heard = ScriptedCaller("somebody else").hears("aa.welcome", "fr")
        heard = heard.hears("aa.english_offer", "en").hears("aa.menu", "fr")
        heard = heard.hears("common.still_there", "fr")
        await demo.prepare(heard)
        wire = WireCall(await caller.gets_through(COMPANY, demo.address), demo.sounds)
        under_fire = await victim.gets_through(COMPANY, demo.address)

        async def survive() -> int:
            """The status of a call's OPTIONS, once it has been under fire."""
            await fire(victim, demo, under_fire.line.remote)
            return (await victim.request(under_fire, "OPTIONS")).status

        surviving = asyncio.create_task(survive())
        await heard.calls(wire)
        assert await surviving == 200
        assert_clean(wire.measures[:3])
        await (
            ScriptedCaller("somebody else")
            .presses("101")
            .hears("vm.leave.instructions")
            .calls(wire)
        )
        await ScriptedCaller("somebody else").hangs_up().calls(wire)
    async with Phone("5145550111") as late:
        after = await late.gets_through(COMPANY, demo.address)
        assert not after.ended.is_set()


async def test_a_media_plane_that_a_machine_holds_up_tells_so(demo: Demo) -> None:
    before = demo.times_held_up()
    async with Phone("5145550123") as phone:
        call = await phone.gets_through(COMPANY, demo.address)
        await until(lambda: len(call.line.arrivals) > 20, within_s=20)
        plane = plane_of(demo)
        os.kill(plane, signal.SIGSTOP)
        await asyncio.sleep(HELD_UP_S)
        os.kill(plane, signal.SIGCONT)
        await until(lambda: demo.times_held_up() > before, within_s=20)
    assert demo.times_held_up() > before


def plane_of(demo: Demo) -> int:
    """The process of its media plane."""
    started = descendants(demo.process.pid)
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in started}
    (plane,) = (pid for pid, command in commands.items() if b"telephony.media" in command)
    return plane


async def fire(phone: Phone, demo: Demo, sound: tuple[str, int]) -> None:
    """Damaged SIP to the server, damaged RTP and RTCP to one call, over some seconds."""
    signalling = mutants(sip_corpus() + list(OFFERS), 2_000, seed=1)
    sounds = mutants(rtp_corpus(), 2_000, seed=2, kinds=BINARY)
    reports = mutants(rtcp_corpus(), 2_000, seed=3, kinds=BINARY)
    line = next(iter(phone.calls.values())).line
    for number, (message, packet, report) in enumerate(
        zip(signalling, sounds, reports, strict=True)
    ):
        phone.send_octets(message, demo.address)
        line.socket.sendto(packet, sound)
        line.socket.sendto(report, (sound[0], sound[1] + 1))
        if number % 10 == 0:
            await asyncio.sleep(0.02)
