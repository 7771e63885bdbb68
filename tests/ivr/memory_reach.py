"""Extensions in memory that are reached as their boxes say."""

from pathlib import Path

from ivr.operations import Outcome
from tests.ivr.memory_boxes import Box
from tests.ivr.memory_leaving import Spool


class MemoryReach:
    """The operation `routing.reach`: the outcomes that stand beside a box, one after the other."""

    def __init__(self, boxes: dict[str, Box], spool: Spool) -> None:
        self.boxes = boxes
        self.replies: list[str] = []
        self._spool = spool

    def reach(self, extension: str, reply: str) -> Outcome:
        if reply == "begin":
            self.replies.clear()
        self.replies.append(reply)
        if reply == "declined" or extension not in self.boxes:
            return self._outcome("voicemail", extension)
        return self._outcome(self.boxes[extension].reached[len(self.replies) - 1], extension)

    def _outcome(self, name: str, extension: str) -> Outcome:
        values: dict[str, dict[str, str | bool | float | Path]] = {
            "identify": {"spool": self._spool.next(), "max_s": 5.0},
            "voicemail": {"mailbox": extension, "busy": False},
            "busy": {"mailbox": extension, "busy": True},
            "on_the_phone": {"mailbox": extension, "voicemail": True},
            "only_on_the_phone": {"mailbox": extension, "voicemail": False},
        }
        known = {"busy": "voicemail", "only_on_the_phone": "on_the_phone"}
        return Outcome(known.get(name, name), values.get(name, {}))
