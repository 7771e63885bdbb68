"""Real servers of others as providers, over loopback: Kamailio and sipp."""

import asyncio
import contextlib
import shutil
import socket
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from call.clock import SystemClock
from routing.numbers import national
from routing.outgoing import Identity, Route
from telephony.access import AccessPolicy
from telephony.adapters.sip_transport import SipTransport
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.sip.events import Transport
from telephony.trunks import Trunk, Trunks
from tests.line.plane import FakePlane
from tests.ports import free_port
from tests.pyvoip.registrar import REALM, kamailio
from vestibule.exchange.outside import Outside, Patience
from vestibule.exchange.ports import SwitchedLeg
from vestibule.tokens import WireTokens

pytestmark = [
    pytest.mark.wire,
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("sipp") is None, reason="needs Debian's sip-tester"),
]

SCENARIOS = Path(__file__).parent / "scenarios"
HOST = "127.0.0.1"
PATIENCE_S = 60.0


@dataclass
class Company:
    """Our line, and its way outside."""

    line: SipLine
    trunks: Trunks
    outside: Outside
    legs: list[SipLeg] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def calls(self, rings: list[bool] | None = None) -> SipLeg:
        """Call somebody, and wait until they answer; `rings` keeps whether sound came early."""

        def rang(leg: SwitchedLeg, early: bool) -> None:
            if rings is not None:
                rings.append(early)

        async with asyncio.timeout(PATIENCE_S):
            return await self.outside.call("418-555-0111", Identity("5145550100"), rings=rang)


async def nowhere(name: str) -> Sequence[str]:
    return ()


@contextlib.asynccontextmanager
async def company(*trunks: Trunk, open_to_strangers: bool = True) -> AsyncIterator[Company]:
    """Open until the end of the block. Each call that comes in is answered, then hung up."""
    clock = SystemClock()
    known = Trunks(trunks, nowhere, WireTokens(), national)
    routes = [
        Route(each.name, ("5145550100",), priority=place)
        for place, each in enumerate(trunks, start=1)
    ]

    async def attend(leg: SipLeg) -> None:
        opened.legs.append(leg)
        await leg.answer()
        opened.came.set()

    line = SipLine(
        LineSettings(
            access=AccessPolicy() if open_to_strangers else AccessPolicy(allowed=("192.0.2.1",))
        ),
        SipTransport(HOST, 0, clock),
        FakePlane(16),
        clock,
        WireTokens(),
        attend,
        lambda number: number == "5145550101",
        trunks=known,
    )
    outside = Outside(routes, known, clock, company="Vestibule", patience=Patience(0.5, 10.0))
    outside.attach(line)
    opened = Company(line, known, outside)
    await line.start()
    try:
        yield opened
    finally:
        await line.stop()


