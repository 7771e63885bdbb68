"""Five telephones in a conference of a configured server: who hears whom, measured on the wire."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.acceptance.company import Company, found
from tests.acceptance.server import Server, command, configured_server
from tests.meetings.humming import NOTES, but, note, who_hears_whom
from tests.wire.phone import Phone, PhoneCall
from tests.wire.rtp_line import RATE

pytestmark = pytest.mark.wire

DOOR = "5145550199"
ROOM = "4242"
LOST_AFTER_S = 5
HUM_S = 60.0
PATIENCE_S = 15.0
"""For how long an announcement may be in the way of what is measured."""

SETTINGS = """
[[numbers]]
number = "{door}"
flow = "conference_join"

[media]
first_port = 0
last_port = 0
lost_after_s = {lost}
hold_music = "{silence}"
"""

ADMINISTRATOR, *PARTICIPANTS = NOTES


@dataclass
class Meeting:
    """Telephones in one conference, each humming its own note."""

    server: Server
    codes: dict[str, str]
    stack: AsyncExitStack
    calls: dict[int, PhoneCall] = field(default_factory=dict)

    async def enters(self, hertz: int, role: str) -> None:
        """Call, type room and code without waiting for the questions, and hum from then on."""
        phone = await self.stack.enter_async_context(Phone(f"514555{hertz:04}"))
        self.calls[hertz] = await phone.call(DOOR, self.server.address)
        self.presses(hertz, f"{ROOM}#{self.codes[role]}")

    def presses(self, hertz: int, keys: str) -> None:
        """Press keys, and go on humming."""
        line = self.calls[hertz].line
        line.shut_up()
        for key in keys:
            line.press(key)
        line.say(note(hertz, HUM_S))

    async def hear(self, wanted: dict[int, set[int]], *, among: Sequence[int] = NOTES) -> None:
        """Wait until these telephones hear exactly that, and nobody else."""
        lines = {hertz: self.calls[hertz].line for hertz in among}
        heard: dict[int, set[int]] = {}
        try:
            async with asyncio.timeout(PATIENCE_S):
                while heard != wanted:
                    heard = await who_hears_whom(lines)
        except TimeoutError:
            assert heard == wanted


def everybody(among: Sequence[int] = NOTES) -> dict[int, set[int]]:
    """Each hears exactly the others."""
    return {own: but(own, among) for own in among}


def nobody(among: Sequence[int]) -> dict[int, set[int]]:
    """None hears anybody."""
    return {own: set() for own in among}


async def test_each_hears_exactly_the_others_through_mutes_holds_losses_and_an_expulsion(
    tmp_path: Path,
) -> None:
    company = a_company(tmp_path)
    codes = await arrange(company)
    async with (
        configured_server(company.config, company.listen, company.data) as server,
        AsyncExitStack() as stack,
        asyncio.timeout(120),
    ):
        meeting = Meeting(server, codes, stack)
        for hertz in PARTICIPANTS:
            await meeting.enters(hertz, "participant")
        await meeting.hear(nobody(PARTICIPANTS), among=PARTICIPANTS)

        await meeting.enters(ADMINISTRATOR, "administrator")
        await meeting.hear(everybody())

        silent, last = PARTICIPANTS[0], PARTICIPANTS[-1]
        meeting.presses(silent, "*1")
        audible = [each for each in NOTES if each != silent]
        await meeting.hear({own: but(own, audible) for own in NOTES})
        meeting.presses(silent, "*1")
        await meeting.hear(everybody())

        await meeting.calls[silent].offer_again("sendonly")
        others = [each for each in NOTES if each != silent]
        await meeting.hear(everybody(others), among=others)
        await meeting.calls[silent].offer_again("sendrecv")
        await meeting.hear(everybody())

        meeting.calls[ADMINISTRATOR].line.close()
        await meeting.hear(nobody(PARTICIPANTS), among=PARTICIPANTS)
        await meeting.enters(ADMINISTRATOR, "administrator")
        await meeting.hear(everybody())

        meeting.presses(ADMINISTRATOR, "*3")
        await meeting.calls[last].ended.wait()
        assert meeting.calls[last].ended_by_peer
        staying = [each for each in NOTES if each != last]
        await meeting.hear(everybody(staying), among=staying)
    assert server.complaints() == []


def a_company(folder: Path) -> Company:
    """A company whose hold music is silence, and that notices early that no sound comes."""
    silence = folder / "silence.wav"
    soundfile.write(silence, np.zeros(RATE, dtype=np.int16), RATE)
    company = found(folder)
    written = company.config.read_text(encoding="utf-8")
    before, _, after = written.partition("[media]\nfirst_port = 0\nlast_port = 0\n")
    ours = SETTINGS.format(door=DOOR, lost=LOST_AFTER_S, silence=silence)
    company.config.write_text(before + ours + after, encoding="utf-8")
    return company


async def arrange(company: Company) -> dict[str, str]:
    """A room with a code for each role, in which nobody's name is asked for."""
    await type_in(company, "add", "Réunion", "--room", ROOM, "--no-announce", "--generic")
    listed = (line.split() for line in (await type_in(company, "codes", ROOM)).splitlines())
    return {words[1]: words[2] for words in listed if words[0] == "anybody:"}


async def type_in(company: Company, *words: str) -> str:
    """What a command about conferences says, which ends well."""
    status, said, complaints = await command("conference", *words, "--config", str(company.config))
    assert status == 0, complaints
    return said
