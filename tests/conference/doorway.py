"""The door of the conferences in memory: rooms, wrong tries, and a clock that waiting moves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from call.clock import VirtualClock
from call.leg import Party
from conference.conference import Conference, GenericCode, Invitee, Kind, Role
from conference.door import ConferenceDoor, Count, DoorPorts
from conference.ports import Changed
from voicemail.policy import lock_until

TUESDAY = datetime(2027, 8, 3, 14, 0, tzinfo=UTC)
"""Ten in the morning in Montréal."""

CAMILLE = Invitee("i1", "Camille Roy", "camille@example.org", Role.ADMINISTRATOR, "fr", "1975")
AVA = Invitee("i2", "Ava Reed", "ava@example.com", Role.PARTICIPANT, "en", "2086")
ANYBODY = GenericCode(Role.PARTICIPANT, "3197")

WEEKLY = Conference("weekly", "4321", "Réunion", invitees=(CAMILLE, AVA), generic_codes=(ANYBODY,))
ONCE = replace(
    WEEKLY, id="once", room="4322", kind=Kind.SINGLE_USE, starts_at=TUESDAY + timedelta(hours=1)
)
OPEN = Conference("open", "4323", "Pause café")

CLIENT = Party("4505550000", "Marc")
NOBODY = Party("")
COLLEAGUE = Party("101", "Camille", internal=True)


@dataclass
class MemoryAttempts:
    """Wrong tries, counted and locked as the store does it."""

    clock: VirtualClock
    rows: dict[str, tuple[int, datetime | None]] = field(default_factory=dict)

    async def charge(self, counts: Sequence[Count]) -> bool:
        now = self.clock.now()
        if any((until := self._row(each)[1]) is not None and until > now for each in counts):
            return False
        for each in counts:
            failures = self._row(each)[0] + 1
            self.rows[each.subject] = (failures, lock_until(failures, each.most, now))
        return True

    async def acquit(self, counts: Sequence[Count]) -> None:
        for each in counts:
            self.rows[each.subject] = (self._row(each)[0] - 1, None)

    def _row(self, count: Count) -> tuple[int, datetime | None]:
        return self.rows.get(count.subject, (0, None))


@dataclass
class MemoryBook:
    """What was arranged."""

    conferences: dict[str, Conference] = field(default_factory=dict)

    async def all(self) -> Sequence[Conference]:
        return sorted(self.conferences.values(), key=lambda each: each.room)

    async def get(self, id: str) -> Conference | None:
        return self.conferences.get(id)

    async def in_room(self, room: str) -> Conference | None:
        return next((each for each in self.conferences.values() if each.room == room), None)

    async def change(
        self, id: str, change: Callable[[Conference | None], Changed], now: datetime
    ) -> Conference | None:
        after = change(self.conferences.get(id)).conference
        if after is None:
            self.conferences.pop(id, None)
        else:
            self.conferences[id] = after
        return after


class Doorway:
    """Calls that come to the door; `waited` is how long each answer took."""

    def __init__(self, *conferences: Conference) -> None:
        self.clock = VirtualClock(TUESDAY)
        self.book = MemoryBook({each.id: each for each in conferences or (WEEKLY, ONCE, OPEN)})
        self.waited: list[float] = []
        attempts = MemoryAttempts(self.clock)
        self.ports = DoorPorts(self.book, attempts, self.clock, self._pause)

    async def _pause(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.clock.advance(seconds)

    def call(self, caller: Party = CLIENT) -> ConferenceDoor:
        """Somebody calls; no call is shorter than a few seconds."""
        self.clock.advance(5)
        return ConferenceDoor(caller, self.ports)
