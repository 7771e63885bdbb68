"""Thousands of plain telephones in one process: each sends a frame every 20 ms, and listens.

They are made as the media plane is: packets are rows of one array, headers are counted up for many
at once, and a loop of plain `send` and `recv_into` is left. Of every call, what came is kept by
sequence number; of some, by the kernel's stamp as well, which takes longer to read.
"""

import select
import socket
import time
from array import array
from collections.abc import Sequence
from multiprocessing.connection import Connection

import numpy as np

from bench.arrivals import ROOM_FOR_STAMP, Arrivals, stamp, stamped_at
from call.g711 import encode
from call.sound import FRAME, Law
from telephony import rtp

TONE = encode((np.sin(np.arange(FRAME) / 5) * 9000).astype(np.int16), Law.PCMU).tobytes()

TIMED = 500
"""So many calls are timed, spread over all."""

_SPREAD = 10  # parts of a frame over which the calls are spread
_BEGIN = 1000  # calls that begin to talk in a second
_BEFORE = 4000  # packets of a call that may come before it talks itself
_PACKET = rtp.HEADER.size + FRAME
_ROW = 256
_ROOM = 1 << 20  # octets a socket may hold: nothing is lost here while another process runs


def phones(count: int, seconds: float, pipe: Connection, says: Sequence[bytes] = (TONE,)) -> None:
    """Be `count` telephones for a while; tells arrivals by call, and packets sent.

    Each says the same frame again and again: the first one `says[0]`, the next one `says[1]`.
    """
    sockets = [_socket() for _ in range(count)]
    pipe.send([each.getsockname()[1] for each in sockets])
    mouths, ears = _Mouths(sockets, says), _Ears(sockets, int(seconds * 50) + _BEFORE)
    while not pipe.poll(0.005):
        ears.hear()
    for each, port in zip(sockets, pipe.recv(), strict=True):
        each.connect(("127.0.0.1", port))
    start, step, sent = time.monotonic(), 0, 0
    while (now := time.monotonic()) < start + seconds:
        due = start + step * 0.02 / _SPREAD
        if now < due:
            time.sleep(due - now)
        sent += mouths.say(step % _SPREAD, int((now - start) * _BEGIN))
        ears.hear()
        step += 1
    ears.hear()
    pipe.send((ears.arrivals(), sent))


def _socket() -> socket.socket:
    each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    each.bind(("127.0.0.1", 0))
    each.setblocking(False)
    each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
    return each


class _Mouths:
    """The sending side of all telephones."""

    def __init__(self, sockets: list[socket.socket], says: Sequence[bytes]) -> None:
        count = len(sockets)
        self._packets = np.zeros((count, _PACKET), dtype=np.uint8)
        for n in range(count):
            header = rtp.HEADER.pack(0x80, 0, 0, 0, n + 1)
            self._packets[n] = np.frombuffer(header + says[n % len(says)], dtype=np.uint8)
        octets = self._packets.data
        self._sequence = np.ndarray((count,), ">u2", octets, 2, (_PACKET,))
        self._timestamp = np.ndarray((count,), ">u4", octets, 4, (_PACKET,))
        rows = [memoryview(row.data) for row in self._packets]
        sends = [(each.send, row) for each, row in zip(sockets, rows, strict=True)]
        self._parts = [sends[part::_SPREAD] for part in range(_SPREAD)]

    def say(self, part: int, begun: int) -> int:
        """Send a frame of each telephone of a part, of those that have begun; how many."""
        self._sequence[part::_SPREAD] += 1
        self._timestamp[part::_SPREAD] += FRAME
        sends = self._parts[part][: begun // _SPREAD + 1]
        for send, packet in sends:
            send(packet)
        return len(sends)


class _Ears:
    """The receiving side."""

    def __init__(self, sockets: list[socket.socket], most: int) -> None:
        count = len(sockets)
        self._timed = {n: Arrivals() for n in range(0, count, -(-count // TIMED))}
        for n in self._timed:
            stamp(sockets[n])
        self._sockets = sockets
        self._by_fd = {s.fileno(): (n, s.recv_into) for n, s in enumerate(sockets)}
        self._poll = select.epoll()
        for each in sockets:
            self._poll.register(each.fileno(), select.EPOLLIN)
        rows = np.zeros((count, _ROW), dtype=np.uint8)
        self._rows = [memoryview(row.data) for row in rows]
        self._read = np.ndarray((count,), ">u2", rows.data, 2, (_ROW,))
        self._heard = np.zeros((count, most), dtype=np.uint16)
        self._count = np.zeros(count, dtype=np.intp)

    def hear(self) -> None:
        """Take a packet of each telephone that has any."""
        calls = []
        for fd, _ in self._poll.poll(0, len(self._sockets)):
            call, read = self._by_fd[fd]
            if call in self._timed:
                packet, extra, _, _ = self._sockets[call].recvmsg(_ROW, ROOM_FOR_STAMP)
                self._timed[call].add(stamped_at(extra), int.from_bytes(packet[2:4], "big"))
            else:
                read(self._rows[len(calls)])
                calls.append(call)
        places = self._count[calls]
        self._heard[calls, places] = self._read[: len(calls)]
        self._count[calls] = places + 1

    def arrivals(self) -> list[Arrivals]:
        """What came of each call; without times, where it was not timed."""
        return [
            self._timed.get(n) or Arrivals(sequences=array("H", heard[:count].tobytes()))
            for n, (heard, count) in enumerate(zip(self._heard, self._count, strict=True))
        ]
