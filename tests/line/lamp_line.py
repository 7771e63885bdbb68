"""A line on real sockets of loopback that has lamps and no calls: messages are only counts."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from call.clock import SystemClock
from call.media import Address
from telephony.adapters.folder_lamp_book import FolderLampBook
from telephony.adapters.sip_transport import SipTransport
from telephony.lamps import Lamps
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.sip.summary import Waiting
from tests.line.plane import FakePlane
from vestibule.tokens import WireTokens

HOST = "127.0.0.1"


@dataclass
class LampLine:
    """Mailboxes, and the line that tells of them."""

    line: SipLine
    lamps: Lamps
    waiting: dict[str, Waiting]
    address: Address = field(default=("", 0))

    def changes(self, account: str, waiting: Waiting) -> None:
        """The messages of a mailbox change."""
        self.waiting[account] = waiting
        self.lamps.lamp_changed(account)

    async def stop(self) -> None:
        """Stop before the end of the block."""
        await self.line.stop()


@contextlib.asynccontextmanager
async def lamp_line(
    folder: Path, waiting: dict[str, Waiting], *, port: int = 0, announced: str = ""
) -> AsyncIterator[LampLine]:
    """A line that writes its subscriptions down in `folder`, open until the end of the block.

    `announced` is the URI of a telephone told of 101 unasked.
    """

    async def counts(account: str) -> Waiting | None:
        return waiting.get(account)

    lamps = Lamps(counts, FolderLampBook(folder))
    if announced:
        lamps.announce("101", announced)
    clock = SystemClock()
    line = SipLine(
        LineSettings(linger_s=0.0),
        SipTransport(HOST, port, clock),
        FakePlane(),
        clock,
        WireTokens(),
        _hang_up,
        lambda number: False,
        lamps,
    )
    server = LampLine(line, lamps, waiting)
    server.address = await line.start()
    try:
        yield server
    finally:
        await line.stop()


async def _hang_up(leg: SipLeg) -> None:
    await leg.hang_up()
