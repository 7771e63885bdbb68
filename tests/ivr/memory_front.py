"""The closure message and the directory in memory, as flows ask for them."""

from collections import deque
from datetime import UTC, datetime
from pathlib import Path

from ivr.operations import Outcome
from ivr.prompts import Value
from tests.ivr.memory_leaving import Spool

RECORD, TOGGLE, PIN = "8511", "8512", "4719"
TRIES = 3

FIRST = datetime(2027, 12, 24, 17, 0, tzinfo=UTC)
LAST = datetime(2028, 1, 3, 17, 0, tzinfo=UTC)


class MemoryClosing:
    """One closure message, off and silent at first, of a company that is open just now."""

    def __init__(self, spool: Spool, own_phone: str) -> None:
        self.discarded = 0
        self._spool = spool
        self._own_phone = own_phone
        self._failed = 0
        self._take: Path | None = None
        self._sound: Path | None = None
        self._on = False
        self._begins: datetime | None = None
        self._ends: datetime | None = None

    def current(self) -> Outcome:
        if self._sound is None or not self._on:
            return Outcome("none")
        return Outcome("heard", {"announcement": self._sound, "replaces": False})

    def decode(self, code: str) -> Outcome:
        known = {RECORD: "record", TOGGLE: "toggle"}
        return Outcome(known[code], {"closure": RECORD}) if code in known else Outcome("unknown")

    def login(self, closure: str, pin: str) -> Outcome:
        if (closure, pin) == (RECORD, PIN):
            return Outcome("ok")
        self._failed += 1
        return Outcome("locked" if self._failed >= TRIES else "wrong")

    def approach(self, closure: str) -> Outcome:
        return Outcome("open" if self._own_phone and closure == RECORD else "pin")

    def status(self) -> Outcome:
        return Outcome("done", self._told())

    def open_take(self) -> Outcome:
        self._take = self._spool.next()
        return Outcome("ready", {"spool": self._take, "max_s": 180})

    def check_take(self) -> Outcome:
        if self._take is not None and self._take.exists():
            return Outcome("spoken")
        self._take, self._on = None, False
        return Outcome("silent")

    def keep_take(self) -> Outcome:
        self._sound, self._take, self._on = self._take, None, True
        return Outcome("kept", self._told())

    def discard_take(self) -> Outcome:
        self.discarded += 1
        self._take = None
        return Outcome("done")

    def hear(self) -> Outcome:
        if self._sound is None:
            return Outcome("nothing")
        return Outcome("there", {"sound": self._sound})

    def switch(self, wanted: str) -> Outcome:
        if self._sound is None:
            return Outcome("nothing")
        self._on = not self._on if wanted == "other" else wanted == "on"
        return Outcome("on" if self._on else "off", self._told())

    def date(self, first: str, last: str) -> Outcome:
        if "1301" in (first, last):
            return Outcome("invalid")
        self._begins, self._ends = (FIRST if first else None), (LAST if last else None)
        return Outcome("set", self._told())

    def _told(self) -> dict[str, Value]:
        state = "silent" if self._sound is None else "off"
        return {
            "state": "on" if self._on else state,
            "begins": self._begins,
            "ends": self._ends,
            "is_open": self._on,
        }


class MemoryDirectory:
    """Two people whose names begin like 364, one of whom said theirs."""

    def __init__(self) -> None:
        self._found: deque[tuple[str, str, Path | None]] = deque()

    def search(self, letters: str) -> Outcome:
        self._found = deque(
            (("101", "Émile Côté-Roy", None), ("102", "Émilie Dion", Path("names/102.wav")))
            if letters.startswith("364")
            else ()
        )
        return Outcome("found", {"total": len(self._found)}) if self._found else Outcome("none")

    def next(self) -> Outcome:
        if not self._found:
            return Outcome("no_more")
        extension, name, spoken_name = self._found.popleft()
        return Outcome(
            "offered", {"extension": extension, "name": name, "spoken_name": spoken_name}
        )


class MemoryAttending:
    """Attendants whose French greeting was brought as a sound."""

    def greeting(self, attendant: str, language: str) -> Outcome:
        sound = Path(f"flows/{attendant}.fr.wav") if language == "fr" else None
        return Outcome("done", {"greeting": sound})
