"""UDP and TCP on one listening address, between the network and the sans-IO core.

Everything runs on the event loop: bytes go to the core, what it gives back is sent or told, and
one timer is kept at the core's deadline. Nothing raises out of the receive path. What cannot be
sent is told to the core, which knows whose call it was.
"""

import asyncio
import errno
import logging
import socket
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Protocol

from call.clock import Clock
from call.errors import Misuse, PeerFault, Unavailable
from call.masking import without_keys
from call.media import Address
from telephony.sip.events import Output, Peer, Send, SipEvent, Transport
from telephony.sip.stream import PONG, Stream

log = logging.getLogger(__name__)
trace = logging.getLogger("telephony.sip.trace")
"""Whole messages, at DEBUG; off unless an administrator turns it on, for they hold numbers."""

BATCH = 64
"""Datagrams read before others on the loop have their turn."""

RECEIVE_BUFFER = 4 * 1024 * 1024
"""Octets the kernel may keep for us; it grants what its limits allow."""

OTHER_PORTS = 16
"""Tried, where any port would do and the one the kernel chose for datagrams is taken by TCP."""

AFTER_FAULT_S = 0.5
CONNECT_LIMIT_S = 5.0
MAX_CONNECTIONS = 512
MAX_UNSENT = 1024 * 1024
"""Octets a peer may leave unread before its connection is given up."""


class NoListeningAddress(Unavailable):
    """The address is taken, or is not of this machine."""


class NotAttached(Misuse):
    """Something is carried before the core is known."""


class Core(Protocol):
    """What the transport asks of the SIP core."""

    @property
    def deadline(self) -> float | None:
        """Monotonic seconds at which `tick` is wanted."""

    def feed(self, data: bytes, source: Peer, now: float) -> list[Output]:
        """Take one datagram, or whole messages of a connection."""

    def tick(self, now: float) -> list[Output]:
        """Do what has become due."""

    def transport_failed(self, peer: Peer, now: float) -> list[Output]:
        """Learn that `peer` cannot be reached, or that its connection is gone."""


@dataclass(slots=True)
class TransportCounts:
    """What passed, since the start."""

    received: int = 0
    sent: int = 0
    unheard: int = 0
    malformed: int = 0
    unsendable: int = 0
    faults: int = 0


