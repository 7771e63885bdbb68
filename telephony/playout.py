"""Where received sound belongs in time: packets in any order become frames in theirs.

Theory of operation. Each call has a timeline of its own, counted in samples. A packet's place on
it follows from its RTP timestamp alone, so that loss leaves a hole of the right length, a reordered
packet falls into its hole, and a sender whose clock or pace is poor is still recorded as it meant.
Arrival time is consulted only when timestamps mean nothing: at the first packet, when the SSRC
changes, and when a timestamp jumps further than the ring can hold.

Nearly every packet plainly follows the one before, in sequence and in time, and is one whole frame.
Such a packet takes a short way through `Timeline.place`; it ends where the careful way would have
led. Where whole frames of many calls come together, `telephony.following` places them all at once.

The ring is time-major: `ring[frame % DEPTH][call][160]`. Readers take a frame as soon as it is
complete; they step over a hole once packets beyond it have come, or once nothing comes at all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from call.g711 import decode, encode
from call.sound import FRAME, Law
from telephony.rtp import sequence_steps, timestamp_samples

DEPTH = 64
"""Frames the ring holds: 1.28 s."""

_AHEAD = 30 * FRAME  # a place further than this past the expected one is a jump
_BEHIND = 25 * FRAME  # and so is one further than this before it
_OVERTAKEN = 10 * FRAME  # past the place expected: keys that overtook a packet moved none
PAUSE = _BEHIND // FRAME + 1
"""Frames without a packet, after which the next one may be a jump."""
_NOWHERE = -1  # no timestamp
_WINDOW = 256  # sequence numbers remembered, for duplicates
_SEEN = (1 << _WINDOW) - 1
_MAX_DROPOUT = 3000  # RFC 3550, A.1
_AFTERMATH = 25  # frames in which packets of the SSRC just left are stragglers

Rows = NDArray[np.intp]


@dataclass(slots=True)
class Reception:
    """What RTCP and the statistics tell about one call's reception (RFC 3550, 6.4 and A.3)."""

    received: int = 0
    duplicates: int = 0
    late: int = 0
    bursts: int = 0
    """Rows of neighbouring packets that did not come."""
    strange: int = 0
    """Packets that were no RTP, or of no payload type agreed on."""
    expected_before: int = 0
    """Packets expected from sources that have gone."""
    jitter: float = 0.0
    """Samples."""


