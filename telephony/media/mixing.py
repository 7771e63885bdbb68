"""All rooms of a beat mixed in one stroke: the sum of each room, less what each listener said.

Theory of operation. One row of an array is one frame of one person; the people of a room stand
together, so that one reduction gives the sums of all rooms. Who said something hears the sum less
their own row. Who said nothing hears the sum itself, which is made once for each room however many
they are: in a large room that is nearly everybody. Sums are of whole numbers in 32-bit floats,
which are exact up to five hundred voices at full scale; gains other than 1 alone make fractions.

A beat begins with cold caches, so that each step costs more by itself than by what it does. Whoever
spoke in a frame mostly speaks in the next: how the people are split by that, and all that follows
from it alone, is kept (`Split`). And while nothing is too loud, nothing is looked up about limits.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from call.g711 import ENCODE
from call.sound import FRAME, Law, Pcm
from telephony.media.compiled import Loops
from telephony.media.limiter import KNEE, PROGRESS, Gains, Sound, soften
from telephony.media.live import Live
from telephony.media.outbound import Outbound
from telephony.playout import Rows

_LAWS = tuple(Law)
CODES = 65536
MIDDLE = CODES // 2 + 0.5  # where a sample of 0 stands in its table; half a step, to round
OCTETS = np.concatenate([np.roll(ENCODE[law], CODES // 2) for law in _LAWS])
"""For each law one octet for each sample, from the lowest to the highest."""

HUSH = 8
"""The silence of A-law is 8 off the middle: a frame of no more says nothing, and adds nothing."""

LOWERED = 10 ** (-12 / 20)
"""How loud everybody is under an announcement."""

_RISE = (1 - LOWERED) / 10  # a frame: 0.2 s after an announcement all is as it was
_KEPT = 25  # frames after which it is seen anew who says nothing


@dataclass(frozen=True, slots=True)
class Split:
    """The people of a seating: those who hear something of their own, and the rest.

    What is heard has one row for each of the former, and after these one for each room that is
    heard as a whole, in each law in which it is.
    """

    apart: NDArray[np.bool_]
    """Who the former are, for each of the people."""
    laws: bytes
    """The laws of all calls."""
    recorded: bool
    """Whether every room has a row."""
    chosen: Rows | slice
    """Their places; all of them as a slice, which spares a copy of each array."""
    calls: Rows
    rooms_of: Rows
    """The place of each one's room."""
    first: Rows
    """Where each room begins among them that has any."""
    speaking: Rows
    """The places of those rooms."""
    whole: Rows
    """The place of the room of each further row."""
    rest: Rows
    """The calls of the rest."""
    rows_of_rest: Rows
    """What each of them hears."""
    gains: Rows
    """Where the limiter's gain of each row is kept."""
    lift: Sound
    """Where the law of each row stands in the table of octets; a column."""

    def serves(self, apart: NDArray[np.bool_], laws: bytes, *, recorded: bool) -> bool:
        """Whether it fits a frame as well: whoever speaks is apart, and so may be who does not."""
        return (
            self.recorded is recorded
            and self.laws is laws
            and not np.greater(apart, self.apart).any()
        )


@dataclass(slots=True, eq=False)
class Seating:
    """Who is in which of several rooms."""

    rooms: Rows
    """Their numbers."""
    calls: Rows
    """Everybody, room by room."""
    where: Rows
    """The place in `rooms` of each of the calls."""
    split: Split | None = None
    """How they were split in the frame before."""
    frames: int = 0
    """For how many frames that has served."""


Way = tuple[Gains, Gains]
"""The gains at which a frame begins and ends."""


class Fader:
    """Gains that are set at once and reached within a frame, so that nothing clicks."""

    def __init__(self, size: int) -> None:
        self.wanted = np.ones(size, dtype=np.float32)
        self.present = np.ones(size, dtype=np.float32)
        self._turned: set[int] = set()  # places at which a gain may be other than 1

    def set(self, place: int, gain: float) -> None:
        """Go there in the next frame."""
        self.wanted[place] = gain
        self._turned.add(place)

    def begin(self, place: int, gain: float) -> None:
        """Be there at once, in the first frame of what is heard."""
        self.wanted[place] = self.present[place] = gain
        self._turned.add(place)

    def forget(self, place: int) -> None:
        """Be at 1, at once."""
        self.wanted[place] = self.present[place] = 1
        self._turned.discard(place)

    def reached(self, places: Rows) -> Gains:
        """The gains at which the last frame ended."""
        return self.present[places]

    def take(self, places: Rows, more: Gains | None = None) -> Way | None:
        """The way of the gains in this frame; None when all of them are and stay 1.

        `more` multiplies the gains at the end; it is left out only once it is 1 for good.
        """
        if more is None and not self._turned:
            return None
        was, now = self.present[places], self.wanted[places]
        if more is not None:
            now = now * more
        self.present[places] = now
        return was, now


