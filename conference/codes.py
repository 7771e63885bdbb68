"""The digits people type: rooms and access codes, drawn by chance that is given."""

from collections.abc import Collection
from typing import Protocol

from conference.conference import Conference
from conference.errors import BadConference

FIRST, LAST = 1000, 9999
"""No room and no code begins with 0, which leads to the operator, and which tables of figures
leave out."""

ROOMS = LAST - FIRST + 1

_ASCENDING = "01234567890123"
_DRAWS = 1000


class Chance(Protocol):
    """Where ids and digits come from."""

    def token(self, octets: int) -> bytes:
        """Octets that nobody can guess."""


def is_guessable(code: str) -> bool:
    """Whether a code is among the first that somebody would try: 1111, 1212, 1234, 4321."""
    return (
        len(set(code)) == 1
        or code[:2] == code[2:]
        or code in _ASCENDING
        or code[::-1] in _ASCENDING
    )


def codes_of(conference: Conference) -> frozenset[str]:
    """Every code that opens a conference."""
    personal = (each.code for each in conference.invitees)
    return frozenset((*personal, *(each.code for each in conference.generic_codes)))


def draw_code(taken: Collection[str], chance: Chance) -> str:
    """Four digits unlike all that are taken. Raises BadConference where hardly any are left."""
    for _ in range(_DRAWS):
        code = str(_draw(FIRST, LAST, chance))
        if code not in taken and not is_guessable(code):
            return code
    raise BadConference("codes: this conference has too many people for codes of four digits")


def draw_room(taken: Collection[str], chance: Chance) -> str:
    """A room that is free. Raises BadConference where none is left."""
    free = [room for room in map(str, range(FIRST, LAST + 1)) if room not in taken]
    if not free:
        raise BadConference("room: every room is taken; remove a conference first")
    return free[_draw(0, len(free) - 1, chance)]


def _draw(least: int, most: int, chance: Chance) -> int:
    """A whole number; 64 bits make each as likely as any other, to all intents."""
    return least + int.from_bytes(chance.token(8)) % (most - least + 1)