class SipTransport:
    """The sockets of one line. `open`, then `attach`; `close` when all is over."""

    def __init__(self, host: str, port: int, clock: Clock) -> None:
        self._host = host
        self._port = port
        self._clock = clock
        self._core: Core | None = None
        self._tell: Callable[[SipEvent], None] = _nobody
        self._hears: Callable[[str, float], bool] = lambda host, now: False
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._connections: OrderedDict[Peer, _Connection] = OrderedDict()
        self._opening: dict[Peer, list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._outputs: deque[Output] = deque()
        self._carrying = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._all_read_at: float | None = None
        self.counts = TransportCounts()

    # life

    async def open(self) -> Address:
        """Bind both sockets; gives the address bound. Raises NoListeningAddress.

        Port 0 takes one that is free for datagrams and for connections alike.
        """
        others = 0 if self._port else OTHER_PORTS
        while True:
            try:
                return await self._bind()
            except OSError as error:
                await self.close()
                if others == 0 or error.errno != errno.EADDRINUSE:
                    told = f"{self._host}:{self._port}: {error.strerror}"
                    raise NoListeningAddress(told) from error
                others -= 1

    async def _bind(self) -> Address:
        self._socket = _udp_socket(self._host, self._port)
        port = int(self._socket.getsockname()[1])
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self, None), self._host, port
        )
        return self._host, port

    def attach(
        self,
        core: Core,
        tell: Callable[[SipEvent], None],
        hears: Callable[[str, float], bool],
    ) -> None:
        """Begin to receive, for this core; events go to `tell`, in order.

        `hears` says, for an address and the time, whether a message from there is read at all.
        """
        if self._socket is None or self._server is None:
            raise NotAttached("open first")
        self._core, self._tell, self._hears = core, tell, hears
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._read_datagrams)

    async def close(self) -> None:
        """Close every socket; what was written to connections is sent first."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
        self._core = None
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self._connections.values()):
            connection.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # from the core to the network and to the line

    def carry(self, outputs: Sequence[Output]) -> None:
        """Send and tell, in order; what this causes in turn comes after, never in between."""
        self._outputs.extend(outputs)
        if self._carrying:
            return
        self._carrying = True
        try:
            while self._outputs:
                self._carry_one(self._outputs.popleft())
        finally:
            self._carrying = False
        self._rearm()

    def _carry_one(self, output: Output) -> None:
        if isinstance(output, Send):
            self._send(output)
            return
        try:
            self._tell(output)
        except Exception:
            self.counts.faults += 1
            log.exception("event not handled", extra={"event": type(output).__name__})

    def _send(self, send: Send) -> None:
        if trace.isEnabledFor(logging.DEBUG):
            trace.debug("sent", extra={"peer": send.to, "sip": without_keys(send.data)})
        self.counts.sent += 1
        if not _is_address(send.to.host):
            # A name would be looked up in the middle of every other call.
            self._failed(send.to)
        elif send.to.transport is Transport.TCP:
            self._send_on_connection(send)
        elif self._socket is not None:
            try:
                self._socket.sendto(send.data, (send.to.host, send.to.port))
            except BlockingIOError:
                # As if lost on the way: UDP messages that matter are sent again by the core.
                self.counts.unsendable += 1
            except (OSError, OverflowError):
                self._failed(send.to)

    def _send_on_connection(self, send: Send) -> None:
        connection = self._connections.get(send.to)
        if connection is not None:
            connection.write(send.data)
        elif send.to in self._opening:
            self._opening[send.to].append(send.data)
        else:
            self._opening[send.to] = [send.data]
            task = asyncio.get_running_loop().create_task(self._connect(send.to))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self, peer: Peer) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                _, connection = await loop.create_connection(
                    lambda: _Connection(self, peer), peer.host, peer.port
                )
        except (OSError, OverflowError):
            self._failed(peer)
        else:
            for data in self._opening[peer]:
                connection.write(data)
        finally:
            self._opening.pop(peer, None)

    def _failed(self, peer: Peer) -> None:
        self.counts.unsendable += 1
        log.warning("peer cannot be reached", extra={"host": peer.host, "port": peer.port})
        if self._core is not None:
            self.carry(self._core.transport_failed(peer, self._clock.monotonic()))

    # from the network to the core

    def _read_datagrams(self) -> None:
        begun = self._clock.monotonic()
        for _ in range(BATCH):
            if self._socket is None:
                return
            try:
                data, address = self._socket.recvfrom(65_535)
            except BlockingIOError:
                self._all_read_at = None
                return
            except OSError:
                return  # an ICMP error of an earlier send
            self.received(data, _udp_peer(address[0], address[1]))
        if self._all_read_at is None:
            self._all_read_at = begun

    @property
    def behind_s(self) -> float:
        """Seconds since everything that had come was read; what comes now waits as long, or less.

        Nought as a rule. The event loop may keep its time perfectly meanwhile: it has its turn
        between two batches.
        """
        since = self._all_read_at
        return 0.0 if since is None else self._clock.monotonic() - since

    def received(self, data: bytes, source: Peer) -> None:
        """Give one message to the core. Never raises."""
        if self._core is None:
            return
        now = self._clock.monotonic()
        if not self._hears(source.host, now):
            self.counts.unheard += 1
            return
        self.counts.received += 1
        if trace.isEnabledFor(logging.DEBUG):
            trace.debug("received", extra={"peer": source, "sip": without_keys(data)})
        try:
            self.carry(self._core.feed(data, source, now))
        except PeerFault:
            self.counts.malformed += 1
        except Exception:
            self.counts.faults += 1
            log.exception("message not handled", extra={"host": source.host})

    def _rearm(self) -> None:
        """Keep the one timer no later than the core's deadline."""
        deadline = self._core.deadline if self._core is not None else None
        if deadline is None:
            return
        if self._timer is not None:
            # A timer that is early only ticks for nothing, and costs less than a new one.
            if self._timer_at <= deadline:
                return
            self._timer.cancel()
        self._timer_at = deadline
        delay = max(0.0, deadline - self._clock.monotonic())
        self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._core is None:
            return
        try:
            self.carry(self._core.tick(self._clock.monotonic()))
        except Exception:
            self.counts.faults += 1
            log.exception("timer not handled")
            # Later, not at once: what failed is still due, and the others must have their turn.
            loop = asyncio.get_running_loop()
            self._timer_at = self._clock.monotonic() + AFTER_FAULT_S
            self._timer = loop.call_later(AFTER_FAULT_S, self._tick)

    # connections

    def welcomes(self, peer: Peer) -> bool:
        """Whether a connection from `peer` is kept at all."""
        heard = self._core is not None and self._hears(peer.host, self._clock.monotonic())
        self.counts.unheard += not heard
        return heard

    def connected(self, connection: "_Connection", peer: Peer) -> None:
        """Keep a new connection; the one idle longest makes room when there are too many."""
        if len(self._connections) >= MAX_CONNECTIONS:
            _, idle = self._connections.popitem(last=False)
            idle.close()
        self._connections[peer] = connection

    def used(self, peer: Peer) -> None:
        """Note that a connection is not idle."""
        if peer in self._connections:
            self._connections.move_to_end(peer)

    def disconnected(self, connection: "_Connection", peer: Peer) -> None:
        """Forget a connection; what still waits for an answer on it fails."""
        if self._connections.get(peer) is not connection:
            return
        del self._connections[peer]
        if self._core is not None:
            self.carry(self._core.transport_failed(peer, self._clock.monotonic()))

    def broken(self, peer: Peer) -> None:
        """A peer sent what cannot be cut into messages."""
        self.counts.malformed += 1
        log.info("connection given up", extra={"host": peer.host, "port": peer.port})


