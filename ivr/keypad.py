"""The keys of one call: pressed ahead, typed so far, and what they amount to.

Keys enter one buffer and leave it when a state listens, one at a time, until they are an answer.
"""

from collections import deque

from ivr.collector import Answer, Grammar, Verdict, judge, settle

_MOST_TYPED_AHEAD = 64
"""Keys kept for states to come; more than any caller means, and a bound for a stuck key."""

_DEAF = Grammar(frozenset(), {}, None, None)


STUCK_AFTER = 200
"""Presses of one key in a row that no caller makes: a hundred messages are skipped with fewer."""


class StuckKey:
    """Knows a key that is pressed for ever: a telephone under a book, a line that echoes tones."""

    def __init__(self) -> None:
        self._key = ""
        self._times = 0

    def presses(self, key: str) -> bool:
        """A key was pressed; true once, when it is known to be stuck."""
        self._times = self._times + 1 if key == self._key else 1
        self._key = key
        return self._times == STUCK_AFTER


class Keypad:
    """One buffer for the whole call. Nothing here is ever shown: keys may be secret."""

    def __init__(self) -> None:
        self._ahead: deque[str] = deque(maxlen=_MOST_TYPED_AHEAD)
        self._typed = ""
        self._grammar = _DEAF
        self._late_terminator: tuple[str, float] | None = None

    @property
    def ahead(self) -> bool:
        """Whether keys are waiting for a state that listens."""
        return bool(self._ahead)

    @property
    def begun(self) -> bool:
        """Whether an answer is begun and not whole."""
        return bool(self._typed)

    def listen(self, grammar: Grammar) -> None:
        """A new state listens: what it listens for."""
        self._grammar = grammar
        self._typed = ""

    def start_over(self) -> None:
        """Forget the answer begun."""
        self._typed = ""

    def forget(self) -> None:
        """Forget every key."""
        self._ahead.clear()
        self._typed = ""

    def keep(self, key: str) -> None:
        """Keep a key for when somebody listens."""
        self._ahead.append(key)

    @property
    def first(self) -> str:
        """The key that has waited longest."""
        return self._ahead[0]

    def next(self) -> str:
        """Take the key that has waited longest."""
        return self._ahead.popleft()

    def is_late_terminator(self, key: str, now: float) -> bool:
        """Whether a key only ends a number that was whole without it."""
        late, self._late_terminator = self._late_terminator, None
        return late is not None and key == late[0] and now <= late[1]

    def answer(self) -> Answer | None:
        """Take keys until they are an answer; None when there is nothing to take.

        MORE and COMPLETE mean that all keys were taken and the answer may still grow.
        """
        verdict: Answer | None = None
        while self._ahead:
            self._typed += self._ahead.popleft()
            verdict = judge(self._typed, self._grammar)
            if verdict not in (Verdict.MORE, Verdict.COMPLETE):
                return verdict
        return verdict

    def settled(self) -> Answer:
        """What was typed amounts to when its time is over."""
        return settle(self._typed, self._grammar)

    def forgive_terminator(self, until: float) -> None:
        """A number that was whole without its terminator may be followed by it until then."""
        terminator = self._grammar.terminator
        if terminator is None or self._typed.endswith(terminator):
            return
        if not self._ahead:
            self._late_terminator = (terminator, until)
        elif self._ahead[0] == terminator:
            self._ahead.popleft()
