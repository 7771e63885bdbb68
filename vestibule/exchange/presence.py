"""What extensions and parking slots are doing, for the lamps of telephones that watch them.

An extension is told with all its calls, as RFC 4235 wants it; that none of its telephones is
registered has no place there, and shows as free to keys, and to softphones as what it is. A slot
in which somebody waits shows as one call.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from routing.parking import SLOTS
from telephony.presence import ExtensionCall
from telephony.sip.dialog_info import CallStage
from vestibule.exchange.engaged import Engaged, Engagement

LOOK_EVERY_S = 1.0
"""Extensions come and go by commands; lamps know it this late at most."""


class State(StrEnum):
    """What an extension is doing."""

    AVAILABLE = "available"
    RINGING = "ringing"
    IN_CALL = "in_call"
    OFFLINE = "offline"
    """None of its telephones is registered."""


class Board(Protocol):
    """Where telephones that watch are told."""

    def changed(self, extension: str, calls: Sequence[ExtensionCall] | None) -> None:
        """The calls of an extension, or of a slot; None when it is no more."""

    def reachable(self, extension: str, there: bool) -> None:
        """Whether an extension has a telephone that is registered."""


_STAGES: Mapping[Engagement, CallStage] = MappingProxyType(
    {Engagement.RINGING: CallStage.EARLY, Engagement.TALKING: CallStage.CONFIRMED}
)


class Presence:
    """Tells a board what the exchange does. `look` when extensions may have come or gone."""

    def __init__(
        self,
        board: Board,
        engaged: Engaged,
        extensions: Callable[[], Collection[str]],
        registered: Callable[[str], bool],
    ) -> None:
        self._board = board
        self._engaged = engaged
        self._extensions = extensions
        self._registered = registered
        self._shown: set[str] = set()
        self._reachable: dict[str, bool] = {}
        self._called: dict[str, set[str]] = {}
        engaged.listen(self._changed)
        for slot in SLOTS:
            board.changed(slot, ())

    def look(self) -> None:
        """Show the extensions that are new, and those no more that are gone."""
        there = set(self._extensions())
        for extension in sorted(self._shown - there):
            self._board.changed(extension, None)
        for extension in sorted(there - self._shown):
            self._board.changed(extension, self._calls(extension))
        self._shown = there
        reachable = {extension: self._registered(extension) for extension in sorted(there)}
        for extension, yes in reachable.items():
            if self._reachable.get(extension) is not yes:
                self._board.reachable(extension, yes)
        self._reachable = reachable

    def state(self, extension: str) -> State:
        """What an extension is doing now."""
        match self._engaged.state(extension):
            case Engagement.TALKING:
                return State.IN_CALL
            case Engagement.RINGING:
                return State.RINGING
            case _:
                return State.AVAILABLE if self._registered(extension) else State.OFFLINE

    def slot(self, number: str, call_id: str) -> None:
        """Somebody begins to wait in a slot, or nobody does any more ("")."""
        waits = (ExtensionCall(call_id, CallStage.CONFIRMED, called=True, taken_by_key=False),)
        self._board.changed(number, waits if call_id else ())

    def _changed(self, extension: str) -> None:
        calls = self._engaged.calls(extension)
        rung = {call_id for call_id, far in calls.items() if far is Engagement.RINGING}
        self._called[extension] = rung | (self._called.get(extension, set()) & calls.keys())
        if not calls:
            del self._called[extension]
        if extension in self._shown:
            self._board.changed(extension, self._calls(extension))

    def _calls(self, extension: str) -> tuple[ExtensionCall, ...]:
        """Calls that rang here came from elsewhere; the others began here.

        A key takes over what rings, and nothing that somebody is talking in.
        """
        called = self._called.get(extension, set())
        return tuple(
            ExtensionCall(
                call_id,
                _STAGES[far],
                called=call_id in called,
                taken_by_key=far is Engagement.RINGING,
            )
            for call_id, far in self._engaged.calls(extension).items()
            if far in _STAGES
        )
