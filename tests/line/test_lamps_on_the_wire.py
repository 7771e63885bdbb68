"""A lamp over real sockets: a telephone that is nothing but a UDP socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from call.media import Address
from telephony.adapters.folder_lamp_book import FolderLampBook
from telephony.sip.message import Request, Response, read
from telephony.sip.summary import Waiting
from tests.line.lamp_line import lamp_line

pytestmark = pytest.mark.wire

DARK = Waiting(new=0, old=0)
TWO_NEW = Waiting(new=2, old=0, urgent_new=1)


class Socket(asyncio.DatagramProtocol):
    """Reads what comes, and acknowledges each NOTIFY."""

    def __init__(self) -> None:
        self._came: asyncio.Queue[Request | Response] = asyncio.Queue()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        message = read(data)
        if isinstance(message, Request):
            kept = [
                f"{name}: {value}\r\n"
                for name, value in message.headers
                if name in ("Via", "From", "To", "Call-ID", "CSeq")
            ]
            answer = f"SIP/2.0 200 OK\r\n{''.join(kept)}Content-Length: 0\r\n\r\n"
            self._transport.sendto(answer.encode(), addr)
        self._came.put_nowait(message)

    async def next(self) -> Request | Response:
        async with asyncio.timeout(20):
            return await self._came.get()

    async def told(self) -> str:
        """The next NOTIFY, as its state and its counts."""
        notify = await self.next()
        assert isinstance(notify, Request)
        state = (notify.header("Subscription-State") or "").partition(";")[0]
        return f"{state} {notify.body.decode().rpartition('Voice-Message: ')[2].strip()}"

    def subscribes(self, server: Address, *, cseq: int, tag: str = "", expires: int) -> None:
        assert self._transport is not None
        port = self._transport.get_extra_info("sockname")[1]
        to = f"<sip:101@127.0.0.1>;tag={tag}" if tag else "<sip:101@127.0.0.1>"
        lines = (
            f"SUBSCRIBE sip:101@127.0.0.1:{server[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bKlamp{cseq}",
            "Max-Forwards: 70",
            "From: <sip:101@127.0.0.1>;tag=phone",
            f"To: {to}",
            "Call-ID: lamp@127.0.0.1",
            f"CSeq: {cseq} SUBSCRIBE",
            f"Contact: <sip:101@127.0.0.1:{port}>",
            "Event: message-summary",
            f"Expires: {expires}",
            "Content-Length: 0\r\n\r\n",
        )
        self._transport.sendto("\r\n".join(lines).encode(), server)


@asynccontextmanager
async def plain_socket() -> AsyncIterator[tuple[Socket, int]]:
    """A telephone, and its port."""
    loop = asyncio.get_running_loop()
    transport, phone = await loop.create_datagram_endpoint(Socket, ("127.0.0.1", 0))
    try:
        yield phone, transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


async def test_a_lamp_goes_on_and_off_over_a_restart_until_it_is_given_up(tmp_path: Path) -> None:
    async with plain_socket() as (phone, _):
        async with lamp_line(tmp_path, {"101": DARK}) as line:
            phone.subscribes(line.address, cseq=1, expires=600)
            granted = await phone.next()
            assert isinstance(granted, Response)
            assert granted.status == 200
            assert await phone.told() == "active 0/0 (0/0)"
            line.changes("101", TWO_NEW)
            assert await phone.told() == "active 2/0 (1/0)"
        async with lamp_line(tmp_path, {"101": DARK}, port=line.address[1]) as line:
            assert await phone.told() == "active 0/0 (0/0)"
            phone.subscribes(line.address, cseq=2, tag=granted.recipient.tag, expires=0)
            ended = await phone.next()
            assert isinstance(ended, Response)
            assert ended.status == 200
            assert await phone.told() == "terminated 0/0 (0/0)"
    assert list(await FolderLampBook(tmp_path).load()) == []


async def test_a_telephone_that_never_asks_is_told_at_the_start_and_of_changes(
    tmp_path: Path,
) -> None:
    async with plain_socket() as (phone, port):
        told = f"sip:101@127.0.0.1:{port}"
        async with lamp_line(tmp_path, {"101": DARK}, announced=told) as line:
            assert await phone.told() == "active 0/0 (0/0)"
            line.changes("101", TWO_NEW)
            assert await phone.told() == "active 2/0 (1/0)"
