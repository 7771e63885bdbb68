"""Recordings of what a call is sent, beside or together with what is received of it.

What is received alone is recorded on the sender's own timeline, to the sample (`listening`). As
soon as what we send is in it, time is ours: each beat adds one frame of what was sent in it, and
the frame of what is received that was heard live in it. So both sides are as long, and stay aligned
to the sample from the first frame to the last. Speech and silence are those of what is received.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from call.g711 import decode_each
from call.media import Side
from call.sound import FRAME, EndOfRecording, Pcm
from telephony.media.live import GUESSED, Live
from telephony.media.outbound import GROUPS, Outbound
from telephony.media.recording import LOUD, Recording

Ended = Callable[[int, Recording, EndOfRecording], None]


class Tapes:
    """All recordings that hold what is sent."""

    def __init__(self, live: Live, outbound: Outbound) -> None:
        self._live = live
        self._outbound = outbound
        self._tapes: list[dict[int, tuple[Recording, Side]]] = [{} for _ in range(GROUPS)]

    def record(self, call: int, recording: Recording, side: Side) -> None:
        """Record from the next beat on a call that is heard live."""
        self._tapes[call % GROUPS][call] = recording, side

    def stop(self, call: int) -> Recording | None:
        """Record no more; the recording that was under way."""
        tape = self._tapes[call % GROUPS].pop(call, None)
        return None if tape is None else tape[0]

    def beat(self, group: int, ended: Ended) -> None:
        """Add what was sent and heard in this beat; `ended` is told which recordings are over."""
        tapes = self._tapes[group]
        if not tapes:
            return
        calls = np.array(list(tapes), dtype=np.intp)
        live = self._live
        sent = decode_each(self._outbound.said(calls), live.law[calls])
        received = live.linear[calls]
        squares = np.add.reduce(np.square(received, dtype=np.float32), axis=1)
        loud = (squares >= LOUD) & (live.frame[calls] != GUESSED)
        over = []
        for n, (call, (recording, side)) in enumerate(tapes.items()):
            frame = _of_side(side, received[n], sent[n])
            cause = recording.hear(frame, loud=bool(loud[n]), received=received[n].tobytes())
            if cause is not None:
                over.append((call, recording, cause))
        for call, recording, cause in over:
            del tapes[call]
            ended(call, recording, cause)

    def step_over(self, frames: int) -> None:
        """Time went by in which nothing was sent nor heard: silence, for so long."""
        nothing = bytes(2 * FRAME)
        for tapes in self._tapes:
            for recording, side in tapes.values():
                for _ in range(frames):
                    recording.hear(nothing * side.channels, loud=False, received=nothing)


def _of_side(side: Side, received: Pcm, sent: Pcm) -> bytes:
    """One frame as it is recorded: int16, two channels by turns where they are kept apart."""
    match side:
        case Side.RECEIVED:
            frame: NDArray[np.int16] = received
        case Side.SENT:
            frame = sent
        case Side.MIXED:
            both = received.astype(np.int32) + sent
            frame = np.clip(both, -32768, 32767).astype(np.int16)
        case Side.APART:
            frame = np.stack([received, sent], axis=1)
    return frame.tobytes()
