"""All rooms of a beat mixed in one stroke: the sum of each room, less what each listener said.

Theory of operation. One row of an array is one frame of one person; the people of a room stand
together, so that one reduction gives the sums of all rooms. Who said something hears the sum less
their own row. Who said nothing hears the sum itself, which is made once for each room however many
they are: in a large room that is nearly everybody. Sums are of whole numbers in 32-bit floats,
which are exact up to five hundred voices at full scale; gains other than 1 alone make fractions.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from call.g711 import ENCODE
from call.sound import FRAME, Law, Pcm
from telephony.media.limiter import Gains, Sound, soften
from telephony.media.live import Live
from telephony.media.outbound import Outbound
from telephony.playout import Rows

_LAWS = tuple(Law)
_CODES = 65536
_MIDDLE = _CODES // 2 + 0.5  # where a sample of 0 stands in its table; half a step, to round
_OCTETS = np.concatenate([np.roll(ENCODE[law], _CODES // 2) for law in _LAWS])
"""For each law one octet for each sample, from the lowest to the highest."""

_HUSH = 8
"""The silence of A-law is 8 off the middle: a frame of no more says nothing, and adds nothing."""

LOWERED = 10 ** (-12 / 20)
"""How loud everybody is under an announcement."""

_RISE = (1 - LOWERED) / 10  # a frame: 0.2 s after an announcement all is as it was
_PROGRESS = np.arange(1, FRAME + 1, dtype=np.float32) / FRAME


@dataclass(frozen=True, slots=True)
class Seating:
    """Who is in which of several rooms."""

    rooms: Rows
    """Their numbers."""
    calls: Rows
    """Everybody, room by room."""
    where: Rows
    """The place in `rooms` of each of the calls."""


Way = tuple[Gains, Gains]
"""The gains at which a frame begins and ends."""


class Fader:
    """Gains that are set at once and reached within a frame, so that nothing clicks."""

    def __init__(self, size: int) -> None:
        self._wanted = np.ones(size, dtype=np.float32)
        self._reached = np.ones(size, dtype=np.float32)
        self._turned: set[int] = set()  # places at which a gain may be other than 1

    def set(self, place: int, gain: float) -> None:
        """Go there in the next frame."""
        self._wanted[place] = gain
        self._turned.add(place)

    def begin(self, place: int, gain: float) -> None:
        """Be there at once, in the first frame of what is heard."""
        self._wanted[place] = self._reached[place] = gain
        self._turned.add(place)

    def forget(self, place: int) -> None:
        """Be at 1, at once."""
        self._wanted[place] = self._reached[place] = 1
        self._turned.discard(place)

    def reached(self, places: Rows) -> Gains:
        """The gains at which the last frame ended."""
        return self._reached[places]

    def take(self, places: Rows, more: Gains | None = None) -> Way | None:
        """The way of the gains in this frame; None when all of them are and stay 1.

        `more` multiplies the gains at the end; it is left out only once it is 1 for good.
        """
        if more is None and not self._turned:
            return None
        was, now = self._reached[places], self._wanted[places]
        if more is not None:
            now = now * more
        self._reached[places] = now
        return was, now


class Mixer:
    """Mixes what calls say into what they hear; keeps the gains between the frames."""

    def __init__(self, live: Live, outbound: Outbound, rooms: int) -> None:
        calls = len(live.linear)
        self._live = live
        self._outbound = outbound
        self.says = Fader(calls)
        """How loud the others hear each call: 0 is muted."""
        self.hears = Fader(calls)
        """How loud each call hears the others."""
        self.squares = np.zeros(calls, dtype=np.float32)
        """How loud each call was in its last frame, muted ones not at all: squares added up."""
        self._limit = np.ones(calls, dtype=np.float32)
        self._limit_of_room = np.ones(rooms, dtype=np.float32)
        self._lowered = np.ones(rooms, dtype=np.float32)

    def gains(self, calls: Rows) -> tuple[Gains, Gains]:
        """How loud calls were heard at the end of the last frame, and how loud they heard."""
        return self.says.reached(calls), self.hears.reached(calls) * self._limit[calls]

    def forget(self, call: int) -> None:
        """Everything about a call is as at first."""
        self.says.forget(call)
        self.hears.forget(call)
        self._limit[call] = 1

    def forget_room(self, room: int) -> None:
        """Everything about a room is as at first."""
        self._limit_of_room[room] = self._lowered[room] = 1

    def mix(self, seating: Seating, announced: Mapping[int, Pcm], *, rooms: bool) -> Pcm | None:
        """Write what each call hears next; and where it is asked for, what the `rooms` hear.

        `announced`: what is played in the rooms in which something is, by their place in the
        seating. What a room hears is what a silent listener does: shape (rooms, 160).
        """
        calls, where = seating.calls, seating.where
        lowered = self._lower(seating.rooms, announced)
        says = self.says.take(calls, None if lowered is None else lowered[where])
        hears = self.hears.take(calls)
        sound = self._live.linear.take(calls, axis=0)
        speaks = _loud(sound)
        if says is not None:
            speaks &= (says[0] > 0) | (says[1] > 0)
        apart = speaks if hears is None else speaks | (hears[0] != 1) | (hears[1] != 1)
        # A slice spares a copy of each array where everybody speaks.
        chosen = slice(None) if apart.all() else apart.nonzero()[0]
        spoken = sound[chosen].astype(np.float32)
        if hears is not None:
            spoken[~speaks[chosen]] = 0
        self.squares[calls] = 0
        self.squares[calls[chosen]] = np.einsum("ij,ij->i", spoken, spoken)
        if says is not None:
            self.squares[calls[says[1] == 0]] = 0
            _turn(spoken, says, chosen)
        rooms_of = where[chosen]
        totals = _totals(spoken, rooms_of, len(seating.rooms))
        for place, frame in announced.items():
            totals[place] += frame
        heard: Sound = totals[rooms_of]
        heard -= spoken
        if hears is not None:
            _turn(heard, hears, chosen)
        self._tell(calls[chosen], heard)
        [rest] = (~apart).nonzero()
        return self._share(seating, rest, totals) if rooms or rest.size else None

    def _lower(self, rooms: Rows, announced: Mapping[int, Pcm]) -> Gains | None:
        """How loud everybody is in each room this frame; None where all are as ever."""
        lowered: Gains = self._lowered[rooms]
        if not announced and lowered.min(initial=1) == 1:
            return None
        lowered = np.minimum(lowered + np.float32(_RISE), np.float32(1))
        lowered[list(announced)] = LOWERED
        self._lowered[rooms] = lowered
        return lowered

    def _tell(self, calls: Rows, heard: Sound) -> None:
        """Each of these calls hears something of its own."""
        self._limit[calls] = soften(heard, self._limit[calls])
        self._outbound.live[calls] = _octets(heard, self._live.law[calls])

    def _share(self, seating: Seating, rest: Rows, totals: Sound) -> Pcm:
        """The rest of each room hear the same; what that is."""
        gains = soften(totals, self._limit_of_room[seating.rooms])
        shared = np.rint(totals).astype(np.int16)
        self._limit_of_room[seating.rooms] = gains
        calls, where = seating.calls[rest], seating.where[rest]
        self._limit[calls] = gains[where]
        laws = self._live.law[calls]
        for law in range(len(_LAWS)):
            mine = laws == law
            if mine.any():
                octets = _octets(totals.copy(), np.full(len(totals), law))
                self._outbound.live[calls[mine]] = octets[where[mine]]
        return shared


def _loud(sound: Pcm) -> NDArray[np.bool_]:
    """Whether each frame says anything."""
    high, low = np.maximum.reduce(sound, axis=1), np.minimum.reduce(sound, axis=1)
    loud: NDArray[np.bool_] = (high > _HUSH) | (low < -_HUSH)
    return loud


def _turn(sound: Sound, way: Way, chosen: Rows | slice) -> None:
    """Bring the chosen rows from gain to gain, in place."""
    was, now = (gains[chosen] for gains in way)
    if (was != now).any():
        sound *= was[:, None] + (now - was)[:, None] * _PROGRESS
    elif (now != 1).any():
        sound *= now[:, None]


def _totals(spoken: Sound, where: Rows, rooms: int) -> Sound:
    """The sum of each room: rows that follow one another with the same `where` are one's."""
    totals = np.zeros((rooms, spoken.shape[1]), dtype=np.float32)
    if where.size:
        [last] = (where[1:] != where[:-1]).nonzero()
        first = np.concatenate(([0], last + 1))
        totals[where[first]] = np.add.reduceat(spoken, first, axis=0)
    return totals


def _octets(sound: Sound, laws: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Compand sound within full scale, each row in its law; `sound` is used up."""
    sound += (laws * np.float32(_CODES) + np.float32(_MIDDLE))[:, None]
    return _OCTETS.take(sound.astype(np.intp), mode="wrap")
