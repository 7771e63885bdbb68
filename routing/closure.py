"""The exceptional closure message, pure: whose it is, when it is heard, what its codes mean.

A closure is known by the code that is dialled to record it. A second code turns it on and off.
Callers hear it while the number they called is closed, before the usual sentence or in its place.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from routing.numbers import national

VOICEMAIL = "8500"
"""The number that leads to the mailboxes everywhere; no code may be it."""

LEAST_SPEECH_S = 1.0
"""Of speech in a closure message: what has less is "a short silence", which turns it off."""

LONGEST_S = 180

_LEAP_YEARS_APART = 8
"""At most: 29 February 2096 is followed by that of 2104."""


@dataclass(frozen=True, slots=True)
class Closure:
    """How the closure message of some numbers is set, and how it stands."""

    toggle_code: str = ""
    """Dialled to turn it on and off; "" for none."""
    pin_hash: str = field(default="", repr=False)
    numbers: tuple[str, ...] = ()
    """The numbers it is for; empty for all that no other closure names."""
    replaces: bool = False
    """Whether it is heard in place of the usual sentence, and not before it."""
    sound: str = ""
    """Its name among the sounds; "" while nothing was recorded."""
    duration_s: float = 0.0
    kept: datetime | None = None
    on: bool = False
    first: date | None = None
    """The first day it is heard; None for no such day."""
    last: date | None = None
    """The last day it is heard, that day included."""

    @property
    def exists(self) -> bool:
        """Whether somebody made it: there is none without a PIN."""
        return bool(self.pin_hash)

    def plays_on(self, day: date) -> bool:
        """Whether callers hear it on a day, while they find the number closed."""
        begun = self.first is None or self.first <= day
        return self.on and bool(self.sound) and begun and not self.is_over(day)

    def is_over(self, day: date) -> bool:
        """Whether its last day has passed."""
        return self.last is not None and self.last < day


NO_CLOSURE = Closure()
"""What a code that nobody was given stands for."""


class Code(StrEnum):
    """What a code does."""

    RECORD = "record"
    TOGGLE = "toggle"


def closure_of(number: str, closures: Mapping[str, Closure]) -> str | None:
    """The code of the closure that callers of a number may hear; one that names it comes first."""
    for code, closure in closures.items():
        if national(number) in map(national, closure.numbers):
            return code
    return next((code for code, closure in closures.items() if not closure.numbers), None)


def meaning(dialed: str, closures: Mapping[str, Closure]) -> tuple[str, Code] | None:
    """The closure a dialled code belongs to, and what it does; None for no code."""
    if dialed in closures:
        return dialed, Code.RECORD
    for code, closure in closures.items():
        if dialed and dialed == closure.toggle_code:
            return code, Code.TOGGLE
    return None


def codes(closures: Mapping[str, Closure]) -> tuple[str, ...]:
    """Every code somebody may dial."""
    toggles = (closure.toggle_code for closure in closures.values() if closure.toggle_code)
    return tuple(sorted({*closures, *toggles}))


def closure_faults(
    code: str, closure: Closure, others: Mapping[str, Closure], extensions: Collection[str]
) -> tuple[str, ...]:
    """Every reason why a closure cannot be set so; empty when it can.

    `others` are the closures beside it.
    """
    taken = set(codes(others))
    faults = []
    for what, each in (("code", code), ("toggle code", closure.toggle_code)):
        if each == "" and what == "toggle code":
            continue
        if not re.fullmatch(r"[0-9]{3,8}", each):
            faults.append(f"the {what} is 3 to 8 digits")
        elif each == VOICEMAIL or each in extensions:
            faults.append(f"{each} is dialled for something else; choose another {what}")
        elif each in taken:
            faults.append(f"{each} is a code of another closure message")
    if code == closure.toggle_code:
        faults.append("the two codes must be different")
    faults += _number_faults(closure, others)
    if closure.first and closure.last and closure.last < closure.first:
        faults.append(f"it would end ({closure.last}) before it begins ({closure.first})")
    return tuple(faults)


def _number_faults(closure: Closure, others: Mapping[str, Closure]) -> list[str]:
    """One closure a number, and one for all the others."""
    if not closure.numbers:
        whole = [code for code, other in others.items() if not other.numbers]
        return [f"closure {whole[0]} is for all numbers already; name some"] if whole else []
    return [
        f"closure {code} is for {number} already"
        for code, other in others.items()
        for number in closure.numbers
        if national(number) in map(national, other.numbers)
    ]


def pin_faults(pin: str, code: str) -> tuple[str, ...]:
    """Why a PIN is refused; empty when it may serve. The rules are those of mailboxes."""
    if not re.fullmatch(r"[0-9]{4,10}", pin):
        return ("a PIN is 4 to 10 digits",)
    faults = []
    if code in pin:
        faults.append("a PIN may not hold the closure's own code")
    if len(set(pin)) == 1:
        faults.append("a PIN may not be one digit repeated")
    if pin in "01234567890" or pin in "09876543210":
        faults.append("a PIN may not be a sequence")
    return tuple(faults)


def next_day(typed: str, today: date) -> date | None:
    """The next day that is typed as month and day, MMDD, today included; None if there is none."""
    if not re.fullmatch(r"[0-9]{4}", typed):
        return None
    for year in range(today.year, today.year + _LEAP_YEARS_APART + 1):
        try:
            day = date(year, int(typed[:2]), int(typed[2:]))
        except ValueError:
            continue
        if day >= today:
            return day
    return None
