"""What a play state does with keys, from entering it to leaving it.

With `keys` alone, those lead away and no other key does anything. Otherwise any key cuts what is
said and stays in the buffer for the state that comes next, but for `controls`: they move what is
being said and leave nothing behind. An idle key, whose condition does not hold, does nothing.

A pause that nobody ends is ended by itself, so that a caller who has forgotten it, or pressed the
key by mistake, does not listen to silence for ever.
"""

from collections.abc import Collection
from enum import Enum, auto

from ivr.collector import Key
from ivr.doing import Doing
from ivr.flow import Control, Play
from ivr.keypad import Keypad

LONGEST_PAUSE_S = 60.0
"""Seconds after which a pause ends by itself: time to find a pencil, or to answer a question."""

_WHOLE_PLAY_S = 24 * 3600.0
"""Back by more than anything lasts is back to the beginning."""


class Turn(Enum):
    """What a key does that leads nowhere by itself."""

    STAY = auto()
    """What is said goes on."""
    CUT = auto()
    """The state is over, as if all had been said."""


class Playback:
    """One play state. Keys pressed ahead count, unless the state says otherwise."""

    def __init__(
        self,
        step: Play,
        keys: Collection[str],
        idle: Collection[str],
        keypad: Keypad,
        doing: Doing,
    ) -> None:
        self._step = step
        self._keys = keys
        self._idle = idle
        self._keypad = keypad
        self._doing = doing
        if not step.type_ahead:
            keypad.forget()

    def ahead(self) -> Key | Turn:
        """What the keys pressed ahead do, before anything is said.

        A control pressed ahead means nothing: there is nothing yet to be moved.
        """
        while self._keypad.ahead:
            if self._cuts(self._keypad.first):
                return Turn.CUT if self._step.barge_in else Turn.STAY
            key = self._keypad.next()
            if key in self._keys:
                return Key(key)
        return Turn.STAY

    def take(self, key: str, now: float) -> Key | Turn:
        """What a key does that is pressed now."""
        if key in self._keys:
            return Key(key)
        if self._cuts(key):
            self._keypad.keep(key)
            return Turn.CUT if self._step.barge_in else Turn.STAY
        if key in self._step.controls:
            self._move(self._step.controls[key], now)
        return Turn.STAY

    def _cuts(self, key: str) -> bool:
        if key in self._keys or key in self._idle or key in self._step.controls:
            return False
        return bool(self._step.controls) or not (self._keys or self._idle)

    def _move(self, control: Control, now: float) -> None:
        """Move what is said. Every control ends a pause, once it has done what it is for."""
        match control:
            case Control.BACK:
                self._doing.skip(-self._step.skip_s)
            case Control.FORWARD:
                self._doing.skip(self._step.skip_s)
            case Control.RESTART:
                self._doing.skip(-_WHOLE_PLAY_S)
            case Control.PAUSE if not self._doing.paused:
                self._doing.pause(now + LONGEST_PAUSE_S)
                return
        self._doing.resume()
