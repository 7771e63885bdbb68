"""What the keys pressed so far amount to: pure, one question at a time.

A `Grammar` says what a state listens for. `judge` looks at the keys typed so far and says what
they are; `settle` says what they are when nothing more comes. A key that is also the start of a
longer number waits for the inter-digit time; a number that can no longer become right is heard to
its end before it is refused, so that its last digits are not taken for choices.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from ivr.flow import CODE, EXTENSION, Collect, Menu


@dataclass(frozen=True, slots=True)
class Grammar:
    """What a state listens for."""

    keys: frozenset[str]
    numbers: Mapping[str, str]
    """Each number that may be dialled, with the pattern it comes from."""
    collect: Collect | None
    terminator: str | None


@dataclass(frozen=True, slots=True)
class Key:
    """A key that leads somewhere."""

    key: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number dialled directly, and the pattern it fits."""

    digits: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Filled:
    """The digits a collect state asked for."""

    digits: str


class Verdict(Enum):
    """What keys are that are not an answer, or not yet."""

    NO_MATCH = auto()
    MORE = auto()
    """Wait the inter-digit time for another key."""
    COMPLETE = auto()
    """Wait the terminator's time: the answer is whole, only its end mark is missing."""


Answer = Key | Number | Filled | Verdict


def menu_grammar(
    menu: Menu, keys: Iterable[str], extensions: Collection[str], codes: Collection[str] = ()
) -> Grammar:
    """The grammar of a menu, with the extensions and the codes in service."""
    numbers: dict[str, str] = {}
    for pattern in reversed(menu.dial):
        dialled = {EXTENSION: extensions, CODE: codes}.get(pattern, [pattern])
        numbers.update(dict.fromkeys(dialled, pattern))
    return Grammar(frozenset(keys), numbers, None, menu.listening.terminator)


def collect_grammar(collect: Collect, keys: Iterable[str]) -> Grammar:
    """The grammar of a collect state."""
    return Grammar(frozenset(keys), {}, collect, collect.listening.terminator)


def judge(typed: str, grammar: Grammar) -> Answer:
    """What `typed` (at least one key) amounts to while more may come."""
    if grammar.collect is not None:
        return _judge_digits(typed, grammar, grammar.collect)
    if len(typed) > 1 and typed[-1] == grammar.terminator:
        return settle(typed[:-1], grammar)
    if any(number.startswith(typed) and number != typed for number in grammar.numbers):
        return Verdict.MORE
    if typed in grammar.numbers:
        return Number(typed, grammar.numbers[typed])
    if typed in grammar.keys:
        return Key(typed)
    return Verdict.MORE if len(typed) > 1 else Verdict.NO_MATCH


def settle(typed: str, grammar: Grammar) -> Answer:
    """What `typed` amounts to when the time for another key is over."""
    collect = grammar.collect
    if collect is not None:
        whole = collect.least <= len(typed) <= collect.most and typed.isdecimal()
        return Filled(typed) if whole else Verdict.NO_MATCH
    if typed in grammar.numbers:
        return Number(typed, grammar.numbers[typed])
    return Key(typed) if typed in grammar.keys else Verdict.NO_MATCH


def _judge_digits(typed: str, grammar: Grammar, collect: Collect) -> Answer:
    if typed in grammar.keys:
        return Key(typed)
    if typed[-1] == grammar.terminator:
        return settle(typed[:-1], grammar)
    if not typed.isdecimal() or len(typed) != collect.most:
        return Verdict.MORE
    if collect.submit_on_length or grammar.terminator is None:
        return Filled(typed)
    return Verdict.COMPLETE
