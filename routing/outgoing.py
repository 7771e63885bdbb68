"""Calls to the outside: who may make them, as whom, and by which trunks in which order. Pure."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from types import MappingProxyType

from routing.handling import Outgoing, Permission
from routing.numbers import Number, NumberClass, NumberForm, national, number_class

LONGEST_NAME = 15
"""Characters of a caller's name that the telephone network carries."""


class Leave(StrEnum):
    """Whether an extension may make a call."""

    GIVEN = auto()
    WITH_CODE = auto()
    """Once the extension's access code is keyed in."""
    DENIED = auto()


_LEAVE: Mapping[Permission, Leave] = MappingProxyType(
    {
        Permission.DISABLED: Leave.DENIED,
        Permission.WITH_CODE: Leave.WITH_CODE,
        Permission.UNLIMITED: Leave.GIVEN,
    }
)


def leave_to_call(number: Number, allowed: Outgoing, local: frozenset[str] = frozenset()) -> Leave:
    """Whether an extension with these permissions may call a number.

    Emergency, local and toll-free calls are always allowed; premium numbers never are. An
    extension that needs a code and has none is let nowhere: nobody could know it.
    """
    match number_class(number, local):
        case NumberClass.PREMIUM:
            return Leave.DENIED
        case NumberClass.LONG_DISTANCE:
            leave = _LEAVE[allowed.long_distance]
        case NumberClass.INTERNATIONAL:
            leave = _LEAVE[allowed.international]
        case _:
            return Leave.GIVEN
    return Leave.DENIED if leave is Leave.WITH_CODE and not allowed.code_hash else leave


@dataclass(frozen=True, slots=True)
class Identity:
    """As whom a call is made. With `anonymous`, the network is told and the one called is not."""

    number: str
    name: str = ""
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A trunk, as far as it matters to which calls take it.

    `numbers` are the caller numbers that are its own, the first of them for calls that bring none
    of those; where `any_number`, it passes on whatever number it is given.
    """

    name: str
    numbers: tuple[str, ...] = ()
    form: NumberForm = NumberForm.E164
    priority: int = 1
    max_calls: int | None = None
    any_number: bool = False

    def owns(self, number: str) -> bool:
        """Whether a caller number is one of its own."""
        return national(number) in {national(each) for each in self.numbers}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a trunk does just now."""

    alive: bool = True
    """Its registration holds, or it needs none, and its address is known."""
    calls: int = 0
    failed: bool = False
    """It failed to carry a call a moment ago."""


HEALTHY = Standing()


def ordered(
    routes: Sequence[Route],
    standings: Mapping[str, Standing],
    *,
    number: str = "",
    emergency: bool = False,
) -> tuple[Route, ...]:
    """The trunks to try for a call, in their order; empty where none can carry it.

    Those that failed a moment ago come last. Of one priority, those that own the caller's
    `number` come first. For an emergency each is tried, the full and the dead ones at the end.
    """

    def rank(route: Route) -> tuple[bool, bool, int, bool]:
        standing = standings.get(route.name, HEALTHY)
        usable = _takes_one_more(route, standing)
        return not usable, standing.failed, route.priority, not (number and route.owns(number))

    fit = [
        route
        for route in routes
        if emergency or _takes_one_more(route, standings.get(route.name, HEALTHY))
    ]
    return tuple(sorted(fit, key=rank))


def _takes_one_more(route: Route, standing: Standing) -> bool:
    full = route.max_calls is not None and standing.calls >= route.max_calls
    return standing.alive and not full


def presented(wanted: Identity, route: Route, company: str = "") -> Identity:
    """As whom a call goes out by a trunk: a name and a number, or neither (XS-16).

    A number that the trunk would not pass gives way to the trunk's own first, with the company's
    name: a stranger's name beside it would be a lie.
    """
    number = national(wanted.number)
    if number and (route.any_number or route.owns(number)):
        name = wanted.name or (company if route.owns(number) else number)
        return Identity(number, caller_name(name), wanted.anonymous)
    if not route.numbers:
        return Identity("", "", wanted.anonymous)
    own = national(route.numbers[0])
    return Identity(own, caller_name(company or own), wanted.anonymous)


def extension_identity(allowed: Outgoing) -> Identity:
    """As whom an extension calls, as it is set; the trunk says the rest."""
    both = bool(allowed.caller_name and allowed.caller_number)
    return Identity(
        allowed.caller_number if both else "",
        allowed.caller_name if both else "",
        allowed.anonymous,
    )


def caller_name(name: str) -> str:
    """A name as the telephone network carries it: fifteen characters without accents."""
    spelled = name.translate(_LIGATURES)
    folded = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return " ".join("".join(c if c.isprintable() else " " for c in folded).split())[
        :LONGEST_NAME
    ].rstrip()


_LIGATURES = MappingProxyType(
    str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "’": "'"})
)


class Trouble(StrEnum):
    """Why a call by one trunk came to nothing."""

    BUSY = auto()
    NO_ANSWER = auto()
    REFUSED = auto()
    """By the one called, or by the network for a reason of the number's."""
    NOT_A_NUMBER = auto()
    """The network knows of no such number."""
    TRUNK = auto()
    """The trunk did not carry it; another may."""


_TROUBLES: Mapping[int, Trouble] = MappingProxyType(
    {
        404: Trouble.NOT_A_NUMBER,
        410: Trouble.NOT_A_NUMBER,
        484: Trouble.NOT_A_NUMBER,
        604: Trouble.NOT_A_NUMBER,
        480: Trouble.NO_ANSWER,
        486: Trouble.BUSY,
        600: Trouble.BUSY,
        487: Trouble.NO_ANSWER,
        603: Trouble.REFUSED,
        401: Trouble.TRUNK,
        403: Trouble.TRUNK,
        407: Trouble.TRUNK,
        408: Trouble.TRUNK,
        488: Trouble.TRUNK,
    }
)


def trouble(status: int | None, *, rang: bool) -> Trouble:
    """What a final SIP status of a call that was not answered tells; None where none came.

    A call that rang has reached somebody: whatever ends it then is theirs, not the trunk's.
    """
    told = _TROUBLES.get(status or 408)
    if told is None:
        told = Trouble.TRUNK if status is None or 500 <= status < 600 else Trouble.REFUSED
    if rang and told is Trouble.TRUNK:
        return Trouble.NO_ANSWER
    return told


def goes_on(came_to: Trouble, *, rang: bool, emergency: bool = False) -> bool:
    """Whether the next trunk is tried.

    Never once it rang; else where the trunk is at fault, and for an emergency whatever it is.
    """
    return not rang and (emergency or came_to is Trouble.TRUNK)
