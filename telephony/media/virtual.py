"""The media plane in virtual time: the real engine, with a telephone of ours at each line's end.

Nothing runs by itself: `advance` moves the clock tick by tick, or whoever moves the clock calls
`catch_up`. Every slot has a `FarEnd` that speaks, presses keys and remembers what it heard.
Recordings are written to real files.
"""

import random
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from call.clock import VirtualClock
from call.g711 import SILENCE, decode, encode
from call.media import (
    Address,
    MediaListener,
    PlaneLoad,
    Stream,
)
from call.sound import FRAME, FRAME_S, Law, Pcm
from telephony import rtp
from telephony.dtmf import EventPacket, press_packets
from telephony.media.compiled import Loops
from telephony.media.desk import Desk
from telephony.media.engine import TICK_S, Engine, MediaSettings
from telephony.media.line import NO_SOCKET, Arrivals
from telephony.media.outbound import GROUPS
from telephony.media.slots import MediaMisuse
from telephony.media.writer import DirectWriter
from telephony.tones import key_tones

_GAP = 4  # frames between two keys


class FarEnd:
    """The telephone at the other end of one slot: sends a frame each 20 ms, as telephones do."""

    def __init__(self, address: Address, dice: random.Random) -> None:
        self.address = address
        self.stream: Stream | None = None
        self.silent = False
        """When set, nothing is sent while there is nothing to say (silence suppression)."""
        self.heard: list[tuple[float, bytes]] = []
        """The RTP packets that arrived, each with its time."""
        self.reports: list[bytes] = []
        """The RTCP packets that arrived."""
        self.inbox: deque[tuple[bytes, Address]] = deque()
        self.report_inbox: deque[tuple[bytes, Address]] = deque()
        self.locked_to: Address | None = None
        self.target: Address | None = None
        self._words: deque[bytes] = deque()
        self._events: deque[EventPacket | None] = deque()
        self._ssrc = dice.getrandbits(32)
        self._sequence = dice.getrandbits(16)
        self._timestamp = dice.getrandbits(32)

    def speak(self, sound: Pcm) -> None:
        """Say this, after what is being said."""
        padded = np.zeros(-(-len(sound) // FRAME) * FRAME, dtype=np.int16)
        padded[: len(sound)] = sound
        octets = encode(padded, self._law).reshape(-1, FRAME)
        self._words.extend(frame.tobytes() for frame in octets)

    def press(self, keys: str, seconds: float = 0.1) -> None:
        """Press keys: as events, or as tones where events were not agreed on."""
        for key in keys:
            if self.stream is not None and self.stream.event_payload_type is None:
                self.speak(key_tones(key, seconds=seconds))
            else:
                self._events.extend(press_packets(key, steps=round(seconds / FRAME_S)))
                self._events.extend([None] * _GAP)

    def send(self, packet: bytes, source: Address | None = None) -> None:
        """Send these octets to the slot's RTP port, from `source` or from here."""
        self.inbox.append((packet, source or self.address))

    def send_report(self, packet: bytes) -> None:
        """Send these octets to the slot's RTCP port."""
        self.report_inbox.append((packet, (self.address[0], self.address[1] + 1)))

    def sound(self) -> Pcm:
        """What was heard, placed by its timestamps; what was not sent is zero."""
        stream = self.stream
        packets = [rtp.parse(packet) for _, packet in self.heard]
        packets = [p for p in packets if stream and p.payload_type == stream.payload_type]
        if not packets:
            return np.zeros(0, dtype=np.int16)
        places = [rtp.timestamp_samples(packets[0].timestamp, p.timestamp) for p in packets]
        sound = np.zeros(max(places) + len(packets[-1].payload), dtype=np.int16)
        for place, packet in zip(places, packets, strict=True):
            octets = np.frombuffer(packet.payload, dtype=np.uint8)
            sound[place : place + len(octets)] = decode(octets, self._law)
        return sound

    def beat(self) -> None:
        """Send what is due in this frame."""
        if self.stream is None:
            return
        self._timestamp = rtp.timestamp_after(self._timestamp, FRAME)
        event = self._events.popleft() if self._events else None
        if event is not None and self.stream.event_payload_type is not None:
            began = rtp.timestamp_after(self._timestamp, -event.age)
            self._send(self.stream.event_payload_type, began, event.payload, event.marker)
        elif self._words:
            self._send(self.stream.payload_type, self._timestamp, self._words.popleft())
        elif not self.silent:
            nothing = bytes([SILENCE[self._law]]) * FRAME
            self._send(self.stream.payload_type, self._timestamp, nothing)

    def _send(
        self, payload_type: int, timestamp: int, payload: bytes, marker: bool = False
    ) -> None:
        self._sequence = rtp.sequence_after(self._sequence)
        packet = rtp.RtpPacket(payload_type, self._sequence, timestamp, self._ssrc, payload, marker)
        self.send(rtp.pack(packet))

    @property
    def _law(self) -> Law:
        return Law.PCMU if self.stream is None else self.stream.law


class _Line:
    """A line whose other end is a FarEnd."""

    def __init__(self, far: FarEnd, clock: VirtualClock) -> None:
        self.far = far
        self._clock = clock

    def aim(self, address: Address) -> None:
        self.far.target, self.far.locked_to = address, None

    def lock(self, address: Address) -> None:
        self.far.target = self.far.locked_to = address

    def send(self, packet: memoryview | bytes) -> None:
        self.far.heard.append((self._clock.monotonic(), bytes(packet)))

    def quickest(self) -> Callable[[memoryview], object]:
        return self.send

    @property
    def descriptor(self) -> int:
        return NO_SOCKET

    def receive(self, into: memoryview) -> tuple[int, Address | None]:
        size, source = self.drain(into)
        locked = self.far.locked_to
        while size >= 0 and locked is not None and source != locked:
            size, source = self.drain(into)  # the kernel would have dropped it on arrival
        return size, source if locked is None else None

    def drain(self, into: memoryview) -> tuple[int, Address | None]:
        return _next(self.far.inbox, into)

    def send_report(self, packet: bytes, address: Address) -> None:
        self.far.reports.append(packet)

    def receive_report(self, into: memoryview) -> tuple[int, Address | None]:
        return _next(self.far.report_inbox, into)

    def close(self) -> None:
        self.far.inbox.clear()
        self.far.report_inbox.clear()


def _next(inbox: deque[tuple[bytes, Address]], into: memoryview) -> tuple[int, Address | None]:
    if not inbox:
        return -1, None
    packet, source = inbox.popleft()
    size = min(len(packet), len(into))
    into[:size] = packet[:size]
    return size, source


class _Wire:
    """The lines of all slots."""

    def __init__(self) -> None:
        self.lines: dict[int, _Line] = {}
        self.gathered: set[int] = set()

    def attach(self, call: int, line: object) -> None:
        assert isinstance(line, _Line)
        self.lines[call] = line

    def detach(self, call: int, line: object) -> None:
        del self.lines[call]
        self.gathered.discard(call)

    def gather(self, call: int, line: object, wanted: bool) -> None:
        (self.gathered.add if wanted else self.gathered.discard)(call)

    def watch(self, call: int, line: object, wanted: bool) -> None:
        assert wanted  # there is no socket that anybody else could read

    def collect(self, rows: Sequence[memoryview]) -> Arrivals:
        arrivals = Arrivals([], [], [])
        for call, line in self.lines.items():
            if line.far.inbox and line.far.locked_to is not None and call in self.gathered:
                size, _ = line.receive(rows[len(arrivals.sizes)])
                if size >= 0:
                    arrivals.calls.append(call)
                    arrivals.sizes.append(size)
            elif line.far.inbox:
                arrivals.others.append((call, False))
            if line.far.report_inbox:
                arrivals.others.append((call, True))
        return arrivals


class VirtualPlane(Desk):
    """A MediaPlane whose time is moved by hand. Events are told between ticks, in order."""

    def __init__(
        self, clock: VirtualClock, settings: MediaSettings | None = None, seed: int = 0,
        *, loops: Loops | None = None,
    ) -> None:  # fmt: skip
        """`loops` serve what of a beat needs no socket; without them, numpy does."""
        self._loops = loops
        self._settings = settings or MediaSettings(slots=64)
        super().__init__(self._settings)
        self._clock = clock
        self._dice = random.Random(seed)
        self._wire = _Wire()
        self._events: deque[Callable[[], None]] = deque()
        self._origin = clock.monotonic()
        self._tick = 0
        self._owed = 0.0  # of a tick
        self._far: dict[int, FarEnd] = {}
        self.engine = self._engine()

    def _engine(self) -> Engine:
        return Engine(
            self._settings,
            self._wire,
            DirectWriter(),
            self._clock,
            self._draw,
            lambda slot, event: self._events.append(lambda: self._told(slot, event)),
            lambda room, event: self._events.append(lambda: self._told_of_room(room, event)),
            self._loops,
        )

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        for slot in list(self._slots.taken):
            self.close(slot)
        for room in list(self._rooms.taken):
            self.close_room(room)
        self.advance(TICK_S)

    @property
    def host(self) -> str:
        return "127.0.0.1"

    def open(self, listener: MediaListener) -> int:
        slot = self._take_slot(listener)
        far = FarEnd(("127.0.0.1", 20000 + 2 * slot), self._dice)
        self._far[slot] = far
        self.engine.open(slot, _Line(far, self._clock))
        return slot

    def far_end(self, slot: int) -> FarEnd:
        """The telephone at the other end of a slot; it stays readable after the close."""
        return self._far[slot]

    def port(self, slot: int) -> int:
        if slot not in self._slots.taken:
            raise MediaMisuse(f"slot {slot} is not open")
        return 40000 + 2 * slot

    def connect(self, slot: int, stream: Stream) -> None:
        if slot in self._far:
            self._far[slot].stream = stream
        super().connect(slot, stream)

    def _post(self, name: str, *fields: object) -> None:
        self.engine.obey(name, *fields)

    def _check_running(self) -> None:
        return

    def advance(self, seconds: float) -> None:
        """Move the clock by `seconds`, serving each tick on the way; parts of one add up."""
        self._owed += seconds / TICK_S
        ticks = round(self._owed, 6) // 1
        self._owed -= ticks
        for _ in range(int(ticks)):
            self._clock.advance(TICK_S)
            self.catch_up()

    def catch_up(self) -> None:
        """Serve the ticks up to the clock's present, which somebody else moved."""
        present = round((self._clock.monotonic() - self._origin) / TICK_S)
        while self._tick < present:
            self._tick += 1
            if self._tick % GROUPS == 0:
                for line in list(self._wire.lines.values()):
                    line.far.beat()
            self.engine.tick(self._tick)
            self._tell()

    def bear(self, load: PlaneLoad) -> None:
        """Be as loaded as this from now on."""
        self._load = load

    def die(self) -> None:
        """What happens when the plane's process is killed."""
        self._wire.lines.clear()
        self._events.clear()
        self.engine = self._engine()
        self._bereave()

    def _tell(self) -> None:
        while self._events:
            self._events.popleft()()

    def _draw(self) -> tuple[int, int, int]:
        return self._dice.getrandbits(32), self._dice.getrandbits(16), self._dice.getrandbits(32)
