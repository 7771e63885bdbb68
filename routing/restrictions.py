"""Who may call the company: numbers that are refused, or the only ones that pass.

The number is the one the caller shows, in the digits of `routing.numbers.national`. A rule never
applies to calls without a number: those have a switch of their own. A number that a rule refuses
is refused whatever else is allowed; where any number is allowed by a rule, the others are refused.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from call.errors import PeerFault
from routing.numbers import ABROAD, national

_SEPARATORS = re.compile(r"[\s\-.()/\u00a0]")
_HOME = re.compile(r"(?:\+|011)?1([2-9][0-9]{2,9})")
"""The beginning of a North American number with the 1 before it; three digits more tell it from an
extension."""

LONGEST = 20
"""Digits of a rule."""


class RestrictionRefused(PeerFault):
    """A rule that makes no sense, or that is not there; the message says why."""


class Operator(StrEnum):
    """How a number is compared."""

    EQUALS = "equals"
    """« est égal à »: the whole number."""
    STARTS_WITH = "starts_with"
    """« commence par »"""
    ENDS_WITH = "ends_with"
    """« fini par »"""
    CONTAINS = "contains"
    """« contient »"""


class Effect(StrEnum):
    """What becomes of those a rule fits."""

    BLOCK = "block"
    """« Seront rejetés par le système »"""
    ALLOW = "allow"
    """« Pourront appeler »"""


class Answer(StrEnum):
    """What somebody who is refused meets."""

    SENTENCE = "sentence"
    """They hear that their call is not taken."""
    REFUSAL = "refusal"
    """The call is refused; they hear what their own telephone makes of it."""


_FITS: Mapping[Operator, Callable[[str, str], bool]] = MappingProxyType(
    {
        Operator.EQUALS: str.__eq__,
        Operator.STARTS_WITH: str.startswith,
        Operator.ENDS_WITH: str.endswith,
        Operator.CONTAINS: str.__contains__,
    }
)


@dataclass(frozen=True, slots=True)
class Restriction:
    """One rule."""

    id: int
    operator: Operator
    digits: str
    """As `national` writes numbers."""
    effect: Effect
    note: str = ""

    def fits(self, number: str) -> bool:
        """Whether it speaks of a number, in national digits."""
        return _FITS[self.operator](number, self.digits)


class Refused(StrEnum):
    """Why a caller is refused."""

    BLOCKED = "blocked"
    NOT_ALLOWED = "not_allowed"
    """Others are allowed by a rule, and this one is not among them."""
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A caller who is refused: why, and by which rule."""

    why: Refused
    answer: Answer
    rule: Restriction | None = None


@dataclass(frozen=True, slots=True)
class Restrictions:
    """All rules of the company."""

    rules: tuple[Restriction, ...] = ()
    refuse_anonymous: bool = False
    """Whether calls without a number are refused; rules never speak of them."""
    answer: Answer = Answer.SENTENCE

    def refusal(self, number: str) -> Refusal | None:
        """Why somebody with this number is refused; None where they may call."""
        digits = caller_digits(number)
        if not digits:
            return Refusal(Refused.ANONYMOUS, self.answer) if self.refuse_anonymous else None
        blocking = (each for each in self.rules if each.effect is Effect.BLOCK)
        if (rule := next((each for each in blocking if each.fits(digits)), None)) is not None:
            return Refusal(Refused.BLOCKED, self.answer, rule)
        allowing = [each for each in self.rules if each.effect is Effect.ALLOW]
        if allowing and not any(each.fits(digits) for each in allowing):
            return Refusal(Refused.NOT_ALLOWED, self.answer)
        return None

    def with_rule(
        self, effect: Effect, operator: Operator, typed: str, note: str = ""
    ) -> "Restrictions":
        """With one more rule, of digits as somebody typed them. Raises RestrictionRefused."""
        number = max((each.id for each in self.rules), default=0) + 1
        rule = Restriction(number, operator, rule_digits(operator, typed), effect, note)
        self._check_new(rule)
        return replace(self, rules=(*self.rules, rule))

    def with_rule_changed(
        self,
        id: int,
        *,
        effect: Effect | None = None,
        operator: Operator | None = None,
        typed: str | None = None,
        note: str | None = None,
    ) -> "Restrictions":
        """With another effect, operator, digits or note of a rule. Raises RestrictionRefused."""
        before = self.rule(id)
        compared = operator or before.operator
        rule = Restriction(
            id,
            compared,
            rule_digits(compared, before.digits if typed is None else typed),
            effect or before.effect,
            before.note if note is None else note,
        )
        self._check_new(rule)
        rules = tuple(rule if each.id == id else each for each in self.rules)
        return replace(self, rules=rules)

    def without_rule(self, id: int) -> "Restrictions":
        """Without one rule. Raises RestrictionRefused where there is none of that number."""
        gone = self.rule(id)
        return replace(self, rules=tuple(each for each in self.rules if each != gone))

    def rule(self, id: int) -> Restriction:
        """One rule. Raises RestrictionRefused where there is none of that number."""
        for each in self.rules:
            if each.id == id:
                return each
        raise RestrictionRefused(f"there is no rule {id}; see: vestibule restriction list")

    def _check_new(self, rule: Restriction) -> None:
        for each in self.rules:
            if each.id != rule.id and replace(each, id=rule.id, note=rule.note) == rule:
                raise RestrictionRefused(f"rule {each.id} says so already")


NO_RESTRICTIONS = Restrictions()


def caller_digits(number: str) -> str:
    """A caller's number as rules compare it; "" for whoever shows none ("anonymous", "")."""
    digits = national(number)
    return digits if digits.isascii() and digits.isdigit() else ""


def rule_digits(operator: Operator, typed: str) -> str:
    """The digits of a rule, from what somebody typed. Raises RestrictionRefused.

    A whole number may be typed in any of its forms, and the beginning of one with +1, 1 or + before
    it. The guide asks for digits "sans espace ni tiret": separators are forgiven.
    """
    text = _SEPARATORS.sub("", typed)
    begins = operator in (Operator.EQUALS, Operator.STARTS_WITH)
    plain = text.removeprefix("+") if begins else text
    if not (plain.isascii() and plain.isdigit()):
        raise RestrictionRefused(f"{typed!r}: digits only, such as 5149073400")
    if len(plain) > LONGEST:
        raise RestrictionRefused(f"{typed!r}: {LONGEST} digits at most")
    if operator is Operator.EQUALS:
        return national(text).removeprefix("+")
    if operator is Operator.STARTS_WITH:
        return _beginning(text)
    return plain


def _beginning(text: str) -> str:
    if (home := _HOME.fullmatch(text)) is not None:
        return home[1]
    return ABROAD + text[1:] if text.startswith("+") else text
