"""The beat of the plane: every 10 ms, one half of the calls sends a frame and all are heard.

Theory of operation. Time is an absolute grid of ticks of 10 ms; tick `n` belongs to frame `n // 2`
and serves the calls of group `n % 2`. A tick costs much by itself and little for each call: while
calls are few, all are of the first group, and the tick between has nothing to do. A tick first
sends, as sending is what must be on time; then reads what arrived, at most two packets a line, so
that a flood costs the call it is aimed at and no other; then takes received frames to recordings
and to the tone detector; then looks after a few calls' clocks and reports. Commands come between
ticks. Nothing here waits, and nothing here knows a process, a socket or a clock beyond the ports
it was given.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from call.clock import Clock
from call.g711 import encode
from call.media import (
    KeyPressed,
    KeySource,
    MediaEvent,
    MediaLost,
    PlaneLoad,
    PlayEnded,
    RoomEvent,
    Stream,
    Wideband,
)
from call.sound import FRAME, FRAME_S, Clip, EndOfRecording, Law
from telephony import rtcp
from telephony.codecs import FACTS
from telephony.dtmf import KEYS
from telephony.following import Following
from telephony.media.attention import Attention
from telephony.media.bridges import Bridges
from telephony.media.care import REPORT, Care, first_report
from telephony.media.clips import ClipShelf
from telephony.media.company import Company
from telephony.media.compiled import Loops
from telephony.media.hearing import Hearing
from telephony.media.high_band import HighBand
from telephony.media.inbound import Inbound
from telephony.media.line import Line, Wire
from telephony.media.listening import Listening
from telephony.media.live import Live
from telephony.media.outbound import GROUPS, Outbound
from telephony.media.recorder import Recorder
from telephony.media.reporting import report, statistics
from telephony.media.rooms import Rooms
from telephony.media.secure_line import bare, secured
from telephony.media.slot import PLAYOUT_S, Slot
from telephony.media.slots import MediaMisuse, Slots
from telephony.media.taping import Tapes
from telephony.media.wide_ear import WideEar
from telephony.media.writer import Writer
from telephony.playout import Ring, Timeline
from telephony.tones import key_tones

TICK_S = FRAME_S / GROUPS
_DRAINED = 50  # packets read at once of a line, at most, to be up to date
_KEYS_QUEUED_S = 30.0  # of keys to send; more are left out

_log = logging.getLogger(__name__)

Draw = Callable[[], tuple[int, int, int]]
"""Draws an SSRC, a first sequence number and a first timestamp (RFC 3550, 5.1: random)."""


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """What may be chosen about a plane."""

    slots: int = 1024
    rooms: int = 64
    media_lost_s: float = 30.0
    """Seconds without any arrival after which MediaLost is told."""
    learn_any: bool = False
    """Learn the peer's address from any source: peers behind NAT."""
    cname: str = "vestibule"
    """The name our reports carry."""


