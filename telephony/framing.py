"""Where one SIP message ends and the next begins on a stream (RFC 3261 §18.3).

Each message says its length in Content-Length (compact `l`). Between messages, CRLF CRLF is a
keep-alive to be answered by one CRLF (RFC 5626 §3.5.1); a lone CRLF is the answer to ours, or
padding. Pure: octets in, frames out.
"""

import re
from dataclasses import dataclass

from call.errors import PeerFault

MAX_HEAD = 32_768
"""Octets of start line and headers."""

MAX_BODY = 65_536
"""Octets of body; no description comes near."""

_LENGTH = re.compile(rb"(?im)^(?:content-length|l)[ \t]*:[ \t]*(\d{1,9})[ \t]*\r?$")
_NAMED = re.compile(rb"(?im)^(?:content-length|l)[ \t]*:")
_HEAD_END = re.compile(rb"\r\n\r\n|\n\n")
_PING = b"\r\n\r\n"


class BrokenStream(PeerFault):
    """The end of the message cannot be known: the connection is of no more use."""


@dataclass(frozen=True, slots=True)
class Ping:
    """A keep-alive, to be answered by one CRLF."""


class StreamFramer:
    """Cuts what one connection receives into messages and keep-alives."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._need = 0

    def feed(self, data: bytes) -> list[bytes | Ping]:
        """What is complete now, in order. Raises BrokenStream when nothing more can be read."""
        self._pending += data
        frames: list[bytes | Ping] = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def _next(self) -> bytes | Ping | None:
        if self._skip_line_ends():
            return Ping()
        if len(self._pending) < max(self._need, 1):
            return None
        end = _HEAD_END.search(self._pending)
        if end is None:
            if len(self._pending) > MAX_HEAD:
                raise BrokenStream("headers without end")
            return None
        self._need = end.end() + _content_length(bytes(self._pending[: end.end()]))
        if len(self._pending) < self._need:
            return None
        message = bytes(self._pending[: self._need])
        del self._pending[: self._need]
        self._need = 0
        return message

    def _skip_line_ends(self) -> bool:
        """Drop what is between messages; whether a keep-alive was among it."""
        if self._need:
            return False
        if self._pending.startswith(_PING):
            del self._pending[: len(_PING)]
            return True
        # A lone CRLF may be the first half of a keep-alive: wait for what follows it.
        while self._pending.startswith((b"\r", b"\n")) and not _PING.startswith(
            bytes(self._pending)
        ):
            del self._pending[0]
            if self._pending.startswith(_PING):
                return self._skip_line_ends()
        return False


def _content_length(head: bytes) -> int:
    """Octets of body; none when no length is said, as the telephones that omit it mean."""
    if len(head) > MAX_HEAD:
        raise BrokenStream(f"{len(head)} octets of headers")
    lengths = {int(length) for length in _LENGTH.findall(head)}
    if len(lengths) > 1 or (not lengths and _NAMED.search(head)):
        raise BrokenStream("no usable Content-Length")
    length = lengths.pop() if lengths else 0
    if length > MAX_BODY:
        raise BrokenStream(f"{length} octets of body")
    return length
