"""A line on real sockets of loopback where nobody is let in by address: only accounts are."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from call.clock import SystemClock
from call.leg import HungUp
from call.media import Address
from telephony.access import AccessPolicy
from telephony.adapters.sip_transport import SipTransport
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.telephones import Telephones
from tests.line.plane import FakePlane
from tests.telephones.company import MemoryBook
from tests.telephones.handset import REALM, People
from vestibule.tokens import WireTokens

HOST = "127.0.0.1"
PATIENCE_S = 60.0
NOBODY = AccessPolicy(allowed=("192.0.2.0/24",), stranger_burst=50, stranger_every_s=0.01)


@dataclass
class House:
    """The line, its telephones, and the calls it took."""

    line: SipLine
    telephones: Telephones
    address: Address = ("", 0)
    legs: list[SipLeg] = field(default_factory=list)
    stirred: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, so: Callable[[], bool]) -> None:
        """Wait until something is so, of the telephones or of the calls."""
        async with asyncio.timeout(PATIENCE_S):
            while not so():
                self.stirred.clear()
                await self.stirred.wait()

    def registered(self, user: str = "101-abcd") -> int:
        """How many telephones an account has just now."""
        return len(self.line.telephones(user))


@contextlib.asynccontextmanager
async def house(
    people: People | None = None,
    book: MemoryBook | None = None,
    *,
    port: int = 0,
    policy: AccessPolicy = NOBODY,
) -> AsyncIterator[House]:
    """Open until the end of the block. Each call is answered, and ends when its caller wills."""
    clock = SystemClock()

    async def attend(leg: SipLeg) -> None:
        opened.legs.append(leg)
        await leg.answer()
        opened.stirred.set()
        while not isinstance(await leg.event(), HungUp):
            pass
        opened.stirred.set()

    telephones = Telephones(people or People(), book or MemoryBook(), realm=REALM)
    line = SipLine(
        LineSettings(access=policy, linger_s=0.2),
        SipTransport(HOST, port, clock),
        FakePlane(64),
        clock,
        WireTokens(),
        attend,
        lambda number: True,
        accounts=telephones,
    )
    opened = House(line, telephones)
    telephones.changed = lambda user: opened.stirred.set()
    opened.address = await line.start()
    try:
        yield opened
    finally:
        await line.stop()
