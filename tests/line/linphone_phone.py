"""Linphone's library as a telephone that holds, transfers and watches."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from call.media import Address
from tests.ports import free_port, free_ports

PATIENCE_S = 30.0
ROOT = Path(__file__).parents[2]

CONFIG = """\
[sip]
sip_port={port}
sip_tcp_port=0
sip_tls_port=0
use_ipv6=0
contact="{user}" <sip:{user}@127.0.0.1>
[rtp]
audio_rtp_port={rtp}
"""


@dataclass
class LinphonePhone:
    """A telephone under way; `said` has every line it printed."""

    process: asyncio.subprocess.Process
    address: Address
    said: list[str]
    read: int = 0

    def does(self, line: str) -> None:
        """Have it do something: see `tests.line.linphone_calling`."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())

    async def tells(self, words: str) -> str:
        """Wait until it prints a line that holds these words, later than the last waited for."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for number, line in enumerate(self.said[self.read :], self.read + 1):
                    if words in line:
                        self.read = number
                        return line
                octets = await self.process.stdout.readline()
                assert octets, f"{words!r} was not said: {self.said}"
                self.said.append(octets.decode(errors="replace").strip())


@contextlib.asynccontextmanager
async def linphone(folder: Path, user: str, more: str = "") -> AsyncIterator[LinphonePhone]:
    """Run one until the end of the block; `more` is added to its configuration."""
    # It keeps its own database there, and does not start where the folder is missing.
    (folder / ".local" / "share" / "linphone").mkdir(parents=True)
    port = free_port()
    # Each further call of the telephone takes the next two.
    config = CONFIG.format(port=port, user=user, rtp=free_ports(8))
    (folder / "linphonerc").write_text(config + more)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.line.linphone_calling", cwd=folder,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    phone = LinphonePhone(process, ("127.0.0.1", port), [])
    try:
        await phone.tells("ready")
        yield phone
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
