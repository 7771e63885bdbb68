"""The listening half of a beat: what was received becomes linear sound, recorded or searched."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from call.g711 import decode_each
from call.sound import FRAME, EndOfRecording, Law
from telephony.concealment import Concealment
from telephony.media.outbound import GROUPS
from telephony.media.recording import LOUD, Recording
from telephony.playout import Reader, Ring, Rows, Taken
from telephony.tones import ToneDetector

_LAWS = tuple(Law)
_OCTETS = 2 * FRAME  # of one frame of linear sound
_ROUNDS = 4  # frames one call may catch up in one beat
_NOBODY: Rows = np.empty(0, dtype=np.intp)

Ended = Callable[[int, Recording, EndOfRecording], None]
Heard = Callable[[int, str], None]


class Listening:
    """All calls that are recorded, and all whose keys come as tones."""

    def __init__(self, ring: Ring, calls: int) -> None:
        self._law = np.zeros(calls, dtype=np.uint8)  # by its place among all laws
        self._concealment = Concealment(calls)
        # 100 ms for what is reordered; half a second until silence is believed.
        self._recorder = Reader(ring, calls, reorder=5, patience=25)
        self._tones = Reader(ring, calls, reorder=2, patience=3)
        self._detector = ToneDetector(calls)
        self._recordings: dict[int, Recording] = {}
        self._recorded = [_NOBODY] * GROUPS
        self._sought = [_NOBODY] * GROUPS

    def set_law(self, call: int, law: Law) -> None:
        """What the octets of this call mean from now on."""
        self._law[call] = _LAWS.index(law)

    def record(self, call: int, recording: Recording, now: int) -> None:
        """Record what is received from now on."""
        self._recordings[call] = recording
        self._recorder.start(call, now)
        self._concealment.forget(call)
        self._recorded[call % GROUPS] = _with(self._recorded[call % GROUPS], call)

    def stop(self, call: int, now: int) -> Recording | None:
        """Record no more; everything that was received by now is heard first."""
        recording = self._recordings.get(call)
        if recording is None:
            return None
        while self._recorder.cursor[call] < self._recorder.present(call, now):
            if recording.full:
                break
            [(frame, loud)] = self._sound(self._recorder.take_at_once(call))
            recording.hear(frame, loud=loud)
        self._forget(call)
        return recording

    def recording(self, call: int) -> Recording | None:
        """The recording under way."""
        return self._recordings.get(call)

    def listens(self, call: int) -> bool:
        """Whether anything is done with what is received of this call."""
        return call in self._recordings or bool((self._sought[call % GROUPS] == call).any())

    def seek_tones(self, call: int, wanted: bool, now: int) -> None:
        """Look for keys in the sound of this call, or stop looking."""
        others = self._sought[call % GROUPS]
        was = call in others
        if wanted and not was:
            self._tones.start(call, now)
            self._detector.forget(call)
            self._sought[call % GROUPS] = _with(others, call)
        elif was and not wanted:
            self._sought[call % GROUPS] = others[others != call]

    def keys_down(self, group: int) -> list[int]:
        """The calls of a group in whose sound a key is down."""
        rows = self._sought[group]
        down: list[int] = self._detector.down(rows).tolist() if rows.size else []
        return down

    def beat(self, group: int, now: int, ended: Ended, heard: Heard) -> None:
        """Take what can be taken of one group; `ended` and `heard` are told what comes of it."""
        if self._recorded[group].size:
            for taken in self._rounds(self._recorder, self._recorded, group, now):
                self._record(taken, ended)
        if self._sought[group].size:
            for taken in self._rounds(self._tones, self._sought, group, now):
                linear = self._linear(taken)
                linear[~taken.received] = 0
                for call, key in self._detector.feed(taken.calls, linear):
                    heard(call, key)

    @staticmethod
    def _rounds(reader: Reader, groups: list[Rows], group: int, now: int) -> Iterator[Taken]:
        """One frame of each call of a group, then of those that have more to catch up."""
        for n in range(_ROUNDS):
            rows = groups[group]
            if n and rows.size:
                rows = reader.behind(rows)
            if not rows.size:
                return
            taken = reader.take(rows, now, idle=n == 0)
            if not taken.calls.size:
                return
            yield taken

    def _record(self, taken: Taken, ended: Ended) -> None:
        for call, (frame, loud) in zip(taken.calls.tolist(), self._sound(taken), strict=True):
            recording = self._recordings[call]
            cause = recording.hear(frame, loud=loud)
            if cause is not None:
                self._forget(call)
                ended(call, recording, cause)

    def _sound(self, taken: Taken) -> list[tuple[bytes, bool]]:
        linear = self._concealed(taken)
        squares = np.add.reduce(np.square(linear, dtype=np.float32), axis=1)
        loud = (squares >= LOUD) & taken.received
        frames = linear.tobytes()
        return [
            (frames[n * _OCTETS : (n + 1) * _OCTETS], is_loud)
            for n, is_loud in enumerate(loud.tolist())
        ]

    def _linear(self, taken: Taken) -> NDArray[np.int16]:
        return decode_each(taken.octets, self._law[taken.calls])

    def _concealed(self, taken: Taken) -> NDArray[np.int16]:
        """Linear sound, as it was received; what was lost is guessed from both its sides."""
        calls, received = taken.calls, taken.received
        linear = self._linear(taken)
        if received.all():
            self._concealment.heard(calls, linear)
            return linear
        gone = calls[~received]
        guess = self._concealment.lost(gone)
        following = self._recorder.upcoming(gone)
        there = following.received
        if there.any():
            self._concealment.bend(gone, guess, there, self._linear(following))
        linear[~received] = guess
        self._concealment.heard(calls[received], linear[received])
        return linear

    def _forget(self, call: int) -> None:
        del self._recordings[call]
        others = self._recorded[call % GROUPS]
        self._recorded[call % GROUPS] = others[others != call]


def _with(rows: Rows, call: int) -> Rows:
    return np.append(rows[rows != call], call).astype(np.intp)
