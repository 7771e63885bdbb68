"""Telephone numbers of North America as people dial them, as the network writes them, and what
kind of call each one is. Pure.

A number is kept as `Number`: digits as somebody in Québec would dial them, ten for North America
and 011 before all others, so that rules about digits fit whatever a trunk wrote. What it costs to
be wrong decides what is doubtful: a number that only looks like home but is billed abroad counts
as international, and what bills by the minute for its content is called by nobody.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class NumberClass(StrEnum):
    """What kind of call a number is, by what it costs."""

    EMERGENCY = "emergency"
    LOCAL = "local"
    TOLL_FREE = "toll_free"
    LONG_DISTANCE = "long_distance"
    INTERNATIONAL = "international"
    PREMIUM = "premium"
    """Billed for what is said there; never called."""


class NumberForm(StrEnum):
    """How a trunk wants numbers written."""

    E164 = "e164"
    """+15145550100."""
    ELEVEN = "eleven"
    """15145550100; countries beyond are 011 and the rest."""
    TEN = "ten"
    """5145550100; countries beyond are 011 and the rest."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number that can be called outside, as it is dialled in Québec: no +, no 1 before ten."""

    digits: str

    def written(self, form: NumberForm) -> str:
        """The number as a trunk wants it; short ones have one form only."""
        north_american = _TEN.fullmatch(self.digits) is not None
        match form:
            case NumberForm.E164 if north_american:
                return f"+1{self.digits}"
            case NumberForm.E164 if self.digits.startswith(ABROAD):
                return f"+{self.digits.removeprefix(ABROAD)}"
            case NumberForm.ELEVEN if north_american:
                return f"1{self.digits}"
            case _:
                return self.digits

    @property
    def is_emergency(self) -> bool:
        """Whether it goes through whatever else is forbidden."""
        return self.digits == EMERGENCY


EMERGENCY = "911"

ABROAD = "011"
"""Dialled before the country's code (North American Numbering Plan)."""

OUTSIDE = "9"
"""What people press for a line, in the companies they come from; it is never needed here."""

_TEN = re.compile(r"[2-9][0-9]{2}[2-9][0-9]{6}")
_E164 = re.compile(r"[1-9][0-9]{6,14}")

FREE_SERVICES = frozenset({"211", "311", "511", "611", "711", "811", "988"})
"""Information, relay, health and crisis lines (CRTC): free, or a local call."""

DIRECTORY_ENQUIRIES = "411"
"""Billed by every company in Canada."""

_ANYWHERE_IN_CANADA = re.compile(r"310[0-9]{4}")
"""Seven digits, the price of a local call from anywhere."""

TOLL_FREE = frozenset({"800", "822", "833", "844", "855", "866", "877", "888"})

PREMIUM_AREA = "900"
PREMIUM_EXCHANGE = "976"
PREMIUM_COUNTRY = "979"
"""International premium rate (ITU-T E.169.2)."""

ISLANDS = frozenset(
    {
        *(
            "242",
            "246",
            "264",
            "268",
            "284",
            "340",
            "345",
            "441",
            "473",
            "649",
            "658",
            "664",
            "670",
        ),
        *(
            "671",
            "684",
            "721",
            "758",
            "767",
            "784",
            "787",
            "809",
            "829",
            "849",
            "868",
            "869",
            "876",
        ),
        "939",
    }
)
"""Area codes of North America outside Canada and the states: dialled like home, billed abroad."""

_SEPARATORS = re.compile(r"[\s\-.()/\u00a0]")


def parse_number(dialed: str) -> Number | None:
    """The number that somebody dials to reach the world outside; None where it is none.

    It may be written with + or 1 before it, with separators, with 9 for a line.
    """
    text = _SEPARATORS.sub("", dialed)
    for form in (text, text.removeprefix(OUTSIDE) if text.startswith(OUTSIDE) else ""):
        if (digits := _dialable(form)) is not None:
            return Number(digits)
    return None


def _dialable(text: str) -> str | None:
    if text in {EMERGENCY, DIRECTORY_ENQUIRIES, *FREE_SERVICES}:
        return text
    if _ANYWHERE_IN_CANADA.fullmatch(text):
        return text
    if (home := _home(text)) is not None:
        return home
    for before in ("+", ABROAD):
        country = text.removeprefix(before)
        if text.startswith(before) and _abroad(country):
            return f"{ABROAD}{country}"
    return None


def _home(text: str) -> str | None:
    """The ten digits of a North American number; None where it is none."""
    for before in ("+1", f"{ABROAD}1", "1", ""):
        if text.startswith(before) and _TEN.fullmatch(ten := text.removeprefix(before)):
            return ten
    return None


def _abroad(country: str) -> bool:
    return _E164.fullmatch(country) is not None and not country.startswith("1")


def national(number: str) -> str:
    """A caller's number in the digits we compare and say, whatever form the network wrote.

    +15145550100 and 15145550100 are 5145550100, +33140205050 is 01133140205050; what is no
    telephone number, such as an extension or a name, stays as it is.
    """
    text = _SEPARATORS.sub("", number)
    if (home := _home(text)) is not None:
        return home
    if text.startswith("+") and _abroad(text[1:]):
        return f"{ABROAD}{text[1:]}"
    return number


def number_class(number: Number, local: frozenset[str] = frozenset()) -> NumberClass:
    """What kind of call it is; `local` holds the beginnings of ten digits that are local calls."""
    digits = number.digits
    if number.is_emergency:
        return NumberClass.EMERGENCY
    if digits == DIRECTORY_ENQUIRIES:
        return NumberClass.LONG_DISTANCE
    if len(digits) < 10:
        return NumberClass.LOCAL
    if digits.startswith(ABROAD):
        premium = digits.startswith(ABROAD + PREMIUM_COUNTRY)
        return NumberClass.PREMIUM if premium else NumberClass.INTERNATIONAL
    return _north_american(digits, local)


def _north_american(digits: str, local: frozenset[str]) -> NumberClass:
    area, exchange = digits[:3], digits[3:6]
    if area == PREMIUM_AREA or exchange == PREMIUM_EXCHANGE:
        return NumberClass.PREMIUM
    if area in TOLL_FREE:
        return NumberClass.TOLL_FREE
    if area in ISLANDS:
        return NumberClass.INTERNATIONAL
    is_local = any(digits.startswith(each) for each in local)
    return NumberClass.LOCAL if is_local else NumberClass.LONG_DISTANCE
