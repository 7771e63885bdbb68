"""A whole server in a process of its own: started, killed, told to stop, and what it wrote."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from ivr.phrase_file import load_book
from ivr.voices.voice import open_voice
from tests.ports import free_port
from tests.secrets_in_logs import with_a_pin
from tests.wire.link import Address
from tests.wire.running_demo import ROOT, Demo

READY_S = 120.0
END_S = 120.0

COMMAND = (sys.executable, "-c", "from vestibule.cli import main; main()")


@dataclass
class Server:
    """A running server: where it answers, its data, and its log."""

    address: Address
    data: Path
    process: asyncio.subprocess.Process
    log: Path

    def logged(self) -> str:
        """Everything it wrote to standard error so far."""
        return self.log.read_text(encoding="utf-8")

    def stop(self) -> None:
        """Tell it to stop, as an administrator does."""
        self.process.send_signal(signal.SIGTERM)

    async def status(self) -> int:
        """Its exit status, once it has ended."""
        async with asyncio.timeout(END_S):
            return await self.process.wait()

    def kill(self) -> None:
        """End the server's own process at once, and nothing else."""
        self.process.kill()

    def parts(self) -> list[int]:
        """The processes it started: the media plane, the voice, and whoever watches over them."""
        return list(descendants(self.process.pid))

    def mails(self) -> list[Path]:
        """The e-mails written as files so far, in order."""
        return sorted((self.data / "mail").glob("**/*.eml"))

    def complaints(self) -> list[str]:
        """The lines of its log that tell of a fault of ours."""
        words = ("Traceback", " ERROR ", " CRITICAL ", "never retrieved", "was destroyed")
        return [line for line in self.logged().splitlines() if any(w in line for w in words)]


@contextlib.asynccontextmanager
async def demo_server(data: Path, *, log_level: str = "INFO") -> AsyncIterator[Server]:
    """The demo on a free loopback port. The block may end it; otherwise SIGTERM does, well."""
    options = ["demo", "--listen", f"127.0.0.1:{free_port()}", "--data", str(data)]
    async with _running([*options, "--log-level", log_level], options[2], data) as server:
        yield server


@contextlib.asynccontextmanager
async def configured_server(config: Path, listen: str, data: Path) -> AsyncIterator[Server]:
    """`vestibule serve` on settings that somebody wrote."""
    async with _running(["serve", "--config", str(config)], listen, data) as server:
        yield server


@contextlib.asynccontextmanager
async def _running(options: list[str], listen: str, data: Path) -> AsyncIterator[Server]:
    log = _new_log(data)
    with log.open("ab") as written:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, *options, stdout=asyncio.subprocess.PIPE, stderr=written, cwd=ROOT
        )
    host, _, port = listen.rpartition(":")
    server = Server((host, int(port)), data, process, log)
    try:
        await _until_ready(server)
        yield server
    finally:
        if process.returncode is None:
            server.stop()
        await server.status()
    assert with_a_pin(server.logged().splitlines()) == []


def _new_log(data: Path) -> Path:
    """Where the server's complaints go: beside its data, one file over all its lives."""
    data.mkdir(parents=True, exist_ok=True)
    return data.parent / f"{data.name}.log"


async def _until_ready(server: Server) -> None:
    assert server.process.stdout is not None
    said: list[str] = []
    async with asyncio.timeout(READY_S):
        async for line in server.process.stdout:
            said.append(line.decode().rstrip())
            if said[-1] == "ready":
                return
    raise AssertionError("\n".join([*said, server.logged()]))


@contextlib.asynccontextmanager
async def listening(server: Server) -> AsyncIterator[Demo]:
    """The sounds that the server's phrases have, for who must recognise them."""
    book = load_book(ROOT / "prompts")
    async with open_voice(book, ROOT / "prompts", server.data / "frames") as voice:
        yield Demo(server.address, server.data, server.process, voice)


async def command(*words: str) -> tuple[int, str, str]:
    """Run one `vestibule` command; its exit status, output and complaints."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(END_S):
            out, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return process.returncode, out.decode(), complaints.decode()


def descendants(pid: int) -> Iterator[int]:
    """The processes that a process started, and theirs."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield int(child)
            yield from descendants(int(child))


def lives(pid: int) -> bool:
    """Whether a process is there and is not merely waiting to be buried."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in ("Z", "X")
    return False


async def gone(pids: list[int], within_s: float) -> bool:
    """Whether all these processes end by themselves within so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while any(map(lives, pids)):  # noqa: ASYNC110 - they are not ours to wait for
                await asyncio.sleep(0.1)
    return not any(map(lives, pids))
