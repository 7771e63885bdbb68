"""The receiving half of a beat: from whom a packet comes, what it is, where it belongs.

Symmetric RTP without theft. The peer's home is where it said it would be, and later where its sound
last came from for certain. A packet from home locks the line to it at once, by the kernel; what
strangers sent before the lock is read and dropped. A packet from elsewhere on the same host (at
first from anywhere, where peers are known to be behind NAT) is courting: it is heard once nothing
has come from home for a while, and its source becomes the home only after that has stayed so. A
stream that whoever has no key cannot make needs no such care. After a second without sound the lock
is dissolved and the source learned again.

A beat reads one packet of each line, all into the rows of one array. Those that came as foretold
(`telephony.following`) are dealt with together; all others, one by one. Where loops are compiled,
lines that are locked and plain are read by one of them, without asking which have anything; the
wire watches the others.
"""

import logging
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from call.errors import PeerFault
from call.g711 import SILENCE
from call.media import Address, AddressLearned, KeyPressed, KeySource, MediaEvent, Stream
from call.sound import FRAME
from telephony import rtcp, rtp
from telephony.following import HEADER_HEAD, HEADER_SSRC, Following
from telephony.media.compiled import Loops
from telephony.media.line import MTU, NO_SOCKET, Wire
from telephony.media.reporting import take_reports
from telephony.media.secure_line import bare
from telephony.media.slot import Slot, Suitor
from telephony.playout import Ring

_RELEARN = 50  # frames without sound after which the source may change
_COURTING = 10  # frames in which nothing came from home, before another source is heard
_SETTLED = 100  # and before it becomes the home
_QUEUED = 1024  # packets that may wait in a socket at the moment it is locked
_PLAIN_SIZE = rtp.HEADER.size + FRAME
_ROW = MTU + 64  # not a power of two, or all rows would share a few places of the cache

_log = logging.getLogger(__name__)

Emit = Callable[[int, MediaEvent], None]


