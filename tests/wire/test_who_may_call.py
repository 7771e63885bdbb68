"""Who is let in, on real sockets: peers by address, strangers, and a house that is full."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acceptance.server import Server, command, configured_server
from tests.ports import free_port
from tests.wire.phone import CallRefused, Phone, PhoneCall

pytestmark = pytest.mark.wire

SETTINGS = """
[sip]
listen = "127.0.0.1:{port}"
allow = ["127.0.0.1/32", "127.0.0.3"]
max_calls = 1
[media]
first_port = 0
[storage]
data = "{data}"
[[numbers]]
number = "5145550100"
flow = "voicemail_leave"
with = {{ mailbox = "101" }}
"""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A server for 127.0.0.1 and 127.0.0.3 alone, with room for one call."""
    port, config = free_port(), tmp_path / "vestibule.toml"
    config.write_text(SETTINGS.format(port=port, data=tmp_path / "data"))
    words = ("mailbox", "add", "101", "Camille", "--pin", "4711", "--config", str(config))
    assert (await command(*words))[0] == 0
    async with configured_server(config, f"127.0.0.1:{port}", tmp_path / "data") as server:
        yield server


async def refused(phone: Phone, server: Server) -> CallRefused:
    with pytest.raises(CallRefused) as refusal:
        await phone.call("5145550100", server.address)
    return refusal.value


async def answers(phone: Phone, server: Server) -> list[int]:
    """What call after call is answered, until nothing is answered any more."""
    statuses: list[int] = []
    while len(statuses) < 20:
        try:
            await phone.call("5145550100", server.address, timeout_s=2)
        except CallRefused as refusal:
            statuses.append(refusal.status)
        except TimeoutError:
            break
    return statuses


async def taken(phone: Phone, server: Server) -> PhoneCall:
    """A call that is taken as soon as the one before it is wholly over, its sound written."""
    while True:
        try:
            return await phone.call("5145550100", server.address)
        except CallRefused as refusal:
            if refusal.status != 503:
                raise


async def test_peers_come_in_while_there_is_room_and_strangers_never(server: Server) -> None:
    async with (
        Phone("5145550123") as caller,
        Phone("5145550124", host="127.0.0.3") as other,
        Phone("5145550125", host="127.0.0.2") as stranger,
        Phone("5145550126", host="127.0.0.4", transport="TCP") as scanner,
    ):
        first = await caller.gets_through("5145550100", server.address)
        assert (await refused(stranger, server)).status == 403
        assert (await refused(scanner, server)).status == 403
        full = await refused(other, server)
        assert (full.status, full.message.get("retry-after")) == (503, "10")
        insistent = await answers(stranger, server)
        assert len(insistent) <= 4
        assert set(insistent) <= {403}
        await first.hang_up()
        async with asyncio.timeout(30):
            second = await taken(other, server)
        assert not second.ended.is_set()