class Mixer:
    """Mixes what calls say into what they hear; keeps the gains between the frames."""

    def __init__(
        self, live: Live, outbound: Outbound, rooms: int, loops: Loops | None = None
    ) -> None:
        calls = len(live.linear)
        self._live = live
        self._outbound = outbound
        self.says = Fader(calls)
        """How loud the others hear each call: 0 is muted."""
        self.hears = Fader(calls)
        """How loud each call hears the others."""
        self.squares = np.zeros(calls, dtype=np.float32)
        """How loud each call was in its last frame, muted ones not at all: squares added up."""
        self._limit = np.ones(calls + rooms, dtype=np.float32)  # of calls, then of rooms
        self._limits = False  # whether any of these gains may be other than 1
        self._lowered = np.ones(rooms, dtype=np.float32)
        self._lowers = False  # and any of these
        self._loops = loops
        self._even = np.ones(rooms, dtype=np.float32)
        self._none = np.zeros((0, FRAME), dtype=np.int16)
        self._totals = np.zeros((rooms, FRAME), dtype=np.float32)
        self._spoken = np.zeros((calls + rooms, FRAME), dtype=np.float32)

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
        self._limit[len(self.squares) + room] = self._lowered[room] = 1

    def mix(
        self, seating: Seating, announced: Mapping[int, Pcm], *, rooms: bool, measured: bool = True
    ) -> Pcm | None:
        """Write what each call hears next; and where it is asked for, what the `rooms` hear.

        `announced`: what is played in the rooms in which something is, by their place in the
        seating. What a room hears is what a silent listener does: shape (rooms, 160). Only where it
        is `measured` is it noted how loud each call is.
        """
        calls = seating.calls
        lowered = self._lower(seating.rooms, announced)
        if self._loops is not None:
            return self._mix_in_loops(
                self._loops, seating, announced, lowered, rooms=rooms, measured=measured
            )
        says = self.says.take(calls, None if lowered is None else lowered[seating.where])
        hears = self.hears.take(calls)
        sound = self._live.linear.take(calls, axis=0)
        speaks = _loud(sound)
        if says is not None:
            speaks &= (says[0] > 0) | (says[1] > 0)
        apart = speaks if hears is None else speaks | (hears[0] != 1) | (hears[1] != 1)
        split = self._split(seating, apart, recorded=rooms)
        chosen = split.chosen
        spoken = sound[chosen].astype(np.float32)
        hushed = ~speaks[chosen]
        if hushed.any():
            spoken[hushed] = 0
        if measured:
            self._measure(calls, split.calls, spoken, says)
        if says is not None:
            _turn(spoken, says, chosen)
        totals = np.zeros((len(seating.rooms), FRAME), dtype=np.float32)
        if split.first.size:
            totals[split.speaking] = np.add.reduceat(spoken, split.first, axis=0)
        for place, frame in announced.items():
            totals[place] += frame
        heard = np.empty((len(split.gains), FRAME), dtype=np.float32)
        own = heard[: len(spoken)]
        np.subtract(totals[split.rooms_of], spoken, out=own)
        if hears is not None:
            _turn(own, hears, chosen)
        heard[len(spoken) :] = totals[split.whole]
        self._soften(heard, split)
        recorded = _samples(heard[-len(seating.rooms) :]) if rooms else None
        octets = _octets(heard, split.lift)
        self._outbound.live[split.calls] = octets[: len(spoken)]
        if split.rest.size:
            self._outbound.live[split.rest] = octets[split.rows_of_rest]
        return recorded

    def _mix_in_loops(
        self, loops: Loops, seating: Seating, announced: Mapping[int, Pcm], lowered: Gains | None,
        *, rooms: bool, measured: bool,
    ) -> Pcm | None:  # fmt: skip
        """What `mix` does; nobody shares what is heard, as to compute it anew costs less."""
        if announced:
            self._totals[: len(seating.rooms)] = 0
            for place, frame in announced.items():
                self._totals[place] = frame
        recorded = np.zeros((len(seating.rooms), FRAME), dtype=np.int16) if rooms else self._none
        loops.mix(
            seating.calls, seating.where, self._live.linear, HUSH,
            self.says.present, self.says.wanted, self._even if lowered is None else lowered,
            self.hears.present, self.hears.wanted, self._spoken, self._totals,
            bool(announced), measured, self.squares, self._limit,
            seating.rooms, self._live.law, OCTETS, self._outbound.live, recorded,
        )  # fmt: skip
        return recorded if rooms else None

    def _split(self, seating: Seating, apart: NDArray[np.bool_], *, recorded: bool) -> Split:
        """How people are split in this frame: most often as in the one before.

        People fall silent between words, and no new split is made for it; only now and then is it
        seen who may share what is heard.
        """
        before, laws = seating.split, self._live.laws
        seating.frames += 1
        if (
            before is not None
            and before.serves(apart, laws, recorded=recorded)
            and (seating.frames % _KEPT or np.array_equal(apart, before.apart))
        ):
            return before
        seating.split = split = self._new_split(seating, apart, recorded=recorded)
        seating.frames = 0
        if self._limits:
            self._carry_over(seating, split)
        return split

    def _carry_over(self, seating: Seating, split: Split) -> None:
        """Rooms that are heard as a whole from now on go on at the gain of those who share.

        At the lowest of these; and rooms that nobody hears as a whole any more are as at first.
        """
        of_rooms = len(self.squares) + seating.rooms
        self._limit[np.setdiff1d(of_rooms, split.gains[split.calls.size :])] = 1
        gains = self._limit[split.rest]
        order = np.argsort(-gains)
        self._limit[split.gains[split.rows_of_rest[order]]] = gains[order]

    def _new_split(self, seating: Seating, apart: NDArray[np.bool_], *, recorded: bool) -> Split:
        calls, where = seating.calls, seating.where
        chosen = slice(None) if apart.all() else apart.nonzero()[0]
        rooms_of, laws = where[chosen], self._live.law[calls]
        [last] = (rooms_of[1:] != rooms_of[:-1]).nonzero()
        first = np.concatenate((np.arange(min(1, rooms_of.size)), last + 1))
        count = len(seating.rooms)
        wanted = laws[~apart].astype(np.intp) * count + where[~apart]
        # Where rooms are recorded all of them are there in one law: as the last rows, in order.
        every = (len(_LAWS) - 1) * count + np.arange(count) if recorded else wanted
        rows = np.unique(np.concatenate((wanted, every)))
        lift = np.concatenate((laws[chosen], rows // count)) * np.float32(CODES) + MIDDLE
        whole = rows % count
        return Split(
            apart=apart.copy(),
            laws=self._live.laws,
            recorded=recorded,
            chosen=chosen,
            calls=calls[chosen],
            rooms_of=rooms_of,
            first=first,
            speaking=rooms_of[first],
            whole=whole,
            rest=calls[~apart],
            rows_of_rest=rooms_of.size + np.searchsorted(rows, wanted),
            gains=np.concatenate((calls[chosen], len(self.squares) + seating.rooms[whole])),
            lift=lift.astype(np.float32)[:, None],
        )

    def _measure(self, calls: Rows, apart: Rows, spoken: Sound, says: Way | None) -> None:
        """Note how loud everybody is."""
        self.squares[calls] = 0
        self.squares[apart] = np.einsum("ij,ij->i", spoken, spoken)
        if says is not None:
            self.squares[calls[says[1] == 0]] = 0

    def _lower(self, rooms: Rows, announced: Mapping[int, Pcm]) -> Gains | None:
        """How loud everybody is in each room this frame; None where all are as ever."""
        if not announced and not self._lowers:
            return None
        lowered: Gains = self._lowered[rooms]
        if not announced and lowered.min(initial=1) == 1:
            self._lowers = bool(self._lowered.min() < 1)
            return None
        lowered = np.minimum(lowered + np.float32(_RISE), np.float32(1))
        lowered[list(announced)] = LOWERED
        self._lowered[rooms] = lowered
        self._lowers = True
        return lowered

    def _soften(self, heard: Sound, split: Split) -> None:
        """Bring what is heard within full scale, in place."""
        if not self._limits and heard.max(initial=0) <= KNEE and heard.min(initial=0) >= -KNEE:
            return
        self._limit[split.gains] = after = soften(heard, self._limit[split.gains])
        self._limit[split.rest] = after[split.rows_of_rest]
        self._limits = bool(self._limit.min() < 1)


def _loud(sound: Pcm) -> NDArray[np.bool_]:
    """Whether each frame says anything."""
    high, low = np.maximum.reduce(sound, axis=1), np.minimum.reduce(sound, axis=1)
    loud: NDArray[np.bool_] = (high > HUSH) | (low < -HUSH)
    return loud


def _turn(sound: Sound, way: Way, chosen: Rows | slice) -> None:
    """Bring the chosen rows from gain to gain, in place."""
    was, now = (gains[chosen] for gains in way)
    if (was != now).any():
        sound *= was[:, None] + (now - was)[:, None] * PROGRESS
    elif (now != 1).any():
        sound *= now[:, None]


def _samples(sound: Sound) -> Pcm:
    """Sound within full scale, to the nearest sample."""
    samples: Pcm = np.rint(sound).astype(np.int16)
    return samples


def _octets(sound: Sound, lift: Sound) -> NDArray[np.uint8]:
    """Compand sound within full scale, each row in its law; `sound` is used up."""
    sound += lift
    return OCTETS.take(sound.astype(np.intp), mode="wrap")
