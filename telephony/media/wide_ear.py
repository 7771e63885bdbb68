"""The receiving half of a wide call: packets in their order become sound in two parts.

A codec that remembers wants its packets in order. Whatever plainly follows is decoded as it comes.
Where something is missing, what came after it waits one frame, in case it was overtaken; then the
hole is concealed by the codec, or left open where it is long: nobody spoke. While nobody reads what
is received, nothing is decoded; the last packets are kept, and warm the codec up for the next one.
"""

from collections import deque

from call.errors import PeerFault
from call.g711 import SILENCE, encode
from call.media import Wideband
from call.sound import FRAME, Law
from telephony.codecs import FACTS, Units, samples_in
from telephony.media.high_band import HighBand
from telephony.media.wideband import make_decoder
from telephony.playout import Ring, Timeline
from telephony.resampling import Splitter, WideFrame

_LONGEST_HOLE = 5 * FRAME  # what is concealed at most: 100 ms
_PATIENCE = 1  # frames that what came too early waits
_WARM = 5  # packets after which a codec knows what a louder or fainter voice is


class WideEar:
    """One call's."""

    def __init__(self, call: int, codec: Wideband, ring: Ring, high: HighBand) -> None:
        self.listened = False
        """Whether anybody reads what is received."""
        self.bad = 0
        """Packets that the codec did not know."""
        self._call = call
        self._codec = codec
        self._ring = ring
        self._high = high
        self._units = Units(FACTS[codec].clock)
        self._decoder = make_decoder(codec)
        self._splitter = Splitter()
        self._held: dict[int, bytes] = {}
        self._held_since = 0
        self._next: int | None = None
        self._unheard: deque[bytes] = deque(maxlen=_WARM)

    def receive(
        self,
        timeline: Timeline,
        packet: tuple[int, int, int, memoryview],
        now: int,
    ) -> None:
        """Take one packet: sequence, timestamp, SSRC and payload."""
        sequence, timestamp, ssrc, payload = packet
        samples = samples_in(self._codec, payload)
        position = timeline.place(sequence, self._units.samples(timestamp), ssrc, samples, now)
        if position is None:
            return
        if self._next is not None and position < self._next:
            timeline.reception.late += 1
            return
        if not self._held:
            self._held_since = now
        self._held[position] = bytes(payload)
        self.beat(now)

    def beat(self, now: int, *, at_once: bool = False) -> None:
        """Decode what can be decoded by now; with `at_once`, whatever came."""
        while self.listened and self._unheard:
            self._decoded(self._unheard.popleft())
        while self._held:
            first = min(self._held)
            missing = 0 if self._next is None else first - self._next
            if missing:
                waits = len(self._held) == 1 and now - self._held_since <= _PATIENCE
                if waits and not at_once:
                    return
            if self._next is not None and self.listened and 0 < missing <= _LONGEST_HOLE:
                lost = self._decoder.conceal(2 * missing, self._held[first])
                self._tell(lost, self._next, now)
            payload = self._held.pop(first)
            self._next = first + samples_in(self._codec, payload)
            if self.listened:
                self._tell(self._decoded(payload), first, now)
            else:
                self._unheard.append(payload)

    def _decoded(self, payload: bytes) -> WideFrame:
        try:
            return self._decoder.decode(payload)
        except PeerFault:
            self.bad += 1
            return self._decoder.conceal(2 * samples_in(self._codec, payload), None)

    def _tell(self, wide: WideFrame, position: int, now: int) -> None:
        narrow, high = self._splitter.split(wide)
        octets = encode(narrow, Law.PCMU).tobytes()
        self._ring.write(self._call, position, octets, SILENCE[Law.PCMU], now)
        self._high.write(self._call, position, high)