@contextlib.asynccontextmanager
async def sipp(
    folder: Path,
    scenario: str,
    port: int,
    *more: str,
    transport: Transport = Transport.UDP,
    listens: bool = True,
) -> AsyncIterator[asyncio.Task[str]]:
    """One scenario for one call; its task ends with the output, and fails where a step did."""

    async def run() -> str:
        process = await asyncio.create_subprocess_exec(
            "sipp", "-sf", str(SCENARIOS / f"{scenario}.xml"), "-i", HOST, "-p", str(port),
            "-t", f"{transport[0].lower()}1", "-m", "1", "-nostdin",
            "-timeout", "20s", "-timeout_error", *more,
            cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, output.decode(errors="replace")
        return output.decode(errors="replace")

    task = asyncio.create_task(run())
    try:
        if listens:
            await asyncio.to_thread(until_bound, port, transport)
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def until_bound(port: int, transport: Transport) -> None:
    """Wait until another process holds the port; asking the port itself would take it away."""
    table, limit = Path(f"/proc/net/{transport.lower()}"), time.monotonic() + 10
    while f"0100007F:{port:04X} " not in table.read_text():
        assert time.monotonic() < limit
        time.sleep(0.02)


def at(name: str, port: int, **more: object) -> Trunk:
    return Trunk(name, HOST, port, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("transport", list(Transport))
async def test_a_provider_that_challenges_takes_the_call_once_we_are_proven(
    transport: Transport, tmp_path: Path
) -> None:
    port = free_port()
    trunk = at("first", port, username="client7", password="correct horse", transport=transport)
    async with (
        company(trunk) as house,
        sipp(tmp_path, "challenging", port, transport=transport) as callee,
    ):
        leg = await house.calls()
        assert leg.up
        await leg.hang_up()
        await callee


async def test_a_provider_that_is_down_and_one_that_is_overloaded_give_way(
    tmp_path: Path,
) -> None:
    busy, good = free_port(), free_port()
    trunks = (at("down", free_port()), at("overloaded", busy), at("good", good))
    async with (
        company(*trunks) as house,
        sipp(tmp_path, "overloaded", busy) as refusing,
        sipp(tmp_path, "taking", good) as callee,
    ):
        began = time.monotonic()
        leg = await house.calls()
        assert leg.trunk == "good"
        assert time.monotonic() - began < 5
        await leg.hang_up()
        await asyncio.gather(refusing, callee)


async def test_a_provider_that_speaks_before_the_answer_is_heard(tmp_path: Path) -> None:
    port = free_port()
    rings: list[bool] = []
    async with company(at("first", port)) as house, sipp(tmp_path, "early", port) as callee:
        leg = await house.calls(rings)
        assert rings == [True]
        await leg.hang_up()
        await callee


FORK = """
    if (is_method("REGISTER") && $fU == "far") { save("location"); exit; }
    if (is_method("INVITE") && $rU != "client7") {
        if (!pv_proxy_authenticate("pbx.test", "secret", "0")) {
            proxy_challenge("pbx.test", "0");
            exit;
        }
        $rU = "far";
    }
"""
"""Whoever is called from here is `far`, who may have several telephones."""


def have_two_telephones(server: int, one: int, two: int) -> None:
    """Register both telephones of `far`."""
    lines = (
        f"REGISTER sip:{REALM} SIP/2.0",
        f"Via: SIP/2.0/UDP {HOST}:9;branch=z9hG4bKfar",
        f"From: <sip:far@{REALM}>;tag=far",
        f"To: <sip:far@{REALM}>",
        "Call-ID: far",
        "CSeq: 1 REGISTER",
        f"Contact: <sip:one@{HOST}:{one}>;expires=60, <sip:two@{HOST}:{two}>;expires=60",
        "Content-Length: 0",
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as telephone:
        telephone.sendto("\r\n".join(lines).encode() + b"\r\n\r\n", (HOST, server))


async def test_kamailio_registers_us_challenges_our_call_and_forks_it(tmp_path: Path) -> None:
    one, two = free_port(), free_port()
    async with kamailio(tmp_path, own_route=FORK) as server:
        trunk = at(
            "first", server.port, domain=REALM, username="client7", password="secret",
            register=True,
        )  # fmt: skip
        async with (
            company(trunk) as house,
            sipp(tmp_path, "taking", one) as first,
            sipp(tmp_path, "taking", two) as second,
        ):
            have_two_telephones(server.port, one, two)
            await server.until_registrations(1)
            leg = await house.calls()
            assert leg.up
            assert house.line.active == 1
            await leg.hang_up()
            # Both took it in the same instant: one talked with us, the other was let go.
            await asyncio.wait([first, second], timeout=5)
            assert [each.done() and each.exception() is None for each in (first, second)].count(
                True
            ) >= 1
        await server.until_deregistered()


async def test_kamailio_brings_calls_to_our_registration_and_to_nobody_by_address(
    tmp_path: Path,
) -> None:
    async with kamailio(tmp_path) as server:
        trunk = at(
            "first", server.port, domain=REALM, username="client7", password="secret",
            register=True,
        )  # fmt: skip
        async with company(trunk, open_to_strangers=False) as house:
            await server.until_registrations(1)
            to = f"{HOST}:{server.port}"
            async with sipp(tmp_path, "calling", free_port(), to, listens=False) as caller:
                await asyncio.wait_for(house.came.wait(), PATIENCE_S)
                await caller
            (leg,) = house.legs
            assert (leg.dialed, leg.caller.number) == ("5145550101", "4185550111")
            assert leg.trunk == "first"
            assert not leg.caller.internal
