"""Conferences of a configured server: arranged by command, and joined by telephone."""

import asyncio
import json
from pathlib import Path

import numpy as np
import soundfile

from tests.acceptance.company import Company, found
from tests.acceptance.server import Server, command
from tests.wire.phone import Phone, PhoneCall
from tests.wire.rtp_line import RATE

DOOR = "5145550199"
ROOM = "4242"
PATIENCE_S = 60.0

NUMBER = f"""
[[numbers]]
number = "{DOOR}"
flow = "conference_join"
"""

MEDIA = "[media]\nfirst_port = 0\nlast_port = 0\n"

QUIET = """lost_after_s = {lost_s}
hold_music = "{silence}"
"""


def quiet_company(folder: Path, *, lost_s: int) -> Company:
    """A company of silent hold music, which takes a call for lost after `lost_s` without sound."""
    silence = folder / "silence.wav"
    soundfile.write(silence, np.zeros(RATE, dtype=np.int16), RATE)
    company = found(folder, more=NUMBER)
    written = company.config.read_text(encoding="utf-8")
    assert MEDIA in written
    quiet = MEDIA + QUIET.format(lost_s=lost_s, silence=silence)
    company.config.write_text(written.replace(MEDIA, quiet), encoding="utf-8")
    return company


async def type_in(company: Company, *words: str) -> str:
    """What a command about conferences says, which ends well."""
    status, said, complaints = await command("conference", *words, "--config", str(company.config))
    assert status == 0, complaints
    return said


async def arrange(company: Company, *options: str) -> dict[str, str]:
    """A room in which nobody's name is asked for; the code of each role."""
    added = ("add", "Réunion", "--room", ROOM, "--no-announce", "--generic")
    await type_in(company, *added, *options)
    listed = (line.split() for line in (await type_in(company, "codes", ROOM)).splitlines())
    return {words[1]: words[2] for words in listed if words[0] == "anybody:"}


async def enters(phone: Phone, server: Server, code: str = "") -> PhoneCall:
    """Call, and type room and code without waiting for the questions."""
    call = await phone.gets_through(DOOR, server.address)
    for key in f"{ROOM}#{code}":
        call.line.press(key)
    return call


async def until_there(company: Company, people: int) -> None:
    """Wait until so many are in the one conference that is being held."""
    async with asyncio.timeout(PATIENCE_S):
        while await _there(company) != people:
            pass


async def _there(company: Company) -> int:
    rooms = json.loads(await type_in(company, "live", "--json"))
    return sum(len(room["people"]) for room in rooms)