class Engine:
    """All slots, and the beat that serves them."""

    def __init__(
        self,
        settings: MediaSettings,
        wire: Wire,
        writer: Writer,
        clock: Clock,
        draw: Draw,
        emit: Callable[[int, MediaEvent], None],
        emit_of_room: Callable[[int, RoomEvent], None],
        loops: Loops | None = None,
    ) -> None:
        self._settings = settings
        self._wire = wire
        self._writer = writer
        self._clock = clock
        self._draw = draw
        self._emit = emit
        self._slots = Slots()
        self._care = Care()
        self._ring = Ring(settings.slots)
        self._outbound = Outbound(settings.slots, loops)
        self._following = Following(settings.slots)
        self._inbound = Inbound(
            wire, self._ring, self._following, self._tell,
            lambda call: self._outbound.regroup(call % GROUPS), loops,
            learn_any=settings.learn_any,
        )  # fmt: skip
        self._listening = Listening(self._ring, settings.slots)
        self._live = Live(self._ring, settings.slots, loops)
        self._high = HighBand(self._live, self._outbound, settings.slots)
        self._tapes = Tapes(self._live, self._outbound)
        self._attention = Attention(self._live, settings.slots)
        self._bridges = Bridges(self._live, self._outbound, settings.slots)
        self._rooms = Rooms(
            self._live, self._outbound, self._high, writer, emit_of_room, settings.rooms, loops
        )
        self._ears: list[dict[int, WideEar]] = [{} for _ in range(GROUPS)]
        self._shelf = ClipShelf()
        self._hearing = Hearing(self._slots, self._ring, self._live, self._listening)
        self._recorder = Recorder(
            self._slots,
            self._hearing,
            self._listening,
            self._tapes,
            writer,
            emit,
            drain=self._drain,
            written=self._release,
        )
        self._company = Company(
            self._slots,
            self._hearing,
            self._outbound,
            self._bridges,
            self._rooms,
            clock,
            self.send_keys,
        )
        self._commands = self._table()
        self.late_ticks = 0
        self.resynchronised = 0

    def _table(self) -> Mapping[str, Callable[..., None]]:
        return {
            "open": self.open,
            "connect": self.connect,
            "play": self.play,
            "stop_playing": self.stop_playing,
            "skip": self.skip,
            "pause": self.pause,
            "resume": self.resume,
            "send_keys": self.send_keys,
            "record": self._recorder.record,
            "stop_recording": self._recorder.stop,
            "watch_speech": self.watch_speech,
            "bridge": self._company.bridge,
            "unbridge": self._company.unbridge,
            "join": self._company.join,
            "leave": self._company.leave,
            "mute": self._rooms.mute,
            "set_volume": self._rooms.set_volume,
            "open_room": self._rooms.open,
            "announce": self.announce,
            "record_room": self._rooms.record,
            "hear_room": self._rooms.relay,
            "stop_recording_room": self._rooms.stop_recording,
            "close_room": self._company.close_room,
            "close": self.close,
        }

    def obey(self, name: str, *fields: object) -> None:
        """Carry out one command of the media plane. Raises Misuse for what makes no sense."""
        command = self._commands.get(name)
        if command is None:
            raise MediaMisuse(f"unknown command: {name}")
        command(*fields)

    @property
    def idle(self) -> bool:
        """Whether no slot is open and nothing waits to be written: the beat may rest."""
        return not len(self._slots) and self._rooms.idle

    def load(self, busy: float, late_s: float) -> PlaneLoad:
        """What there is to tell of the load, beside what the beat was measured to be."""
        return PlaneLoad(
            busy,
            late_s,
            self.late_ticks,
            self.resynchronised,
            slots=len(self._slots),
            bridges=self._bridges.count,
            rooms=len(self._rooms.numbers),
        )

    @property
    def calls(self) -> Sequence[int]:
        """The slots that are open."""
        return list(self._slots)

    @property
    def rooms(self) -> Sequence[int]:
        """The rooms that are open."""
        return self._rooms.numbers

    def open(self, call: int, line: Line) -> None:
        """Take a slot; its line is bound already."""
        if call in self._slots.every or not 0 <= call < self._settings.slots:
            raise MediaMisuse(f"slot {call} cannot be opened")
        slot = Slot(
            call,
            line,
            Timeline(self._slots.frame),
            self._following,
            heard=self._slots.frame,
            alive=self._slots.frame,
            next_report=first_report(call, self._slots.frame),
            late_before=self.late_ticks,
        )
        self._ring.clear(call, self._slots.frame)
        self._following.begin(call)
        self._slots.add(slot)
        self._care.add(slot)
        self._wire.attach(call, line)

    def connect(self, call: int, stream: Stream) -> None:
        """Start, or change, what flows."""
        slot = self._slots.open(call)
        slot.line = secured(slot.line, stream.srtp)
        before, slot.stream = slot.stream, stream
        self._following.forget(call, slot.timeline)
        self._inbound.agree(slot, stream)
        if before is None or before.remote != stream.remote:
            self._inbound.aim(slot, stream)
        if not slot.listens or before is None or before.direction != stream.direction:
            slot.heard = slot.alive = self._slots.frame
            slot.lost_told = False
        self._choose_codec(slot, before, stream)
        if before is not None and before.law is not stream.law:
            self._ring.translate(call, before.law, stream.law)
        self._listening.set_law(call, stream.law)
        self._live.set_law(call, stream.law)
        self._bridges.agree(call, stream)
        self._hearing.resume(slot)
        self._hearing.seek_tones(slot, stream.event_payload_type is None and slot.listens)
        if slot.sender is None:
            slot.sender = self._outbound.begin(call, slot.line, stream, self._new_source(slot))
        else:
            slot.sender.line = slot.line
            if before is not None and FACTS[before.codec].clock != FACTS[stream.codec].clock:
                self._tell_peer(slot, leaving=True)
                self._outbound.restart(call, self._new_source(slot))
            self._outbound.change(slot.sender, stream)
            if before is not None and before.law is not stream.law:
                slot.sender.voice.translate(self._shelf.take(slot.playing, stream.law))
        if slot.waiting is not None:
            (clips, ticket, repeat), slot.waiting = slot.waiting, None
            self.play(call, clips, ticket, repeat)

    def _new_source(self, slot: Slot) -> tuple[int, int, int]:
        """An SSRC, sequence number and timestamp to send from; the peer's reports are of those."""
        ssrc, sequence, timestamp = self._draw()
        slot.feedback.begin(ssrc, sequence + 1)
        return ssrc, sequence, timestamp

    def _choose_codec(self, slot: Slot, before: Stream | None, stream: Stream) -> None:
        """Wide sound is taken apart as it comes; the codec stays as long as it is agreed on."""
        if before is not None and before.codec is stream.codec:
            return
        self._high.close(slot.call)
        self._ears[slot.call % GROUPS].pop(slot.call, None)
        slot.ear = None
        if isinstance(stream.codec, Wideband):
            self._high.open(slot.call)
            slot.ear = WideEar(slot.call, stream.codec, self._ring, self._high)
            self._ears[slot.call % GROUPS][slot.call] = slot.ear

    def play(self, call: int, clips: Sequence[Clip], ticket: int, repeat: bool = False) -> None:
        """Send the clips in place of what is being sent; with `repeat`, without end."""
        slot = self._slots.open(call)
        if slot.sender is None or slot.stream is None:
            slot.waiting = (tuple(clips), ticket, repeat)
            return
        slot.playing = tuple(clips)
        slot.sender.voice.play(self._shelf.take(clips, slot.stream.law), ticket, repeat=repeat)

    def stop_playing(self, call: int) -> None:
        """Send silence from the next frame on."""
        slot = self._slots.open(call)
        slot.waiting = None
        if slot.sender is not None:
            slot.sender.voice.stop()

    def skip(self, call: int, seconds: float) -> None:
        """Go on further in what is being sent, or back."""
        if (sender := self._slots.open(call).sender) is not None:
            sender.voice.skip(round(seconds / FRAME_S))

    def pause(self, call: int) -> None:
        """Send silence in place of what is being sent."""
        if (sender := self._slots.open(call).sender) is not None:
            sender.voice.pause()

    def resume(self, call: int) -> None:
        """Go on with what is paused."""
        if (sender := self._slots.open(call).sender) is not None:
            sender.voice.resume()

    def send_keys(self, call: int, keys: str) -> None:
        """Send presses of these keys; lower case letters are taken as upper."""
        slot = self._slots.open(call)
        keys = keys.upper()
        if slot.sender is None or slot.stream is None or not set(keys) <= set(KEYS):
            raise MediaMisuse(f"keys cannot be sent on slot {call}")
        if slot.sender.voice.queued_s > _KEYS_QUEUED_S:
            return
        if slot.stream.event_payload_type is None:
            law = slot.stream.law
            frames = [encode(key_tones(key), law).reshape(-1, FRAME) for key in keys]
            slot.sender.voice.sound_keys([row for tone in frames for row in tone])
        else:
            slot.sender.voice.press(keys)
            self._outbound.regroup(call % GROUPS)

    def watch_speech(self, call: int, wanted: bool) -> None:
        """Tell when somebody begins to speak and when they are quiet, or tell it no more."""
        self._slots.open(call)
        if wanted is not self._attention.watches(call):
            self._attention.watch(call, wanted)
            self._hearing.take_live(call, wanted)

    def announce(self, room: int, clips: Sequence[Clip], ticket: int) -> None:
        """Play to everybody in a room."""
        self._rooms.announce(room, self._shelf.take(clips, Law.PCMU), ticket)

    def close(self, call: int) -> None:
        """Let the slot go, once its recordings are written."""
        slot = self._slots.open(call)
        self._company.part(call)
        self._recorder.stop(call, EndOfRecording.HANG_UP)
        self.watch_speech(call, False)
        self._hearing.seek_tones(slot, False)
        if slot.sender is not None:
            self._tell_peer(slot, leaving=True)
            self._outbound.end(call)
        self._high.close(call)
        self._ears[call % GROUPS].pop(call, None)
        self._inbound.forget(slot)
        self._wire.detach(call, bare(slot.line))
        slot.line.close()
        slot.closing = True
        self._release(slot)

    def tick(self, number: int) -> None:
        """Serve tick `number` of the grid."""
        self._slots.frame, group = divmod(number, GROUPS)
        if self._serves(group):
            self._serve(number, group)
        if group == 0:
            self._writer.hand_over()
        if self._recorder.writing or self._rooms.writing:
            for sink in self._writer.finished():
                if not self._rooms.written(sink):
                    self._recorder.finished(sink)

    def serves(self, number: int) -> bool:
        """Whether a tick has anything to do; of two that follow each other, one always has."""
        return self._serves(number % GROUPS)

    def _serves(self, group: int) -> bool:
        """Whether a tick of this group has anything to do."""
        return group == 0 or self._slots.serves(group) or self._rooms.serves(group)

    def _serve(self, number: int, group: int) -> None:
        following = (group + 1) % GROUPS
        now = self._clock.monotonic()
        self._outbound.beat(group, self._played)
        self._receive(now)
        if not self._serves(following):
            following = group
            self._inbound.beat_again(self._slots.every, self._slots.frame, now)
        for ear in self._ears[group].values():
            ear.beat(self._slots.frame)
        self._listening.beat(group, self._slots.frame, self._recorder.ended, self._heard_tone)
        self._live.beat(group, self._slots.frame)
        self._tapes.beat(group, self._recorder.tape_ended)
        self._attention.beat(group, now, self._emit)
        if self._high:
            self._high.beat(group)
        if self._bridges.carry_keys:
            self._bridges.hush(self._listening.keys_down(group), self._slots.frame)
        # Those whose turn to send comes next hear what is newest.
        self._bridges.beat(following, self._slots.frame)
        if self._high:
            self._high.cross(following, self._bridges.other)
        self._rooms.beat(group)
        for slot in self._care.due(number):
            self._look_after(slot)

    def step_over(self, ticks: int) -> None:
        """Step over ticks that came too late to be served; what arrived meanwhile is heard."""
        self.resynchronised += 1
        _log.warning("media plane held up", extra={"seconds": ticks * TICK_S})
        now = self._clock.monotonic()
        while self._receive(now):
            for group in range(GROUPS):
                self._listening.beat(
                    group, self._slots.frame, self._recorder.ended, self._heard_tone
                )
        self._outbound.skip(ticks // GROUPS)
        self._live.step_over(ticks // GROUPS)
        self._tapes.step_over(ticks // GROUPS)
        self._rooms.step_over(ticks // GROUPS)

    def _receive(self, now: float) -> bool:
        """One packet of each line that has any; False when nothing was there."""
        return self._inbound.beat(self._slots.every, self._slots.frame, now)

    def _drain(self, slot: Slot) -> None:
        """Read what a line still holds, within reason, so that the present is the present."""
        now = self._clock.monotonic()
        for _ in range(_DRAINED):
            if not self._inbound.read(slot, self._slots.frame, now):
                break
        if slot.ear is not None:
            slot.ear.beat(self._slots.frame, at_once=True)

    def _played(self, call: int, ticket: int) -> None:
        self._emit(call, PlayEnded(ticket))

    def _heard_tone(self, call: int, key: str) -> None:
        self._tell(call, KeyPressed(key, KeySource.INBAND, self._clock.monotonic()))

    def _tell(self, call: int, event: MediaEvent) -> None:
        """Tell what a peer did; a key it pressed goes down across its bridge too."""
        self._emit(call, event)
        if isinstance(event, KeyPressed):
            self._company.pressed(call, event)

    def _release(self, slot: Slot) -> None:
        """Free a slot that closes, unless something of it is still being written."""
        if not slot.closing or slot.writing:
            return
        self._slots.remove(slot)
        self._care.remove(slot)
        sent = self._outbound.sent(slot.call)[0] if slot.sender else 0
        self._emit(slot.call, statistics(slot, sent, self.late_ticks - slot.late_before))

    def _look_after(self, slot: Slot) -> None:
        if slot.closing:
            return
        self._inbound.relearn(slot, self._slots.frame)
        if slot.sender is not None and self._slots.frame >= slot.next_report:
            slot.next_report = self._slots.frame + REPORT
            self._tell_peer(slot)
        if self._live.takes(slot.call):
            slot.playout_s = max(PLAYOUT_S, self._live.delay(slot.call) * FRAME_S)
        silent_s = (self._slots.frame - slot.alive) * FRAME_S
        if silent_s < self._settings.media_lost_s:
            slot.lost_told = False
        elif slot.listens and not slot.lost_told:
            slot.lost_told = True
            self._emit(slot.call, MediaLost(silent_s))

    def _tell_peer(self, slot: Slot, *, leaving: bool = False) -> None:
        if slot.sender is None or slot.target is None or not slot.sender.reports:
            return
        clock = self._outbound.clock(slot.sender)
        sent = self._outbound.sent(slot.call)
        reports = report(slot, self._settings.cname, sent, clock, self._clock)
        if leaving:
            reports.append(rtcp.Goodbye((clock[0],)))
        host, port = slot.target
        if port < 65535:
            slot.line.send_report(rtcp.pack(reports), (host, port + 1))
