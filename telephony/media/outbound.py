"""The sending half of a beat: one packet for each call whose turn it is.

All packets are rows of one array. For the calls that send a plain 20 ms frame (nearly all, nearly
always) the headers are counted up and the frames laid in place in a few strokes, and what is left
per call is the `send` itself.
Calls with longer packets, or with a key down, are served one by one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from call.g711 import SILENCE, Octets
from call.media import Address, Direction, Stream, Wideband
from call.sound import FRAME, RATE, Law
from telephony.codecs import FACTS
from telephony.media.ahead import Ahead
from telephony.media.compiled import Loops
from telephony.media.ducking import LOWERED, above
from telephony.media.line import Line
from telephony.media.voice import Voice
from telephony.media.wide_voice import WideVoice
from telephony.playout import Rows
from telephony.rtp import HEADER, sequence_after, timestamp_after

GROUPS = 2
"""Calls are spread over the two 10 ms halves of a frame."""

CROWD = 256
"""Calls that share one half, or people whose rooms do, before the other is used as well."""

_LONGEST = 3  # frames in a packet
_ROW = HEADER.size + _LONGEST * FRAME
_FIELDS = np.dtype(
    [("first", "u1"), ("second", "u1"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4")]
)
_MARKER = 0x80
_LAWS = tuple(Law)

Send = Callable[[memoryview], object]


@dataclass(slots=True)
class Sender:
    """One call's sending side."""

    call: int
    line: Line
    voice: Voice
    row: memoryview
    payload_type: int
    event_payload_type: int | None
    frames_per_packet: int
    sends: bool
    reports: bool = False
    """Whether the peer has an address to send RTCP to."""
    filled: int = 0
    """Frames in the packet being made, where packets hold several."""
    at: int = HEADER.size
    """Where in its row the frame said last stands; 0 when a key was pressed in its place."""
    wide: WideVoice | None = None
    """What makes its packets, where they are not G.711."""


@dataclass(slots=True)
class _Chorus:
    """The calls of one group that are served together."""

    rows: np.ndarray[tuple[int], np.dtype[np.intp]]
    talkers: np.ndarray[tuple[int], np.dtype[np.intp]]
    voices: dict[int, Voice]
    """Of those who hear nobody else."""
    sends: tuple[tuple[Send, memoryview, Line], ...]
    """The quickest way to send as things stand, what, and the sure way."""
    descriptors: np.ndarray[tuple[int], np.dtype[np.intp]]
    """The sockets to send on as things stand, where a loop does it."""
    followers: np.ndarray[tuple[int], np.dtype[np.intp]]
    following: Mapping[int, Voice]
    """Those who hear others; what is played to them sounds above."""
    uncounted: int = 0
    """Packets that each call has sent in this company, and that its counters do not tell yet."""


def _nobody() -> _Chorus:
    nobody = np.empty(0, dtype=np.intp)
    return _Chorus(nobody, nobody, {}, (), nobody, nobody, {})