class Timeline:
    """Places the packets of one call. Pure: the present is told, in frames."""

    __slots__ = (
        "_base", "_cycles", "_follows", "_highest", "_left", "_left_at", "_sane", "_seen",
        "_timestamp", "_transit", "arrived", "head", "position", "reception", "ssrc",
    )  # fmt: skip

    def __init__(self, now: int) -> None:
        """`now`: the frame in which the call begins."""
        self.reception = Reception()
        self.ssrc: int | None = None
        self.head = now * FRAME
        """The sample after the last one placed."""
        self.arrived = now
        """The frame in which the last packet was placed."""
        self.position = self.head
        self._left: int | None = None
        self._left_at = 0
        self._timestamp: int | None = None
        # The timestamp at which the sound placed last ends, if `head` is its end; else _NOWHERE.
        self._follows = _NOWHERE
        self._highest = self._base = self._cycles = self._seen = 0
        self._sane: int | None = None
        self._transit: int | None = None

    def expected(self, now: int) -> int:
        """Where a packet that arrives now should begin, judging by the last one."""
        return self.head + max(0, now - self.arrived - 1) * FRAME

    def place(self, sequence: int, timestamp: int, ssrc: int, samples: int, now: int) -> int | None:
        """The sample at which a packet begins; None for duplicates, stragglers and strays.

        A packet of 0 `samples` (comfort noise, a key) counts as received and has no place: its
        timestamp may stand still, and says nothing of the sound.
        """
        if (
            timestamp != self._follows
            or sequence != (self._highest + 1) & 0xFFFF
            or ssrc != self.ssrc
            or not samples
            or now - self.arrived > PAUSE
        ):
            return self.place_carefully(sequence, timestamp, ssrc, samples, now)
        self._cycles += not sequence
        self._highest = sequence
        if self._seen != _SEEN:
            self._seen = (self._seen << 1 | 1) & _SEEN
        self._sane = None
        reception = self.reception
        reception.received += 1
        if now * FRAME - timestamp == self._transit:
            reception.jitter -= reception.jitter / 16
        else:
            self._measure(timestamp, now)
        self._timestamp = timestamp
        self._follows = (timestamp + samples) & 0xFFFFFFFF
        self.arrived = now
        self.position = position = self.head
        self.head = position + samples
        return position

    def next_frame(self) -> tuple[int, int, int] | None:
        """Of a packet that follows plainly with one whole frame: sequence number and timestamp.

        And how many such packets there are before one of the two wraps. None where nothing
        follows plainly, or what does is no frame of its own.
        """
        timestamp = self._timestamp
        if (
            timestamp is None
            or self._follows != timestamp + FRAME
            or self._transit != self.arrived * FRAME - timestamp
            or self.position != self.head - FRAME
            or self.position % FRAME
        ):
            return None
        left = min(0xFFFF - self._highest, (0xFFFFFFFF - timestamp) // FRAME)
        return (self._highest + 1, timestamp + FRAME, left) if left > 0 else None

    def follow(self, count: int, arrived: int, jitter: float) -> None:
        """What `place` does for so many of the packets `next_frame` tells of.

        `arrived` is the frame in which the last of them came, `jitter` what they made of it.
        """
        assert self._timestamp is not None
        self._highest += count
        self._seen = (self._seen << count | (1 << count) - 1) & _SEEN
        self._sane = None
        self._timestamp += count * FRAME
        self._follows = (self._timestamp + FRAME) & 0xFFFFFFFF
        self._transit = arrived * FRAME - self._timestamp
        self.reception.received += count
        self.reception.jitter = jitter
        self.arrived = arrived
        self.head += count * FRAME
        self.position = self.head - FRAME

    def place_carefully(
        self, sequence: int, timestamp: int, ssrc: int, samples: int, now: int
    ) -> int | None:
        """What `place` does, for a packet of which nothing is known."""
        steps = self._order(sequence, ssrc, now)
        if steps is None:
            return None
        self.reception.received += 1
        if not samples or not self._locate(steps, timestamp, now):
            return None
        end = self.position + samples
        self.head = max(self.head, end)
        self._follows = (timestamp + samples) & 0xFFFFFFFF if end == self.head else _NOWHERE
        self.arrived = now
        return self.position

    def _order(self, sequence: int, ssrc: int, now: int) -> int | None:
        """Steps past the newest packet so far; None for a packet to drop."""
        if ssrc != self.ssrc:
            if ssrc == self._left and now - self._left_at < _AFTERMATH:
                self.reception.late += 1
                return None
            return self._begin(sequence, ssrc, now)
        steps = sequence_steps(self._highest, sequence)
        if not -_WINDOW < steps < _MAX_DROPOUT:
            # Two in a row are a source that started over; one alone is a stray (RFC 3550, A.1).
            if sequence != self._sane:
                self._sane = (sequence + 1) & 0xFFFF
                return None
            return self._begin(sequence, ssrc, now)
        if steps > 0:
            self._cycles += sequence < self._highest
            self._highest = sequence
            self._seen = (self._seen << steps | 1) & _SEEN
            self._sane = None
            self.reception.bursts += steps > 1
        elif self._seen >> -steps & 1:
            self.reception.duplicates += 1
            return None
        else:
            self._seen |= 1 << -steps
            self._fill(-steps)
        return steps

    def _fill(self, back: int) -> None:
        """A packet came that was held for lost: its row is gone, shorter, or now two."""
        if back <= self.highest - self._base:
            self.reception.bursts += self._missing(back - 1) + self._missing(back + 1) - 1

    def _missing(self, back: int) -> bool:
        """Whether the packet so many before the newest should have come, and has not."""
        known = min(self.highest - self._base, _WINDOW - 1)
        return back <= known and not self._seen >> back & 1

    def _begin(self, sequence: int, ssrc: int, now: int) -> int:
        """A source is new, or starts over: its timestamps mean nothing yet."""
        self.reception.expected_before = self.expected_packets
        if ssrc != self.ssrc:
            self._left, self._left_at = self.ssrc, now
        self.ssrc = ssrc
        self._base = self._highest = sequence
        self._cycles = 0
        self._seen = 1
        self._sane = self._transit = self._timestamp = None
        self._follows = _NOWHERE
        return 1

    def _locate(self, steps: int, timestamp: int, now: int) -> bool:
        """Find `position`; False for a packet too late to be of use."""
        if self._timestamp is None:
            position = self._aligned(now)
        else:
            position = self.position + timestamp_samples(self._timestamp, timestamp)
            if steps > 0 and not -_BEHIND <= position - self.expected(now) <= _AHEAD:
                position = self._aligned(now)
                self._transit = None
            elif steps <= 0 and not (
                self.head - _BEHIND <= position <= self.expected(now) + _OVERTAKEN
            ):
                self.reception.late += 1
                return False
        self._timestamp, self.position = timestamp, position
        if steps > 0:
            self._measure(timestamp, now)
        return True

    def _aligned(self, now: int) -> int:
        return -(-self.expected(now) // FRAME) * FRAME

    def _measure(self, timestamp: int, now: int) -> None:
        """Interarrival jitter (RFC 3550, A.8)."""
        transit = now * FRAME - timestamp
        if self._transit is not None:
            change = abs(timestamp_samples(self._transit & 0xFFFFFFFF, transit & 0xFFFFFFFF))
            self.reception.jitter += (change - self.reception.jitter) / 16
        self._transit = transit

    @property
    def highest(self) -> int:
        """Highest sequence number of the present source, extended by its wraps."""
        return self._cycles << 16 | self._highest

    @property
    def expected_packets(self) -> int:
        """Packets that should have come, over all sources."""
        present = 0 if self.ssrc is None else self.highest - self._base + 1
        return self.reception.expected_before + present

    @property
    def lost_packets(self) -> int:
        """Packets that never came; duplicates are not counted as received."""
        return max(0, self.expected_packets - self.reception.received)


class Ring:
    """The frames last received by every call, as G.711 octets."""

    def __init__(self, calls: int) -> None:
        self.octets = np.zeros((DEPTH, calls, FRAME), dtype=np.uint8)
        self.frame = np.full((DEPTH, calls), -1, dtype=np.int64)
        """Which frame of the call's timeline each place holds."""
        self.filled = np.zeros((DEPTH, calls), dtype=np.int16)
        """Samples received of that frame."""
        self.head = np.zeros(calls, dtype=np.int64)
        """The frame after the last one in which anything was received."""
        self.arrived = np.zeros(calls, dtype=np.int64)
        """The moment, in frames, of the last arrival."""
        # One value at a time is several times quicker through a memoryview than through numpy.
        self._flat = memoryview(self.octets.data).cast("B")
        self._frames = memoryview(self.frame.data).cast("B").cast("q")
        self._fills = memoryview(self.filled.data).cast("B").cast("h")
        self._heads = memoryview(self.head.data).cast("B").cast("q")
        self._arrivals = memoryview(self.arrived.data).cast("B").cast("q")
        self._calls = calls

    def clear(self, call: int, now: int) -> None:
        """Forget a call; its timeline begins at frame `now`."""
        self.frame[:, call] = -1
        self.head[call] = self.arrived[call] = now

    def rejoin(self, call: int, timeline: Timeline) -> None:
        """Sound of this call is written again, after some that was not: nobody read it."""
        self.head[call] = -(-timeline.head // FRAME)
        self.arrived[call] = timeline.arrived

    def translate(self, call: int, before: Law, after: Law) -> None:
        """What this call will say is in another law: let what it said be so too."""
        self.octets[:, call] = encode(decode(self.octets[:, call], before), after)

    def present(self, call: int, now: int) -> int:
        """The frame that would be received now."""
        return int(self.head[call] + max(0, now - self.arrived[call] - 1))

    def write_frames(
        self, calls: Rows, frames: NDArray[np.int64], octets: NDArray[np.uint8], now: int
    ) -> None:
        """What `write` does, for one whole frame of each of several calls, the newest of each."""
        place = frames % DEPTH
        self.frame[place, calls] = frames
        self.filled[place, calls] = FRAME
        self.octets[place, calls] = octets
        self.head[calls] = frames + 1
        self.arrived[calls] = now

    def write(
        self, call: int, position: int, payload: bytes | memoryview, silence: int, now: int
    ) -> None:
        """Put a payload where it belongs; `silence` fills what surrounds it in its frame."""
        begin, end = 0, len(payload)
        frames = self._frames
        while begin < end:
            frame, offset = divmod(position + begin, FRAME)
            count = min(FRAME - offset, end - begin)
            place = frame % DEPTH * self._calls + call
            if frames[place] > frame:
                begin += count  # the ring has moved on; a newer frame stands here
                continue
            if frames[place] < frame:
                frames[place] = frame
                self._fills[place] = 0
                if count < FRAME:
                    self.octets[frame % DEPTH, call] = silence
            at = place * FRAME + offset
            self._flat[at : at + count] = payload[begin : begin + count]
            self._fills[place] = min(FRAME, self._fills[place] + count)
            if frame >= self._heads[call]:
                self._heads[call] = frame + 1
            begin += count
        self._arrivals[call] = now


@dataclass(frozen=True, slots=True)
class Taken:
    """One frame of each of several calls."""

    calls: Rows
    octets: NDArray[np.uint8]
    """Shape (calls, 160); what was not received is undefined."""
    received: NDArray[np.bool_]


class Reader:
    """Takes each call's frames in order, as soon as they can be told from holes."""

    def __init__(self, ring: Ring, calls: int, *, reorder: int, patience: int) -> None:
        """`reorder`: frames that must have come past a hole before it is one for good;
        `patience`: frames without any arrival after which time passes anyway."""
        self._ring = ring
        self._reorder = reorder
        self._patience = patience
        self.cursor = np.zeros(calls, dtype=np.int64)

    def present(self, call: int, now: int) -> int:
        """The frame that would be received now."""
        return self._ring.present(call, now)

    def start(self, call: int, now: int) -> None:
        """Begin to read with what is received from now on."""
        self.cursor[call] = self.present(call, now)

    def take(self, calls: Rows, now: int, *, idle: bool) -> Taken:
        """The next frame of those `calls` that have one ready.

        With `idle`, calls from which nothing comes give a missing frame: ask so once a frame.
        """
        ring, cursor = self._ring, self.cursor[calls]
        place = cursor % DEPTH
        there = ring.frame[place, calls] == cursor
        ready = there & (ring.filled[place, calls] >= FRAME)
        if ready.all():
            self.cursor[calls] = cursor + 1
            return Taken(calls, ring.octets[place, calls], there)
        ready |= ring.head[calls] > cursor + self._reorder
        if idle:
            ready |= now - ring.arrived[calls] > self._patience
        chosen = calls[ready]
        self.cursor[chosen] += 1
        return Taken(chosen, ring.octets[place[ready], chosen], there[ready])

    def behind(self, calls: Rows) -> Rows:
        """Those of the calls of which something was received that is not taken yet."""
        return calls[self._ring.head[calls] > self.cursor[calls]]

    def upcoming(self, calls: Rows) -> Taken:
        """What stands where those `calls` are read next, whether it is there or not; not taken."""
        cursor = self.cursor[calls]
        place = cursor % DEPTH
        return Taken(
            calls, self._ring.octets[place, calls], self._ring.frame[place, calls] == cursor
        )

    def take_at_once(self, call: int) -> Taken:
        """The next frame of one call, waiting for nothing."""
        calls = np.array([call], dtype=np.intp)
        cursor = self.cursor[calls]
        there = self._ring.frame[cursor % DEPTH, calls] == cursor
        self.cursor[calls] += 1
        return Taken(calls, self._ring.octets[cursor % DEPTH, calls], there)
