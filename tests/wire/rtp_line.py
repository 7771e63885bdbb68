"""The sound of a telephone: one RTP socket, served once in 20 ms by a beat.

Written without the product's code, so that both ends cannot share a mistake. What is queued goes
out on an absolute 20 ms grid, silence otherwise; everything received is kept with its arrival, as
the kernel stamped it. Where a busy machine holds the telephone up, its timestamps tell so.
"""

import contextlib
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tests.ports import free_port
from tests.wire.beat import FRAME_S, Beat
from tests.wire.laid_out import LaidOut, Pcm

FRAME = 160
RATE = 8000
KEYS = "0123456789*#ABCD"  # RFC 4733 section 3.2: the event codes 0 to 15
LOW = (941, 697, 697, 697, 770, 770, 770, 852, 852, 852, 941, 941, 697, 770, 852, 941)
HIGH = (1336, 1209, 1336, 1477) + (1209, 1336, 1477) * 2 + (1209, 1477, 1633, 1633, 1633, 1633)

_STAMPED = 35
"""SO_TIMESTAMPNS, and SCM_TIMESTAMPNS: the kernel tells when each packet came."""
_STAMP = struct.Struct("@qq")

Fate = Callable[[int], Sequence[int]]
"""From the number of a packet sent, the ticks after which copies of it go out.

(0,) is an honest network, () loses the packet, (0, 0) doubles it, (3,) lets others overtake it.
"""


class Law:
    """One law of G.711, from the formula of its decoder; encoding takes the nearest value."""

    def __init__(self, name: str, payload_type: int, decode: Callable[[int], int]) -> None:
        self.name, self.payload_type = name, payload_type
        self._values = np.array([decode(code) for code in range(256)], dtype=np.int16)
        order = np.argsort(self._values, kind="stable")
        ranked = self._values[order].astype(np.float64)
        nearest = np.searchsorted((ranked[1:] + ranked[:-1]) / 2, np.arange(-32768, 32768))
        self._codes = order[nearest].astype(np.uint8)

    def decode(self, octets: bytes) -> Pcm:
        return self._values[np.frombuffer(octets, dtype=np.uint8)]

    def encode(self, sound: Pcm) -> bytes:
        return self._codes[sound.astype(np.int32) + 32768].tobytes()


def _mu(code: int) -> int:
    inverted = ~code & 0xFF
    magnitude = (((inverted & 0x0F) << 3) + 0x84 << ((inverted & 0x70) >> 4)) - 0x84
    return -magnitude if inverted & 0x80 else magnitude


def _a(code: int) -> int:
    even = code ^ 0x55
    segment, step = (even & 0x70) >> 4, (even & 0x0F) << 4
    magnitude = step + 8 if segment == 0 else (step + 0x108) << (segment - 1)
    return magnitude if even & 0x80 else -magnitude


LAWS = {"PCMU": Law("PCMU", 0, _mu), "PCMA": Law("PCMA", 8, _a)}


def tone(key: str, seconds: float, amplitude: float = 5000) -> Pcm:
    """The pair of tones of a key, for telephones that press in the sound itself."""
    code = KEYS.index(key)
    at = np.arange(int(seconds * RATE)) * 2 * np.pi / RATE
    pair = np.sin(at * LOW[code]) + np.sin(at * HIGH[code])
    return np.asarray(amplitude * pair, dtype=np.int16)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One RTP packet as it came in."""

    at: float
    sequence: int
    timestamp: int
    ssrc: int
    payload_type: int
    marker: bool
    payload: bytes
    source: tuple[str, int]


@dataclass(slots=True)
class Take:
    """One sound that the telephone says."""

    sound: Pcm
    """Whole frames, as they sound behind the law of the line."""
    left: int = 0
    """Samples that have left."""
    holes: list[tuple[int, int]] = field(default_factory=list)
    """Where a busy machine held the telephone up: samples that had left, samples it stood still."""

    def as_left(self) -> Pcm:
        """The sound as its timestamps tell it: silent where the telephone stood still."""
        places = [place for place, samples in self.holes for _ in range(samples)]
        whole: Pcm = np.insert(self.sound, places, 0)
        return whole

    def pieces(self) -> list[Pcm]:
        """What left without a hole, in order."""
        return np.split(self.sound, [place for place, _ in self.holes])

    def first(self, samples: int) -> "Take":
        """Its beginning, of so many samples with the holes."""
        left = samples - sum(hole for _, hole in self.holes)
        return Take(self.sound[:left], left, [hole for hole in self.holes if hole[0] < left])


@dataclass(slots=True)
class _Outgoing:
    """One tick's packet: sound, or part of a key press that keeps its first timestamp."""

    payload: bytes
    event: bool = False
    marker: bool = False
    take: Take | None = None
    copies: int = 1
    done: threading.Event | None = None


@dataclass(slots=True)
class _Sender:
    sequence: int = 65500  # wraps within the first second: receivers must live with it
    timestamp: int = 0xFFFFC000  # and so does the time, eight seconds later
    pressed: int = 0
    """The timestamp of the key press under way."""
    ssrc: int = 0x5EED0001
    count: int = 0
    late: list[tuple[int, bytes]] = field(default_factory=list)


