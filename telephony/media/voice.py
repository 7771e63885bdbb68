"""What one slot says: clips one after the other, keys, and silence between them."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, repeat

from call.g711 import SILENCE, Octets
from call.sound import FRAME, FRAME_S, Law
from telephony.dtmf import EventPacket, held_packets, press_packets
from telephony.media.ahead import Ahead
from telephony.rtp import HEADER

GAP = 4
"""Frames of silence after each key sent: 80 ms, twice the shortest pause of ITU-T Q.24."""

_PRESS = 11  # frames of a press of usual length, the pause after it included


class Voice:
    """The frames one slot sends next, written into its packet at each beat."""

    __slots__ = ("_ahead", "_at", "_call", "_clips", "_dirty", "_paused", "_presses", "_repeats",
        "_said", "_silence", "_tones", "event_step", "follows", "law", "packet",
        "ticket")  # fmt: skip

    def __init__(self, packet: memoryview, law: Law, ahead: Ahead, call: int) -> None:
        """`packet`: the octets of the slot's packet, header first."""
        self.packet = packet
        self.ticket: int | None = None
        self._ahead = ahead
        self._call = call
        ahead.begin(call)
        self.follows = False
        """Whether others are heard here while nothing is said: silence is not ours to write."""
        self.event_step = FRAME
        """How long 20 ms are, on the clock of the key events."""
        self._clips: deque[memoryview] = deque()
        self._said: list[memoryview] = []  # clips of the same play that are over, to go back to
        self._paused = False
        self._repeats = False
        self._at = 0  # the octet of the first clip that is said next, once what is laid out is
        self._tones: deque[memoryview] = deque()
        self._presses: deque[Iterator[EventPacket | None]] = deque()
        self.speak(law)

    def _talk(self, talks: bool) -> None:
        """Whether the next frame differs from the last one sent: there is something to `fill`."""
        self._ahead.rest(self._call, not talks)

    def speak(self, law: Law) -> None:
        """Be silent in this law between clips."""
        self._take_back()
        self.law = law
        self._silence = bytes([SILENCE[law]])
        self._dirty = True
        self._talk(True)

    def play(self, clips: Sequence[Octets], ticket: int, *, repeat: bool = False) -> None:
        """Say these frames in place of what is being said; with `repeat`, round and round."""
        self._take_back()
        self._clips = _octets(clips)
        self._said.clear()
        self._paused = False
        self._repeats = repeat
        self._at = 0
        self.ticket = None if repeat else ticket
        self._talk(True)

    def translate(self, clips: Sequence[Octets]) -> None:
        """Go on where the play is, in the same clips of another law."""
        self._take_back()
        if self._clips:
            octets = _octets(clips)
            self._said = [octets.popleft() for _ in range(len(octets) - len(self._clips))]
            self._clips = octets

    def stop(self) -> None:
        """Say no more of the clips."""
        self._take_back()
        self._drop()
        self.ticket = None

    def skip(self, frames: int) -> None:
        """Go on so many frames further; back, where they are negative, to the first at most.

        Past the last frame the play is over, and `fill` tells so; or begins again, if it repeats.
        """
        self._take_back()
        if not self._clips:
            return
        clips = deque((*self._said, *self._clips))
        place = max(0, sum(map(len, self._said)) + self._at + frames * FRAME)
        self._said.clear()
        self._at = place % sum(map(len, clips)) if self._repeats else place
        while clips and self._at >= len(clips[0]):
            self._at -= len(clips[0])
            self._said.append(clips.popleft())
        self._clips = clips
        self._talk(True)

    def pause(self) -> None:
        """Be silent, if a clip is being said, until `resume`."""
        self._take_back()
        self._paused = bool(self._clips)

    def resume(self) -> None:
        """Go on where the play was paused."""
        self._paused = False
        self._talk(True)

    def _drop(self) -> None:
        self._clips.clear()
        self._said.clear()
        self._paused = False
        self._at = 0

    def press(self, keys: str) -> None:
        """Send the keys as events, after those under way."""
        for key in keys:
            self._press(press_packets(key, step=self.event_step))

    def hold(self, key: str, is_down: Callable[[], bool]) -> None:
        """Send a key as an event for as long as it is down, after those under way."""
        self._press(held_packets(key, is_down, step=self.event_step))

    def _press(self, packets: Iterator[EventPacket]) -> None:
        self._take_back()
        self._presses.append(chain(packets, repeat(None, GAP)))

    def sound_keys(self, tones: Sequence[Octets]) -> None:
        """Send keys as tones, ahead of any clip."""
        self._take_back()
        self._tones.extend(memoryview(tone.data) for tone in tones)
        self._talk(True)

    def _take_back(self) -> None:
        """What comes next may be something else than what is laid out."""
        self._at -= self._ahead.take_back(self._call)

    @property
    def speaks(self) -> bool:
        """Whether the next frame is one of a clip."""
        return bool(self._clips) and not self._paused and not self._tones

    @property
    def presses(self) -> bool:
        """Whether keys are being sent as events."""
        return bool(self._presses)

    @property
    def queued_s(self) -> float:
        """Seconds that the keys not yet sent take, roughly."""
        return (len(self._presses) * _PRESS + len(self._tones)) * FRAME_S

    def next_event(self) -> EventPacket | None:
        """The event packet to send in this frame, if a key is down."""
        while self._presses:
            try:
                return next(self._presses[0])
            except StopIteration:
                self._presses.popleft()
        return None

    def fill_ahead(self) -> int | None:
        """What `fill` does, and lay out what comes next."""
        ticket = self.fill()
        if self.speaks:
            self._at = self._ahead.lay_out(self._call, self._clips[0], self._at)
        return ticket

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
            if self._repeats and not self._clips:
                self._clips.extend(self._said)
                self._said.clear()
        elif self.follows:
            self._dirty = False
        elif self._dirty:
            self.packet[at:] = self._silence * (len(self.packet) - at)
            self._dirty = at != HEADER.size
        if self._clips:
            self._talk(self._dirty or not self._paused)
            return None
        self._drop()
        ended, self.ticket = self.ticket, None
        self._talk(self._dirty)
        return ended


def _octets(clips: Sequence[Octets]) -> deque[memoryview]:
    """The frames of each clip end to end: a slice of a memoryview costs a third of a row."""
    return deque(memoryview(clip.data).cast("B") for clip in clips)
