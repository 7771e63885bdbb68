"""Who guesses passwords: too many wrong answers close the door for a while.

Counted by account and by source, so that neither many guesses at one account from everywhere, nor
few guesses at each account from one place, come far. What outlives a call or a restart of the
telephone is here; an account and a source that proved themselves to each other lately are not
locked by what others do. Pure: the time is an input.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

MOST = 4_096
"""Accounts, sources and pairs of them remembered; beyond, the one seen longest ago is forgotten."""


@dataclass(frozen=True, slots=True)
class LockoutPolicy:
    """After so many wrong answers within `within_s` seconds, none is taken for `locked_s`.

    A source is given more than an account: one telephone with an old password is not to lock out
    the others of its house.
    """

    for_account: int = 10
    from_source: int = 30
    within_s: float = 600.0
    locked_s: float = 900.0
    trusted_s: float = 86_400.0
    """How long an account that proved itself from a source is not locked by others."""


@dataclass(frozen=True, slots=True)
class Locked:
    """What has just been locked: an account from everywhere, a source for every account, or both.

    "" stands for what is not locked by this.
    """

    account: str
    source: str
    seconds: float


class Lockout:
    """Counts wrong answers. `tell` is called once when something is locked."""

    def __init__(self, policy: LockoutPolicy, tell: Callable[[Locked], None]) -> None:
        self._policy = policy
        self._tell = tell
        self._wrong: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._until: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._trusted: OrderedDict[tuple[str, str], float] = OrderedDict()

    def locks(self, account: str, source: str, now: float) -> bool:
        """Whether no answer for this account is taken from this source just now."""
        if self._trusted.get((account, source), now) > now:
            return self._is_locked(("pair", f"{account} {source}"), now)
        return self._is_locked(("account", account), now) or self.locks_source(source, now)

    def locks_source(self, source: str, now: float) -> bool:
        """Whether a source without a known telephone is not listened to."""
        return self._is_locked(("source", source), now)

    def wrong(self, account: str, source: str, now: float) -> None:
        """An answer was wrong."""
        if self._trusted.get((account, source), now) > now:
            pair = ("pair", f"{account} {source}")
            of_account = of_source = self._locks_now(pair, self._policy.for_account, now)
        else:
            of_account = self._locks_now(("account", account), self._policy.for_account, now)
            of_source = self._locks_now(("source", source), self._policy.from_source, now)
        if of_account or of_source:
            names = (account if of_account else "", source if of_source else "")
            self._tell(Locked(*names, self._policy.locked_s))

    def right(self, account: str, source: str, now: float) -> None:
        """An answer was right, and was taken."""
        _remember(self._trusted, (account, source), now + self._policy.trusted_s)
        self._wrong.pop(("pair", f"{account} {source}"), None)

    def _is_locked(self, what: tuple[str, str], now: float) -> bool:
        return self._until.get(what, now) > now

    def _locks_now(self, what: tuple[str, str], most: int, now: float) -> bool:
        """Count a wrong answer; whether it is the one that locks."""
        policy = self._policy
        times = self._wrong.get(what) or deque()
        while times and times[0] <= now - policy.within_s:
            times.popleft()
        times.append(now)
        _remember(self._wrong, what, times)
        if len(times) < most or self._is_locked(what, now):
            return False
        del self._wrong[what]
        _remember(self._until, what, now + policy.locked_s)
        return True


def _remember(book: OrderedDict[tuple[str, str], T], key: tuple[str, str], value: T) -> None:
    book[key] = value
    book.move_to_end(key)
    if len(book) > MOST:
        book.popitem(last=False)
