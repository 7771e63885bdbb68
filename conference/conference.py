"""One conference as it was arranged: its room, its people, its codes and its options."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

OPENS_EARLY = timedelta(minutes=10)
"""How long before its start a conference of single use lets people in (CF-17)."""

LONGEST = timedelta(hours=3)
"""No conference goes on for longer, whatever was planned (CF-05)."""

ROOM_DIGITS = 4
CODE_DIGITS = 4


class Kind(StrEnum):
    """How often a conference is held."""

    PERMANENT = "permanent"
    SINGLE_USE = "single_use"


class Role(StrEnum):
    """What somebody may do in a conference."""

    ADMINISTRATOR = "administrator"
    """Starts it by coming, moderates it, and ends it."""
    PARTICIPANT = "participant"


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody who is invited, with a code of their own that says who they are."""

    id: str
    name: str
    email: str
    """"" where they are told by other means."""
    role: Role = Role.PARTICIPANT
    language: str = "fr"
    code: str = field(default="", repr=False)
    """Four digits, unlike every other code of the conference."""


@dataclass(frozen=True, slots=True)
class GenericCode:
    """A code that says what somebody may do, and not who they are."""

    role: Role
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Options:
    """What was chosen for a conference; CF-07."""

    recorded: bool = False
    """Record from the beginning; an administrator may begin and end it as well."""
    reported: bool = True
    """Send the administrators a report by e-mail afterwards."""
    announced: bool = True
    """Say who comes and who leaves, by the name that each one says at the door."""
    streamed: bool = False
    """Let anybody who has the link listen in a browser; for single use only."""


@dataclass(frozen=True, slots=True)
class Conference:
    """What was arranged. Nobody need be invited: a room without any code lets everybody in."""

    id: str
    room: str
    """Four digits, unlike every other room."""
    title: str
    kind: Kind = Kind.PERMANENT
    language: str = "fr"
    """What the room is spoken to in, and callers who are not known."""
    zone: str = "America/Toronto"
    """IANA name of the time zone that its start is told in."""
    starts_at: datetime | None = None
    """In UTC; None for a permanent one."""
    planned: timedelta | None = None
    """How long it was thought to take; nothing ends at that time."""
    options: Options = Options()
    invitees: tuple[Invitee, ...] = ()
    generic_codes: tuple[GenericCode, ...] = ()
    owner: str = ""
    """The extension that arranged it; "" where an administrator of the company did."""
    link: str = field(default="", repr=False)
    """What the address ends with at which a streamed conference is heard: nobody can guess it."""
    sequence: int = 0
    """How often its invitation was changed (SEQUENCE of RFC 5545)."""
    ended_at: datetime | None = None
    """When an administrator ended a conference of single use, or called it off."""

    @property
    def needs_code(self) -> bool:
        """Whether callers are asked for one."""
        return bool(self.invitees or self.generic_codes)

    @property
    def needs_administrator(self) -> bool:
        """Whether nobody talks before an administrator has come (X38)."""
        invited = {each.role for each in self.invitees}
        return Role.ADMINISTRATOR in invited | {each.role for each in self.generic_codes}

    @property
    def opens_at(self) -> datetime | None:
        """From when on people are let in, in UTC; None where always."""
        return None if self.starts_at is None else self.starts_at - OPENS_EARLY

    @property
    def closes_at(self) -> datetime | None:
        """From when on nobody is let in any more, in UTC; None where never."""
        if self.ended_at is not None:
            return self.ended_at
        return None if self.starts_at is None else self.starts_at + LONGEST

    def is_early(self, now: datetime) -> bool:
        """Whether nobody is let in yet."""
        return self.opens_at is not None and now < self.opens_at

    def is_over(self, now: datetime) -> bool:
        """Whether nobody is let in any more."""
        return self.closes_at is not None and now >= self.closes_at
