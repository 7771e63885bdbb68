"""The rules of a room: who waits, who is in it, who may do what, and when it is over.

A pure machine for one session of a conference, from whoever comes first to its end: told what
happens and what people wish, it tells what follows (`Happening`s, in order). Sound, mail, the live
view, the history and the report all derive from these.

The phase of a session changes by what is told, and by nothing else: `MOVES` is the table. While it
is RUNNING everybody who is there is inside, and otherwise everybody waits. What follows from one
event is always told in this order:

    Came             then Began or Resumed, then Recording, then Muted while all are muted
    Went             then, the last administrator gone: Recording (no more), Interrupted
    Went, the last   then Recording (no more), Over
    the end          Recording (no more), a Went for each in the order in which they came, Over

A wish has its one happening, or Refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from conference.conference import Role
from conference.errors import RoomOver
from conference.happening import (
    AllMuted,
    Announce,
    Announcing,
    Began,
    Came,
    Come,
    Departure,
    Ending,
    Expel,
    Finish,
    Go,
    Happening,
    Interrupted,
    Lock,
    Locked,
    Member,
    Mute,
    MuteAll,
    Muted,
    Over,
    Record,
    Recording,
    Refusal,
    Refused,
    Resumed,
    RoomEvent,
    Warned,
    Went,
    Wish,
)


class Phase(StrEnum):
    """How far a session is."""

    WAITING = "waiting"
    """No administrator is there: everybody hears music, each for themself."""
    RUNNING = "running"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in one session; seconds throughout."""

    needs_administrator: bool = True
    recorded: bool = False
    announced: bool = True
    longest_s: float = 3 * 3600.0
    """From the moment when it began, pauses included."""
    warnings_s: tuple[float, ...] = (600.0, 60.0)
    """How long before the end everybody is warned."""
    patience_s: float = 3600.0
    """How long people are let wait for an administrator."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A member in a session, and how they are heard."""

    member: Member
    since: float
    inside: bool = False
    """Whether they hear the others; else they wait."""
    own_mute: bool = False
    """Whether they muted themself."""
    silenced: bool = False
    """Whether an administrator muted them."""

    @property
    def muted(self) -> bool:
        """Whether the others do not hear them."""
        return self.own_mute or self.silenced


MOVES: Mapping[tuple[Phase, type[Happening]], Phase] = MappingProxyType(
    {
        (Phase.WAITING, Began): Phase.RUNNING,
        (Phase.WAITING, Resumed): Phase.RUNNING,
        (Phase.WAITING, Over): Phase.OVER,
        (Phase.RUNNING, Interrupted): Phase.WAITING,
        (Phase.RUNNING, Over): Phase.OVER,
    }
)
"""Which phase a session is in once something was told; every other happening leaves it as it is."""


