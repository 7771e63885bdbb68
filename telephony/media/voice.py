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

    __slots__ = ("_at", "_clips", "_dirty", "_paused", "_presses", "_said", "_silence", "_tones",
        "law", "packet", "talks", "ticket")  # fmt: skip

    def __init__(self, packet: memoryview, law: Law) -> None:
        """`packet`: the octets of the slot's packet, header first."""
        self.packet = packet
        self.ticket: int | None = None
        self.talks = True
        """Whether the next frame differs from the last one sent: there is something to `fill`."""
        self._clips: deque[memoryview] = deque()
        self._said: list[memoryview] = []  # clips of the same play that are over, to go back to
        self._paused = False
        self._at = 0  # the octet of the first clip that is said next
        self._tones: deque[memoryview] = deque()
        self._presses: Iterator[EventPacket | None] | None = None
        self.speak(law)

    def speak(self, law: Law) -> None:
        """Be silent in this law between clips."""
        self.law = law
        self._silence = bytes([SILENCE[law]])
        self._dirty = self.talks = True

    def play(self, clips: Sequence[Octets], ticket: int) -> None:
        """Say these frames in place of what is being said."""
        self._clips = _octets(clips)
        self._said.clear()
        self._paused = False
        self._at = 0
        self.ticket = ticket
        self.talks = True

    def translate(self, clips: Sequence[Octets]) -> None:
        """Go on where the play is, in the same clips of another law."""
        if self._clips:
            octets = _octets(clips)
            self._said = [octets.popleft() for _ in range(len(octets) - len(self._clips))]
            self._clips = octets

    def stop(self) -> None:
        """Say no more of the clips."""
        self._drop()
        self.ticket = None

    def skip(self, frames: int) -> None:
        """Go on so many frames further; back, where they are negative, to the first at most.

        Past the last frame the play is over, and `fill` tells so.
        """
        if not self._clips:
            return
        clips = deque((*self._said, *self._clips))
        place = sum(map(len, self._said)) + self._at + frames * FRAME
        self._said.clear()
        self._at = max(0, place)
        while clips and self._at >= len(clips[0]):
            self._at -= len(clips[0])
            self._said.append(clips.popleft())
        self._clips = clips
        self.talks = True

    def pause(self) -> None:
        """Be silent, if a clip is being said, until `resume`."""
        self._paused = bool(self._clips)

    def resume(self) -> None:
        """Go on where the play was paused."""
        self._paused = False
        self.talks = True

    def _drop(self) -> None:
        self._clips.clear()
        self._said.clear()
        self._paused = False
        self._at = 0

    def press(self, keys: str) -> None:
        """Send the keys as events, after those under way."""
        self._presses = _chained(self._presses, keys)

    def sound_keys(self, tones: Sequence[Octets]) -> None:
        """Send keys as tones, ahead of any clip."""
        self._tones.extend(memoryview(tone.data) for tone in tones)
        self.talks = True

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
        if self._tones:
            self.packet[at : at + FRAME] = self._tones.popleft()
            self._dirty = True
            return None
        if self._clips and not self._paused:
            clip, begin = self._clips[0], self._at
            self._at = end = begin + FRAME
            self.packet[at : at + FRAME] = clip[begin:end]
            self._dirty = True
            if end < len(clip):
                return None
            self._said.append(self._clips.popleft())
            self._at = 0
        elif self._dirty:
            self.packet[at:] = self._silence * (len(self.packet) - at)
            self._dirty = at != HEADER.size
        if self._clips:
            self.talks = self._dirty or not self._paused
            return None
        self._drop()
        ended, self.ticket = self.ticket, None
        self.talks = self._dirty
        return ended


def _octets(clips: Sequence[Octets]) -> deque[memoryview]:
    """The frames of each clip end to end: a slice of a memoryview costs a third of a row."""
    return deque(memoryview(clip.data).cast("B") for clip in clips)


def _chained(
    before: Iterator[EventPacket | None] | None, keys: str
) -> Iterator[EventPacket | None]:
    if before is not None:
        yield from before
    for key in keys:
        yield from press_packets(key)
        for _ in range(GAP):
            yield None
