"""What each call says now, one frame a beat, for those who hear it: bridges, rooms, tapes.

A recording takes what came whenever it came. Somebody who listens needs a frame every 20 ms, in
step with our own clock: what is late is guessed, and what is too early waits.

Theory of operation. `cursor` is the frame of the call's timeline that is heard next; behind it wait
those that came early, one at first. When the next one is not there, a guess is heard and
the cursor stays: `owed` counts the guesses. What comes then decides what it was. If the frame
itself comes, it was late: it is heard now, and as many frames wait longer from here on as were
owed. If later ones come, it was lost, or never sent because nobody spoke: the gap ends when as
much is owed as it is long, so that nothing is delayed by it.

How few frames ever waited is the margin. It is judged every few seconds: more than two, and a frame
is left out; fewer, and one is put in; both at a moment of silence, if there is one. So the delay
follows the worst of the recent jitter, and the clocks of both ends may differ. No more than 200 ms
ever wait; what is beyond is left out at once.

Calls to which nothing of this happens just now, nearly all of them, are served in one stroke.
"""

import numpy as np
from numpy.typing import NDArray

from call.g711 import LINEAR, decode_each, encode
from call.sound import FRAME, Law
from telephony.concealment import Concealment
from telephony.media.compiled import Loops
from telephony.media.outbound import GROUPS
from telephony.playout import DEPTH, Ring, Rows

_LAWS = tuple(Law)

_MARGIN = 2  # frames that should wait, the one that is due among them: 40 ms
_MOST = 10  # frames that may wait: 200 ms
_JUDGED = 150  # beats between judgements: 3 s
_HASTE = 4  # frames too many, for each of which one more is left out
_UNKNOWN = 1 << 30  # no margin: nothing was heard since the last judgement
_PATIENCE = 3  # guesses after which half a frame is taken for all there is
_QUIET = 330  # no sample is louder in a moment of silence: -40 dBFS

GUESSED = -1
"""In place of a frame's number: nothing was there."""


