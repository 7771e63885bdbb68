"""Which extensions are on the telephone: each call of theirs, and how far it is. Pure."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from enum import IntEnum


class Engagement(IntEnum):
    """How far the calls of an extension are; of several calls, the farthest."""

    IDLE = 0
    RINGING = 1
    TALKING = 2


class Engaged:
    """The calls of every extension, in and out, by the name of their leg."""

    def __init__(self) -> None:
        self._calls: dict[str, tuple[str, Engagement]] = {}
        self._extensions: defaultdict[str, dict[str, Engagement]] = defaultdict(dict)
        self._listeners: list[Callable[[str], None]] = []

    def listen(self, changed: Callable[[str], None]) -> None:
        """Have `changed` told the extension whenever one of its calls begins, gets on, or ends."""
        self._listeners.append(changed)

    def state(self, extension: str) -> Engagement:
        """How far the farthest call of an extension is."""
        calls = self._extensions.get(extension)
        return max(calls.values(), default=Engagement.IDLE) if calls else Engagement.IDLE

    def calls(self, extension: str) -> Mapping[str, Engagement]:
        """The calls of an extension, by the name of their leg."""
        return dict(self._extensions.get(extension, {}))

    def note(self, call_id: str, extension: str, engagement: Engagement) -> None:
        """A call of an extension begins, or gets further."""
        if not extension:
            return
        if self._calls.get(call_id) == (extension, engagement):
            return
        self._calls[call_id] = extension, engagement
        self._extensions[extension][call_id] = engagement
        self._tell(extension)

    def answered(self, call_id: str) -> None:
        """A call that is known got through."""
        if call_id in self._calls:
            self.note(call_id, self._calls[call_id][0], Engagement.TALKING)

    def drop(self, call_id: str) -> None:
        """A call is over; nothing where it is not known."""
        extension, _ = self._calls.pop(call_id, ("", None))
        if not extension:
            return
        del self._extensions[extension][call_id]
        if not self._extensions[extension]:
            del self._extensions[extension]
        self._tell(extension)

    def _tell(self, extension: str) -> None:
        for changed in self._listeners:
            changed(extension)
