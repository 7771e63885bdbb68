"""A session as whoever only hears what is told would know it: the slow and obvious way."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from conference.conference import Role
from conference.happening import (
    AllMuted,
    Announcing,
    Began,
    Came,
    Happening,
    Interrupted,
    Locked,
    Member,
    Muted,
    Over,
    Recording,
    Resumed,
    Warned,
    Went,
)


@dataclass
class Replay:
    """Everything that is known from happenings alone."""

    there: dict[str, Member] = field(default_factory=dict)
    inside: set[str] = field(default_factory=set)
    own_mutes: set[str] = field(default_factory=set)
    silenced: set[str] = field(default_factory=set)
    running: bool = False
    began: bool = False
    over: bool = False
    locked: bool = False
    recording: bool = False
    announced: bool = True
    all_muted: bool = False
    warned: list[int] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    @property
    def led(self) -> bool:
        """Whether an administrator is there."""
        return any(each.role is Role.ADMINISTRATOR for each in self.there.values())

    def hear(self, happenings: Iterable[Happening]) -> None:
        """Take in what was told, each as it comes."""
        for each in happenings:
            assert not self.over, "nothing is told of a session that is over"
            self._hear(each)

    def _hear(self, told: Happening) -> None:
        match told:
            case Came(member, inside):
                assert member.id not in self.there
                assert inside is self.running
                self.there[member.id] = member
                if inside:
                    self.inside.add(member.id)
            case Went(member):
                del self.there[member.id]
                for ids in (self.inside, self.own_mutes, self.silenced):
                    ids.discard(member.id)
                self.gone.append(member.id)
            case Began() | Resumed():
                assert isinstance(told, Resumed) is self.began
                assert not self.running
                self.began = self.running = True
                self.inside = set(self.there)
            case Interrupted():
                assert self.running
                assert not self.recording
                self.running = False
                self.inside = set()
            case Over():
                assert not self.there
                assert not self.recording
                self.running, self.over = False, True
            case _:
                self._hear_setting(told)

    def _hear_setting(self, told: Happening) -> None:
        match told:
            case Muted(id, on, by):
                assert on or by != id or id not in self.silenced
                ids = self.own_mutes if by == id else self.silenced
                (ids.add if on else ids.discard)(id)
            case AllMuted(on):
                self.all_muted = on
                people = {m.id for m in self.there.values() if m.role is Role.PARTICIPANT}
                self.silenced = self.silenced | people if on else self.silenced - people
            case Locked(on):
                assert on is not self.locked
                self.locked = on
            case Recording(on):
                assert on is not self.recording
                assert self.running
                self.recording = on
            case Announcing(on):
                assert on is not self.announced
                self.announced = on
            case Warned(minutes):
                self.warned.append(minutes)