class Inbound:
    """Reads every line that has something to say."""

    def __init__(
        self, wire: Wire, ring: Ring, following: Following, emit: Emit,
        locked: Callable[[int], None], loops: Loops | None, *, learn_any: bool,
    ) -> None:  # fmt: skip
        """`locked` is told each call whose line was locked."""
        self._wire = wire
        self._ring = ring
        self._following = following
        self._emit = emit
        self._locked = locked
        self._loops = loops
        self._learn_any = learn_any
        rows = len(following.listened)
        self._packets = packets = np.zeros((rows + 1, _ROW), dtype=np.uint8)
        # Lines that are read in a loop, by call: their sockets. And what one reading of them needs.
        self._quick: dict[int, int] = {}
        self._whose = self._descriptors = np.zeros(0, dtype=np.intp)
        self._stale = False
        self._more = False  # whether anything came last on the lines that the wire watches
        self._calls, self._sizes, self._others = np.zeros((3, rows), dtype=np.intp)
        self._rows = [memoryview(row.data)[:MTU] for row in packets[:rows]]
        self._row = memoryview(packets[rows].data)[:MTU]  # of what is read alone
        self._sound = packets[:rows, rtp.HEADER.size : _PLAIN_SIZE]
        self._heads = np.ndarray((rows,), HEADER_HEAD, packets.data, 0, (_ROW,))
        self._ssrcs = np.ndarray((rows,), HEADER_SSRC, packets.data, 8, (_ROW,))

    def agree(self, slot: Slot, stream: Stream) -> None:
        """Read a line as suits what was agreed on."""
        self._wire.gather(slot.call, bare(slot.line), stream.plain)
        self._sort(slot)

    def forget(self, slot: Slot) -> None:
        """Read a line no more."""
        self._stale |= self._quick.pop(slot.call, None) is not None

    def _sort(self, slot: Slot) -> None:
        """See whether a line may be read in the loop: it is locked, and its sound is plain."""
        if self._loops is None:
            return
        descriptor = slot.line.descriptor
        plain = slot.stream is not None and slot.stream.plain
        self.forget(slot)
        if plain and descriptor != NO_SOCKET:
            self._quick[slot.call] = descriptor
            self._stale = True
        self._wire.watch(slot.call, bare(slot.line), slot.call not in self._quick)

    def aim(self, slot: Slot, stream: Stream) -> None:
        """Expect the peer at a new address; the source is to be learned."""
        slot.target = slot.home = stream.remote
        slot.locked = slot.settled = False
        slot.suitor = None
        slot.line.aim(stream.remote)
        self._sort(slot)

    def beat(self, slots: Mapping[int, Slot], frame: int, now: float) -> bool:
        """Take a packet of each line that has any; False when there is none at all.

        And a second one, where the first was no frame foretold: packets of 10 ms, keys among sound.
        """
        came = self._read_in_loop(slots, frame, now)
        self._more = self._read_watched(slots, frame, now)
        return came or self._more

    def beat_again(self, slots: Mapping[int, Slot], frame: int, now: float) -> None:
        """Take what more may have come on each line since the beat before was left out."""
        self._read_in_loop(slots, frame, now)
        if self._more:
            self._more = self._read_watched(slots, frame, now)

    def _read_watched(self, slots: Mapping[int, Slot], frame: int, now: float) -> bool:
        """Take packets of the lines that the wire watches; False when there is none."""
        arrivals = self._wire.collect(self._rows)
        if arrivals.calls:
            for n in self._follow(arrivals.calls, arrivals.sizes, frame):
                self._take_row(slots[arrivals.calls[n]], n, arrivals.sizes[n], frame, now)
        for call, is_report in arrivals.others:
            slot = slots[call]
            try:
                if is_report:
                    self.read_report(slot, frame, now)
                elif self.read(slot, frame, now):
                    self.read(slot, frame, now)
            except Exception:
                _blame(slot)
        return bool(arrivals.calls or arrivals.others)

    def _read_in_loop(self, slots: Mapping[int, Slot], frame: int, now: float) -> bool:
        """Take a packet of each line that the loop may read; False when there is none."""
        if self._loops is None or not self._quick:
            return False
        if self._stale:
            self._stale = False
            self._whose = np.array(list(self._quick), dtype=np.intp)
            self._descriptors = np.array(list(self._quick.values()), dtype=np.intp)
        following, ring = self._following, self._ring
        came, strange = self._loops.take(
            self._whose, self._descriptors, self._calls, self._sizes, self._packets,
            following.foretold, following.jitter, following.listened,
            ring.octets, ring.frame, ring.filled, ring.head, ring.arrived, frame, self._others,
        )  # fmt: skip
        for n in self._others[:strange].tolist() if strange else ():
            self._take_row(slots[int(self._calls[n])], n, int(self._sizes[n]), frame, now)
        return bool(came)

    def _take_row(self, slot: Slot, row: int, size: int, frame: int, now: float) -> None:
        """Take what was read into a row and is not as foretold, and a second packet."""
        try:
            self._take(slot, self._rows[row][:size], None, frame, now)
            self.read(slot, frame, now)
        except Exception:
            _blame(slot)

    def _follow(self, calls: list[int], sizes: list[int], frame: int) -> Sequence[int]:
        """Deal with what came as foretold; the rows of all else."""
        count = len(calls)
        whole = True if sizes.count(_PLAIN_SIZE) == count else np.array(sizes) == _PLAIN_SIZE
        follows, followed, frames = self._following.take(
            np.array(calls, dtype=np.intp), self._heads[:count], self._ssrcs[:count], whole, frame
        )
        listened = self._following.listened[followed]
        if listened.any():
            octets = self._sound[np.flatnonzero(follows)[listened]]
            self._ring.write_frames(followed[listened], frames[listened], octets, frame)
        return [] if len(followed) == count else np.flatnonzero(~follows).tolist()

    def read(self, slot: Slot, frame: int, now: float) -> bool:
        """Take at most one packet of a line; False when there is none."""
        size, source = slot.line.receive(self._row)
        if size < 0:
            return False
        self._take(slot, self._row[:size], source, frame, now)
        return True

    def relearn(self, slot: Slot, frame: int) -> None:
        """Dissolve the lock when the source has been silent."""
        arrived = self._following.arrived(slot.call)
        slot.heard, slot.alive = max(slot.heard, arrived), max(slot.alive, arrived)
        if slot.locked and frame - slot.heard > _RELEARN and slot.target is not None:
            slot.locked = False
            slot.suitor = None
            slot.line.aim(slot.target)
            self._sort(slot)

    def read_report(self, slot: Slot, frame: int, now: float) -> None:
        """Take one RTCP packet; what is malformed is counted."""
        size, source = slot.line.receive_report(self._row)
        if size < 0 or source is None or not self._admits(slot, source):
            return
        try:
            reports = rtcp.parse(bytes(self._row[:size]))
        except PeerFault:
            slot.malformed += 1
            return
        slot.alive = frame
        take_reports(slot, reports, now)

    def _take(
        self, slot: Slot, octets: memoryview, source: Address | None, frame: int, now: float
    ) -> None:
        stream = slot.stream
        packet = _header(octets)
        if stream is None or packet is None or packet[0] not in (
            stream.payload_type, stream.event_payload_type, rtp.COMFORT_NOISE,
        ):  # fmt: skip
            slot.timeline.reception.strange += 1
            return
        if source is not None and not slot.locked:
            if not self._admits(slot, source) or not self._hears(slot, source, frame):
                slot.timeline.reception.strange += 1
                return
            self._accept(slot, packet, frame, now, stream)
            self._follow_source(slot, source, frame, now)
            return
        self._accept(slot, packet, frame, now, stream)

    def _accept(
        self,
        slot: Slot,
        packet: tuple[int, int, int, int, memoryview],
        frame: int,
        now: float,
        stream: Stream,
    ) -> None:
        payload_type, sequence, timestamp, ssrc, payload = packet
        slot.heard = slot.alive = frame
        timeline = slot.timeline
        if payload_type == stream.payload_type and slot.ear is not None:
            slot.ear.listened = slot.listened
            slot.ear.receive(timeline, (sequence, timestamp, ssrc, payload), frame)
            return
        if payload_type == stream.payload_type:
            position = timeline.place(sequence, timestamp, ssrc, len(payload), frame)
            if stream.plain:
                self._following.foretell(slot.call, timeline, payload_type)
            if slot.listened and position is not None:
                self._ring.write(slot.call, position, payload, SILENCE[stream.law], frame)
            return
        if timeline.ssrc in (None, ssrc):
            timeline.place(sequence, timestamp, ssrc, 0, frame)
            if stream.plain:
                self._following.foretell(slot.call, timeline, stream.payload_type)
        if payload_type == stream.event_payload_type:
            self._press(slot, ssrc, timestamp, bytes(payload), now)

    def _press(self, slot: Slot, ssrc: int, timestamp: int, payload: bytes, now: float) -> None:
        try:
            key = slot.keys.receive(ssrc, timestamp, payload, now)
        except PeerFault:
            slot.timeline.reception.strange += 1
            return
        if key is not None:
            self._emit(slot.call, KeyPressed(key, KeySource.RFC4733, now))

    def _admits(self, slot: Slot, source: Address) -> bool:
        if slot.target is None or slot.stream is None or (self._learn_any and not slot.settled):
            return True
        return source[0] in (slot.target[0], slot.stream.remote[0])

    def _hears(self, slot: Slot, source: Address, frame: int) -> bool:
        """Whether a source is heard; one that is not home courts first, one at a time."""
        if source == slot.home or (slot.stream is not None and slot.stream.srtp is not None):
            return True
        suitor = slot.suitor
        if suitor is None or frame - suitor.last > _RELEARN:
            slot.suitor = suitor = Suitor(source, frame, frame)
        if suitor.address != source:
            return False
        suitor.last = frame
        at_once = self._learn_any and not slot.settled
        return at_once or frame - suitor.since >= _COURTING

    def _follow_source(self, slot: Slot, source: Address, frame: int, now: float) -> None:
        """Send where sound comes from; and hear nobody else, once that is certain."""
        if source != slot.target:
            slot.target = source
            slot.line.aim(source)
            self._emit(slot.call, AddressLearned(source))
        suitor = slot.suitor
        if source == slot.home or suitor is None or frame - suitor.since >= _SETTLED:
            self._lock(slot, source, frame, now)

    def _lock(self, slot: Slot, source: Address, frame: int, now: float) -> None:
        slot.home = source
        slot.suitor = None
        slot.locked = slot.settled = True
        slot.line.lock(source)
        self._sort(slot)
        self._locked(slot.call)
        for _ in range(_QUEUED):
            size, sender = slot.line.drain(self._row)
            if size < 0:
                return
            if sender == source:
                self._take(slot, self._row[:size], None, frame, now)
            else:
                slot.timeline.reception.strange += 1


def _header(octets: memoryview) -> tuple[int, int, int, int, memoryview] | None:
    """Payload type, sequence, timestamp, SSRC and payload; None for what is no RTP."""
    if len(octets) < rtp.HEADER.size:
        return None
    first, second, sequence, timestamp, ssrc = rtp.HEADER.unpack_from(octets)
    if first == 0x80:
        return second & 0x7F, sequence, timestamp, ssrc, octets[rtp.HEADER.size :]
    try:
        packet = rtp.parse(octets)
    except PeerFault:
        return None
    return packet.payload_type, sequence, timestamp, ssrc, memoryview(packet.payload)


def _blame(slot: Slot) -> None:
    """A fault of ours that a peer found: it costs that packet, and no other call."""
    slot.malformed += 1
    _log.exception("packet not understood", extra={"slot": slot.call})
