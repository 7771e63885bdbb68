"""How long a caller has given no sign: no key, and nothing said into a recording.

A menu asks a silent caller several times, which is right where somebody is thinking. Menus lie in
one another, and whoever has put the telephone down would be asked as often in each of them on the
way out. So it is counted for the call how many questions in a row were left without a sign; after
some, those that follow are not asked any more: each is left at once by its own way out.
"""

UNANSWERED = 2
"""Questions left without a sign, one after another, after which no more are asked."""


class Silence:
    """The questions left unanswered since the last sign of the caller."""

    def __init__(self) -> None:
        self._unanswered = 0
        self._passed: set[str] = set()

    def broken(self) -> None:
        """The caller is there."""
        self._unanswered = 0
        self._passed.clear()

    def left(self) -> None:
        """A question's last time ran out."""
        self._unanswered += 1

    def passes(self, place: str) -> bool:
        """Whether a question is left at once; never twice, so that menus in a circle are asked."""
        if self._unanswered < UNANSWERED or place in self._passed:
            return False
        self._passed.add(place)
        return True
