"""Tells when somebody begins to speak, and when they have been quiet for a while."""

from collections.abc import Callable

import numpy as np

from call.media import SpeechChanged
from call.sound import FRAME_S
from telephony.media.live import Live
from telephony.media.outbound import GROUPS
from telephony.media.speakers import LOOK, ONSET, Speakers
from telephony.playout import Rows

_PAUSE = 12  # looks: 480 ms of quiet

Told = Callable[[int, SpeechChanged], None]


class Attention:
    """All calls in which speech is watched; they are heard live."""

    def __init__(self, live: Live, calls: int) -> None:
        self._live = live
        self._speakers = Speakers(calls, pause=_PAUSE)
        self._watched: list[Rows] = [np.empty(0, dtype=np.intp) for _ in range(GROUPS)]
        self._told = np.zeros(calls, dtype=np.bool_)
        self._beats = [0] * GROUPS

    def watches(self, call: int) -> bool:
        """Whether this call is watched."""
        return bool((self._watched[call % GROUPS] == call).any())

    def watch(self, call: int, wanted: bool) -> None:
        """Watch a call from now on, or no more."""
        others = self._watched[call % GROUPS]
        others = others[others != call]
        self._speakers.forget(call)
        self._told[call] = False
        self._watched[call % GROUPS] = np.append(others, [call] * wanted).astype(np.intp)

    def beat(self, group: int, now: float, tell: Told) -> None:
        """Listen to the calls of one group; `tell` is told what changed. `now` is in seconds."""
        calls = self._watched[group]
        if not calls.size:
            return
        self._beats[group] += 1
        if self._beats[group] % LOOK:
            return
        sound = self._live.linear[calls]
        self._speakers.feed(calls, np.add.reduce(np.square(sound, dtype=np.float32), axis=1))
        speaks = self._speakers.speaks[calls]
        for call in calls[speaks != self._told[calls]].tolist():
            self._told[call] = speaking = bool(self._speakers.speaks[call])
            frames = (ONSET if speaking else _PAUSE) * LOOK + max(0, self._live.delay(call))
            tell(call, SpeechChanged(speaking, now - frames * FRAME_S))
