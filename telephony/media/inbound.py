"""The receiving half of a beat: from whom a packet comes, what it is, where it belongs.

Symmetric RTP without theft: until a packet has come from where the peer said it would be (or from
anywhere, where the peer is known to be behind NAT), the line listens to all and takes nothing from
strangers. Then it is locked to that source, by the kernel; what strangers sent before the lock is
read and dropped. After a second without sound the lock is dissolved and the source learned again.
"""

from collections.abc import Callable

from call.errors import PeerFault
from call.g711 import SILENCE
from call.media import Address, AddressLearned, KeyPressed, KeySource, MediaEvent, Stream
from call.sound import FRAME
from telephony import rtcp, rtp
from telephony.media.line import MTU
from telephony.media.reporting import take_reports
from telephony.media.slot import Slot
from telephony.playout import Ring

_RELEARN = 50  # frames without sound after which the source may change
_QUEUED = 1024  # packets that may wait in a socket at the moment it is locked
_PLAIN = 0x80  # the first octet of RTP version 2 and nothing more
_PLAIN_SIZE = rtp.HEADER.size + FRAME

_unpack = rtp.HEADER.unpack_from

Emit = Callable[[int, MediaEvent], None]


class Inbound:
    """Reads every line that has something to say."""

    def __init__(self, ring: Ring, emit: Emit, *, learn_any: bool) -> None:
        self._ring = ring
        self._emit = emit
        self._learn_any = learn_any
        self._buffer = bytearray(MTU)
        self._view = memoryview(self._buffer)
        self._frame = self._view[rtp.HEADER.size : _PLAIN_SIZE]

    def aim(self, slot: Slot, stream: Stream) -> None:
        """Expect the peer at a new address; the source is to be learned."""
        slot.target = stream.remote
        slot.locked = False
        slot.line.aim(stream.remote)

    def read(self, slot: Slot, frame: int, now: float) -> bool:
        """Take at most one packet of a line; False when there is none."""
        size, source = slot.line.receive(self._buffer)
        if size == _PLAIN_SIZE and source is None and self._go_on(slot, frame):
            return True
        if size < 0:
            return False
        self._take(slot, size, source, frame, now)
        return True

    def relearn(self, slot: Slot, frame: int) -> None:
        """Dissolve the lock when the source has been silent."""
        if slot.locked and frame - slot.heard > _RELEARN and slot.target is not None:
            slot.locked = False
            slot.line.aim(slot.target)

    def read_report(self, slot: Slot, frame: int, now: float) -> None:
        """Take one RTCP packet; what is malformed is counted."""
        size, source = slot.line.receive_report(self._buffer)
        if size < 0 or source is None or not self._admits(slot, source):
            return
        try:
            reports = rtcp.parse(bytes(self._view[:size]))
        except PeerFault:
            slot.malformed += 1
            return
        slot.alive = frame
        take_reports(slot, reports, now)

    def _go_on(self, slot: Slot, frame: int) -> bool:
        """The short way of one frame of sound from a source that is locked; False for all else.

        It ends where `_take` would have led.
        """
        first, second, sequence, timestamp, ssrc = _unpack(self._buffer)
        stream = slot.stream
        if stream is None or first != _PLAIN or second != stream.payload_type:
            return False
        slot.heard = slot.alive = frame
        position = slot.timeline.place(sequence, timestamp, ssrc, FRAME, frame)
        if (
            slot.listened
            and position is not None
            and not self._ring.write_frame(slot.call, position, self._frame, frame)
        ):
            self._ring.write(slot.call, position, self._frame, SILENCE[stream.law], frame)
        return True

    def _take(self, slot: Slot, size: int, source: Address | None, frame: int, now: float) -> None:
        stream = slot.stream
        packet = self._header(size)
        if stream is None or packet is None or packet[0] not in (
            stream.payload_type, stream.event_payload_type, rtp.COMFORT_NOISE,
        ):  # fmt: skip
            slot.timeline.reception.strange += 1
            return
        if source is not None and not slot.locked:
            if not self._admits(slot, source):
                slot.timeline.reception.strange += 1
                return
            self._accept(slot, packet, frame, now, stream)
            self._lock(slot, source, frame, now)
            return
        self._accept(slot, packet, frame, now, stream)

    def _header(self, size: int) -> tuple[int, int, int, int, memoryview] | None:
        """Payload type, sequence, timestamp, SSRC and payload; None for what is no RTP."""
        if size < rtp.HEADER.size:
            return None
        first, second, sequence, timestamp, ssrc = rtp.HEADER.unpack_from(self._buffer)
        if first == 0x80:
            return second & 0x7F, sequence, timestamp, ssrc, self._view[rtp.HEADER.size : size]
        try:
            packet = rtp.parse(self._view[:size])
        except PeerFault:
            return None
        return packet.payload_type, sequence, timestamp, ssrc, memoryview(packet.payload)

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
            if slot.listened and position is not None:
                self._ring.write(slot.call, position, payload, SILENCE[stream.law], frame)
            return
        if timeline.ssrc in (None, ssrc):
            timeline.place(sequence, timestamp, ssrc, 0, frame)
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
        if self._learn_any or slot.target is None or slot.stream is None:
            return True
        return source[0] in (slot.target[0], slot.stream.remote[0])

    def _lock(self, slot: Slot, source: Address, frame: int, now: float) -> None:
        learned = source != slot.target
        slot.target = source
        slot.locked = True
        slot.line.lock(source)
        if learned:
            self._emit(slot.call, AddressLearned(source))
        for _ in range(_QUEUED):
            size, sender = slot.line.drain(self._buffer)
            if size < 0:
                return
            if sender == source:
                self._take(slot, size, None, frame, now)
            else:
                slot.timeline.reception.strange += 1
