"""Mailboxes in memory: everything flows ask for, answered in a few lines."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ivr.flow import Held
from ivr.operations import CATALOGUE, Outcome
from tests.ivr.memory_boxes import Box, Message, default_boxes
from tests.ivr.memory_colleagues import MemoryColleagues
from tests.ivr.memory_conferences import MemoryConferences
from tests.ivr.memory_dialling import MemoryDialling
from tests.ivr.memory_front import MemoryAttending, MemoryClosing, MemoryDirectory
from tests.ivr.memory_leaving import MemoryLeaving, Spool
from tests.ivr.memory_options import MemoryOptions
from tests.ivr.memory_owning import MemoryOwning
from tests.ivr.memory_reach import MemoryReach

__all__ = ["Box", "MemoryMailbox", "Message", "default_boxes"]


class MemoryMailbox:
    """The operations of one call on a few mailboxes; `performed` keeps the names asked for.

    `caller` is the number the network told; `own_phone` the extension the caller speaks from, if
    it is one of the house.
    """

    def __init__(
        self,
        spool: Path,
        boxes: Mapping[str, Box] | None = None,
        *,
        caller: str = "5145550123",
        own_phone: str = "",
    ) -> None:
        self.boxes = dict(boxes or default_boxes())
        self.performed: list[str] = []
        self.failing: set[str] = set()
        takes = Spool(spool)
        self._leaving = MemoryLeaving(self.boxes, takes, own_phone or caller)
        self._owning = MemoryOwning(self.boxes, takes, self._leaving, own_phone)
        self._options = MemoryOptions(lambda: self._owning.owner, takes)
        self.reaching = MemoryReach(self.boxes, takes)
        self.colleagues = MemoryColleagues(own_phone or "102")
        self.dialling = MemoryDialling()
        self.closing = MemoryClosing(takes, own_phone)
        self.people = MemoryDirectory()
        self.attending = MemoryAttending()
        self.conferences = MemoryConferences(takes)

    @property
    def discarded(self) -> int:
        """Messages and greetings given up."""
        return self._leaving.discarded + self._options.discarded

    @property
    def bound(self) -> Mapping[str, Callable[..., Outcome]]:
        """Every operation, by the name flows know."""
        answering = {
            "voicemail": (self._leaving, self._owning, self._options),
            "routing": (self.reaching, self.colleagues, self.dialling),
            "closure": (self.closing,),
            "directory": (self.people,),
            "attendant": (self.attending,),
            "conference": (self.conferences,),
        }
        return {
            name: getattr(part, method)
            for name, (trade, _, method) in ((each, each.partition(".")) for each in CATALOGUE)
            for part in answering.get(trade, ())
            if hasattr(part, method)
        }

    async def perform(self, name: str, arguments: Mapping[str, Held]) -> Outcome:
        self.performed.append(name)
        if name in self.failing:
            raise OSError("the disk is gone")
        return self.bound[name](**arguments)
