"""Messages over real sockets of loopback, both transports on one address."""

import asyncio
import socket

import pytest

from call.clock import SystemClock
from call.errors import PeerFault, Unavailable
from telephony.adapters import sip_transport
from telephony.adapters.sip_transport import SipTransport
from telephony.sip.events import CallConfirmed, Output, Peer, Send, SipEvent, Transport

pytestmark = pytest.mark.wire

MESSAGE = b"OPTIONS sip:a@127.0.0.1 SIP/2.0\r\nContent-Length: 0\r\n\r\n"


class Echo:
    """A core that sends back what it is fed, and notes what it is told."""

    def __init__(self) -> None:
        self.deadline: float | None = None
        self.fed: asyncio.Queue[tuple[bytes, Peer]] = asyncio.Queue()
        self.failed: asyncio.Queue[Peer] = asyncio.Queue()
        self.ticked = asyncio.Event()

    def feed(self, data: bytes, source: Peer, now: float) -> list[Output]:
        if data == b"nonsense":
            raise PeerFault("nonsense")
        if data == b"bug":
            raise RuntimeError("bug")
        self.fed.put_nowait((data, source))
        return [Send(data, source), CallConfirmed(data.decode(), None)]

    def tick(self, now: float) -> list[Output]:
        self.deadline = None
        self.ticked.set()
        return []

    def transport_failed(self, peer: Peer, now: float) -> list[Output]:
        self.failed.put_nowait(peer)
        return []


class Line:
    """An open transport with an echoing core."""

    def __init__(self) -> None:
        self.core = Echo()
        self.transport = SipTransport("127.0.0.1", 0, SystemClock())
        self.address = ("", 0)
        self.events: list[SipEvent] = []
        self.hears = True

    async def __aenter__(self) -> "Line":
        self.address = await self.transport.open()
        self.transport.attach(self.core, self.events.append, lambda host, now: self.hears)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.transport.close()


class Phone(asyncio.DatagramProtocol):
    """The far end over UDP."""

    def __init__(self) -> None:
        self.got: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.got.put_nowait(data)


async def phone(address: tuple[str, int]) -> tuple[asyncio.DatagramTransport, Phone]:
    loop = asyncio.get_running_loop()
    return await loop.create_datagram_endpoint(Phone, remote_addr=address)


async def test_a_datagram_is_answered_where_it_came_from() -> None:
    async with Line() as line, asyncio.timeout(20):
        transport, protocol = await phone(line.address)
        transport.sendto(MESSAGE)
        assert await protocol.got.get() == MESSAGE
        assert line.events == [CallConfirmed(MESSAGE.decode(), None)]
        transport.close()


async def test_nonsense_and_our_own_bugs_disturb_no_other_message() -> None:
    async with Line() as line, asyncio.timeout(20):
        transport, protocol = await phone(line.address)
        for data in (b"nonsense", b"bug", MESSAGE):
            transport.sendto(data)
        assert await protocol.got.get() == MESSAGE
        assert (line.transport.counts.malformed, line.transport.counts.faults) == (1, 1)
        transport.close()


async def test_one_who_is_not_heard_costs_nothing_more() -> None:
    async with Line() as line, asyncio.timeout(20):
        transport, protocol = await phone(line.address)
        reader, writer = await asyncio.open_connection(*line.address)
        writer.write(MESSAGE)
        assert await reader.readexactly(len(MESSAGE)) == MESSAGE
        line.hears = False
        transport.sendto(MESSAGE)
        writer.write(MESSAGE + b"\r\n\r\n")
        assert await reader.readexactly(2) == b"\r\n"
        line.hears = True
        transport.sendto(b"heard")
        assert await protocol.got.get() == b"heard"
        assert line.transport.counts.unheard == 2
        transport.close()
        writer.close()
        await writer.wait_closed()


async def test_a_connection_of_one_who_is_not_heard_is_cut() -> None:
    async with Line() as line, asyncio.timeout(20):
        line.hears = False
        reader, writer = await asyncio.open_connection(*line.address)
        assert await reader.read() == b""
        assert line.transport.counts.unheard == 1
        writer.close()
        await writer.wait_closed()


async def test_a_connection_carries_messages_both_ways_and_its_keep_alives() -> None:
    async with Line() as line, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection(*line.address)
        writer.write(MESSAGE[:20])
        await writer.drain()
        writer.write(MESSAGE[20:] + b"\r\n\r\n")
        assert await reader.readexactly(len(MESSAGE) + 2) == MESSAGE + b"\r\n"
        _, source = await line.core.fed.get()
        line.transport.carry([Send(b"later", source)])
        assert await reader.readexactly(5) == b"later"
        writer.close()
        await writer.wait_closed()


async def test_a_connection_whose_messages_have_no_end_is_closed() -> None:
    async with Line() as line, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection(*line.address)
        endless = b"INFO sip:a SIP/2.0\r\nContent-Length: many\r\n\r\n"
        writer.write(endless)
        assert await reader.read() == endless
        assert line.transport.counts.malformed == 1
        writer.close()
        await writer.wait_closed()


async def test_a_connection_is_opened_for_what_must_be_sent() -> None:
    received: asyncio.Queue[bytes] = asyncio.Queue()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.put_nowait(await reader.readexactly(6))
        writer.write(MESSAGE)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    peer = Peer(Transport.TCP, *server.sockets[0].getsockname()[:2])
    async with Line() as line, asyncio.timeout(20):
        line.transport.carry([Send(b"one", peer), Send(b"two", peer)])
        assert await received.get() == b"onetwo"
        assert (await line.core.fed.get())[0] == MESSAGE
    server.close()
    await server.wait_closed()


async def test_an_unreachable_peer_is_told_to_the_core() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        peer = Peer(Transport.TCP, *unused.getsockname())
        async with Line() as line, asyncio.timeout(20):
            line.transport.carry([Send(MESSAGE, peer)])
            assert await line.core.failed.get() == peer


async def test_a_peer_known_by_name_only_is_never_looked_up() -> None:
    async with Line() as line, asyncio.timeout(20):
        peer = Peer(Transport.UDP, "phone.invalid", 5060)
        line.transport.carry([Send(MESSAGE, peer)])
        assert await line.core.failed.get() == peer


async def test_the_core_is_woken_at_its_deadline() -> None:
    async with Line() as line, asyncio.timeout(20):
        line.core.deadline = SystemClock().monotonic() + 0.01
        line.transport.carry([])
        await line.core.ticked.wait()


async def test_an_address_in_use_is_told_at_the_start() -> None:
    async with Line() as line:
        other = SipTransport(*line.address, SystemClock())
        with pytest.raises(Unavailable):
            await other.open()


async def test_where_any_port_will_do_one_is_taken_that_tcp_has_free_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bind = sip_transport._udp_socket
    with socket.create_server(("127.0.0.1", 0)) as busy:
        taken = busy.getsockname()[1]
        chosen = iter([taken, taken])
        monkeypatch.setattr(
            sip_transport, "_udp_socket", lambda host, port: bind(host, next(chosen, port))
        )
        async with Line() as line, asyncio.timeout(20):
            assert line.address[1] != taken
            transport, protocol = await phone(line.address)
            transport.sendto(MESSAGE)
            assert await protocol.got.get() == MESSAGE
            transport.close()