class Room:
    """One session. After each call, `phase`, `seats`, `locked` and `recording` are how it stands.

    Time is in monotonic seconds, and never goes back. When `deadline` comes, `tick` it.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.phase = Phase.WAITING
        self.locked = False
        self.recording = False
        """Whether what is said is recorded; never while people wait."""
        self.announced = rules.announced
        self.all_muted = False
        self.deadline: float | None = None
        """When `tick` is to be called next; None while nothing is due."""
        self._seats: dict[str, Seat] = {}
        self._to_record = rules.recorded
        self._began_at: float | None = None
        self._waiting_since: float | None = None
        self._warnings: list[float] = []
        self._told: list[Happening] = []

    @property
    def seats(self) -> Mapping[str, Seat]:
        """Everybody who is there, in the order in which they came."""
        return self._seats

    def admits(self, role: Role) -> bool:
        """Whether somebody is let in now. Who is called in by an administrator comes regardless."""
        return self.phase is not Phase.OVER and (not self.locked or role is Role.ADMINISTRATOR)

    def receive(self, event: RoomEvent, now: float) -> Sequence[Happening]:
        """Tell what happened or is wished; what follows from it, in order.

        Once it is over nothing follows any more, and who comes then raises RoomOver.
        """
        self._told = []
        match event:
            case Come(member):
                self._come(member, now)
            case Go(id, how):
                if id in self._seats:
                    self._go(id, how, now)
            case _ if self.phase is not Phase.OVER:
                refusal = self._refusal(event)
                if refusal is None:
                    self._grant(event, now)
                else:
                    self._tell(Refused(event.by, refusal))
        return self._all_told()

    def tick(self, now: float) -> Sequence[Happening]:
        """Let time have passed; what follows from it.

        Of several warnings that are due at once, only the last is told; none with the end.
        """
        self._told = []
        if self.deadline is None or now < self.deadline:
            return self._told
        ends_at, why = min(self._endings())
        if now >= ends_at:
            self._end(why)
        elif due := [each for each in self._warnings if now >= self._left(each)]:
            self._warnings = [each for each in self._warnings if each < min(due)]
            self._tell(Warned(max(1, round(min(due) / 60))))
        return self._all_told()

    # ---- Who comes and who goes

    def _come(self, member: Member, now: float) -> None:
        if self.phase is Phase.OVER:
            raise RoomOver("somebody came to a session that is over")
        if member.id in self._seats:
            return
        silenced = self.all_muted and member.role is Role.PARTICIPANT
        inside = self.phase is Phase.RUNNING
        self._seats[member.id] = Seat(member, now, inside=inside, silenced=silenced)
        self._tell(Came(member, inside))
        if not inside:
            self._wait_or_open(member, now)
        if silenced:
            self._tell(Muted(member.id, True, ""))

    def _wait_or_open(self, member: Member, now: float) -> None:
        if self.rules.needs_administrator and member.role is not Role.ADMINISTRATOR:
            if self._waiting_since is None:
                self._waiting_since = now
            return
        if self._began_at is None:
            self._begin(now)
            self._tell(Began(member.id))
        else:
            self._tell(Resumed(member.id))
        self._waiting_since = None
        self._seat_everybody(inside=True)
        if self._to_record:
            self._record(True)

    def _begin(self, now: float) -> None:
        self._began_at = now
        longest = self.rules.longest_s
        self._warnings = sorted({each for each in self.rules.warnings_s if each < longest})

    def _go(self, id: str, how: Departure, now: float) -> None:
        self._tell(Went(self._seats.pop(id).member, how))
        if not self._seats:
            self._end(Ending.EMPTY)
        elif self.phase is Phase.RUNNING and self.rules.needs_administrator and not self._led:
            self._record(False)
            self._tell(Interrupted())
            self._waiting_since = now
            self._seat_everybody(inside=False)

    @property
    def _led(self) -> bool:
        return any(seat.member.role is Role.ADMINISTRATOR for seat in self._seats.values())

    def _seat_everybody(self, *, inside: bool) -> None:
        for id, seat in self._seats.items():
            self._seats[id] = replace(seat, inside=inside)

    def _end(self, why: Ending) -> None:
        self._record(False)
        for seat in self._seats.values():
            self._tell(Went(seat.member, Departure.ENDED))
        self._seats.clear()
        self._warnings = []
        self._tell(Over(why))

    # ---- What is wished

    def _refusal(self, wish: Wish) -> Refusal | None:
        """Why a wish is not granted; None where it is."""
        if (refusal := self._not_allowed(wish)) is not None:
            return refusal
        match wish:
            case Mute(id, on, by):
                return self._mute_refusal(self._seats[id], on, by)
            case Record() if self.phase is not Phase.RUNNING:
                return Refusal.NOT_RUNNING
            case MuteAll(on):
                idle = on is self.all_muted and all(
                    seat.silenced is on for seat in self._participants()
                )
            case Lock(on):
                idle = on is self.locked
            case Record(on):
                idle = on is self.recording
            case Announce(on):
                idle = on is self.announced
            case Expel() | Finish():
                idle = False
        return Refusal.ALREADY if idle else None

    def _not_allowed(self, wish: Wish) -> Refusal | None:
        """Who may wish for what: an administrator for everything, anybody for their own mute."""
        if wish.by and wish.by not in self._seats:
            return Refusal.NOT_HERE
        oneself = isinstance(wish, Mute) and wish.id == wish.by
        leads = not wish.by or self._seats[wish.by].member.role is Role.ADMINISTRATOR
        if not (oneself or leads):
            return Refusal.NOT_ADMINISTRATOR
        if isinstance(wish, Mute | Expel) and wish.id not in self._seats:
            return Refusal.NOT_HERE
        return None

    def _mute_refusal(self, seat: Seat, on: bool, by: str) -> Refusal | None:
        if by == seat.member.id:
            if seat.silenced and not on:
                return Refusal.SILENCED
            return Refusal.ALREADY if on is seat.own_mute else None
        if on is not seat.silenced:
            return None
        return Refusal.OWN_MUTE if seat.own_mute and not on else Refusal.ALREADY

    def _grant(self, wish: Wish, now: float) -> None:
        match wish:
            case Mute(id, on, by):
                seat = self._seats[id]
                own = replace(seat, own_mute=on)
                self._seats[id] = own if by == id else replace(seat, silenced=on)
                self._tell(Muted(id, on, by))
            case MuteAll(on, by):
                self.all_muted = on
                for seat in self._participants():
                    self._seats[seat.member.id] = replace(seat, silenced=on)
                self._tell(AllMuted(on, by))
            case Lock(on, by):
                self.locked = on
                self._tell(Locked(on, by))
            case Expel(id):
                self._go(id, Departure.EXPELLED, now)
            case Record(on, by):
                self._to_record = on
                self._record(on, by)
            case Announce(on, by):
                self.announced = on
                self._tell(Announcing(on, by))
            case Finish():
                self._end(Ending.FINISHED)

    def _participants(self) -> list[Seat]:
        return [each for each in self._seats.values() if each.member.role is Role.PARTICIPANT]

    def _record(self, on: bool, by: str = "") -> None:
        if on is not self.recording:
            self.recording = on
            self._tell(Recording(on, by))

    # ---- What is told, and when more is due

    def _tell(self, happening: Happening) -> None:
        self._told.append(happening)
        self.phase = MOVES.get((self.phase, type(happening)), self.phase)

    def _all_told(self) -> Sequence[Happening]:
        due = [at for at, _ in self._endings()] + [self._left(each) for each in self._warnings]
        self.deadline = min(due, default=None)
        return self._told

    def _endings(self) -> list[tuple[float, Ending]]:
        """When the session ends if nothing more happens, and why; nothing once it is over."""
        if self.phase is Phase.OVER:
            return []
        endings = []
        if self._began_at is not None:
            endings.append((self._left(0.0), Ending.TOO_LONG))
        if self._waiting_since is not None:
            endings.append((self._waiting_since + self.rules.patience_s, Ending.NOBODY_CAME))
        return endings

    def _left(self, seconds: float) -> float:
        """The moment at which so much is left of the longest that a session may be."""
        began = 0.0 if self._began_at is None else self._began_at
        return began + self.rules.longest_s - seconds