class Outbound:
    """Everything that is being sent."""

    def __init__(self, calls: int, loops: Loops | None = None) -> None:
        self._packets = np.zeros((calls, _ROW), dtype=np.uint8)
        self._header: np.ndarray[tuple[int], np.dtype[np.void]] = np.ndarray(
            (calls,), dtype=_FIELDS, buffer=self._packets.data, strides=(_ROW,)
        )
        self._sequence = self._header["sequence"]
        self._timestamp = self._header["timestamp"]
        self._payload = self._packets[:, HEADER.size : HEADER.size + FRAME]
        self.live = np.zeros((calls, FRAME), dtype=np.uint8)
        """What each call that follows others hears of them next, in its own law."""
        self.high = np.zeros((calls, 2 * FRAME), dtype=np.int16)
        """What each wide one of them hears above 4 kHz beside."""
        self._step = np.full(calls, FRAME, dtype=np.uint32)  # units of the RTP clock in a frame
        self._law = np.zeros(calls, dtype=np.uint8)  # the place of each call's among all laws
        self._ahead = Ahead(calls)
        self._follows: set[int] = set()
        self._sent = np.zeros((calls, 2), dtype=np.int64)  # packets and octets
        self._members: list[dict[int, Sender]] = [{} for _ in range(GROUPS)]
        self._chorus = [_nobody() for _ in range(GROUPS)]
        self._solo: list[list[Sender]] = [[] for _ in range(GROUPS)]
        self._stale = [False] * GROUPS
        self._marked: set[int] = set()
        self._loops = loops
        self._asked, self._talking, self._failed = np.zeros((3, calls), dtype=np.intp)

    def begin(self, call: int, line: Line, stream: Stream, start: tuple[int, int, int]) -> Sender:
        """Make ready to send; `start` is the SSRC, first sequence number and first timestamp."""
        self._packets[call] = 0
        self._count(call % GROUPS)
        self._sent[call] = 0
        self.restart(call, start)
        row = memoryview(self._packets[call].data)
        voice = Voice(row, stream.law, self._ahead, call)
        voice.follows = call in self._follows
        self.live[call] = SILENCE[stream.law]
        sender = Sender(call, line, voice, row, 0, None, 1, False)
        self.change(sender, stream)
        return sender

    def restart(self, call: int, start: tuple[int, int, int]) -> None:
        """Be another source from now on: the clock of the timestamps changes (RFC 7160, 4.1)."""
        self._header["ssrc"][call], self._sequence[call], self._timestamp[call] = start

    def change(self, sender: Sender, stream: Stream) -> None:
        """Follow a new agreement; counters run on, and what waits for its packet goes now."""
        self._send_packet(sender, FRAME * (sender.filled - 1))
        sender.payload_type = stream.payload_type
        sender.event_payload_type = stream.event_payload_type
        sender.frames_per_packet = min(max(stream.ptime_ms // 20, 1), _LONGEST)
        if sender.voice.law is not stream.law:
            self.live[sender.call] = SILENCE[stream.law]
        sender.voice.speak(stream.law)
        sender.voice.event_step = FRAME * stream.event_rate // RATE
        self._step[sender.call] = FACTS[stream.codec].step
        self._choose_codec(sender, stream)
        self._law[sender.call] = _LAWS.index(stream.law)
        may_send = stream.direction in (Direction.SENDRECV, Direction.SENDONLY)
        sender.reports = not is_nowhere(stream.remote)
        sends = may_send and sender.reports
        self._header["first"][sender.call] = 0x80
        if sends and not sender.sends:
            self._marked.add(sender.call)
        sender.sends = sends
        self._mark(sender)
        self._members[sender.call % GROUPS][sender.call] = sender
        self.regroup(sender.call % GROUPS)

    @staticmethod
    def _choose_codec(sender: Sender, stream: Stream) -> None:
        """A codec that remembers is the same one as long as it is agreed on."""
        if not isinstance(stream.codec, Wideband):
            sender.wide = None
        elif sender.wide is None or sender.wide.codec is not stream.codec:
            sender.wide = WideVoice(stream.codec)

    def _mark(self, sender: Sender) -> None:
        marker = _MARKER if sender.call in self._marked else 0
        self._header["second"][sender.call] = sender.payload_type | marker

    def follow(self, call: int, wanted: bool) -> None:
        """Send what stands in `live`, and above it what is played; or no more of it.

        It may be said before the call begins to send.
        """
        (self._follows.add if wanted else self._follows.discard)(call)
        sender = self._members[call % GROUPS].get(call)
        if sender is not None:
            self.live[call] = SILENCE[sender.voice.law]
            self.high[call] = 0
            sender.voice.follows = wanted
            sender.voice.speak(sender.voice.law)
            self.regroup(call % GROUPS)

    def end(self, call: int) -> None:
        """Send nothing more for this call."""
        if self._members[call % GROUPS].pop(call, None) is not None:
            self.regroup(call % GROUPS)
        self._marked.discard(call)
        self._follows.discard(call)

    def regroup(self, group: int) -> None:
        """Who sends together may have changed: sort it out at the next beat."""
        self._stale[group] = True

    def _sort(self, group: int) -> None:
        self._stale[group] = False
        together = []
        self._solo[group] = []
        for sender in self._members[group].values():
            if sender.frames_per_packet > 1 or sender.voice.presses or sender.wide:
                self._solo[group].append(sender)
            else:
                sender.at = HEADER.size
                together.append(sender)
        sending = tuple(s for s in together if s.sends)
        following = {s.call: s.voice for s in together if s.voice.follows}
        voices = {s.call: s.voice for s in together if not s.voice.follows}
        self._count(group)
        self._chorus[group] = _Chorus(
            np.array([s.call for s in sending], dtype=np.intp),
            np.array(list(voices), dtype=np.intp),
            voices,
            tuple((s.line.quickest(), s.row[: HEADER.size + FRAME], s.line) for s in sending),
            np.array([s.line.descriptor for s in sending if self._loops], dtype=np.intp),
            np.array(list(following), dtype=np.intp),
            following,
        )

    def _count(self, group: int) -> None:
        """Bring the counters of a group up to what it sent."""
        chorus = self._chorus[group]
        self._sent[chorus.rows] += (chorus.uncounted, chorus.uncounted * FRAME)
        chorus.uncounted = 0

    def sent(self, call: int) -> tuple[int, int]:
        """Packets sent by a call, and octets of sound and events in them, headers apart."""
        self._count(call % GROUPS)
        packets, octets = self._sent[call].tolist()
        return packets, octets

    def clock(self, sender: Sender) -> tuple[int, int]:
        """The SSRC, and the timestamp of what was sent last."""
        return int(self._header["ssrc"][sender.call]), int(self._timestamp[sender.call])

    def said(self, calls: Rows) -> Octets:
        """What each of these was sent in the last beat of its group, in its own law.

        Silence, where nothing was sent, or a key.
        """
        said: Octets = self._payload[calls]
        for n, call in enumerate(calls.tolist()):
            sender = self._members[call % GROUPS].get(call)
            if sender is None or not sender.sends or not sender.at:
                said[n] = SILENCE[_LAWS[self._law[call]]]
            elif sender.at != HEADER.size:
                said[n] = self._packets[call, sender.at : sender.at + FRAME]
        return said

    def beat(self, group: int, ended: Callable[[int, int], None]) -> None:
        """Send one frame for every call of the group; `ended` is told call and ticket."""
        if self._stale[group]:
            self._sort(group)
        chorus = self._chorus[group]
        asked, talking = self._lay(chorus)
        over = [
            (call, ticket)
            for call in asked
            if (ticket := chorus.voices[call].fill_ahead()) is not None
        ]
        if talking:
            over += self._talk_above(chorus, talking)
        if chorus.sends:
            self._send_all(chorus)
            chorus.uncounted += 1
        if self._marked:
            self._unmark(group)
        if self._solo[group]:
            over += self._beat_solo(group)
        for call, ticket in over:
            ended(call, ticket)

    def _lay(self, chorus: _Chorus) -> tuple[Sequence[int], Sequence[int]]:
        """Lay the next frame into every packet, and count the packets.

        Tells the calls whose voices are to be asked, and those of followers that sound above.
        """
        if self._loops is not None:
            asked, talking = self._loops.lay(
                chorus.talkers, self._ahead.left, self._ahead.laid, chorus.followers, self.live,
                chorus.rows, self._packets, self._asked, self._talking,
            )  # fmt: skip
            return (
                self._asked[:asked].tolist() if asked else (),
                self._talking[:talking].tolist() if talking else (),
            )
        asks = self._ahead.say(chorus.talkers, self._payload)
        talks: Sequence[int] = ()
        if chorus.following:
            self._payload[chorus.followers] = self.live[chorus.followers]
            talks = self._ahead.not_resting(chorus.followers)
        if chorus.sends:
            self._sequence[chorus.rows] += 1
            self._timestamp[chorus.rows] += FRAME
        return asks, talks

    def _send_all(self, chorus: _Chorus) -> None:
        """Send the packets as they are laid out."""
        if self._loops is None:
            for send, packet, line in chorus.sends:
                try:
                    send(packet)
                except OSError:
                    line.send(packet)
            return
        failed = self._loops.send(
            chorus.rows, chorus.descriptors, self._packets, HEADER.size + FRAME, self._failed
        )
        for n in self._failed[:failed].tolist() if failed else ():
            _, packet, line = chorus.sends[n]
            line.send(packet)

    def _talk_above(self, chorus: _Chorus, calls: Sequence[int]) -> list[tuple[int, int]]:
        """Lay what is played to those who hear others above that; calls and tickets that ended."""
        talking = [(call, chorus.following[call]) for call in calls]
        rows = np.array([call for call, voice in talking if voice.speaks], dtype=np.intp)
        tickets = [(call, voice.fill()) for call, voice in talking]
        if rows.size:
            self._payload[rows] = above(self._payload[rows], self.live[rows], self._law[rows])
        return [(call, ticket) for call, ticket in tickets if ticket is not None]

    def _beat_solo(self, group: int) -> list[tuple[int, int]]:
        """Serve the calls that are served one by one; calls and tickets that ended."""
        solo = self._solo[group]
        tickets = [(sender.call, self._beat_alone(sender)) for sender in solo]
        if any(not s.voice.presses and s.frames_per_packet == 1 and not s.wide for s in solo):
            self.regroup(group)
        return [(call, ticket) for call, ticket in tickets if ticket is not None]

    def skip(self, frames: int) -> None:
        """Time went by in which nothing could be sent: timestamps tell how much."""
        self._timestamp += self._step * np.uint32(frames)

    def _unmark(self, group: int) -> None:
        solo = {s.call for s in self._solo[group]}
        for call in [c for c in self._marked if c % GROUPS == group and c not in solo]:
            if self._members[group][call].sends:
                self._marked.remove(call)
                self._mark(self._members[group][call])

    def _beat_alone(self, sender: Sender) -> int | None:
        """One frame of a call with long packets, with a key down, or of wide sound."""
        call = sender.call
        step = int(self._step[call])
        self._timestamp[call] = timestamp_after(int(self._timestamp[call]), step)
        event = sender.voice.next_event()
        if event is not None and sender.event_payload_type is not None:
            self._send_packet(sender, FRAME * sender.filled)
            if sender.sends:
                age = event.age * step // sender.voice.event_step
                self._send_event(sender, event.payload, age, marker=event.marker)
            sender.at = 0
            return None
        sender.at = HEADER.size + sender.filled * FRAME
        if sender.wide is not None:
            return self._send_wide(sender, sender.wide)
        ticket = self._fill_alone(sender, sender.at)
        sender.filled += 1
        if sender.filled == sender.frames_per_packet:
            self._send_packet(sender, FRAME * (sender.filled - 1))
        return ticket

    def _send_wide(self, sender: Sender, wide: WideVoice) -> int | None:
        """Send one frame of wide sound; the ticket whose last frame it was."""
        call, voice = sender.call, sender.voice
        high = None
        if voice.follows:
            high = self.high[call] * LOWERED if voice.speaks else self.high[call]
        ticket = self._fill_alone(sender, HEADER.size)
        if not sender.sends:
            return ticket
        payload = wide.encode(self._payload[call], high)
        self._count_up(call)
        sender.line.send(bytes(sender.row[: HEADER.size]) + payload)
        self._sent[call] += (1, len(payload))
        if call in self._marked:
            self._marked.remove(call)
            self._mark(sender)
        return ticket

    def _fill_alone(self, sender: Sender, at: int) -> int | None:
        """Write one frame at an offset of the packet; the ticket whose last frame it was."""
        voice = sender.voice
        if not voice.follows:
            return voice.fill(at)
        place, heard = slice(at, at + FRAME), self.live[[sender.call]]
        frame = self._packets[sender.call : sender.call + 1, place]
        speaks = voice.speaks
        frame[:] = heard
        ticket = voice.fill(at)
        if speaks:
            frame[:] = above(frame, heard, self._law[[sender.call]])
        return ticket

    def _send_packet(self, sender: Sender, age: int) -> None:
        """Send the packet made so far; its first frame began `age` samples before the clock."""
        call, filled = sender.call, sender.filled
        sender.filled = 0
        if not filled or not sender.sends:
            return
        timestamp = int(self._timestamp[call])
        self._count_up(call)
        self._timestamp[call] = (timestamp - age) & 0xFFFFFFFF
        sender.line.send(sender.row[: HEADER.size + filled * FRAME])
        self._timestamp[call] = timestamp
        self._sent[call] += (1, filled * FRAME)
        if call in self._marked:
            self._marked.remove(call)
            self._mark(sender)

    def _count_up(self, call: int) -> None:
        # One number of numpy's that wraps is warned of; an array is not.
        self._sequence[call] = sequence_after(int(self._sequence[call]))

    def _send_event(self, sender: Sender, payload: bytes, age: int, *, marker: bool) -> None:
        ssrc, timestamp = self.clock(sender)
        self._count_up(sender.call)
        second = (sender.event_payload_type or 0) | (_MARKER if marker else 0)
        sequence = int(self._sequence[sender.call])
        began = (timestamp - age) & 0xFFFFFFFF
        sender.line.send(HEADER.pack(0x80, second, sequence, began, ssrc) + payload)
        self._sent[sender.call] += (1, len(payload))


def is_nowhere(address: Address) -> bool:
    """Whether an address says that nothing is to be sent (RFC 3264, 8.4)."""
    return address[1] == 0 or address[0] in ("0.0.0.0", "::")
