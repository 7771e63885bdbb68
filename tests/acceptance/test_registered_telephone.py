"""A telephone anywhere, an account made by command, and a server that is killed and comes back."""

import asyncio
import contextlib
import re
import shutil
from pathlib import Path

import pytest

from tests.acceptance.server import Server, command, configured_server
from tests.ports import free_port
from tests.telephones.test_real_telephones import baresip, configure

pytestmark = [
    pytest.mark.wire,
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("baresip") is None, reason="needs baresip"),
]

SETTINGS = """
[sip]
listen = "127.0.0.1:{port}"
allow = ["192.0.2.0/24"]
[media]
first_port = 0
[storage]
data = "{data}"
[[numbers]]
number = "*XXX"
flow = "extension"
"""


async def typed(*words: str) -> str:
    status, out, complaints = await command(*words)
    assert status == 0, complaints
    return out


async def logged(server: Server, pattern: str) -> str:
    """Wait for a line of the server's log; what it says where the pattern has its group."""
    async with asyncio.timeout(60):
        while (match := re.search(pattern, server.logged())) is None:  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.05)
    return match[1]


async def test_a_telephone_of_an_extension_calls_a_mailbox_and_outlives_the_server(
    tmp_path: Path,
) -> None:
    port, config = free_port(), tmp_path / "vestibule.toml"
    config.write_text(SETTINGS.format(port=port, data=tmp_path / "data"))
    where = ("--config", str(config))
    made = ("extension", "add", "101", "Camille Côté", "--mailbox", "--pin", "4719")
    told = await typed(*made, *where)
    user = re.search(r"SIP user name: +(\S+)", told)
    password = re.search(r"password: +(\S+)", told)
    assert user is not None
    assert password is not None
    listen = f"127.0.0.1:{port}"
    account = f"<sip:{user[1]}@{listen}>;auth_pass={password[1]};regint=3600"
    phone = configure(tmp_path / "phone", account)
    async with contextlib.AsyncExitStack() as running:
        async with configured_server(config, listen, tmp_path / "data") as server:
            await running.enter_async_context(baresip(phone))
            assert await logged(server, r"telephone registered.*account=(\S+)") == user[1]
            assert "registered from 127.0.0.1 (UDP, baresip" in await typed("phone", "list", *where)
            await phone.call(f"*101@{listen}")
            assert await logged(server, r"call taken.*from=(\S+)") == "101"
            server.kill()
        async with configured_server(config, listen, tmp_path / "data") as again:
            assert await logged(again, r"telephones taken up.*count=(\d+)") == "1"
            await typed("phone", "remove", user[1], "--yes", *where)
            assert await logged(again, r"telephone gone.*account=(\S+)") == user[1]
            assert again.complaints() == []
            await running.aclose()
    assert password[1] not in server.logged()
