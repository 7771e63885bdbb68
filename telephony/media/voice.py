"""What one slot says: clips one after the other, keys, and silence between them."""

from collections import deque
from collections.abc import Iterator, Sequence

from call.g711 import SILENCE, Octets
from call.sound import FRAME, Law
from telephony.dtmf import EventPacket, press_packets
from telephony.rtp import HEADER

GAP = 4
"""Frames of silence after each key sent: 80 ms, twice the shortest pause of ITU-T Q.24."""


class Voice:
    """The frames one slot sends next, written into its packet at each beat."""

    __slots__ = ("_clips", "_dirty", "_frame", "_presses", "_silence", "_tones", "packet", "ticket")

    def __init__(self, packet: Octets, law: Law) -> None:
        """`packet`: the slot's row, header first."""
        self.packet = packet
        self.ticket: int | None = None
        self._clips: deque[Octets] = deque()
        self._tones: deque[Octets] = deque()
        self._presses: Iterator[EventPacket | None] | None = None
        self._frame = 0
        self.speak(law)

    def speak(self, law: Law) -> None:
        """Be silent in this law between clips."""
        self._silence = SILENCE[law]
        self._dirty = True

    def play(self, clips: Sequence[Octets], ticket: int) -> None:
        """Say these frames in place of what is being said."""
        self._clips = deque(clips)
        self._frame = 0
        self.ticket = ticket

    def translate(self, clips: Sequence[Octets]) -> None:
        """Go on where the play is, in the same clips of another law."""
        if self._clips:
            self._clips = deque(list(clips)[-len(self._clips) :])

    def stop(self) -> None:
        """Say no more of the clips."""
        self._clips.clear()
        self.ticket = None

    def press(self, keys: str) -> None:
        """Send the keys as events, after those under way."""
        self._presses = _chained(self._presses, keys)

    def sound_keys(self, tones: Sequence[Octets]) -> None:
        """Send keys as tones, ahead of any clip."""
        self._tones.extend(tones)

    @property
    def talks(self) -> bool:
        """Whether anything but silence is to be said."""
        return self.ticket is not None or bool(self._tones) or self._dirty

    @property
    def presses(self) -> bool:
        """Whether keys are being sent as events."""
        return self._presses is not None

    def next_event(self) -> EventPacket | None:
        """The event packet to send in this frame, if a key is down."""
        if self._presses is None:
            return None
        try:
            return next(self._presses)
        except StopIteration:
            self._presses = None
            return None

    def fill(self, at: int = HEADER.size) -> int | None:
        """Write the next frame at an offset of the packet; the ticket whose last frame it was."""
        place = self.packet[at : at + FRAME]
        if self._tones:
            place[:] = self._tones.popleft()
            self._dirty = True
            return None
        if self._clips:
            place[:] = self._clips[0][self._frame]
            self._dirty = True
            self._frame += 1
            if self._frame < len(self._clips[0]):
                return None
            self._clips.popleft()
            self._frame = 0
        elif self._dirty:
            self.packet[at:] = self._silence
            self._dirty = at != HEADER.size
        if self._clips:
            return None
        ended, self.ticket = self.ticket, None
        return ended


def _chained(
    before: Iterator[EventPacket | None] | None, keys: str
) -> Iterator[EventPacket | None]:
    if before is not None:
        yield from before
    for key in keys:
        yield from press_packets(key)
        for _ in range(GAP):
            yield None
