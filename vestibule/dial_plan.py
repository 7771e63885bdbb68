"""What a number means that somebody inside dials: a colleague, a code, the lot, or outside. Pure.

An emergency comes before all, then the settings where they name a number in full, then, in this
order: the voicemail, star codes, the parking lot, extensions, codes of closure messages, numbers of
the settings by their pattern, and anything else that could be a telephone number goes outside.
Callers from outside dial none of this: they reach what the settings name.
"""

import re
from collections.abc import Callable, Container, Mapping, Sequence
from types import MappingProxyType

from routing.numbers import parse_number
from routing.parking import PARK, SLOTS
from vestibule.numbers import Destination, find_destination
from vestibule.settings import Number

OUTGOING = "outgoing"
"""The flow that a call to the outside goes through; it is given the `number`."""

CLOSURE_CODE = "closure_code"
"""The flow of the codes of closure messages; it is given the `code`."""

VOICEMAIL = ("8500", "*97")

CODES: Mapping[str, Destination] = MappingProxyType(
    {
        **dict.fromkeys(VOICEMAIL, Destination("voicemail_main")),
        "*72": Destination("star_forward"),
        "*73": Destination("star_forward_off"),
        "*78": Destination("star_do_not_disturb", (("wanted", "true"),)),
        "*79": Destination("star_do_not_disturb", (("wanted", "false"),)),
        "*8": Destination("pickup"),
        PARK: Destination("park"),
        **{slot: Destination("retrieve", (("slot", slot),)) for slot in SLOTS},
    }
)
"""What is dialled as it stands."""

LONGER: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"\*72(\d{2,15})"), "star_forward", "number"),
    (re.compile(r"\*8(\d{2,6})"), "pickup", "extension"),
)
"""Codes that digits follow: the pattern, the flow, and its parameter that takes the digits."""

_OUTSIDE = re.compile(r"\+?\d{3,20}")


def lead(
    dialed: str,
    numbers: Sequence[Number],
    extensions: Container[str],
    codes: Container[str] = (),
) -> Destination | None:
    """Where a number leads that one of our own telephones dialled; None where it leads nowhere.

    `codes` are those of closure messages.
    """
    ways: tuple[Callable[[], Destination | None], ...] = (
        lambda: emergency(dialed),
        lambda: find_destination(
            dialed, [each for each in numbers if not each.number.endswith("X")]
        ),
        lambda: CODES.get(dialed),
        lambda: _longer(dialed),
        lambda: _extension(dialed, extensions),
        lambda: _closure(dialed, codes),
        lambda: find_destination(dialed, numbers),
        lambda: _outside(dialed),
    )
    return next((found for way in ways if (found := way()) is not None), None)


def emergency(dialed: str) -> Destination | None:
    """Where a call for help leads; None for any other call. Nothing is looked up for it."""
    number = parse_number(dialed)
    return _outside(dialed) if number is not None and number.is_emergency else None


def _longer(dialed: str) -> Destination | None:
    for pattern, flow, parameter in LONGER:
        match = pattern.fullmatch(dialed)
        if match is not None:
            return Destination(flow, ((parameter, match[1]),))
    return None


def _extension(dialed: str, extensions: Container[str]) -> Destination | None:
    return Destination("extension", (("mailbox", dialed),)) if dialed in extensions else None


def _closure(dialed: str, codes: Container[str]) -> Destination | None:
    return Destination(CLOSURE_CODE, (("code", dialed),)) if dialed in codes else None


def _outside(dialed: str) -> Destination | None:
    fits = _OUTSIDE.fullmatch(dialed) or parse_number(dialed) is not None
    return Destination(OUTGOING, (("number", dialed),)) if fits else None
