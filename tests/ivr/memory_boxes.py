"""Mailboxes and messages in memory, and how much speech a recording holds."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from call.sound import RATE

LEAST_SPEECH_S = 1.0
OWNERS_CLOCK = ZoneInfo("America/Toronto")
FOLDERS = ("new", "old", "work", "family", "friends")


@dataclass
class Message:
    sound: Path
    folder: str = "new"
    deleted: bool = False
    urgent: bool = False
    from_number: str = "5145550123"
    from_name: str = ""
    forwarded_by: str = ""
    received: datetime = datetime(2027, 7, 1, 13, 0, tzinfo=UTC)
    duration_s: int = 10
    introduced: bool = False
    """Whether an introduction was spoken before it on its way here."""

    @property
    def heard(self) -> bool:
        return self.folder != "new"


@dataclass
class Box:
    number: str
    name: str
    language: str
    pin: str
    messages: list[Message] = field(default_factory=list)
    greetings: dict[str, Path] = field(default_factory=dict)
    """By kind."""
    temporary_until: datetime | None = None
    most: int = 100
    zero: str = "operator"
    star: str = "login"
    envelope: bool = True
    trusts_own_phone: bool = False
    can_send: bool = True
    can_call_back: bool = False
    welcomed: bool = True
    reached: tuple[str, ...] = ("voicemail",)
    """What comes of each attempt to reach its owner by telephone."""

    @property
    def stored(self) -> list[Message]:
        """What takes a place: everything but the trash."""
        return [message for message in self.messages if not message.deleted]

    @property
    def full(self) -> bool:
        return len(self.stored) >= self.most

    def count(self, *, new: bool) -> int:
        return sum((message.folder == "new") is new for message in self.stored)

    def listed(self, folder: str) -> list[Message]:
        """A folder as its owner goes through it: urgent messages first."""
        inside = [message for message in self.stored if message.folder == folder]
        return sorted(inside, key=lambda message: not message.urgent)


def default_boxes() -> dict[str, Box]:
    """Camille (French, 101), William (English, 102), the general mailbox (100), Noa (103) who may
    send nothing, and Louis (104) who has never come in."""
    boxes = (
        Box("100", "la réception", "fr", "4710"),
        Box("101", "Camille", "fr", "4711"),
        Box("102", "William", "en", "4712"),
        Box("103", "Noa", "fr", "4713", can_send=False),
        Box("104", "Louis", "fr", "4714", welcomed=False),
    )
    return {box.number: box for box in boxes}


def speech_in(recording: Path) -> float:
    """Seconds in which something is said in a raw recording; 0 where there is none."""
    if not recording.exists():
        return 0.0
    return int(np.count_nonzero(np.fromfile(recording, dtype="<i2"))) / RATE


def end_of_day(date: str, today: datetime) -> datetime | None:
    """The end of the next such day, "MMDD", on the owner's clock; None for a day that is none."""
    local = today.astimezone(OWNERS_CLOCK)
    for year in range(local.year, local.year + 9):
        try:
            day = datetime(year, int(date[:2]), int(date[2:]), tzinfo=OWNERS_CLOCK)
        except ValueError:
            continue
        if day.date() >= local.date():
            return day + timedelta(days=1) - timedelta(seconds=1)
    return None
