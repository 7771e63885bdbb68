"""What a play state does with keys, from entering it to leaving it.

With `keys`, those lead away and no other key cuts what is said. Without, any key cuts it and stays
in the buffer for the state that comes next.
"""

from collections.abc import Collection
from enum import Enum, auto

from ivr.collector import Key
from ivr.flow import Play
from ivr.keypad import Keypad


class Turn(Enum):
    """What a key does that leads nowhere by itself."""

    STAY = auto()
    """What is said goes on."""
    CUT = auto()
    """The state is over, as if all had been said."""


class Playback:
    """One play state. Keys pressed ahead count, unless the state says otherwise."""

    def __init__(self, step: Play, keys: Collection[str], keypad: Keypad) -> None:
        self._step = step
        self._keys = keys
        self._keypad = keypad
        if not step.type_ahead:
            keypad.forget()

    def ahead(self) -> Key | Turn:
        """What the keys pressed ahead do, before anything is said."""
        while self._keys and self._keypad.ahead:
            key = self._keypad.next()
            if key in self._keys:
                return Key(key)
        return Turn.CUT if self._keypad.ahead and self._step.barge_in else Turn.STAY

    def take(self, key: str) -> Key | Turn:
        """What a key does that is pressed now."""
        if key in self._keys:
            return Key(key)
        if self._keys:
            return Turn.STAY
        self._keypad.keep(key)
        return Turn.CUT if self._step.barge_in else Turn.STAY