class RtpLine:
    """The sound of one call: open, `connect` once the far end is known, `close` at the end."""

    def __init__(
        self, host: str = "127.0.0.1", fate: Fate = lambda _: (0,), beat: Beat | None = None
    ) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((host, free_port()))  # an even one: RTCP comes to nobody
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, _STAMPED, 1)
        self.law = LAWS["PCMU"]
        self.payload_type = 0
        self.event_type: int | None = 101
        self.arrivals: list[Arrival] = []
        self.malformed = 0
        self.said_at: float | None = None
        """When the first frame of the latest sound was to leave, in monotonic seconds."""
        self.takes: list[Take] = []
        """What was said, or is to be, in order."""
        self.presses: list[tuple[str, float]] = []
        """Keys pressed, and when the first packet of each left, in monotonic seconds."""
        self.silent = False
        """True stops the sending of silence between sounds (silence suppression)."""
        self._fate = fate
        self._sender = _Sender()
        self._queue: deque[_Outgoing] = deque()
        self._remote: tuple[str, int] | None = None
        self._beat = beat or Beat()
        self._beats = False
        self._changed = threading.Condition()
        self._laid_out = LaidOut()
        self._laid_out_as = self.arrivals, self.payload_type, self.law
        self._laid_out_until = 0

    @property
    def port(self) -> int:
        port: int = self.socket.getsockname()[1]
        return port

    @property
    def packets_sent(self) -> int:
        """Packets sent so far, those that the network lost included."""
        return self._sender.count

    @property
    def remote(self) -> tuple[str, int]:
        """Where sound is sent."""
        assert self._remote is not None, "not connected yet"
        return self._remote

    def connect(self, remote: tuple[str, int]) -> None:
        """Send to `remote` from now on."""
        self._remote = remote
        if not self._beats:
            self._beats = True
            self._beat.join(self)

    def close(self) -> None:
        """Send no more; what came by now is heard."""
        self._beat.leave(self)
        if self.socket.fileno() >= 0:
            self._receive_all()
            self.socket.close()

    def say(self, sound: Pcm) -> threading.Event:
        """Queue a sound; the event is set when its last frame has left."""
        padded = np.pad(sound, (0, -len(sound) % FRAME))
        octets = self.law.encode(padded)
        take = Take(self.law.decode(octets))
        packets = [
            _Outgoing(octets[at : at + FRAME], take=take) for at in range(0, len(octets), FRAME)
        ]
        packets[0].marker = True
        self.takes.append(take)
        return self._post(packets)

    def press(self, key: str, *, seconds: float = 0.1, gap_s: float = 0.1) -> threading.Event:
        """Queue a key press as RFC 4733 events: updates every 20 ms, the end told three times."""
        code, packets = KEYS.index(key), []
        for tick in range(1, max(2, round(seconds / FRAME_S)) + 1):
            duration = min(tick * FRAME, 0xFFFF)
            last = tick == max(2, round(seconds / FRAME_S))
            flags = (0x80 if last else 0) | 10  # volume: 10 dB under 0 dBm0
            payload = struct.pack("!BBH", code, flags, duration)
            copies = 3 if last else 1
            packets.append(_Outgoing(payload, event=True, marker=tick == 1, copies=copies))
        quiet = self.law.encode(np.zeros(FRAME, dtype=np.int16))
        packets += [_Outgoing(quiet) for _ in range(max(1, round(gap_s / FRAME_S)))]
        return self._post(packets)

    def _post(self, packets: list[_Outgoing]) -> threading.Event:
        done = threading.Event()
        packets[-1].done = done
        with self._changed:
            self._queue.extend(packets)
        return done

    def shut_up(self) -> None:
        """Drop what is queued and not yet sent."""
        with self._changed:
            for packet in self._queue:
                if packet.done:
                    packet.done.set()
            self._queue.clear()

    def wait(self, until: Callable[["RtpLine"], bool], timeout_s: float) -> bool:
        """Wait for something to be true of what was received, told frame by frame."""
        with self._changed:
            return self._changed.wait_for(lambda: until(self), timeout_s)

    def heard(self, *, ssrc: int | None = None) -> Pcm:
        """What was received, laid out by RTP timestamp; holes are digital silence.

        Each stream (SSRC) begins where it began to arrive after the one before it.
        """
        with self._changed:
            kind = self.arrivals, self.payload_type, self.law
            if any(one is not other for one, other in zip(kind, self._laid_out_as, strict=True)):
                self._laid_out, self._laid_out_until, self._laid_out_as = LaidOut(), 0, kind
            for each in self.arrivals[self._laid_out_until :]:
                if each.payload_type == self.payload_type:
                    sound = self.law.decode(each.payload)
                    self._laid_out.put(each.ssrc, each.timestamp, sound)
            self._laid_out_until = len(self.arrivals)
            return self._laid_out.sound(ssrc)

    def due_at(self, sample: int) -> float:
        """When the far end was to send a sample of `heard`, where there was one stream.

        By its own clock, as that is seen here: of the packets of a second about it, those that
        were held up least tell.
        """
        with self._changed:
            packets = [each for each in self.arrivals if each.payload_type == self.payload_type]
        place = [((each.timestamp - packets[0].timestamp) & 0xFFFFFFFF) for each in packets]
        begun = [
            each.at - at / RATE
            for each, at in zip(packets, place, strict=True)
            if abs(at - sample) <= RATE // 2
        ]
        return min(begun) + sample / RATE

    def keys_heard(self) -> str:
        """Keys received as RFC 4733 events, one for each new timestamp."""
        with self._changed:
            presses = {
                each.timestamp: each.payload[0]
                for each in self.arrivals
                if each.payload_type == self.event_type and len(each.payload) >= 4
            }
        return "".join(KEYS[code] for code in presses.values() if code < len(KEYS))

    def spacing_ms(self) -> NDArray[np.float64]:
        """Milliseconds between one sound packet's arrival and the next one's."""
        with self._changed:
            times = [each.at for each in self.arrivals if each.payload_type == self.payload_type]
        return np.diff(np.array(times)) * 1000

    def serve(self, due: float) -> None:
        """Receive what came, and send what should leave at `due`."""
        self._receive_all()
        with contextlib.suppress(OSError):  # the far end closed its port: the line goes on hearing
            self._send_one(due)

    def stand_still(self, frames: int) -> None:
        """Nothing left in so many frames: what is being said has a hole, which timestamps tell."""
        self._sender.timestamp = (self._sender.timestamp + frames * FRAME) & 0xFFFFFFFF
        with self._changed:
            take = self._queue[0].take if self._queue else None
        if take is not None and take.left:
            take.holes.append((take.left, frames * FRAME))

    def _receive_all(self) -> None:
        arrivals = [_arrival(*packet) for packet in self._packets()]
        fresh = [each for each in arrivals if each is not None]
        self.malformed += len(arrivals) - len(fresh)
        if fresh:
            with self._changed:
                self.arrivals.extend(fresh)
                self._changed.notify_all()

    def _packets(self) -> Iterator[tuple[bytes, float, tuple[str, int]]]:
        """What came since it was asked last: octets, the moment, the source."""
        ahead = time.time() - time.monotonic()
        while True:
            try:
                data, stamps, _, source = self.socket.recvmsg(2048, socket.CMSG_SPACE(_STAMP.size))
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue
            ((_, _, stamp),) = stamps
            seconds, nanoseconds = _STAMP.unpack(stamp)
            yield data, seconds + nanoseconds / 1e9 - ahead, source[:2]

    def _send_one(self, due: float) -> None:
        sender = self._sender
        with self._changed:
            packet = self._queue.popleft() if self._queue else None
        sender.timestamp = (sender.timestamp + FRAME) & 0xFFFFFFFF
        if packet is None and not self.silent:
            packet = _Outgoing(self.law.encode(np.zeros(FRAME, dtype=np.int16)))
        for _ in range(packet.copies if packet else 0):
            assert packet is not None
            self._emit(packet)
        leaving = [data for ticks, data in sender.late if ticks <= 0]
        sender.late = [(ticks - 1, data) for ticks, data in sender.late if ticks > 0]
        for data in leaving:
            if self._remote is not None:
                self.socket.sendto(data, self._remote)
        if packet is not None and packet.marker and not packet.event:
            self.said_at = due
        if packet is not None and packet.take is not None:
            packet.take.left += FRAME
        if packet is not None and packet.done is not None:
            packet.done.set()

    def _emit(self, packet: _Outgoing) -> None:
        sender = self._sender
        kind = self.event_type if packet.event else self.payload_type
        if packet.event and packet.marker:
            sender.pressed = sender.timestamp
            self.presses.append((KEYS[packet.payload[0]], time.monotonic()))
        timestamp = sender.pressed if packet.event else sender.timestamp
        head = struct.pack(
            "!BBHII",
            0x80,
            (0x80 if packet.marker else 0) | (kind or 0),
            sender.sequence,
            timestamp,
            sender.ssrc,
        )
        for ticks in self._fate(sender.count):
            sender.late.append((ticks, head + packet.payload))
        sender.count += 1
        sender.sequence = (sender.sequence + 1) & 0xFFFF


def _arrival(data: bytes, at: float, source: tuple[str, int]) -> Arrival | None:
    """A packet taken apart (RFC 3550 section 5.1); None for what is not RTP version 2."""
    if len(data) < 12 or data[0] >> 6 != 2:
        return None
    flags, kind, sequence, timestamp, ssrc = struct.unpack("!BBHII", data[:12])
    begin = 12 + 4 * (flags & 0x0F)
    if flags & 0x10:
        if len(data) < begin + 4:
            return None
        begin += 4 + 4 * int.from_bytes(data[begin + 2 : begin + 4], "big")
    end = len(data) - (data[-1] if flags & 0x20 else 0)
    return Arrival(
        at, sequence, timestamp, ssrc, kind & 0x7F, bool(kind & 0x80), data[begin:end], source
    )
