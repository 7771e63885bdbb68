"""What it takes to hold conferences."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from call.clock import Clock
from call.sound import Clip
from conference.ports import Journal, Takes
from ivr.prompts import Voice
from vestibule.call_sounds import CallSounds
from vestibule.meetings.beside import Spawn
from vestibule.meetings.people import RoomPlane
from vestibule.meetings.recorder import RecordedRoom


class MeetingPlane(RoomPlane, RecordedRoom, Protocol):
    """What the media plane does for a conference."""


@dataclass(frozen=True, slots=True)
class Means:
    """What all conferences share."""

    plane: MeetingPlane
    voice: Voice
    sounds: CallSounds
    clock: Clock
    journal: Journal
    takes: Takes
    spawn: Spawn
    music: Callable[[str], Clip]
    """What those hear who wait in a conference that an extension arranged; "" for the company."""
