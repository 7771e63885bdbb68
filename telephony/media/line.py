"""One slot's pair of UDP ports, and the set of all of them, as the engine uses them.

The engine knows these two ports only: real sockets stand behind them in the plane's process, and
queues in virtual time.
"""

import ctypes
import errno
import os
import select
import socket
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from call.errors import Unavailable
from call.media import Address

NO_SOCKET = -1

MTU = 2048
"""Octets read of one datagram at most; sound never needs as many."""


class Line(Protocol):
    """Where one slot's packets go and come from. Nothing here waits or raises."""

    def aim(self, address: Address) -> None:
        """Send to `address` from now on; packets are received from anyone."""

    def lock(self, address: Address) -> None:
        """Send to `address`, and receive from nobody else from now on."""

    def send(self, packet: memoryview | bytes) -> None:
        """Send one RTP packet; what cannot be sent is dropped, as a network would."""

    def quickest(self) -> Callable[[memoryview], object]:
        """What sends one RTP packet as things stand; where it raises OSError, `send` sends it."""

    @property
    def descriptor(self) -> int:
        """The socket on which an RTP packet may be sent as things stand; NO_SOCKET for none."""

    def receive(self, into: memoryview) -> tuple[int, Address | None]:
        """Read one RTP packet: its size, -1 when there is none; its source, None when locked."""

    def drain(self, into: memoryview) -> tuple[int, Address | None]:
        """Read one packet with its source even when locked: some came before the lock."""

    def send_report(self, packet: bytes, address: Address) -> None:
        """Send one RTCP packet."""

    def receive_report(self, into: memoryview) -> tuple[int, Address | None]:
        """Read one RTCP packet and its source."""

    def close(self) -> None:
        """Let go of both ports."""


class Arrivals(NamedTuple):
    """What came on all lines together."""

    calls: list[int]
    """Whose packets were read."""
    sizes: list[int]
    """Their octets."""
    others: list[tuple[int, bool]]
    """Calls with something that was not read, each with whether it is RTCP."""


class Wire(Protocol):
    """The lines of all slots."""

    def attach(self, call: int, line: Line) -> None:
        """Watch a line for arrivals."""

    def detach(self, call: int, line: Line) -> None:
        """Watch it no more."""

    def gather(self, call: int, line: Line, wanted: bool) -> None:
        """Read a line together with others whenever it is locked; or alone, as at first."""

    def watch(self, call: int, line: Line, wanted: bool) -> None:
        """Watch the sound of a line, as at first; or leave it to whoever reads its socket."""

    def collect(self, rows: Sequence[memoryview]) -> Arrivals:
        """Read one RTP packet of each line that is read together and has any.

        The first goes into the first row, and so on; there is a row for each line.
        """


class UdpLine:
    """A line of two UDP sockets, bound already."""

    def __init__(self, sound: socket.socket, reports: socket.socket) -> None:
        self.sound = sound
        self.reports = reports
        self._send = sound.send
        self._receive_into = sound.recv_into
        sound.setblocking(False)
        reports.setblocking(False)
        self._target: Address | None = None
        self._locked = False
        self.take: Callable[[memoryview], int] | None = None
        """Reads one RTP packet, or raises; None while the line is not locked."""

    def aim(self, address: Address) -> None:
        if self._locked:
            _dissolve(self.sound)
            self._locked = False
            self.take = None
        self._target = address

    def lock(self, address: Address) -> None:
        self._target = address
        try:
            self.sound.connect(address)
        except OSError:
            return  # no route just now: stay unlocked, and learn again
        self._locked = True
        self.take = self._receive_into

    def send(self, packet: memoryview | bytes) -> None:
        try:
            if self._locked:
                self._send(packet)
            elif self._target is not None:
                self.sound.sendto(packet, self._target)
        except ConnectionRefusedError:
            self._send_again(packet)
        except OSError:
            return

    def quickest(self) -> Callable[[memoryview], object]:
        return self._send if self._locked else self.send

    @property
    def descriptor(self) -> int:
        return self.sound.fileno() if self._locked else NO_SOCKET

    def _send_again(self, packet: memoryview | bytes) -> None:
        """A refusal told now is of an earlier packet; this one has not been tried."""
        try:
            if self._locked:
                self.sound.send(packet)
        except OSError:
            return

    def receive(self, into: memoryview) -> tuple[int, Address | None]:
        if not self._locked:
            return _read(self.sound, into)
        try:
            return self._receive_into(into), None
        except BlockingIOError:
            return -1, None
        except OSError:
            return _read(self.sound, into)[0], None

    def drain(self, into: memoryview) -> tuple[int, Address | None]:
        return _read(self.sound, into)

    def send_report(self, packet: bytes, address: Address) -> None:
        try:
            self.reports.sendto(packet, address)
        except OSError:
            return

    def receive_report(self, into: memoryview) -> tuple[int, Address | None]:
        return _read(self.reports, into)

    def close(self) -> None:
        self.sound.close()
        self.reports.close()


