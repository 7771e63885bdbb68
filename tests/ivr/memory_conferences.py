"""Conferences in memory, as flows ask for them."""

from datetime import UTC, datetime

from ivr.operations import Outcome
from tests.ivr.memory_leaving import Spool

ROOM, CODE = "4321", "1975"
ENGLISH, ENGLISH_CODE = "4322", "2086"
"""A room of English speakers, who are not announced."""
OPEN = "4323"
"""A room without codes."""
LATER, PAST, LOCKED = "4324", "4325", "4326"
LOCKING, FAILING = "4327", "4328"
"""Rooms that are locked while one comes in, and that cannot be held."""
TRIES = 3


class MemoryConferences:
    """A few rooms; whoever is led into one is kept in `joined`."""

    def __init__(self, spool: Spool) -> None:
        self.joined: list[tuple[str, str]] = []
        self._spool = spool
        self._room = ""
        self._language = ""
        self._tries = {"room": TRIES, "code": TRIES}

    def find(self, room: str, chosen: str) -> Outcome:
        self._room = room
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
            LOCKING: Outcome("open", told | names),
            FAILING: Outcome("open", told | names),
            LATER: Outcome("too_early", told | begins),
            PAST: Outcome("over", told),
            LOCKED: Outcome("locked", told),
        }
        return known[room] if room in known else self._wrong("room", "unknown")

    def follow(self, room: str, chosen: str) -> Outcome:
        self._room = room
        told = {"language": chosen or "fr"}
        known = {PAST: Outcome("over"), LOCKED: Outcome("locked", told)}
        return known.get(room, Outcome("admitted", told | {"names": True}))

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
        turned = {LOCKING: "locked", FAILING: "unreachable"}
        if self._room in turned:
            return Outcome(turned[self._room])
        self.joined.append((self._room, reply))
        return Outcome("joined")

    def _wrong(self, what: str, outcome: str) -> Outcome:
        self._tries[what] -= 1
        return Outcome(outcome if self._tries[what] else "locked_out")
