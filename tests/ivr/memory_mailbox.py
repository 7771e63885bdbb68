"""Mailboxes in memory: what flows ask for, answered in a few lines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from call.sound import Recording
from ivr.flow import Held
from ivr.operations import Outcome

LEAST_SPEECH_S = 1.0
TRIES = 3


@dataclass
class Message:
    sound: Path
    heard: bool = False
    deleted: bool = False
    saved: bool = False


@dataclass
class Box:
    name: str
    language: str
    pin: str
    messages: list[Message] = field(default_factory=list)
    greeting: Path | None = None
    full: bool = False


class MemoryMailbox:
    """The operations of one call on a few mailboxes; `performed` keeps the names asked for."""

    def __init__(self, spool: Path, boxes: Mapping[str, Box] | None = None) -> None:
        self.boxes = dict(boxes or default_boxes())
        self.performed: list[str] = []
        self.failing: set[str] = set()
        self.discarded = 0
        self._spool = spool
        self._takes = 0
        self._deposit: Box | None = None
        self._owner: Box | None = None
        self._wrong = 0
        self._place = 0

    async def perform(self, name: str, arguments: Mapping[str, Held]) -> Outcome:
        self.performed.append(name)
        if name in self.failing:
            raise OSError("the disk is gone")
        done: Outcome = getattr(self, "_" + name.removeprefix("voicemail."))(**arguments)
        return done

    def _new_take(self) -> Path:
        self._takes += 1
        return self._spool / f"{self._takes}.raw"

    def _open_deposit(self, mailbox: str) -> Outcome:
        box = self.boxes.get(mailbox)
        if box is None:
            return Outcome("unknown")
        self._deposit = box
        told: dict[str, str | int | Path | None] = {
            "greeting": box.greeting,
            "language": box.language,
        }
        if box.full:
            return Outcome("full", told)
        told |= {"mailbox_name": box.name, "max_s": 180, "spool": self._new_take()}
        return Outcome("ready", told)

    def _keep_deposit(self, recording: Recording) -> Outcome:
        assert self._deposit is not None
        if recording.speech_s < LEAST_SPEECH_S:
            return Outcome("too_short")
        self._deposit.messages.append(Message(recording.path))
        return Outcome("kept")

    def _discard_deposit(self) -> Outcome:
        self.discarded += 1
        return Outcome("done")

    def _login(self, mailbox: str, pin: str) -> Outcome:
        box = self.boxes.get(mailbox)
        if box is None or box.pin != pin:
            self._wrong += 1
            return Outcome("locked" if self._wrong >= TRIES else "wrong")
        self._owner = box
        return Outcome("ok", {"language": box.language, "name": box.name})

    def _summary(self) -> Outcome:
        assert self._owner is not None
        new = sum(not message.heard for message in self._owner.messages)
        old = len(self._owner.messages) - new
        has = self._owner.greeting is not None
        return Outcome("done", {"new": new, "old": old, "has_temporary": has})

    def _select(self, move: str) -> Outcome:
        assert self._owner is not None
        messages = self._owner.messages
        place = self._place + {"next": 1, "previous": -1}.get(move, 0)
        place = 0 if move == "first" else place
        if not messages:
            return Outcome("none")
        if not 0 <= place < len(messages):
            return Outcome("no_more")
        self._place = place
        message = messages[place]
        return Outcome(
            "message",
            {
                "sound": message.sound,
                "position": place + 1,
                "total": len(messages),
                "is_new": not message.heard,
                "from_number": "5145550123",
                "from_name": "",
                "received": datetime(2027, 7, 1, 13, 0, tzinfo=UTC),
                "duration_s": 10,
                "deleted": message.deleted,
            },
        )

    def _message(self) -> Message:
        assert self._owner is not None
        return self._owner.messages[self._place]

    def _mark_heard(self) -> Outcome:
        self._message().heard = True
        return Outcome("done")

    def _toggle_deleted(self) -> Outcome:
        message = self._message()
        message.deleted = not message.deleted
        return Outcome("deleted" if message.deleted else "restored")

    def _save(self) -> Outcome:
        self._message().saved = True
        return Outcome("saved")

    def _open_greeting(self, kind: str) -> Outcome:
        return Outcome("ready", {"spool": self._new_take(), "max_s": 60})

    def _keep_greeting(self, kind: str, recording: Recording) -> Outcome:
        assert self._owner is not None
        if recording.speech_s < LEAST_SPEECH_S:
            return Outcome("too_short")
        self._owner.greeting = recording.path
        return Outcome("kept")

    def _discard_greeting(self) -> Outcome:
        self.discarded += 1
        return Outcome("done")

    def _erase_greeting(self, kind: str) -> Outcome:
        assert self._owner is not None
        had, self._owner.greeting = self._owner.greeting, None
        return Outcome("erased" if had else "nothing")


def default_boxes() -> dict[str, Box]:
    """Camille (French, 101), William (English, 102) and the general mailbox (100)."""
    return {
        "100": Box("la réception", "fr", "4710"),
        "101": Box("Camille", "fr", "4711"),
        "102": Box("William", "en", "4712"),
    }
