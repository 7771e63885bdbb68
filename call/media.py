"""The media plane as the rest of the program sees it: slots, commands, events.

One slot is the sound of one leg. Commands never wait: they are posted, and what comes of them is
told to the slot's listener. The plane keeps the 20 ms beat by itself, in its own process or, in
tests, in virtual time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from call.sound import RATE, Clip, EndOfRecording, Law

Address = tuple[str, int]
"""An IP address and a UDP port."""


class KeySource(StrEnum):
    """How a key press reached us."""

    RFC4733 = "rfc4733"
    SIP_INFO = "sip_info"
    INBAND = "inband"


class Direction(StrEnum):
    """Which way sound flows, seen from us (RFC 3264)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"


class Wideband(StrEnum):
    """The codecs that carry more than 8 kHz does; the values are the RTP encoding names."""

    G722 = "G722"
    OPUS = "OPUS"


Codec = Law | Wideband


@dataclass(frozen=True, slots=True)
class Srtp:
    """How one stream is kept secret (RFC 4568): the suite, and the master key and salt each way."""

    suite: str
    """Such as "AES_CM_128_HMAC_SHA1_80"."""
    ours: bytes = field(repr=False)
    """Of what we send: key, then salt."""
    theirs: bytes = field(repr=False)
    mki: bytes = b""
    """What each packet of theirs names its key by, before its tag; empty where none does."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What an offer and an answer agreed on for one slot."""

    codec: Codec
    payload_type: int
    """RTP payload type of the sound (0 for PCMU, 8 for PCMA, unless the peer mapped another)."""
    event_payload_type: int | None
    """RTP payload type of RFC 4733 events; None where the peer has none, and tones are sought."""
    remote: Address
    """Where the peer said it receives; symmetric RTP may correct it once."""
    direction: Direction = Direction.SENDRECV
    ptime_ms: int = 20
    """Milliseconds a packet that we send (20, 40 or 60)."""
    srtp: Srtp | None = None
    event_rate: int = RATE
    """The clock of RFC 4733 events, in Hz: how long a key is down is told in its units."""

    @property
    def law(self) -> Law:
        """In which law the plane keeps what is received; wideband is kept as mu-law beside."""
        return self.codec if isinstance(self.codec, Law) else Law.PCMU

    @property
    def plain(self) -> bool:
        """Whether packets are 20 ms of G.711 each, as nearly all are, and go as they are."""
        return self.srtp is None and isinstance(self.codec, Law)


class Side(StrEnum):
    """Which sound of a slot is recorded."""

    RECEIVED = "received"
    SENT = "sent"
    MIXED = "mixed"
    """Both as one."""
    APART = "apart"
    """Both, as two channels: received left, sent right."""

    @property
    def channels(self) -> int:
        """How many samples are recorded of one moment."""
        return 2 if self is Side.APART else 1


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key was pressed (once, however many packets told it). `key` is one of 0-9 * # A-D."""

    key: str
    source: KeySource
    at: float
    """Monotonic seconds at which the press began."""


@dataclass(frozen=True, slots=True)
class PlayEnded:
    """The clips of `ticket` were sent to their last frame. A stopped play sends no event."""

    ticket: int


@dataclass(frozen=True, slots=True)
class RecordEnded:
    """The recording to `path` is complete on disk (written, not yet synced)."""

    path: Path
    seconds: float
    speech_s: float
    ended_by: EndOfRecording


@dataclass(frozen=True, slots=True)
class AddressLearned:
    """Symmetric RTP: sound comes from `address`, and now goes there too."""

    address: Address


@dataclass(frozen=True, slots=True)
class MediaLost:
    """Nothing at all was received for `seconds` while the stream should flow."""

    seconds: float


@dataclass(frozen=True, slots=True)
class SpeechChanged:
    """Somebody began to speak, or has been quiet for a while; told only where asked for."""

    speaking: bool
    at: float
    """Monotonic seconds at which it began."""


@dataclass(frozen=True, slots=True)
class MediaStatistics:
    """How the sound of one slot went; told once, when the slot is closed.

    What begins with `remote` is of the sound we sent, as the peer told by RTCP; None where it told
    nothing. R and the mean opinion score (MOS) are estimates of ITU-T G.107.
    """

    packets_sent: int
    packets_received: int
    packets_lost: int
    packets_late: int
    """Those that came too late to be heard."""
    jitter_ms: float
    late_ticks: int
    codec: Codec | None = None
    """What was agreed on last; None where nothing was."""
    burst_ratio: float = 1.0
    """How much longer the rows of lost packets were than chance makes them."""
    r_factor: float | None = None
    """How well we heard the peer, 0 to 93; None where nothing was received."""
    mos: float | None = None
    """The same, 1 to 4.5."""
    round_trip_ms: float | None = None
    remote_lost: int | None = None
    remote_loss: float | None = None
    """Share of what we sent, 0 to 1."""
    remote_jitter_ms: float | None = None
    remote_r_factor: float | None = None
    remote_mos: float | None = None


@dataclass(frozen=True, slots=True)
class PlaneDied:
    """The plane's process is gone, or could not take the slot; the slot is gone too.

    What was recorded until then is on disk.
    """


@dataclass(frozen=True, slots=True)
class SpeakersChanged:
    """Who in a room is heard speaking now, the loudest first; nobody, when all are quiet."""

    slots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RoomClosed:
    """The room is gone and its recording complete; the last event of a room."""


MediaEvent = (
    KeyPressed
    | PlayEnded
    | RecordEnded
    | AddressLearned
    | MediaLost
    | SpeechChanged
    | MediaStatistics
    | PlaneDied
)
RoomEvent = PlayEnded | RecordEnded | SpeakersChanged | RoomClosed | PlaneDied

