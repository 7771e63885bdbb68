"""How the peer hears us, as its RTCP reports tell (RFC 3550, 6.4), and how far away it is.

A report names the last of our sender reports that the peer had, and for how long it had it: the
time since that report left, less that stay, is the way there and back (6.4.1). What left when is
remembered here by our own clock, so that neither a wall clock that is set nor a peer that makes
figures up can tell more than what passed.
"""

from collections import deque

from telephony.rtcp import ReportBlock

_REMEMBERED = 4  # sender reports that may still be answered: 20 s of them
_STAY = 65536  # parts of a second in which a peer tells its delay
_WORD = 0xFFFFFFFF


class Feedback:
    """What is told of one source of ours. Pure: the time is told, in monotonic seconds."""

    __slots__ = ("_first", "_left", "_trips", "_trips_s", "jitter", "loss", "lost", "ssrc")

    def __init__(self) -> None:
        self.ssrc: int | None = None
        self.lost = 0
        """Packets of ours that did not reach the peer."""
        self.loss: float | None = None
        """Their share, 0 to 1; None while nothing was told."""
        self.jitter = 0
        """Interarrival jitter at the peer, in timestamp units."""
        self._first = 0
        self._left: deque[tuple[int, float]] = deque(maxlen=_REMEMBERED)
        self._trips, self._trips_s = 0, 0.0

    def begin(self, ssrc: int, sequence: int) -> None:
        """We send as `ssrc`; our first packet bears the number `sequence`."""
        self.ssrc, self._first = ssrc, sequence

    def reported(self, ntp: int, now: float) -> None:
        """A sender report of ours left; `ntp` is the time it names, in 64 bits."""
        self._left.append((ntp >> 16 & _WORD, now))

    @property
    def round_trip_s(self) -> float | None:
        """The way there and back, in the mean; None while no report of ours was answered."""
        return self._trips_s / self._trips if self._trips else None

    def take(self, block: ReportBlock, now: float) -> None:
        """Read what the peer tells of a source; nothing when it is not ours."""
        if block.ssrc != self.ssrc:
            return
        self.jitter = block.jitter
        expected = block.highest - self._first + 1
        self.lost = max(0, block.lost)
        self.loss = min(1.0, self.lost / expected) if expected > 0 else block.fraction_lost / 256
        for left, at in self._left:
            if left == block.last_report:
                self._trips += 1
                self._trips_s += max(0.0, now - at - block.delay / _STAY)
