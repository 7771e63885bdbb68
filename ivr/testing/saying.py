"""What an imaginary voice is saying: segments one after the other, in time that is given."""

from collections.abc import Callable, Sequence

from ivr.prompts import Segment

Hear = Callable[[Segment, float], None]
"""Told each segment and the moment at which it begins to be heard."""


class Saying:
    """One play. Going back or forward, the segment then heard is told again."""

    def __init__(
        self,
        said: Sequence[tuple[Segment, float]],
        ticket: int,
        now: float,
        hear: Hear,
        *,
        repeat: bool = False,
    ) -> None:
        """`said`: each segment with its seconds; with `repeat` it is said without end."""
        self.ticket = ticket
        self._repeats = repeat and any(seconds > 0 for _, seconds in said)
        self._hear = hear
        self._said = [segment for segment, _ in said]
        self._begins = [0.0]
        for _, seconds in said:
            self._begins.append(self._begins[-1] + seconds)
        self._next = 0
        self._origin = now  # when it would have begun, never paused and never skipped in
        self._paused_at: float | None = None
        self.cue(now)

    @property
    def due(self) -> float | None:
        """When a segment begins next, or the last one ends; None while paused."""
        return None if self._paused_at is not None else self._origin + self._begins[self._next]

    def over(self, now: float) -> bool:
        """Whether all has been said."""
        return self._next == len(self._said) and self._reached(now) and not self._repeats

    def cue(self, now: float) -> None:
        """Tell what has begun."""
        while self._reached(now):
            if self._next == len(self._said):
                if not self._repeats:
                    return
                self._origin += self._begins[-1]
                self._next = 0
            at = self._origin + self._begins[self._next]
            self._next += 1
            self._hear(self._said[self._next - 1], at)

    def skip(self, seconds: float, now: float) -> None:
        """Go on further, or back: to the beginning, or the end, at most.

        The end of what repeats is its beginning.
        """
        present = now if self._paused_at is None else self._paused_at
        place = max(0.0, present - self._origin + seconds)
        place = place % self._begins[-1] if self._repeats else min(place, self._begins[-1])
        self._origin = present - place
        begun = [n for n, begin in enumerate(self._begins[:-1]) if begin <= place]
        if place == self._begins[-1]:
            self._next, self._paused_at = len(self._said), None
            self._origin = now - place
            return
        self._next = begun[-1] + 1
        self._hear(self._said[begun[-1]], now)

    def pause(self, now: float) -> None:
        """Be silent until `resume`."""
        if self._paused_at is None:
            self._paused_at = now

    def resume(self, now: float) -> None:
        """Go on where it was paused."""
        if self._paused_at is not None:
            self._origin += now - self._paused_at
            self._paused_at = None

    def _reached(self, now: float) -> bool:
        return self.due is not None and self.due <= now
