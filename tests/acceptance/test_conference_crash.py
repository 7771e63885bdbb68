"""`kill -9` in the middle of a recorded conference: what was said until then is kept, and told."""

import asyncio
from email.message import EmailMessage
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.acceptance.company import Company, found
from tests.acceptance.server import Server, command, configured_server, gone
from tests.voicemail.office import read_mail
from tests.wire.phone import Phone, PhoneCall
from tests.wire.rtp_line import RATE

pytestmark = pytest.mark.wire

DOOR = "5145550199"
ROOM = "4242"
ADMINISTRATOR = "Camille Roy <camille@example.org>"
HUM_HZ = 400
TALKS_S = 5.0
DYING_S = 5.0
LOST_S = 1.0
"""What a crash may take of a recording at most, and of its mail's patience."""

NUMBER = f"""
[[numbers]]
number = "{DOOR}"
flow = "conference_join"
"""


async def test_a_killed_server_leaves_the_recording_and_a_report_that_says_so(
    tmp_path: Path,
) -> None:
    company = found(tmp_path, more=NUMBER)
    await company.hires("101", "Camille", "4711")
    codes = await arrange(company)
    async with configured_server(company.config, company.listen, company.data) as server:
        parts = await talk_until_killed(company, server, codes)
    assert await gone(parts, DYING_S)
    async with configured_server(company.config, company.listen, company.data) as server:
        report = await mailed(server)
        assert "interrompue" in report.get_body(("plain",)).get_content()
        (document,) = report.iter_attachments()
        assert document.get_content()[:5] == b"%PDF-"
        listed = await type_in(company, "history", ROOM)
        (session,) = [line.split()[0] for line in listed.splitlines()]
        await type_in(company, "recording", session, str(tmp_path / "said.wav"))
    sound, rate = soundfile.read(tmp_path / "said.wav")
    assert len(sound) / rate >= TALKS_S - LOST_S
    assert hums(sound[-rate:], rate)
    assert server.complaints() == []


async def arrange(company: Company) -> dict[str, str]:
    """A room that is recorded, and its administrator who has e-mail; a code for each role."""
    await type_in(
        company, "add", "Réunion du mardi", "--room", ROOM, "--record", "--no-announce",
        "--generic", "--administrator", ADMINISTRATOR,
    )  # fmt: skip
    listed = (line.split() for line in (await type_in(company, "codes", ROOM)).splitlines())
    return {words[1]: words[2] for words in listed if words[0] == "anybody:"}


async def talk_until_killed(company: Company, server: Server, codes: dict[str, str]) -> list[int]:
    """Two people meet, one hums; then the server dies. What it leaves behind, as processes."""
    async with Phone("5145551201") as one, Phone("5145551202") as other:
        leads = await enters(one, server, codes["administrator"])
        await enters(other, server, codes["participant"])
        await held(company, people=2)
        hum = np.sin(2 * np.pi * HUM_HZ * np.arange(int(TALKS_S * RATE)) / RATE)
        said = leads.line.say((8000 * hum).astype(np.int16))
        while not said.is_set():  # noqa: ASYNC110 - the line has a thread of its own
            await asyncio.sleep(0.02)
        parts = server.parts()
        server.kill()
        for call in (*one.calls.values(), *other.calls.values()):
            call.ended.set()
            call.line.close()
    return parts


async def enters(phone: Phone, server: Server, code: str) -> PhoneCall:
    """Type room and code without waiting for the questions."""
    call = await phone.call(DOOR, server.address)
    for key in f"{ROOM}#{code}":
        call.line.press(key)
    return call


async def held(company: Company, people: int) -> None:
    """Wait until so many people are in the conference."""
    async with asyncio.timeout(30):
        while (await type_in(company, "live")).count("514555120") < people:
            pass


async def mailed(server: Server) -> EmailMessage:
    """The report, once it is written."""
    async with asyncio.timeout(60):
        while True:
            for path in server.mails():
                mail = read_mail(path.read_bytes())
                if any(part.get_content_type() == "application/pdf" for part in mail.walk()):
                    return mail
            await asyncio.sleep(0.2)


def hums(sound: np.ndarray, rate: int) -> bool:
    """Whether the tone stands out of what is heard."""
    strength = np.abs(np.fft.rfft(sound))
    place = round(HUM_HZ * len(sound) / rate)
    return bool(strength[place - 2 : place + 3].max() > 20 * np.median(strength))


async def type_in(company: Company, *words: str) -> str:
    """What a command about conferences says, which ends well."""
    status, said, complaints = await command("conference", *words, "--config", str(company.config))
    assert status == 0, complaints
    return said
