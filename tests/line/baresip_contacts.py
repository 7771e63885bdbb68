"""Debian's baresip as a softphone with one contact, whose state it prints when that changes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from tests.ports import free_port

PATIENCE_S = 30.0

CONFIG = """\
sip_listen 127.0.0.1:{port}
net_interface 127.0.0.1
audio_player none
audio_alert none
module_path /usr/lib/baresip/modules
module g711.so
module_app account.so
module_app contact.so
module_app menu.so
module_app presence.so
"""


class Contacts:
    """A softphone under way."""

    def __init__(self, output: asyncio.StreamReader) -> None:
        self._output = output

    async def shows(self, words: str) -> None:
        """Wait until it prints these words."""
        async with asyncio.timeout(PATIENCE_S):
            while words not in (line := (await self._output.readline()).decode()):
                assert line, f"it ended before it showed {words!r}"


@contextlib.asynccontextmanager
async def contacts(folder: Path, account: str, contact: str) -> AsyncIterator[Contacts]:
    """Run one until the end of the block; `account` and `contact` are URIs."""
    _configure(folder, account, contact)
    process = await asyncio.create_subprocess_exec(
        "stdbuf", "-oL", "baresip", "-4", "-f", str(folder),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield Contacts(process.stdout)
    finally:
        process.terminate()
        await process.wait()


def _configure(folder: Path, account: str, contact: str) -> None:
    folder.mkdir(parents=True)
    (folder / "config").write_text(CONFIG.format(port=free_port()))
    (folder / "accounts").write_text(f"<{account};transport=udp>;regint=0\n")
    (folder / "contacts").write_text(f'"Contact" <{contact}>;presence=p2p\n')