def _read(source: socket.socket, into: memoryview) -> tuple[int, Address | None]:
    for _ in range(2):  # a pending ICMP error is reported in place of the first packet
        try:
            size, address = source.recvfrom_into(into)
        except BlockingIOError:
            break
        except OSError:
            continue
        return size, (address[0], address[1])
    return -1, None


def _dissolve(sound: socket.socket) -> None:
    """Undo `connect`: the socket module cannot, as AF_UNSPEC has no address in it."""
    libc = ctypes.CDLL(None, use_errno=True)
    unspecified = bytes(16)
    if libc.connect(sound.fileno(), unspecified, len(unspecified)) != 0:
        fault = ctypes.get_errno()
        if fault != errno.EAFNOSUPPORT:
            raise Unavailable(f"a socket stays connected: {os.strerror(fault)}")


class UdpWire:
    """All lines of the process, watched by one epoll."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        # The call, whether it is RTCP, and the line if it is read together with others.
        self._by_fd: dict[int, tuple[int, bool, UdpLine | None]] = {}
        self._unwatched: set[int] = set()

    def attach(self, call: int, line: Line) -> None:
        assert isinstance(line, UdpLine)
        for watched, is_report in ((line.sound, False), (line.reports, True)):
            self._by_fd[watched.fileno()] = (call, is_report, None)
            self._epoll.register(watched.fileno(), select.EPOLLIN)

    def detach(self, call: int, line: Line) -> None:
        assert isinstance(line, UdpLine)
        for watched in (line.sound, line.reports):
            del self._by_fd[watched.fileno()]
            if watched.fileno() in self._unwatched:
                self._unwatched.remove(watched.fileno())
            else:
                self._epoll.unregister(watched.fileno())

    def gather(self, call: int, line: Line, wanted: bool) -> None:
        assert isinstance(line, UdpLine)
        self._by_fd[line.sound.fileno()] = (call, False, line if wanted else None)

    def watch(self, call: int, line: Line, wanted: bool) -> None:
        assert isinstance(line, UdpLine)
        descriptor = line.sound.fileno()
        if wanted and descriptor in self._unwatched:
            self._unwatched.remove(descriptor)
            self._epoll.register(descriptor, select.EPOLLIN)
        elif not wanted and descriptor not in self._unwatched:
            self._unwatched.add(descriptor)
            self._epoll.unregister(descriptor)

    def collect(self, rows: Sequence[memoryview]) -> Arrivals:
        arrivals = Arrivals([], [], [])
        by_fd = self._by_fd
        if not by_fd:
            return arrivals
        calls, sizes, others = arrivals
        for fd, _ in self._epoll.poll(0, len(by_fd)):
            call, is_report, line = by_fd[fd]
            if line is None or line.take is None:
                others.append((call, is_report))
                continue
            try:
                sizes.append(line.take(rows[len(sizes)]))
            except OSError:
                others.append((call, False))  # an ICMP error came before the packet
            else:
                calls.append(call)
        return arrivals

    def close(self) -> None:
        """Give the epoll back."""
        self._epoll.close()
