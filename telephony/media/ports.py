"""Pairs of UDP ports for slots: an even one for RTP, the next one up for RTCP (RFC 3550, 11)."""

import socket
from collections.abc import Iterator

from call.errors import Unavailable

_TRIES = 100  # pairs tried at random before giving up

Pair = tuple[socket.socket, socket.socket]


class PortPairs:
    """Binds free pairs, each time further along the range, so that late packets of a call that
    is over do not reach the next one."""

    def __init__(self, host: str, first: int = 0, last: int = 0) -> None:
        """`first` to `last`: the range; 0 lets the system choose."""
        self._host = host
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._first = first + first % 2
        self._count = max(0, (last - self._first + 1) // 2)
        self._next = 0

    def bind(self) -> Pair:
        """A pair of bound sockets. Raises Unavailable when none is free."""
        for port in self._candidates():
            pair = self._bind(port)
            if pair is not None:
                return pair
        raise Unavailable(f"no free pair of ports on {self._host}")

    def _candidates(self) -> Iterator[int]:
        if not self._first:
            for _ in range(_TRIES):
                yield self._suggested()
        for n in range(self._count):
            yield self._first + 2 * ((self._next + n) % self._count)

    def _suggested(self) -> int:
        """An even port that the system holds free.

        It is bound by number afterwards: a port that the system chose at `bind` would be lost
        when the socket's connection is dissolved.
        """
        with _socket(self._family) as probe:
            try:
                probe.bind((self._host, 0))
            except OSError as fault:
                raise Unavailable(f"nothing can listen on {self._host}: {fault}") from fault
            port: int = probe.getsockname()[1]
        return port & ~1

    def _bind(self, port: int) -> Pair | None:
        sound = _socket(self._family)
        try:
            reports = _socket(self._family)
        except Unavailable:
            sound.close()
            raise
        try:
            sound.bind((self._host, port))
            reports.bind((self._host, port + 1))
        except OSError:
            sound.close()
            reports.close()
            return None
        if self._count:
            self._next = (port - self._first) // 2 + 1
        return sound, reports


def _socket(family: socket.AddressFamily) -> socket.socket:
    try:
        return socket.socket(family, socket.SOCK_DGRAM)
    except OSError as fault:
        raise Unavailable(f"no socket to be had: {fault.strerror}") from fault
