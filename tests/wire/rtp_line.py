"""The sound of a telephone: one RTP socket, beaten at 20 ms by a thread of its own.

Written without the product's code, so that both ends cannot share a mistake. What is queued goes
out on an absolute 20 ms grid, silence otherwise; everything received is kept with its arrival.
"""

import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tests.wire.laid_out import LaidOut, Pcm

FRAME = 160
FRAME_S = 0.020
RATE = 8000
KEYS = "0123456789*#ABCD"  # RFC 4733 section 3.2: the event codes 0 to 15
LOW = (941, 697, 697, 697, 770, 770, 770, 852, 852, 852, 941, 941, 697, 770, 852, 941)
HIGH = (1336, 1209, 1336, 1477) + (1209, 1336, 1477) * 2 + (1209, 1477, 1633, 1633, 1633, 1633)

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
class _Outgoing:
    """One tick's packet: sound, or part of a key press that keeps its first timestamp."""

    payload: bytes
    event: bool = False
    marker: bool = False
    held_ticks: int = 0
    copies: int = 1
    done: threading.Event | None = None


@dataclass(slots=True)
class _Sender:
    sequence: int = 65500  # wraps within the first second: receivers must live with it
    timestamp: int = 0xFFFFC000  # and so does the time, eight seconds later
    ssrc: int = 0x5EED0001
    count: int = 0
    late: list[tuple[int, bytes]] = field(default_factory=list)


class RtpLine:
    """The sound of one call: open, `connect` once the far end is known, `close` at the end."""

    def __init__(self, host: str = "127.0.0.1", fate: Fate = lambda _: (0,)) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.setblocking(False)
        self.law = LAWS["PCMU"]
        self.payload_type = 0
        self.event_type: int | None = 101
        self.arrivals: list[Arrival] = []
        self.malformed = 0
        self.said_at: float | None = None
        """When the first frame of the latest sound left, in monotonic seconds."""
        self.silent = False
        """True stops the sending of silence between sounds (silence suppression)."""
        self._fate = fate
        self._sender = _Sender()
        self._queue: deque[_Outgoing] = deque()
        self._remote: tuple[str, int] | None = None
        self._closing = threading.Event()
        self._changed = threading.Condition()
        self._laid_out = LaidOut()
        self._laid_out_as = self.arrivals, self.payload_type, self.law
        self._laid_out_until = 0
        self._thread = threading.Thread(target=self._beat, name="telephone sound", daemon=True)

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
        if not self._thread.is_alive() and not self._closing.is_set():
            self._thread.start()

    def close(self) -> None:
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2)
        self.socket.close()

    def say(self, sound: Pcm) -> threading.Event:
        """Queue a sound; the event is set when its last frame has left."""
        padded = np.pad(sound, (0, -len(sound) % FRAME))
        octets = self.law.encode(padded)
        packets = [_Outgoing(octets[at : at + FRAME]) for at in range(0, len(octets), FRAME)]
        packets[0].marker = True
        return self._post(packets)

    def press(self, key: str, *, seconds: float = 0.1, gap_s: float = 0.1) -> threading.Event:
        """Queue a key press as RFC 4733 events: updates every 20 ms, the end told three times."""
        code, packets = KEYS.index(key), []
        for tick in range(1, max(2, round(seconds / FRAME_S)) + 1):
            duration = min(tick * FRAME, 0xFFFF)
            last = tick == max(2, round(seconds / FRAME_S))
            flags = (0x80 if last else 0) | 10  # volume: 10 dB under 0 dBm0
            payload = struct.pack("!BBH", code, flags, duration)
            packets.append(_Outgoing(payload, True, tick == 1, tick - 1, 3 if last else 1))
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

    def arrived_at(self, sample: int) -> float:
        """When the frame that holds a sample of `heard` came in, where there was one stream."""
        with self._changed:
            packets = [each for each in self.arrivals if each.payload_type == self.payload_type]
        places = {(each.timestamp - packets[0].timestamp) & 0xFFFFFFFF: each.at for each in packets}
        return places[sample // FRAME * FRAME]

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

    def _beat(self) -> None:
        start, tick = time.monotonic(), 0
        while not self._closing.is_set():
            self._receive_until(start + tick * FRAME_S)
            tick += 1
            try:
                self._send_one()
            except OSError:  # the far end closed its port: the line goes on hearing
                continue

    def _receive_until(self, deadline: float) -> None:
        while True:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.socket], [], [], max(0.0, left))
            if not ready:
                return
            self._receive_all()

    def _receive_all(self) -> None:
        fresh = []
        while True:
            try:
                data, source = self.socket.recvfrom(2048)
            except BlockingIOError:
                break
            except ConnectionRefusedError:
                continue
            arrival = _arrival(data, time.monotonic(), source[:2])
            if arrival is None:
                self.malformed += 1
            else:
                fresh.append(arrival)
        with self._changed:
            self.arrivals.extend(fresh)
            self._changed.notify_all()

    def _send_one(self) -> None:
        sender = self._sender
        with self._changed:
            packet = self._queue.popleft() if self._queue else None
        sender.timestamp = (sender.timestamp + FRAME) & 0xFFFFFFFF
        if packet is None and not self.silent:
            packet = _Outgoing(self.law.encode(np.zeros(FRAME, dtype=np.int16)))
        for _ in range(packet.copies if packet else 0):
            assert packet is not None
            self._emit(packet)
        due = [data for ticks, data in sender.late if ticks <= 0]
        sender.late = [(ticks - 1, data) for ticks, data in sender.late if ticks > 0]
        for data in due:
            if self._remote is not None:
                self.socket.sendto(data, self._remote)
        if packet is not None and packet.marker and not packet.event:
            self.said_at = time.monotonic()
        if packet is not None and packet.done is not None:
            packet.done.set()

    def _emit(self, packet: _Outgoing) -> None:
        sender = self._sender
        kind = self.event_type if packet.event else self.payload_type
        timestamp = (sender.timestamp - packet.held_ticks * FRAME) & 0xFFFFFFFF
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
