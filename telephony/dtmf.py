"""Keys as telephone events (RFC 4733), received once each and sent in full.

Theory of the receiver: a press *is* its RTP timestamp. Every packet of one press carries the
timestamp at which the press began, so whichever of them arrives first tells the press, and all
others are known already. Neither the marker nor the end bit is needed, as either may be lost.
Two things resemble a new press and are not: the next segment of a press too long for its 16-bit
duration (RFC 4733, 2.5.1.3), and the rest of a press whose SSRC changed while the key was down.
"""

import struct
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from call.errors import PeerFault

KEYS = "0123456789*#ABCD"
"""Keys by event code (RFC 4733, 3.2)."""

_EVENT = struct.Struct("!BBH")
_LONGEST = 0xFFFF
_REMEMBERED = 16  # presses; a packet later than sixteen presses is not of this world
_LAPSE_S = 0.1  # without a packet of a press, after which its key is up
_SAME_PRESS_S = 0.5  # silence after which a changed SSRC cannot be the same press going on


class DtmfFault(PeerFault):
    """What came is not a telephone event."""


@dataclass(frozen=True, slots=True)
class TelephoneEvent:
    """The four octets of an event packet."""

    code: int
    """0 to 15 are keys; others (flash, tones) exist and are not keys."""
    end: bool
    duration: int
    """Samples since the press began."""
    volume: int = 10
    """-dBm0, 0 to 63."""


def parse_event(payload: bytes | memoryview) -> TelephoneEvent:
    """Read the first event of a payload. Raises DtmfFault."""
    if len(payload) < _EVENT.size:
        raise DtmfFault("shorter than a telephone event")
    code, flags, duration = _EVENT.unpack_from(payload)
    return TelephoneEvent(code, bool(flags & 0x80), duration, flags & 0x3F)


def pack_event(event: TelephoneEvent) -> bytes:
    """Write one event."""
    flags = (0x80 if event.end else 0) | (event.volume & 0x3F)
    return _EVENT.pack(event.code, flags, event.duration)


@dataclass(slots=True)
class Press:
    """One press, as the packets of it that came tell it."""

    ssrc: int
    timestamp: int
    code: int
    duration: int
    ended: bool
    last_at: float

    def continues_in(self, ssrc: int, timestamp: int, event: TelephoneEvent, now: float) -> bool:
        """Whether a packet of another timestamp or SSRC is this same press going on."""
        if event.code != self.code:
            return False
        if ssrc == self.ssrc:
            segment = (self.timestamp + _LONGEST) & 0xFFFFFFFF
            return not self.ended and timestamp == segment
        resent = event.end and event.duration == self.duration
        fresh = now - self.last_at < _SAME_PRESS_S
        return fresh and event.duration >= self.duration and (resent or not self.ended)

    def goes_on(self, now: float) -> bool:
        """Whether the key is still down: no end has come, and packets do."""
        return not self.ended and now - self.last_at < _LAPSE_S


class KeyReceiver:
    """Tells each press of one call once, at its first packet to arrive. Pure."""

    __slots__ = ("_presses",)

    def __init__(self) -> None:
        self._presses: deque[Press] = deque(maxlen=_REMEMBERED)

    def receive(self, ssrc: int, timestamp: int, payload: bytes, now: float) -> str | None:
        """The key newly pressed, if this packet tells one. Raises DtmfFault."""
        event = parse_event(payload)
        if event.code >= len(KEYS):
            return None
        for press in self._presses:
            if (press.ssrc, press.timestamp, press.code) == (ssrc, timestamp, event.code):
                self._note(press, event, now)
                return None
        latest = self.latest
        going_on = latest is not None and latest.continues_in(ssrc, timestamp, event, now)
        self._presses.append(Press(ssrc, timestamp, event.code, event.duration, event.end, now))
        return None if going_on else KEYS[event.code]

    @property
    def latest(self) -> Press | None:
        """The press told last."""
        return self._presses[-1] if self._presses else None

    @staticmethod
    def _note(press: Press, event: TelephoneEvent, now: float) -> None:
        press.duration = max(press.duration, event.duration)
        press.ended |= event.end
        press.last_at = now


@dataclass(frozen=True, slots=True)
class EventPacket:
    """One packet to send for a press; `age` is how many samples ago the press began."""

    payload: bytes
    marker: bool
    age: int


def press_packets(key: str, *, step: int = 160, steps: int = 5) -> Iterator[EventPacket]:
    """The packets of one press, one each `step` samples: marker first, the end sent three times.

    Raises ValueError for what is not a key.
    """
    code = KEYS.index(key.upper())
    for n in range(1, steps):
        yield EventPacket(pack_event(TelephoneEvent(code, False, n * step)), n == 1, (n - 1) * step)
    last = pack_event(TelephoneEvent(code, True, steps * step))
    for n in range(steps, steps + 3):
        yield EventPacket(last, n == 1, (n - 1) * step)


def held_packets(
    key: str, is_down: Callable[[], bool], *, step: int = 160
) -> Iterator[EventPacket]:
    """The packets of a press that lasts as long as `is_down` says: two steps, and 8 s at most."""
    code = KEYS.index(key.upper())
    n = 1
    while n == 1 or (is_down() and (n + 1) * step <= _LONGEST):
        yield EventPacket(pack_event(TelephoneEvent(code, False, n * step)), n == 1, (n - 1) * step)
        n += 1
    last = pack_event(TelephoneEvent(code, True, n * step))
    for age in range(n - 1, n + 2):
        yield EventPacket(last, False, age * step)
