"""What the keys mean that somebody presses in a conference.

A `*` begins a command and the next key says which (`COMMANDS`); any other key does nothing, so that
the beeps of somebody's telephone disturb nobody. `*0` leaves; an administrator is asked first
whether to end it for everybody (`LEAVING`). Keys are strings of one character, times monotonic
seconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from conference.conference import Role
from conference.happening import Expel, Finish, Lock, Mute, MuteAll, Record, Wish
from conference.room import Room

COMMAND = "*"

COMMAND_S = 5.0
"""For how long a `*` waits for the key that says what is wished."""

LEAVING_S = 20.0
"""The same for an administrator who is asked how to leave, the question included."""


class Ask(StrEnum):
    """What is wanted of one's own seat, and of nobody else."""

    HEAR_QUIETER = "hear_quieter"
    HEAR_LOUDER = "hear_louder"
    SPEAK_QUIETER = "speak_quieter"
    SPEAK_LOUDER = "speak_louder"
    COUNT = "count"
    """Hear how many are there."""
    HELP = "help"
    """Hear which keys there are."""
    HOW_TO_LEAVE = "how_to_leave"
    """Hear how to leave alone, and how to end it for everybody."""
    LEAVE = "leave"
    WRONG = "wrong"
    """Nothing: there is no such command."""


@dataclass(frozen=True, slots=True)
class _Presser:
    """Who pressed, and the room they are in."""

    id: str
    room: Room

    @property
    def role(self) -> Role:
        seat = self.room.seats.get(self.id)
        return Role.PARTICIPANT if seat is None else seat.member.role


Meaning = Callable[[_Presser], Ask | Wish]


def _own_mute(presser: _Presser) -> Wish:
    """Be heard no more; or again, which somebody whom an administrator muted is refused."""
    seat = presser.room.seats.get(presser.id)
    return Mute(presser.id, seat is None or not seat.muted, presser.id)


def _put_out_last(presser: _Presser) -> Wish:
    """Expel the participant who came last; there may be none, which is refused."""
    seats = reversed(tuple(presser.room.seats.values()))
    participants = (each.member.id for each in seats if each.member.role is Role.PARTICIPANT)
    return Expel(next(participants, ""), presser.id)


def _leave(presser: _Presser) -> Ask:
    return Ask.HOW_TO_LEAVE if presser.role is Role.ADMINISTRATOR else Ask.LEAVE


def _ask(what: Ask) -> Meaning:
    return lambda _: what


COMMANDS: Mapping[str, Meaning] = MappingProxyType(
    {
        "1": _own_mute,
        "2": lambda presser: Lock(not presser.room.locked, presser.id),
        "3": _put_out_last,
        "4": _ask(Ask.HEAR_QUIETER),
        "5": lambda presser: MuteAll(not presser.room.all_muted, presser.id),
        "6": _ask(Ask.HEAR_LOUDER),
        "7": _ask(Ask.SPEAK_QUIETER),
        "8": _ask(Ask.COUNT),
        "9": _ask(Ask.SPEAK_LOUDER),
        "0": _leave,
        "#": lambda presser: Record(not presser.room.recording, presser.id),
        "*": _ask(Ask.HELP),
    }
)
"""What the key after a `*` means. What only an administrator may do, the room refuses to others."""

LEAVING: Mapping[str, Meaning] = MappingProxyType(
    {"0": _ask(Ask.LEAVE), "1": lambda presser: Finish(presser.id)}
)
"""What the next key means once an administrator was asked how to leave."""


class Keypad:
    """The keys of one person in a room."""

    def __init__(self, id: str, room: Room) -> None:
        self._presser = _Presser(id, room)
        self._meanings: Mapping[str, Meaning] = MappingProxyType({})
        self._until = 0.0

    def press(self, key: str, now: float) -> Ask | Wish | None:
        """What is wished by a key; None while that is nothing yet, or nothing at all."""
        expected = self._meanings if now < self._until else MappingProxyType({})
        if not expected and key == COMMAND:
            self._expect(COMMANDS, now + COMMAND_S)
            return None
        self._expect(MappingProxyType({}), now)
        if not expected:
            return None
        meaning = expected.get(key)
        wanted = Ask.WRONG if meaning is None else meaning(self._presser)
        if wanted is Ask.HOW_TO_LEAVE:
            self._expect(LEAVING, now + LEAVING_S)
        return wanted

    def _expect(self, meanings: Mapping[str, Meaning], until: float) -> None:
        self._meanings, self._until = meanings, until