class _Connection(asyncio.Protocol):
    """One TCP connection. `peer` is known beforehand where we opened it."""

    def __init__(self, owner: SipTransport, peer: Peer | None) -> None:
        self._owner = owner
        self._stream = Stream()
        self._transport: asyncio.Transport | None = None
        self._peer = peer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._peer is None:
            address = transport.get_extra_info("peername") or ("", 0)
            self._peer = Peer(Transport.TCP, address[0], address[1])
            if not self._owner.welcomes(self._peer):
                transport.abort()
                return
        self._owner.connected(self, self._peer)

    def data_received(self, data: bytes) -> None:
        if self._peer is None:
            return
        self._owner.used(self._peer)
        for message in self._stream.receive(data):
            self._owner.received(message, self._peer)
        if self._stream.broken:
            self._owner.broken(self._peer)
            self.close()
            return
        for _ in range(self._stream.pings):
            self.write(PONG)
        self._stream.pings = 0

    def connection_lost(self, exc: Exception | None) -> None:
        if self._peer is not None:
            self._owner.disconnected(self, self._peer)

    def write(self, data: bytes) -> None:
        """Send, unless the peer has stopped reading: then give the connection up."""
        if self._transport is None or self._peer is None:
            return
        if self._transport.get_write_buffer_size() + len(data) > MAX_UNSENT:
            self._transport.abort()
            return
        self._transport.write(data)

    def close(self) -> None:
        """Close once everything is written."""
        if self._transport is not None:
            self._transport.close()


def _udp_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_DGRAM)
    try:
        listening.setblocking(False)
        if family == socket.AF_INET6:
            # As over TCP: an IPv4 peer would come under an address that no allowed network holds.
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening


@lru_cache(MAX_CONNECTIONS)
def _udp_peer(host: str, port: int) -> Peer:
    """The far end of a datagram, one for all that it sends."""
    return Peer(Transport.UDP, host, port)


@lru_cache(MAX_CONNECTIONS)
def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _nobody(event: SipEvent) -> None:
    raise NotAttached(type(event).__name__)
