"""What is told to a session of a conference, and what it tells: who, what, and why.

`conference.room` is the machine between the two. Everything here is a value, so that the live view,
the history and the report need no machine to know what happened.
"""

from dataclasses import dataclass
from enum import StrEnum

from conference.conference import Role


class Departure(StrEnum):
    """How somebody left."""

    HUNG_UP = "hung_up"
    CUT_OFF = "cut_off"
    """Their network or their telephone failed."""
    EXPELLED = "expelled"
    ENDED = "ended"
    """The conference was over."""


class Ending(StrEnum):
    """Why a session is over."""

    FINISHED = "finished"
    """An administrator ended it."""
    TOO_LONG = "too_long"
    EMPTY = "empty"
    """The last one left."""
    NOBODY_CAME = "nobody_came"
    """No administrator came, or came back, for as long as people are let wait."""


class Refusal(StrEnum):
    """Why a wish is not granted."""

    NOT_ADMINISTRATOR = "not_administrator"
    NOT_HERE = "not_here"
    """Whom it is about is not in the conference."""
    SILENCED = "silenced"
    """An administrator muted them: they cannot undo that themself."""
    OWN_MUTE = "own_mute"
    """They muted themself: nobody is made to be heard against their will."""
    NOT_RUNNING = "not_running"
    ALREADY = "already"
    """It is so already."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a session. `id` names the leg, so one person may be there twice."""

    id: str
    name: str = ""
    """As invited, or as their telephone tells; "" where nobody knows."""
    role: Role = Role.PARTICIPANT
    language: str = "fr"
    invitee: str = ""
    """The id of the invitee whose code they gave; "" for a generic code, or for none."""
    number: str = ""
    """What their telephone tells; "" where it is withheld."""


# ---- What is told to the machine. `by` is the id of a member, or "" for who steers from outside.


@dataclass(frozen=True, slots=True)
class Come:
    """Somebody was let in at the door."""

    member: Member


@dataclass(frozen=True, slots=True)
class Go:
    """Somebody's leg is over."""

    id: str
    how: Departure = Departure.HUNG_UP


@dataclass(frozen=True, slots=True)
class Mute:
    """Let the others hear somebody, or not; oneself, or as an administrator anybody."""

    id: str
    on: bool
    by: str = ""


@dataclass(frozen=True, slots=True)
class MuteAll:
    """Mute every participant, those who come later too; or none."""

    on: bool
    by: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """Let nobody more in, but administrators; or everybody again."""

    on: bool
    by: str = ""


@dataclass(frozen=True, slots=True)
class Expel:
    """Put somebody out."""

    id: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """Begin or end the recording."""

    on: bool
    by: str = ""


@dataclass(frozen=True, slots=True)
class Announce:
    """Say who comes and who leaves, or not any more."""

    on: bool
    by: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """End the conference for everybody."""

    by: str = ""


Wish = Mute | MuteAll | Lock | Expel | Record | Announce | Finish
RoomEvent = Come | Go | Wish


# ---- What follows from it.


@dataclass(frozen=True, slots=True)
class Came:
    """Somebody is there: inside, or in the waiting room."""

    member: Member
    inside: bool


@dataclass(frozen=True, slots=True)
class Began:
    """People hear each other from now on, for the first time."""

    by: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The last administrator is gone: everybody is back in the waiting room."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """An administrator came back."""

    by: str


@dataclass(frozen=True, slots=True)
class Went:
    """Somebody is there no more."""

    member: Member
    how: Departure


@dataclass(frozen=True, slots=True)
class Muted:
    """Somebody is heard no more, or is again. `by` themself, an administrator, or from outside."""

    id: str
    on: bool
    by: str


@dataclass(frozen=True, slots=True)
class AllMuted:
    """Every participant is muted, or may speak again."""

    on: bool
    by: str


@dataclass(frozen=True, slots=True)
class Locked:
    """The door is locked, or open again."""

    on: bool
    by: str


@dataclass(frozen=True, slots=True)
class Recording:
    """What is said is recorded from now on, or no more."""

    on: bool
    by: str = ""


@dataclass(frozen=True, slots=True)
class Announcing:
    """Who comes and who leaves is said from now on, or no more."""

    on: bool
    by: str


@dataclass(frozen=True, slots=True)
class Warned:
    """So many minutes are left."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A wish was not granted."""

    by: str
    why: Refusal


@dataclass(frozen=True, slots=True)
class Over:
    """The session is over; everybody who was there has gone before this, by a Went."""

    why: Ending


Happening = (
    Came
    | Began
    | Interrupted
    | Resumed
    | Went
    | Muted
    | AllMuted
    | Locked
    | Recording
    | Announcing
    | Warned
    | Refused
    | Over
)
