"""What the tests of the media plane share: a call in virtual time, and sound to fill it with."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from call.clock import VirtualClock
from call.g711 import encode
from call.media import Direction, MediaEvent, Stream
from call.sound import FRAME, RATE, Clip, Law, Pcm
from telephony.media.engine import MediaSettings
from telephony.media.virtual import FarEnd, VirtualPlane

E = TypeVar("E")


def tone(seconds: float, hertz: float = 440.0, amplitude: float = 8000.0) -> Pcm:
    """A plain tone."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


def noise(seconds: float, seed: int = 1, amplitude: float = 3000.0) -> Pcm:
    """White noise, the same for the same seed."""
    dice = np.random.default_rng(seed)
    return (dice.uniform(-amplitude, amplitude, round(seconds * RATE))).astype(np.int16)


def make_clip(folder: Path, name: str, sound: Pcm) -> Clip:
    """Write a clip in both laws; `sound` is whole frames."""
    clip = Clip(folder / name, len(sound) // FRAME)
    for law in Law:
        clip.file(law).write_bytes(encode(sound, law).tobytes())
    return clip


def stream(
    *, law: Law = Law.PCMU, events: int | None = 101, port: int = 20000,
    direction: Direction = Direction.SENDRECV, ptime_ms: int = 20, host: str = "127.0.0.1",
) -> Stream:  # fmt: skip
    """What a plain phone would agree on."""
    payload_type = 0 if law is Law.PCMU else 8
    return Stream(law, payload_type, events, (host, port), direction, ptime_ms)


@dataclass
class VirtualCall:
    """One slot of a virtual plane, connected, with all its events."""

    plane: VirtualPlane
    slot: int
    events: list[MediaEvent] = field(default_factory=list)

    @property
    def far(self) -> FarEnd:
        return self.plane.far_end(self.slot)

    def told(self, kind: type[E]) -> list[E]:
        """The events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]


def a_plane(settings: MediaSettings | None = None, seed: int = 0) -> VirtualPlane:
    """A plane in virtual time."""
    return VirtualPlane(VirtualClock(), settings or MediaSettings(slots=16), seed)


def a_call(plane: VirtualPlane | None = None, agreed: Stream | None = None) -> VirtualCall:
    """A call that is up."""
    plane = plane or a_plane()
    events: list[MediaEvent] = []
    slot = plane.open(events.append)
    agreed = agreed or stream()
    if agreed.remote == stream().remote:  # nowhere in particular
        agreed = replace(agreed, remote=plane.far_end(slot).address)
    plane.connect(slot, agreed)
    return VirtualCall(plane, slot, events)
