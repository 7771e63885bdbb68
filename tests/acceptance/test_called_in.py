"""A registered telephone is called into a conference: baresip rings, presses 1, and is there."""

import asyncio
from pathlib import Path

import pytest

from tests.acceptance.conferences import (
    PATIENCE_S,
    ROOM,
    arrange,
    enters,
    quiet_company,
    type_in,
    until_there,
)
from tests.acceptance.desk_phones import LOUD, desk_phone, hire, strength
from tests.acceptance.server import configured_server
from tests.wire.phone import Phone

pytestmark = [pytest.mark.wire, pytest.mark.peer]

TONE_HZ = 500.0
LOST_AFTER_S = 30
LONGEST_S = 240.0


async def test_a_colleague_who_is_called_presses_1_and_is_heard_in_the_conference(
    tmp_path: Path,
) -> None:
    company = quiet_company(tmp_path, lost_s=LOST_AFTER_S)
    codes = await arrange(company)
    luc = await hire(company.config, "102", "Luc Roy")
    async with (
        configured_server(company.config, company.listen, company.data) as server,
        Phone("5145551201") as chair,
        desk_phone(tmp_path / "102", luc, server.address, TONE_HZ) as desk,
        asyncio.timeout(LONGEST_S),
    ):
        led = await enters(chair, server, codes["administrator"])
        await until_there(company, 1)
        calling = asyncio.ensure_future(type_in(company, "call", ROOM, "102"))
        shown = await desk.picks_up()
        assert f"sip:{ROOM}@" in str(shown["peeruri"])
        await desk.presses("1")
        await calling
        assert "Luc Roy" in await type_in(company, "live")
        async with asyncio.timeout(PATIENCE_S):
            while strength(led.line.heard(), TONE_HZ) < LOUD:  # noqa: ASYNC110 - a thread hears
                await asyncio.sleep(0.1)
        await desk.presses("*0")
        await desk.until("CALL_CLOSED")
        await until_there(company, 1)
        await led.hang_up()
    assert server.complaints() == []
