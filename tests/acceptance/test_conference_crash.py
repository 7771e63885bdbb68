"""`kill -9` in the middle of a recorded conference: what was said until then is kept, and told."""

import asyncio
from email.message import EmailMessage
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.acceptance.company import Company, found
from tests.acceptance.conferences import NUMBER, ROOM, arrange, enters, type_in, until_there
from tests.acceptance.server import Server, configured_server, gone
from tests.voicemail.office import read_mail
from tests.wire.phone import Phone
from tests.wire.rtp_line import RATE

pytestmark = pytest.mark.wire

ADMINISTRATOR = "Camille Roy <camille@example.org>"
HUM_HZ = 400
TALKS_S = 5.0
DYING_S = 15.0
PATIENCE_S = 120.0
LOST_S = 1.0
"""What a crash may take of a recording at most."""


async def test_a_killed_server_leaves_the_recording_and_a_report_that_says_so(
    tmp_path: Path,
) -> None:
    company = found(tmp_path, more=NUMBER)
    await company.hires("101", "Camille", "4711")
    codes = await arrange(company, "--record", "--administrator", ADMINISTRATOR)
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


async def talk_until_killed(company: Company, server: Server, codes: dict[str, str]) -> list[int]:
    """Two people meet, one hums; then the server dies. What it leaves behind, as processes."""
    async with Phone("5145551201") as one, Phone("5145551202") as other:
        leads = await enters(one, server, codes["administrator"])
        await enters(other, server, codes["participant"])
        await until_there(company, 2)
        hum = np.sin(2 * np.pi * HUM_HZ * np.arange(int(TALKS_S * RATE)) / RATE)
        said = leads.line.say((8000 * hum).astype(np.int16))
        leads.line.say((8000 * hum).astype(np.int16))  # so that it is not over before the server
        while not said.is_set():  # noqa: ASYNC110 - the line has a thread of its own
            await asyncio.sleep(0.02)
        parts = server.parts()
        server.kill()
        for call in (*one.calls.values(), *other.calls.values()):
            call.ended.set()
            call.line.close()
    return parts


async def mailed(server: Server) -> EmailMessage:
    """The report, once it is written."""
    async with asyncio.timeout(PATIENCE_S):
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
