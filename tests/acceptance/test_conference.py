"""Five telephones in a conference of a configured server: who hears whom, measured on the wire."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.acceptance.conferences import arrange, enters, quiet_company, until_there
from tests.acceptance.server import Server, configured_server
from tests.meetings.humming import NOTES, but, note, until_heard
from tests.wire.phone import Phone, PhoneCall

pytestmark = pytest.mark.wire

LOST_AFTER_S = 5
HUM_S = LONGEST_S = 240.0

ADMINISTRATOR, *PARTICIPANTS = NOTES


@dataclass
class Meeting:
    """Telephones in one conference, each humming its own note."""

    server: Server
    codes: dict[str, str]
    stack: AsyncExitStack
    calls: dict[int, PhoneCall] = field(default_factory=dict)

    async def enters(self, hertz: int, role: str) -> None:
        """Come in, and hum from then on."""
        phone = await self.stack.enter_async_context(Phone(f"514555{hertz:04}"))
        self.calls[hertz] = await enters(phone, self.server, self.codes[role])
        self.calls[hertz].line.say(note(hertz, HUM_S))

    def presses(self, hertz: int, keys: str) -> None:
        """Press keys, and go on humming."""
        line = self.calls[hertz].line
        line.shut_up()
        for key in keys:
            line.press(key)
        line.say(note(hertz, HUM_S))

    async def hear(self, wanted: dict[int, set[int]], *, among: Sequence[int] = NOTES) -> None:
        """Wait until these telephones hear exactly that, and nobody else."""
        await until_heard({hertz: self.calls[hertz].line for hertz in among}, wanted)


def everybody(among: Sequence[int] = NOTES) -> dict[int, set[int]]:
    """Each hears exactly the others."""
    return {own: but(own, among) for own in among}


def nobody(among: Sequence[int]) -> dict[int, set[int]]:
    """None hears anybody."""
    return {own: set() for own in among}


async def test_each_hears_exactly_the_others_through_mutes_holds_losses_and_an_expulsion(
    tmp_path: Path,
) -> None:
    company = quiet_company(tmp_path, lost_s=LOST_AFTER_S)
    codes = await arrange(company)
    async with (
        configured_server(company.config, company.listen, company.data) as server,
        AsyncExitStack() as stack,
        asyncio.timeout(LONGEST_S),
    ):
        meeting = Meeting(server, codes, stack)
        for hertz in PARTICIPANTS[:-1]:
            await meeting.enters(hertz, "participant")
        await until_there(company, len(PARTICIPANTS) - 1)
        await meeting.enters(PARTICIPANTS[-1], "participant")
        await until_there(company, len(PARTICIPANTS))
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