MediaListener = Callable[[MediaEvent], None]
RoomListener = Callable[[RoomEvent], None]


@dataclass(frozen=True, slots=True)
class PlaneLoad:
    """How hard the plane works just now."""

    busy: float = 0.0
    """Share of its time that it works: 1 is all there is."""
    late_s: float = 0.0
    """How late the worst beat of the last second was, in seconds."""
    late_beats: int = 0
    """Beats of 10 ms that began more than 5 ms late, since the plane's process began."""
    held_up: int = 0
    """How often it was so far behind that beats were left out."""
    slots: int = 0
    bridges: int = 0
    rooms: int = 0
    """How many of each are open."""


class MediaPlane(Protocol):
    """The sound of all legs. Every method returns at once; only `start` and `stop` wait."""

    async def start(self) -> None:
        """Begin to beat. Raises Unavailable when sockets or a process cannot be had."""

    async def stop(self) -> None:
        """Close every slot and end the plane."""

    @property
    def host(self) -> str:
        """The local IP address the slots listen on."""

    def open(self, listener: MediaListener) -> int:
        """Take a free slot and bind its ports. Raises Unavailable when none is free."""

    def port(self, slot: int) -> int:
        """The local UDP port of a slot's RTP; RTCP is the next one up."""

    def connect(self, slot: int, stream: Stream) -> None:
        """Start, or change, what flows: called after each completed offer and answer."""

    @property
    def load(self) -> PlaneLoad:
        """How hard it works, as told last: every fifth of a second while a slot is open."""

    def play(self, slot: int, clips: Sequence[Clip], ticket: int, *, repeat: bool = False) -> None:
        """Send the clips one after the other, with no gap, replacing what was being played.

        With `repeat`, from the beginning again, without end: hold music, ringing. Within a bridge
        or a room they sound above what the slot hears there, which is lowered meanwhile.
        """

    def stop_playing(self, slot: int) -> None:
        """Stop at the next frame; silence follows."""

    def skip(self, slot: int, seconds: float) -> None:
        """Go on `seconds` further in what is being played, or back where they are negative.

        It takes effect with the next frame, and nothing happens when nothing plays. Back goes no
        further than the first frame of all the clips. Past the last one is the end of the play,
        and is told as such.
        """

    def pause(self, slot: int) -> None:
        """Send silence from the next frame on in place of what is being played; see `resume`."""

    def resume(self, slot: int) -> None:
        """Go on with what is paused, at the frame where it stopped."""

    def record(
        self,
        slot: int,
        path: Path,
        *,
        max_s: float,
        final_silence_s: float | None = None,
        side: Side = Side.RECEIVED,
    ) -> None:
        """Append what is received to `path` (created if missing) as it arrives; or another `side`.

        It ends by `stop_recording`, at `max_s`, after `final_silence_s` without speech, or with
        the slot; each way a RecordEnded is told once.
        """

    def stop_recording(self, slot: int) -> None:
        """End the recording; RecordEnded follows."""

    def send_keys(self, slot: int, keys: str) -> None:
        """Send key presses as RFC 4733 events, or as tones where the peer takes no events.

        They are queued, for half a minute at most: more are left out.
        """

    def watch_speech(self, slot: int, wanted: bool) -> None:
        """Tell SpeechChanged from now on, or no more."""

    def bridge(self, slot: int, other: int, *, keys: bool = True) -> None:
        """Let two slots hear each other, in place of a bridge or a room that either is in.

        With `keys`, what is pressed on one side is pressed on the other too; KeyPressed is told
        either way.
        """

    def unbridge(self, slot: int) -> None:
        """End the bridge that a slot is in; nothing when it is in none."""

    def open_room(self, listener: RoomListener) -> int:
        """Open a room that slots may join. Raises Unavailable when there are too many."""

    def close_room(self, room: int) -> None:
        """Let everybody leave, and tell RoomClosed once a recording is complete."""

    def join(self, slot: int, room: int, *, muted: bool = False) -> None:
        """Let a slot hear all others of a room, and be heard by them; it leaves any other.

        `muted`: be heard by nobody there, from the first frame on, until `mute` undoes it.
        """

    def leave(self, slot: int) -> None:
        """Leave the room; nothing when in none."""

    def mute(self, slot: int, muted: bool) -> None:
        """Let the others of the room hear this slot, or not. Forgotten when it leaves."""

    def set_volume(self, slot: int, *, spoken_db: float = 0.0, heard_db: float = 0.0) -> None:
        """How much louder the others hear this slot, and how much louder it hears them."""

    def announce(self, room: int, clips: Sequence[Clip], ticket: int) -> None:
        """Play to everybody in a room, in place of what is being announced; PlayEnded follows."""

    def record_room(self, room: int, path: Path, *, max_s: float) -> None:
        """Append what is said in a room to `path`: the sum of all. RecordEnded is told once."""

    def hear_room(self, room: int, path: Path | None) -> None:
        """Send what is said in a room, the sum of all, to a Unix datagram socket; None ends it.

        Each 20 ms one datagram of 160 samples, int16 little-endian, at 8 kHz. What nobody takes at
        once is lost: whoever reads bounds how long they wait. One socket a room; another recording
        or none makes no difference.
        """

    def stop_recording_room(self, room: int) -> None:
        """End the recording of a room; RecordEnded follows."""

    def close(self, slot: int) -> None:
        """Stop all, tell RecordEnded if recording, then MediaStatistics, and free the slot."""
