"""The beat of the plane: every 10 ms, one half of the calls sends a frame and all are heard.

Theory of operation. Time is an absolute grid of ticks of 10 ms; tick `n` belongs to frame `n // 2`
and serves the calls of group `n % 2`. A tick first sends, as sending is what must be on time; then
reads what arrived, at most two packets a line, so that a flood costs the call it is aimed at and no
other; then takes received frames to recordings and to the tone detector; then looks after a few
calls' clocks and reports. Commands come between ticks. Nothing here waits, and nothing here knows
a process, a socket or a clock beyond the ports it was given.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from call.clock import Clock
from call.errors import Misuse
from call.g711 import encode
from call.media import (
    KeyPressed,
    KeySource,
    MediaEvent,
    MediaLost,
    PlaneLoad,
    PlayEnded,
    RecordEnded,
    RoomEvent,
    Side,
    Stream,
    Wideband,
)
from call.sound import FRAME, FRAME_S, Clip, EndOfRecording, Law
from telephony import rtcp
from telephony.codecs import FACTS
from telephony.dtmf import KEYS, Press
from telephony.following import Following
from telephony.media.attention import Attention
from telephony.media.bridges import Bridges
from telephony.media.clips import ClipShelf
from telephony.media.high_band import HighBand
from telephony.media.inbound import Inbound
from telephony.media.line import Line, Wire
from telephony.media.listening import Listening
from telephony.media.live import Live
from telephony.media.outbound import GROUPS, Outbound
from telephony.media.recording import Recording
from telephony.media.reporting import report, statistics
from telephony.media.rooms import Rooms
from telephony.media.secure_line import bare, secured
from telephony.media.slot import PLAYOUT_S, Slot
from telephony.media.taping import Tapes
from telephony.media.wide_ear import WideEar
from telephony.media.writer import Sink, Writer
from telephony.playout import Ring, Timeline
from telephony.tones import key_tones

TICK_S = FRAME_S / GROUPS
_CARE = 25 * GROUPS  # ticks in which every call is looked after once: half a second
_KEYS_QUEUED_S = 30.0  # of keys to send; more are left out
_KEYS_CARRIED_S = 3.0  # of those carried over a bridge; no fingers are so far ahead
_REPORT = 250  # frames between reports: 5 s (RFC 3550, 6.2)

_log = logging.getLogger(__name__)

Draw = Callable[[], tuple[int, int, int]]
"""Draws an SSRC, a first sequence number and a first timestamp (RFC 3550, 5.1: random)."""


class MediaMisuse(Misuse):
    """A command named a slot that is not open, or made no sense for it."""


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
    ) -> None:
        self._settings = settings
        self._wire = wire
        self._writer = writer
        self._clock = clock
        self._draw = draw
        self._emit = emit
        self._slots: dict[int, Slot] = {}
        self._care: list[dict[int, Slot]] = [{} for _ in range(_CARE)]
        self._ring = Ring(settings.slots)
        self._outbound = Outbound(settings.slots)
        self._following = Following(settings.slots)
        self._inbound = Inbound(
            wire, self._ring, self._following, self._tell,
            lambda call: self._outbound.regroup(call % GROUPS),
            learn_any=settings.learn_any,
        )  # fmt: skip
        self._listening = Listening(self._ring, settings.slots)
        self._live = Live(self._ring, settings.slots)
        self._high = HighBand(self._live, self._outbound, settings.slots)
        self._tapes = Tapes(self._live, self._outbound)
        self._attention = Attention(self._live, settings.slots)
        self._bridges = Bridges(self._live, self._outbound, settings.slots)
        self._rooms = Rooms(
            self._live, self._outbound, self._high, writer, emit_of_room, settings.rooms
        )
        self._ears: list[dict[int, WideEar]] = [{} for _ in range(GROUPS)]
        self._shelf = ClipShelf()
        self._writing: dict[Sink, tuple[int, Recording]] = {}
        self._frame = 0
        self.late_ticks = 0
        self.resynchronised = 0

    @property
    def idle(self) -> bool:
        """Whether no slot is open and nothing waits to be written: the beat may rest."""
        return not self._slots and self._rooms.idle

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
        if call in self._slots or not 0 <= call < self._settings.slots:
            raise MediaMisuse(f"slot {call} cannot be opened")
        slot = Slot(
            call,
            line,
            Timeline(self._frame),
            self._following,
            heard=self._frame,
            alive=self._frame,
            next_report=self._frame + _REPORT // 2 + call % _REPORT,
            late_before=self.late_ticks,
        )
        self._ring.clear(call, self._frame)
        self._following.begin(call)
        self._slots[call] = slot
        self._care[call % _CARE][call] = slot
        self._wire.attach(call, line)

    def connect(self, call: int, stream: Stream) -> None:
        """Start, or change, what flows."""
        slot = self._slot(call)
        slot.line = secured(slot.line, stream.srtp)
        before, slot.stream = slot.stream, stream
        self._following.forget(call, slot.timeline)
        self._wire.gather(call, bare(slot.line), stream.plain)
        if before is None or before.remote != stream.remote:
            self._inbound.aim(slot, stream)
        if not slot.listens or before is None or before.direction != stream.direction:
            slot.heard = slot.alive = self._frame
            slot.lost_told = False
        self._choose_codec(slot, before, stream)
        if before is not None and before.law is not stream.law:
            self._ring.translate(call, before.law, stream.law)
        self._listening.set_law(call, stream.law)
        self._live.set_law(call, stream.law)
        self._bridges.agree(call, stream)
        if self._is_listened(call):
            self._listen(slot)
        self._seek_tones(slot, stream.event_payload_type is None and slot.listens)
        if slot.sender is None:
            start = self._draw()
            slot.feedback.begin(start[0], start[1] + 1)
            slot.sender = self._outbound.begin(call, slot.line, stream, start)
        else:
            slot.sender.line = slot.line
            if before is not None and FACTS[before.codec].clock != FACTS[stream.codec].clock:
                self._tell_peer(slot, leaving=True)
                start = self._draw()
                slot.feedback.begin(start[0], start[1] + 1)
                self._outbound.restart(call, start)
            self._outbound.change(slot.sender, stream)
            if before is not None and before.law is not stream.law:
                slot.sender.voice.translate(self._shelf.take(slot.playing, stream.law))
        if slot.waiting is not None:
            (clips, ticket, repeat), slot.waiting = slot.waiting, None
            self.play(call, clips, ticket, repeat)

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
        slot = self._slot(call)
        if slot.sender is None or slot.stream is None:
            slot.waiting = (tuple(clips), ticket, repeat)
            return
        slot.playing = tuple(clips)
        slot.sender.voice.play(self._shelf.take(clips, slot.stream.law), ticket, repeat=repeat)

    def stop_playing(self, call: int) -> None:
        """Send silence from the next frame on."""
        slot = self._slot(call)
        slot.waiting = None
        if slot.sender is not None:
            slot.sender.voice.stop()

    def skip(self, call: int, seconds: float) -> None:
        """Go on further in what is being sent, or back."""
        if (sender := self._slot(call).sender) is not None:
            sender.voice.skip(round(seconds / FRAME_S))

    def pause(self, call: int) -> None:
        """Send silence in place of what is being sent."""
        if (sender := self._slot(call).sender) is not None:
            sender.voice.pause()

    def resume(self, call: int) -> None:
        """Go on with what is paused."""
        if (sender := self._slot(call).sender) is not None:
            sender.voice.resume()

    def send_keys(self, call: int, keys: str) -> None:
        """Send presses of these keys; lower case letters are taken as upper."""
        slot = self._slot(call)
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

    def record(
        self, call: int, path: Path, max_s: float, final_silence_s: float | None, side: Side
    ) -> None:
        """Record one side from now on, or both; a recording under way is ended first."""
        slot = self._slot(call)
        self.stop_recording(call)
        self._drain(slot)
        recording = Recording(self._writer, Sink(path), max_s, final_silence_s, call // GROUPS)
        if side is Side.RECEIVED:
            self._listen(slot)
            self._listening.record(call, recording, self._frame)
        else:
            self._take_live(call)
            self._tapes.record(call, recording, side)

    def stop_recording(self, call: int, cause: EndOfRecording = EndOfRecording.STOPPED) -> None:
        """End the recording under way, if any, with all that has arrived."""
        slot = self._slot(call)
        if (taped := self._tapes.stop(call)) is not None:
            self._end_tape(call, taped, cause)
        if self._listening.recording(call) is None:
            return
        self._drain(slot)
        recording = self._listening.stop(call, self._frame)
        if recording is not None:
            self._end(call, recording, cause)

    def watch_speech(self, call: int, wanted: bool) -> None:
        """Tell when somebody begins to speak and when they are quiet, or tell it no more."""
        self._slot(call)
        if wanted is not self._attention.watches(call):
            self._attention.watch(call, wanted)
            self._take_live(call, wanted)

    def bridge(self, call: int, other: int, keys: bool) -> None:
        """Let two calls hear each other, in place of whomever they hear."""
        both = self._slot(call).call, self._slot(other).call
        together = self._bridges.other(call) == other
        for each in () if together else both:
            self.unbridge(each)
            self.leave(each)
        self._bridges.join(call, other, keys=keys)
        for each in () if together else both:
            self._hear_live(each)

    def unbridge(self, call: int) -> None:
        """End the bridge a call is in, if any."""
        for each in self._bridges.part(call):
            self._hear_live(each, False)

    def open_room(self, room: int) -> None:
        """Open a room."""
        self._rooms.open(room)

    def close_room(self, room: int) -> None:
        """Let everybody leave; the room is told closed once its recording is written."""
        for call in self._rooms.members(room):
            self.leave(call)
        self._rooms.close(room)

    def join(self, call: int, room: int) -> None:
        """Let a call hear all others of a room, and be heard."""
        self._slot(call)
        self.unbridge(call)
        self.leave(call)
        self._rooms.join(call, room)
        self._hear_live(call)

    def leave(self, call: int) -> None:
        """Leave the room a call is in, if any."""
        if self._rooms.leave(call):
            self._hear_live(call, False)

    def mute(self, call: int, muted: bool) -> None:
        """Let the others of the room hear a call, or not."""
        self._rooms.mute(call, muted)

    def set_volume(self, call: int, spoken_db: float, heard_db: float) -> None:
        """How loud the others hear a call, and how loud it hears them."""
        self._rooms.set_volume(call, spoken_db, heard_db)

    def announce(self, room: int, clips: Sequence[Clip], ticket: int) -> None:
        """Play to everybody in a room."""
        self._rooms.announce(room, self._shelf.take(clips, Law.PCMU), ticket)

    def record_room(self, room: int, path: Path, max_s: float) -> None:
        """Record the sum of all in a room."""
        self._rooms.record(room, path, max_s)

    def stop_recording_room(self, room: int) -> None:
        """End the recording of a room."""
        self._rooms.stop_recording(room)

    def _hear_live(self, call: int, wanted: bool = True) -> None:
        """What a call says is taken frame by frame, for others; and it hears others."""
        self._take_live(call, wanted)
        self._outbound.follow(call, wanted)

    def _take_live(self, call: int, wanted: bool = True) -> None:
        """Somebody more hears what a call says, frame by frame; or somebody less."""
        slot = self._slots[call]
        if wanted:
            self._listen(slot)
            self._live.begin(call, self._frame)
        else:
            self._live.end(call)
        slot.listened = slot.listens and self._is_listened(call)

    def _is_listened(self, call: int) -> bool:
        return self._live.takes(call) or self._listening.listens(call)

    def close(self, call: int) -> None:
        """Let the slot go, once its recordings are written."""
        slot = self._slot(call)
        self.unbridge(call)
        self.leave(call)
        self.stop_recording(call, EndOfRecording.HANG_UP)
        self.watch_speech(call, False)
        self._seek_tones(slot, False)
        if slot.sender is not None:
            self._tell_peer(slot, leaving=True)
            self._outbound.end(call)
        self._high.close(call)
        self._ears[call % GROUPS].pop(call, None)
        self._wire.detach(call, bare(slot.line))
        slot.line.close()
        slot.closing = True
        self._release(slot)

    def tick(self, number: int) -> None:
        """Serve tick `number` of the grid."""
        self._frame, group = divmod(number, GROUPS)
        now = self._clock.monotonic()
        self._outbound.beat(group, self._played)
        self._receive(now)
        for ear in self._ears[group].values():
            ear.beat(self._frame)
        self._listening.beat(group, self._frame, self._end, self._heard_tone)
        self._live.beat(group, self._frame)
        self._tapes.beat(group, self._end_tape)
        self._attention.beat(group, now, self._emit)
        if self._high:
            self._high.beat(group)
        if self._bridges.carry_keys:
            self._bridges.hush(self._listening.keys_down(group), self._frame)
        # Those whose turn to send comes next hear what is newest.
        self._bridges.beat((group + 1) % GROUPS, self._frame)
        if self._high:
            self._high.cross((group + 1) % GROUPS, self._bridges.other)
        self._rooms.beat(group)
        cared_for = self._care[number % _CARE]
        if cared_for:
            for slot in tuple(cared_for.values()):
                self._look_after(slot)
        if group == 0:
            self._writer.hand_over()
        if self._writing or self._rooms.writing:
            for sink in self._writer.finished():
                if not self._rooms.written(sink):
                    self._tell_recorded(*self._writing.pop(sink))

    def step_over(self, ticks: int) -> None:
        """Step over ticks that came too late to be served; what arrived meanwhile is heard."""
        self.resynchronised += 1
        _log.warning("media plane held up", extra={"seconds": ticks * TICK_S})
        now = self._clock.monotonic()
        while self._receive(now):
            for group in range(GROUPS):
                self._listening.beat(group, self._frame, self._end, self._heard_tone)
        self._outbound.skip(ticks // GROUPS)
        self._live.step_over(ticks // GROUPS)
        self._tapes.step_over(ticks // GROUPS)
        self._rooms.step_over(ticks // GROUPS)

    def _seek_tones(self, slot: Slot, wanted: bool) -> None:
        if wanted:
            self._listen(slot)
        self._listening.seek_tones(slot.call, wanted, self._frame)
        slot.listened = slot.listens and self._is_listened(slot.call)

    def _listen(self, slot: Slot) -> None:
        """From here on somebody reads what is received."""
        if not slot.listened:
            self._ring.rejoin(slot.call, slot.timeline)
        slot.listened = slot.listens

    def _slot(self, call: int) -> Slot:
        slot = self._slots.get(call)
        if slot is None or slot.closing:
            raise MediaMisuse(f"slot {call} is not open")
        return slot

    def _receive(self, now: float) -> bool:
        """One packet of each line that has any; False when nothing was there."""
        return self._inbound.beat(self._slots, self._frame, now)

    def _drain(self, slot: Slot) -> None:
        """Read what a line still holds, within reason, so that the present is the present."""
        now = self._clock.monotonic()
        for _ in range(_CARE):
            if not self._inbound.read(slot, self._frame, now):
                break
        if slot.ear is not None:
            slot.ear.beat(self._frame, at_once=True)

    def _played(self, call: int, ticket: int) -> None:
        self._emit(call, PlayEnded(ticket))

    def _heard_tone(self, call: int, key: str) -> None:
        self._tell(call, KeyPressed(key, KeySource.INBAND, self._clock.monotonic()))

    def _tell(self, call: int, event: MediaEvent) -> None:
        """Tell what a peer did; a key it pressed goes down across its bridge too."""
        self._emit(call, event)
        if isinstance(event, KeyPressed) and (other := self._bridges.presses(call)) is not None:
            self._press_across(self._slots[call], self._slots[other], event)

    def _press_across(self, slot: Slot, other: Slot, pressed: KeyPressed) -> None:
        self._bridges.hush([slot.call], self._frame)
        if other.sender is None or other.sender.voice.queued_s > _KEYS_CARRIED_S:
            return
        press = slot.keys.latest if pressed.source is KeySource.RFC4733 else None
        if press is None or other.sender.event_payload_type is None:
            self.send_keys(other.call, pressed.key)
        else:
            other.sender.voice.hold(pressed.key, partial(self._goes_on, slot.call, press))
            self._outbound.regroup(other.call % GROUPS)

    def _goes_on(self, call: int, press: Press) -> bool:
        """Whether a key of this call is still down; as long as it is, its sound is hushed."""
        down = press.goes_on(self._clock.monotonic())
        if down:
            self._bridges.hush([call], self._frame)
        return down

    def _end_tape(self, call: int, recording: Recording, cause: EndOfRecording) -> None:
        self._take_live(call, False)
        self._end(call, recording, cause)

    def _end(self, call: int, recording: Recording, cause: EndOfRecording) -> None:
        slot = self._slots[call]
        slot.listened = slot.listens and self._is_listened(call)
        slot.writing += 1
        self._writing[recording.sink] = (call, recording)
        recording.end(cause)

    def _tell_recorded(self, call: int, recording: Recording) -> None:
        slot = self._slots[call]
        slot.writing -= 1
        cause = recording.ended_by or EndOfRecording.STOPPED
        seconds, speech_s = recording.seconds, recording.speech_s
        self._emit(call, RecordEnded(recording.sink.path, seconds, speech_s, cause))
        self._release(slot)

    def _release(self, slot: Slot) -> None:
        """Free a slot that closes, unless something of it is still being written."""
        if not slot.closing or slot.writing:
            return
        del self._slots[slot.call]
        del self._care[slot.call % _CARE][slot.call]
        sent = self._outbound.sent(slot.call)[0] if slot.sender else 0
        self._emit(slot.call, statistics(slot, sent, self.late_ticks - slot.late_before))

    def _look_after(self, slot: Slot) -> None:
        if slot.closing:
            return
        self._inbound.relearn(slot, self._frame)
        if slot.sender is not None and self._frame >= slot.next_report:
            slot.next_report = self._frame + _REPORT
            self._tell_peer(slot)
        if self._live.takes(slot.call):
            slot.playout_s = max(PLAYOUT_S, self._live.delay(slot.call) * FRAME_S)
        silent_s = (self._frame - slot.alive) * FRAME_S
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
