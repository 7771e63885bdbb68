"""What a dialled number leads to. Pure: the entries in order, the first that fits wins."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vestibule.settings import Number

_NORTH_AMERICAN = re.compile(r"\+?1([2-9]\d{9})")


@dataclass(frozen=True, slots=True)
class Destination:
    """A flow, and the parameters it starts with."""

    flow: str
    parameters: tuple[tuple[str, str], ...] = ()


def find_entry(dialed: str, numbers: Sequence[Number]) -> Number | None:
    """The first entry of the settings that `dialed` fits.

    A North American number fits with or without its leading +1 or 1.
    """
    return next((entry for entry in numbers if _match(dialed, entry) is not None), None)


def find_destination(dialed: str, numbers: Sequence[Number]) -> Destination | None:
    """Where `dialed` leads, or None when no entry fits."""
    entry = find_entry(dialed, numbers)
    return None if entry is None else destination_of(entry, dialed)


def destination_of(entry: Number, dialed: str) -> Destination | None:
    """Where an entry leads those who dialled a number; None where it does not fit."""
    match = _match(dialed, entry)
    if match is None:
        return None
    captured = {"mailbox": match["extension"]} if "extension" in match.groupdict() else {}
    return Destination(entry.flow, tuple({**captured, **entry.parameters}.items()))


def _match(dialed: str, entry: Number) -> re.Match[str] | None:
    home = _NORTH_AMERICAN.fullmatch(dialed)
    forms = (dialed,) if home is None else (dialed, home[1])
    pattern = _pattern(entry.number)
    return next((match for form in forms if (match := pattern.fullmatch(form))), None)


def _pattern(number: str) -> re.Pattern[str]:
    digits = number.rstrip("X")
    length = len(number) - len(digits)
    extension = rf"(?P<extension>\d{{{length}}})" if length else ""
    plain = _NORTH_AMERICAN.fullmatch(digits)
    return re.compile(re.escape(plain[1] if plain else digits) + extension)
