"""What it takes to hold conferences."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from call.clock import Clock
from call.sound import Clip
from conference.ports import Journal, Takes
from ivr.prompts import Voice
from vestibule.call_sounds import CallSounds
from vestibule.meetings.people import RoomPlane
from vestibule.meetings.recorder import RecordedRoom


class MeetingPlane(RoomPlane, RecordedRoom, Protocol):
    """What the media plane does for a conference."""


Spawn = Callable[[Coroutine[Any, Any, object], str], asyncio.Task[None]]


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
