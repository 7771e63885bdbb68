"""What the mailboxes hold after a run, as an administrator sees it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vestibule.cli.opening import with_mailboxes

if TYPE_CHECKING:
    from voicemail.mailboxes import Mailboxes

_MAIL_S = 60.0
_LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Kept:
    """Messages by id with their lengths, and e-mails written."""

    messages: dict[str, float]
    mails: int

    @property
    def durations_s(self) -> list[float]:
        return list(self.messages.values())

    def since(self, before: "Kept") -> "Kept":
        """What was added."""
        new = {id: s for id, s in self.messages.items() if id not in before.messages}
        return Kept(new, self.mails - before.mails)


def kept(data: Path, boxes: Sequence[str]) -> Kept:
    """Look into the mailboxes and the folder of mails."""

    async def look(mailboxes: "Mailboxes") -> dict[str, float]:
        return {
            message.id: message.duration_s
            for box in boxes
            for message in await mailboxes.messages(box)
        }

    mails = sum(1 for _ in (data / "mail").glob("**/*.eml"))
    return Kept(with_mailboxes(None, data, look), mails)


def await_kept(data: Path, boxes: Sequence[str], before: Kept, expected: int) -> Kept:
    """What was added, once so many messages are kept and mailed, or no more is to be hoped for."""
    limit = time.monotonic() + _MAIL_S
    while True:
        added = kept(data, boxes).since(before)
        if time.monotonic() > limit or min(len(added.messages), added.mails) >= expected:
            return added
        time.sleep(_LOOK_EVERY_S)
