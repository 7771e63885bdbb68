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


def find_destination(dialed: str, numbers: Sequence[Number]) -> Destination | None:
    """Where `dialed` leads, or None when no entry fits.

    A North American number fits with or without its leading +1 or 1.
    """
    forms = {dialed, *(match[1] for match in [_NORTH_AMERICAN.fullmatch(dialed)] if match)}
    for entry in numbers:
        for form in forms:
            match = _pattern(entry.number).fullmatch(form)
            if match is None:
                continue
            captured = {"mailbox": match["extension"]} if "extension" in match.groupdict() else {}
            return Destination(entry.flow, tuple({**captured, **entry.parameters}.items()))
    return None


def _pattern(number: str) -> re.Pattern[str]:
    digits = number.rstrip("X")
    length = len(number) - len(digits)
    extension = rf"(?P<extension>\d{{{length}}})" if length else ""
    plain = _NORTH_AMERICAN.fullmatch(digits)
    return re.compile(re.escape(plain[1] if plain else digits) + extension)
