"""Debian's sipp calls the line, and is called by it, over real sockets of loopback."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from call.clock import SystemClock
from call.leg import HangUpCause, HungUp, Party
from call.media import Address
from telephony.adapters.sip_transport import SipTransport
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.sip.events import Peer, Transport
from tests.line.notes import Notes
from tests.line.plane import FakePlane
from tests.ports import free_port
from vestibule.tokens import WireTokens

pytestmark = [
    pytest.mark.wire,
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("sipp") is None, reason="needs Debian's sip-tester"),
]

HERE = Path(__file__).parent
CALLS = 20


@dataclass
class OpenLine:
    """A line that listens, and how its calls ended."""

    line: SipLine
    address: Address
    transport: SipTransport
    ends: list[HungUp]


@asynccontextmanager
async def open_line() -> AsyncIterator[OpenLine]:
    ends: list[HungUp] = []

    async def attend(leg: SipLeg) -> None:
        await leg.answer()
        while not isinstance(event := await leg.event(), HungUp):
            pass
        ends.append(event)

    clock = SystemClock()
    transport = SipTransport("127.0.0.1", 0, clock)
    line = SipLine(
        LineSettings(),
        transport,
        FakePlane(slots=200),
        clock,
        WireTokens(),
        attend,
        lambda number: number == "5145550100",
    )
    address = await line.start()
    try:
        yield OpenLine(line, address, transport, ends)
    finally:
        await line.stop()


async def sipp(folder: Path, scenario: str, port: int, *arguments: str) -> tuple[int, str]:
    """Run one scenario to its end; its exit code (0: every call as written) and its output."""
    process = await asyncio.create_subprocess_exec(
        "sipp", "-sf", str(HERE / scenario), "-i", "127.0.0.1", "-p", str(port),
        "-nostdin", "-timeout", "20s", "-timeout_error", *arguments,
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(30):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, output.decode(errors="replace")


@pytest.mark.parametrize("transport", ["u1", "t1", "tn"], ids=["UDP", "TCP", "TCP, one each"])
async def test_twenty_callers_hold_and_hang_up(transport: str, tmp_path: Path) -> None:
    async with open_line() as there:
        code, output = await sipp(
            tmp_path, "caller.xml", free_port(), "-t", transport, "-m", str(CALLS), "-r", "40",
            "-max_socket", "100", f"{there.address[0]}:{there.address[1]}",
        )  # fmt: skip
        assert code == 0, output
        assert there.ends == [HungUp(HangUpCause.NORMAL, by_caller=True)] * CALLS
        assert there.line.active == 0
        assert there.transport.counts.faults == 0


@pytest.mark.parametrize("transport", list(Transport))
async def test_a_call_we_make_is_taken_and_ended(transport: Transport, tmp_path: Path) -> None:
    port = free_port()
    async with open_line() as there:
        callee = asyncio.create_task(
            sipp(tmp_path, "callee.xml", port, "-t", f"{transport[0].lower()}1", "-m", "1")
        )
        await asyncio.to_thread(listening, port, transport)
        leg = there.line.dial(
            f"sip:102@127.0.0.1:{port};transport={transport.lower()}",
            peer=Peer(transport, "127.0.0.1", port),
            from_uri="sip:5145550100@127.0.0.1",
            caller=Party("5145550100", "Vestibule"),
        )
        async with asyncio.timeout(20):
            await answered(leg, callee)
            assert leg.up
            await leg.hang_up()
            code, output = await callee
        assert code == 0, output
        assert there.line.active == 0


async def test_a_network_that_sounds_early_and_forks_leads_to_one_telephone(
    tmp_path: Path,
) -> None:
    port = free_port()
    async with open_line() as there:
        callee = asyncio.create_task(sipp(tmp_path, "forking.xml", port, "-m", "1"))
        await asyncio.to_thread(listening, port, Transport.UDP)
        leg = there.line.dial(
            f"sip:102@127.0.0.1:{port}",
            peer=Peer(Transport.UDP, "127.0.0.1", port),
            from_uri="sip:5145550100@127.0.0.1",
            caller=Party("5145550100", "Vestibule"),
        )
        watcher = leg.watcher = Notes()
        async with asyncio.timeout(20):
            await answered(leg, callee)
            assert leg.up
            assert watcher.told == ["sounds", "sounds"]
            code, output = await callee
            assert code == 0, output
            assert leg.up
            await leg.hang_up()
        assert there.line.active == 0


async def answered(leg: SipLeg, callee: asyncio.Task[tuple[int, str]]) -> None:
    """Wait until the call is taken; where sipp ends before, the test fails with what it said."""
    answer = asyncio.create_task(leg.answer())
    await asyncio.wait((answer, callee), return_when=asyncio.FIRST_COMPLETED)
    assert answer.done(), callee.result()
    answer.result()


def listening(port: int, transport: Transport) -> None:
    """Wait until the other process holds the port; asking the port itself would take it away."""
    table = Path(f"/proc/net/{transport.lower()}")
    limit = time.monotonic() + 10
    while f"0100007F:{port:04X} " not in table.read_text():
        assert time.monotonic() < limit
        time.sleep(0.02)
