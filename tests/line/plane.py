"""A media plane that makes no sound and remembers what it was asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from call.errors import Unavailable
from call.media import (
    MediaEvent,
    MediaListener,
    MediaStatistics,
    PlaneLoad,
    PlayEnded,
    RecordEnded,
    Side,
    Stream,
)
from call.sound import Clip, EndOfRecording


@dataclass
class FakeSlot:
    """One slot: who listens, what flows, what was asked, what is recorded."""

    listener: MediaListener
    streams: list[Stream] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    recording: Path | None = None
    closed: bool = False


class FakePlane:
    """Slots without sockets; `tell` plays the part of the sound that arrives.

    With `hangs` the plane never says that a slot is closed, as a plane does that hangs.
    """

    def __init__(self, slots: int = 8) -> None:
        self.slots: list[FakeSlot] = []
        self.limit = slots
        self.hangs = False
        self.load = PlaneLoad()

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        for number in range(len(self.slots)):
            self.close(number)

    @property
    def host(self) -> str:
        return "192.0.2.1"

    @property
    def in_use(self) -> int:
        return sum(not slot.closed for slot in self.slots)

    def open(self, listener: MediaListener) -> int:
        if self.in_use >= self.limit:
            raise Unavailable("no slot")
        self.slots.append(FakeSlot(listener))
        return len(self.slots) - 1

    def port(self, slot: int) -> int:
        return 20_000 + 2 * slot

    def connect(self, slot: int, stream: Stream) -> None:
        self.slots[slot].streams.append(stream)

    def play(self, slot: int, clips: Sequence[Clip], ticket: int, *, repeat: bool = False) -> None:
        self.slots[slot].asked.append(f"{'repeat' if repeat else 'play'} {ticket}")

    def stop_playing(self, slot: int) -> None:
        self.slots[slot].asked.append("stop playing")

    def skip(self, slot: int, seconds: float) -> None:
        self.slots[slot].asked.append(f"skip {seconds:g}")

    def pause(self, slot: int) -> None:
        self.slots[slot].asked.append("pause")

    def resume(self, slot: int) -> None:
        self.slots[slot].asked.append("resume")

    def record(
        self, slot: int, path: Path, *, max_s: float, final_silence_s: float | None = None,
        side: Side = Side.RECEIVED,
    ) -> None:  # fmt: skip
        self.slots[slot].recording = path
        which = "" if side is Side.RECEIVED else f" {side}"
        self.slots[slot].asked.append(f"record {max_s:g}{which}")

    def stop_recording(self, slot: int) -> None:
        self._end_recording(slot, EndOfRecording.STOPPED)

    def bridge(self, slot: int, other: int, *, keys: bool = True) -> None:
        self.slots[slot].asked.append(f"bridge {other}" + (" with keys" if keys else ""))

    def unbridge(self, slot: int) -> None:
        self.slots[slot].asked.append("unbridge")

    def join(self, slot: int, room: int, *, muted: bool = False) -> None:
        self.slots[slot].asked.append(f"join {room}" + (" muted" if muted else ""))

    def leave(self, slot: int) -> None:
        self.slots[slot].asked.append("leave")

    def mute(self, slot: int, muted: bool) -> None:
        self.slots[slot].asked.append("mute" if muted else "unmute")

    def set_volume(self, slot: int, *, spoken_db: float = 0.0, heard_db: float = 0.0) -> None:
        self.slots[slot].asked.append(f"volume {spoken_db:+g} {heard_db:+g}")

    def send_keys(self, slot: int, keys: str) -> None:
        self.slots[slot].asked.append("keys")

    def close(self, slot: int) -> None:
        if self.slots[slot].closed:
            return
        self.slots[slot].closed = True
        if self.hangs:
            return
        self._end_recording(slot, EndOfRecording.HANG_UP)
        self.tell(MediaStatistics(0, 0, 0, 0, 0.0, 0), slot)

    def tell(self, event: MediaEvent, slot: int = 0) -> None:
        """Something happened to the sound of a slot."""
        self.slots[slot].listener(event)

    def played(self, ticket: int, slot: int = 0) -> None:
        self.tell(PlayEnded(ticket), slot)

    def _end_recording(self, slot: int, ended_by: EndOfRecording) -> None:
        path, self.slots[slot].recording = self.slots[slot].recording, None
        if path is not None:
            self.tell(RecordEnded(path, 3.0, 2.5, ended_by), slot)
