"""The media plane as the rest of the program sees it: slots, commands, events.

One slot is the sound of one leg. Commands never wait: they are posted, and what comes of them is
told to the slot's listener. The plane keeps the 20 ms beat by itself, in its own process or, in
tests, in virtual time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from call.sound import Clip, EndOfRecording, Law

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


@dataclass(frozen=True, slots=True)
class Stream:
    """What an offer and an answer agreed on for one slot."""

    law: Law
    payload_type: int
    """RTP payload type of the sound (0 for PCMU, 8 for PCMA, unless the peer mapped another)."""
    event_payload_type: int | None
    """RTP payload type of RFC 4733 events; None where the peer has none, and tones are sought."""
    remote: Address
    """Where the peer said it receives; symmetric RTP may correct it once."""
    direction: Direction = Direction.SENDRECV
    ptime_ms: int = 20
    """Milliseconds a packet that we send (20, 40 or 60)."""


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
class MediaStatistics:
    """How the sound of one slot went; told once, when the slot is closed."""

    packets_sent: int
    packets_received: int
    packets_lost: int
    packets_late: int
    jitter_ms: float
    late_ticks: int


@dataclass(frozen=True, slots=True)
class PlaneDied:
    """The plane's process is gone; the slot is too. What was recorded until then is on disk."""


MediaEvent = (
    KeyPressed | PlayEnded | RecordEnded | AddressLearned | MediaLost | MediaStatistics | PlaneDied
)

MediaListener = Callable[[MediaEvent], None]


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

    def play(self, slot: int, clips: Sequence[Clip], ticket: int) -> None:
        """Send the clips one after the other, with no gap, replacing what was being played."""

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
        self, slot: int, path: Path, *, max_s: float, final_silence_s: float | None = None
    ) -> None:
        """Append what is received to `path` (created if missing) as it arrives.

        It ends by `stop_recording`, at `max_s`, after `final_silence_s` without speech, or with
        the slot; each way a RecordEnded is told once.
        """

    def stop_recording(self, slot: int) -> None:
        """End the recording; RecordEnded follows."""

    def send_keys(self, slot: int, keys: str) -> None:
        """Send key presses as RFC 4733 events, or as tones where the peer takes no events."""

    def close(self, slot: int) -> None:
        """Stop all, tell RecordEnded if recording, then MediaStatistics, and free the slot."""
