"""A TCP connection of the telephone: octets in, whole messages out."""

import asyncio
import re
from collections.abc import Callable

Address = tuple[str, int]


class Link(asyncio.Protocol):
    """One connection. `received` takes each message with the address at its far end."""

    def __init__(
        self,
        received: Callable[[bytes, Address], None],
        opened: Callable[[Address, "Link"], None],
    ) -> None:
        self._received = received
        self._opened = opened
        self._pending = b""
        self._transport: asyncio.Transport | None = None
        self.peer: Address = ("", 0)
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.peer = transport.get_extra_info("peername")[:2]
        self._opened(self.peer, self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while (end := self._end()) is not None:
            message, self._pending = self._pending[:end], self._pending[end:]
            self._received(message, self.peer)

    def _end(self) -> int | None:
        """Where the first message ends: Content-Length octets after its head."""
        self._pending = self._pending.lstrip(b"\r\n")
        head, blank, body = self._pending.partition(b"\r\n\r\n")
        length = re.search(rb"(?im)^(?:content-length|l)[ \t]*:[ \t]*(\d+)", head)
        octets = int(length.group(1)) if length else 0
        if not blank or len(body) < octets:
            return None
        return len(head) + len(blank) + octets

    def write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