class Live:
    """One frame of each call that is heard live; new at each beat of its group."""

    def __init__(self, ring: Ring, calls: int, loops: Loops | None = None) -> None:
        self._ring = ring
        self._loops = loops
        self._others = np.zeros(calls, dtype=np.intp)
        self.linear = np.zeros((calls, FRAME), dtype=np.int16)
        """What is heard, as samples."""
        self.octets = np.zeros((calls, FRAME), dtype=np.uint8)
        """The same in the law of the call."""
        self.law = np.zeros(calls, dtype=np.uint8)
        """That law, by its place among all laws."""
        self.laws = self.law.tobytes()
        """All of them, to compare."""
        self.frame = np.full(calls, GUESSED, dtype=np.int64)
        """Which frame of the call's timeline it is, or GUESSED."""
        self._concealment = Concealment(calls)
        self._cursor = np.zeros(calls, dtype=np.int64)
        self._owed = np.zeros(calls, dtype=np.int64)
        self._margin = np.full(calls, _UNKNOWN, dtype=np.int64)
        self._waited = np.full(calls, _UNKNOWN, dtype=np.int64)  # frames, at the beat before
        self._due = np.zeros(calls, dtype=np.int64)  # frames to leave out; to put in, below 0
        self._hasty = np.zeros(calls, dtype=np.bool_)  # no moment of silence came: wait for none
        self._users: dict[int, int] = {}
        self._taken: list[Rows] = [np.empty(0, dtype=np.intp) for _ in range(GROUPS)]
        self._beats = [0] * GROUPS

    def set_law(self, call: int, law: Law) -> None:
        """What the octets of this call mean from now on."""
        self.law[call] = _LAWS.index(law)
        self.laws = self.law.tobytes()

    def begin(self, call: int, now: int) -> None:
        """Somebody more hears this call."""
        self._users[call] = self._users.get(call, 0) + 1
        if self._users[call] > 1:
            return
        # By the time it is heard, the frame of the present has come.
        self._cursor[call] = max(0, self._ring.present(call, now) + 1 - _MARGIN)
        self._owed[call] = self._due[call] = 0
        self._margin[call] = self._waited[call] = _UNKNOWN
        self._concealment.forget(call)
        self._silence(call)
        self._sort(call % GROUPS)

    def end(self, call: int) -> None:
        """Somebody hears it no more."""
        self._users[call] -= 1
        if not self._users[call]:
            del self._users[call]
            self._silence(call)
            self._sort(call % GROUPS)

    def takes(self, call: int) -> bool:
        """Whether anybody hears it."""
        return call in self._users

    def delay(self, call: int) -> int:
        """Frames that wait to be heard, the next one among them."""
        return int(self._ring.head[call] - self._cursor[call] - self._owed[call])

    def step_over(self, frames: int) -> None:
        """Time went by in which nothing could be heard; what belonged there is left out."""
        for call in self._users:
            self._cursor[call] += frames
            self._concealment.left_out(np.array([call], dtype=np.intp))

    def beat(self, group: int, now: int) -> None:
        """Take the next frame of every call of the group."""
        calls = self._taken[group]
        if not calls.size:
            return
        self._beats[group] += 1
        if self._beats[group] % _JUDGED == 0:
            self._judge(calls)
        if self._loops is not None:
            calls = self._hear_plain(self._loops, calls)
            if not calls.size:
                return
        ring, cursor = self._ring, self._cursor[calls]
        place = cursor % DEPTH
        there = ring.frame[place, calls] == cursor
        waiting = ring.head[calls] - cursor
        plain = there & (ring.filled[place, calls] >= FRAME) & (waiting <= _MOST)
        plain &= self._owed[calls] == 0
        due = self._due[calls] != 0
        if due.any():
            plain[due] &= ~self._is_time(calls[due], cursor[due])
        if plain.all():
            self._go_on(calls, cursor, waiting)
            self._hear(calls, cursor)
            return
        starved = ~there & (waiting <= 0)
        self._owed[calls[starved]] += 1
        self._waited[calls[starved]] = _UNKNOWN
        heard = np.where(plain, cursor, GUESSED)
        self._go_on(calls[plain], cursor[plain], waiting[plain])
        for n in np.flatnonzero(~plain & ~starved).tolist():
            heard[n] = self._next(int(calls[n]))
        there = heard != GUESSED
        self._hear(calls[there], heard[there])
        self._guess(calls[~there])

    def _hear_plain(self, loops: Loops, calls: Rows) -> Rows:
        """Serve the calls that are undisturbed; the others."""
        ring, concealment = self._ring, self._concealment
        others = loops.hear(
            calls, ring.octets, ring.frame, ring.filled, ring.head,
            self._cursor, self._owed, self._due, self._hasty, self._margin, self._waited,
            _MOST, _QUIET, concealment.gap, concealment.turn, concealment.past,
            self.law, LINEAR, self.frame, self.octets, self.linear, self._others,
        )  # fmt: skip
        return self._others[:others]

    def _go_on(self, calls: Rows, cursor: NDArray[np.int64], waiting: NDArray[np.int64]) -> None:
        """These calls hear the frame that follows the one before.

        Which tells that what did not wait behind that one a beat ago was not lost, but late.
        """
        self._cursor[calls] = cursor + 1
        self._margin[calls] = np.minimum(self._margin[calls], self._waited[calls])
        self._waited[calls] = waiting

    def _hear(self, calls: Rows, frames: NDArray[np.int64]) -> None:
        """These frames of the ring are heard now."""
        octets = self._ring.octets[frames % DEPTH, calls]
        linear = self._linear(calls, octets)
        altered = self._concealment.rejoined(calls, linear)
        self.frame[calls] = frames
        self.octets[calls] = octets
        self.linear[calls] = linear
        if altered.any():
            self._encode(calls[altered])

    def _guess(self, calls: Rows) -> None:
        """Nothing is there of these calls."""
        self.linear[calls] = self._concealment.lost(calls)
        self.frame[calls] = GUESSED
        self._encode(calls)

    def _encode(self, calls: Rows) -> None:
        for place, law in enumerate(_LAWS):
            mine = calls[self.law[calls] == place]
            if mine.size:
                self.octets[mine] = encode(self.linear[mine], law)

    def _linear(self, calls: Rows, octets: NDArray[np.uint8]) -> NDArray[np.int16]:
        return decode_each(octets, self.law[calls])

    def _silence(self, call: int) -> None:
        self.linear[call] = 0
        self.frame[call] = GUESSED
        self._encode(np.array([call], dtype=np.intp))

    def _sort(self, group: int) -> None:
        calls = [call for call in self._users if call % GROUPS == group]
        self._taken[group] = np.array(calls, dtype=np.intp)

    def _judge(self, calls: Rows) -> None:
        """See how early the latest packets of the last seconds were."""
        margin, before = self._margin[calls], self._due[calls]
        excess = np.where(margin > _UNKNOWN // 2, 0, margin - _MARGIN)
        self._due[calls] = due = np.where(excess > 0, 1 + excess // _HASTE, np.maximum(excess, -1))
        self._hasty[calls] = (before > 0) & (due > 0)
        self._margin[calls] = _UNKNOWN

    def _next(self, call: int) -> int:
        """The frame that a call hears now, where it is not plain which; GUESSED for none."""
        self._cut(call)
        cursor, owed = int(self._cursor[call]), int(self._owed[call])
        frame = self._first(call, cursor, owed)
        if frame == GUESSED:
            self._owed[call] = owed + 1
            self._waited[call] = _UNKNOWN
            return GUESSED
        if frame == cursor:
            self._margin[call] = min(self._margin[call], self._waited[call])
        self._owed[call] = 0
        self._cursor[call] = frame
        self._margin[call] += owed - (frame - cursor)
        due = self._due[call]
        if due and self._is_time(*np.array([[call], [frame]])):
            if due < 0:
                self._due[call] += 1
                self._margin[call] += 1
                self._waited[call] = _UNKNOWN
                return GUESSED
            if self._is_whole(call, frame + 1):
                self._due[call] -= 1
                self._hasty[call] = False
                self._leave_out(call, 1)
                frame += 1
        self._cursor[call] = frame + 1
        self._waited[call] = self._ring.head[call] - frame
        return frame

    def _cut(self, call: int) -> None:
        """Leave out what has waited too long."""
        earliest = int(self._ring.head[call]) - _MOST
        cursor, owed = int(self._cursor[call]), int(self._owed[call])
        if cursor >= earliest:
            return
        self._cursor[call] = earliest
        self._owed[call] = max(0, cursor + owed - earliest)
        if cursor + owed < earliest:
            self._leave_out(call, earliest - cursor - owed)

    def _first(self, call: int, cursor: int, owed: int) -> int:
        """The first frame that is there, of those whose time has come."""
        head = int(self._ring.head[call])
        for frame in range(max(cursor, head - DEPTH), min(cursor + owed + 1, head)):
            if self._is_whole(call, frame) or (
                owed >= _PATIENCE and self._ring.frame[frame % DEPTH, call] == frame
            ):
                return frame
        return GUESSED

    def _is_whole(self, call: int, frame: int) -> bool:
        """Whether a frame is there, with all that will come of it."""
        ring, place = self._ring, frame % DEPTH
        return bool(
            ring.frame[place, call] == frame
            and (ring.filled[place, call] >= FRAME or ring.head[call] > frame + 1)
        )

    def _is_time(self, calls: Rows, frames: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether a frame may be left out or put in beside these without being noticed."""
        linear = self._linear(calls, self._ring.octets[frames % DEPTH, calls])
        quiet: NDArray[np.bool_] = np.abs(linear).max(axis=1) < _QUIET
        return quiet | self._hasty[calls]

    def _leave_out(self, call: int, frames: int) -> None:
        self._margin[call] -= frames
        self._concealment.left_out(np.array([call], dtype=np.intp))
