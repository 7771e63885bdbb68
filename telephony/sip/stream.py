"""Cuts a TCP stream into SIP messages (RFC 3261 §18.3), and hears keep-alives (RFC 5626 §3.5)."""

from telephony.sip.message import MAX_HEAD, content_length

MAX_BODY = 256 * 1024
PING = b"\r\n\r\n"
PONG = b"\r\n"


class Stream:
    """The octets of one connection. Once it cannot be cut any more, it stays `broken`."""

    __slots__ = ("_buffer", "broken", "pings")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.broken = False
        self.pings = 0
        """Keep-alives heard and not yet answered."""

    def receive(self, data: bytes) -> list[bytes]:
        """The messages that are now whole; a head without usable Content-Length comes alone."""
        self._buffer += data
        messages: list[bytes] = []
        while not self.broken and (message := self._next()):
            messages.append(message)
        return messages

    def _next(self) -> bytes:
        self._skip_blank_lines()
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            self.broken = len(self._buffer) > MAX_HEAD
            return b""
        head = bytes(self._buffer[: end + 4])
        length = content_length(head[:end])
        if length is None or length > MAX_BODY:
            # Where the next message begins cannot be told any more.
            self.broken = True
            self._buffer.clear()
            return head
        if len(self._buffer) < end + 4 + length:
            return b""
        message = bytes(self._buffer[: end + 4 + length])
        del self._buffer[: end + 4 + length]
        return message

    def _skip_blank_lines(self) -> None:
        while self._buffer.startswith(b"\r\n"):
            self.pings += self._buffer.startswith(b"\r\n\r\n")
            del self._buffer[: 4 if self._buffer.startswith(b"\r\n\r\n") else 2]
