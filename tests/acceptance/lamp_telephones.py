"""Telephones of others that only have a message lamp: Debian's baresip, and Linphone's library.

What each shows is read from its own output, line by line.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port
from tests.wire.link import Address

PATIENCE_S = 10.0

BARESIP = """\
sip_listen 127.0.0.1:{sip}
net_interface 127.0.0.1
audio_player none
audio_alert none
module_path /usr/lib/baresip/modules
module g711.so
module_app account.so
module_app menu.so
module_app mwi.so
"""

LINPHONE = """\
[sip]
sip_port={sip}
sip_tcp_port=0
sip_tls_port=0
use_ipv6=0
contact="101" <sip:101@127.0.0.1>
"""


@dataclass
class Watcher:
    """A telephone under way; `output` is everything it says."""

    process: asyncio.subprocess.Process
    output: Path
    address: Address
    shown: int = 0

    async def lamp(self) -> str:
        """What it shows next of its lamp: `yes` or `no`."""
        await self.until(lambda: len(self._lamps()) > self.shown)
        self.shown += 1
        return self._lamps()[self.shown - 1]

    async def until(self, so: Callable[[], bool]) -> None:
        """Wait until something is so, of what it says or of what it left behind."""
        async with asyncio.timeout(PATIENCE_S):
            while not so():  # a file tells nobody that it grew
                assert self.process.returncode is None, self.said
                await asyncio.sleep(0.05)

    def _lamps(self) -> list[str]:
        lines = self.said.splitlines(keepends=True)
        words = [line.partition("Messages-Waiting: ") for line in lines if line.endswith("\n")]
        return [rest.strip() for _, told, rest in words if told]

    @property
    def said(self) -> str:
        return self.output.read_text(errors="replace") if self.output.exists() else ""


@contextlib.asynccontextmanager
async def baresip(folder: Path, account: str) -> AsyncIterator[Watcher]:
    """A baresip with one account: it subscribes when it is registered."""
    port = _configure_baresip(folder, account)
    # Its output is kept back until it is told to print line by line.
    command = ("stdbuf", "-oL", "baresip", "-4", "-f", str(folder))
    async with _running(folder, port, *command) as watcher:
        yield watcher


@contextlib.asynccontextmanager
async def linphone(folder: Path, subscribe_to: str) -> AsyncIterator[Watcher]:
    """Linphone's library, subscribed to the lamp at a URI."""
    port = _configure_linphone(folder)
    program = str(Path(__file__).with_name("linphone_watching.py"))
    async with _running(folder, port, sys.executable, program, subscribe_to) as watcher:
        yield watcher


@contextlib.asynccontextmanager
async def linphone_console(folder: Path) -> AsyncIterator[Watcher]:
    """The linphone of the console, which subscribes to nothing; its output is its SIP log."""
    port = _configure_linphone(folder)
    command = ("linphonec", "-c", str(folder / "linphonerc"), "-d", "6", "-l", str(folder / "log"))
    async with _running(folder, port, *command) as watcher:
        watcher.output = folder / "log"
        await watcher.until(lambda: f":{port};transport=UDP" in watcher.said)
        yield watcher


def _configure_baresip(folder: Path, account: str) -> int:
    folder.mkdir(parents=True)
    port = free_port()
    (folder / "config").write_text(BARESIP.format(sip=port))
    (folder / "accounts").write_text(f"{account}\n")
    (folder / "contacts").write_text("")
    return port


def _configure_linphone(folder: Path) -> int:
    # It keeps its own database there, and does not start where the folder is missing.
    (folder / ".local" / "share" / "linphone").mkdir(parents=True)
    port = free_port()
    (folder / "linphonerc").write_text(LINPHONE.format(sip=port))
    return port


@contextlib.asynccontextmanager
async def _running(folder: Path, port: int, *command: str) -> AsyncIterator[Watcher]:
    output = folder / "output"
    with output.open("wb") as written:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=written, stderr=written,
            cwd=folder, env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    try:
        yield Watcher(process, output, ("127.0.0.1", port))
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE_S)
        except TimeoutError:
            process.kill()
            await process.wait()
