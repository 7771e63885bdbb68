"""What an owner asks for in the options: greetings, the password, the language."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ivr.operations import Outcome
from tests.ivr.memory_boxes import LEAST_SPEECH_S, Box, end_of_day, speech_in
from tests.ivr.memory_leaving import Spool

TODAY = datetime(2027, 7, 1, 14, 0, tzinfo=UTC)
"""The day on which scenarios happen unless they say otherwise."""


class MemoryOptions:
    """The operations of the options menu on the box of whoever came in."""

    def __init__(self, owner: Callable[[], Box], spool: Spool) -> None:
        self.discarded = 0
        self._owner = owner
        self._spool = spool
        self._take: tuple[str, Path] | None = None

    def open_greeting(self, kind: str) -> Outcome:
        self._take = kind, self._spool.next()
        return Outcome("ready", {"spool": self._take[1], "max_s": 60})

    def keep_greeting(self, kind: str) -> Outcome:
        assert self._take is not None, "no greeting is being recorded"
        opened, take = self._take
        assert opened == kind
        self._take = None
        if speech_in(take) < LEAST_SPEECH_S:
            return Outcome("too_short")
        self._owner().greetings[kind] = take
        if kind == "temporary":
            self._owner().temporary_until = None
        return Outcome("kept")

    def discard_greeting(self) -> Outcome:
        self._take = None
        self.discarded += 1
        return Outcome("done")

    def hear_greeting(self, kind: str) -> Outcome:
        sound = self._owner().greetings.get(kind)
        return Outcome("nothing") if sound is None else Outcome("there", {"sound": sound})

    def erase_greeting(self, kind: str) -> Outcome:
        had = self._owner().greetings.pop(kind, None)
        return Outcome("erased" if had else "nothing")

    def end_temporary(self, date: str) -> Outcome:
        until = end_of_day(date, TODAY)
        if "temporary" not in self._owner().greetings:
            return Outcome("nothing")
        if until is None:
            return Outcome("invalid")
        self._owner().temporary_until = until
        return Outcome("set", {"temporary_until": until})

    def change_pin(self, pin: str, again: str) -> Outcome:
        if pin != again:
            return Outcome("different")
        if len(pin) < 4 or len(set(pin)) == 1 or pin in "01234567890":
            return Outcome("refused")
        self._owner().pin = pin
        return Outcome("changed")

    def set_language(self, language: str) -> Outcome:
        self._owner().language = language
        return Outcome("done", {"language": language})
