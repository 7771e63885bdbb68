"""Conferences in memory, as flows ask for them."""

from datetime import UTC, datetime

from ivr.operations import Outcome
from tests.ivr.memory_leaving import Spool

ROOM, CODE = "4321", "1975"
ENGLISH, ENGLISH_CODE = "4322", "2086"
"""A room of English speakers, who are not announced."""
OPEN = "4323"
"""A room without codes."""
LATER, PAST, LOCKED, FULL = "4324", "4325", "4326", "4327"
"""Rooms that open later, are over, are locked, and that lock while one comes in."""
TRIES = 3


class MemoryConferences:
    """A few rooms; whoever is led into one is kept in `joined`."""

    def __init__(self, spool: Spool) -> None:
        self.joined: list[tuple[str, str]] = []
        self._spool = spool
        self._room = ""
        self._language = ""
        self._tries = {"room": TRIES, "code": TRIES}

    def find(self, room: str, chosen: str, bidden: bool) -> Outcome:
        self._room = OPEN if bidden and room == ROOM else room
        self._language = chosen or ("en" if room == ENGLISH else "fr")
        told = {"language": self._language}
        names = {"names": True}
        begins = {
            "starts": datetime(2027, 8, 3, 14, 0, tzinfo=UTC),
            "opens": datetime(2027, 8, 3, 13, 50, tzinfo=UTC),
        }
        known = {
            "0": Outcome("person"),
            ROOM: Outcome("code", told),
            ENGLISH: Outcome("code", told),
            OPEN: Outcome("open", told | names),
            FULL: Outcome("open", told | names),
            LATER: Outcome("too_early", told | begins),
            PAST: Outcome("over", told),
            LOCKED: Outcome("locked", told),
        }
        return known[self._room] if room in known else self._wrong("room", "unknown")

    def enter(self, code: str) -> Outcome:
        if code == "0":
            return Outcome("person")
        told = {"language": self._language, "names": self._room != ENGLISH}
        known = {
            (ROOM, CODE): Outcome("admitted", told),
            (ENGLISH, ENGLISH_CODE): Outcome("admitted", told),
            (ROOM, "7777"): Outcome("locked", {"language": self._language}),
            (ROOM, "8888"): Outcome("over"),
        }
        at = (self._room, code)
        return known[at] if at in known else self._wrong("code", "wrong")

    def open_name(self) -> Outcome:
        return Outcome("ready", {"spool": self._spool.next(), "max_s": 5})

    def join(self, reply: str) -> Outcome:
        if self._room == FULL:
            return Outcome("locked")
        self.joined.append((self._room, reply))
        return Outcome("joined")

    def _wrong(self, what: str, outcome: str) -> Outcome:
        self._tries[what] -= 1
        return Outcome(outcome if self._tries[what] else "locked_out")
