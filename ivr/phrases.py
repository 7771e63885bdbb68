"""The book of phrases: every sentence the telephone says, in each language, ready to be filled in.

A phrase is a list of parts; each part has conditions on the arguments, and is said when they all
hold. A part is literal text and slots; a slot names an argument and the form it is said in. Which
forms a type has is a table here (`FORMS`); how a value sounds is the language's business.
`ivr.phrase_file` reads a book from `phrases.toml` files and checks it.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from ivr.languages import Gender, Language, Unspeakable
from ivr.prompts import Phrase, Value

LONGEST_TEXT = 80
"""Characters kept of a text argument: a caller's name is whatever the network sent."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A sound that is no speech: `hz`, `seconds`, and its peak in dBFS.

    It sounds `times` times, with as much silence between.
    """

    hz: float
    seconds: float
    dbfs: float
    times: int = 1


@dataclass(frozen=True, slots=True)
class Slot:
    """Where an argument is said. `form` may name another argument after a colon (`day:today`)."""

    name: str
    form: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of an argument: a number, a truth, a plural category ("one"), or a word."""

    name: str
    comparison: str
    value: int | bool | str


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence, said when all its conditions hold."""

    pieces: tuple[str | Slot, ...]
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One phrase in one language. `parameters` gives the type of each argument."""

    parts: tuple[Part, ...]
    parameters: Mapping[str, str]
    recordings: tuple[str, ...] = ()
    """Names of human recordings that together say the whole sentence."""
    tone: Tone | None = None


Say = Callable[[Language, Value, Value], str]
"""Says a value (second) in a form; the third is the other argument the form refers to."""

COMPARISONS: Mapping[str, Callable[[int, int], bool]] = MappingProxyType(
    {
        "=": operator.eq,
        "<": operator.lt,
        ">": operator.gt,
        "<=": operator.le,
        ">=": operator.ge,
    }
)


# ---- How each type is said


def _whole(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unspeakable(f"a whole number is expected, not {type(value).__name__}")
    return value


def _instant(value: Value) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Unspeakable("an instant with its zone is expected")
    return value


def _seconds(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unspeakable(f"seconds are expected, not {type(value).__name__}")
    return value


def _text(value: Value) -> str:
    return "" if value is None else " ".join(str(value).split())[:LONGEST_TEXT]


def _count(gender: Gender) -> Say:
    return lambda language, value, _: language.number(_whole(value), gender)


def _rank(gender: Gender) -> Say:
    return lambda language, value, _: language.ordinal(_whole(value), gender)


FORMS: Mapping[str, Mapping[str, Say]] = MappingProxyType(
    {
        "text": {
            "": lambda _language, value, _: _text(value),
            "of": lambda language, value, _: language.of(_text(value)),
        },
        "count": {"": _count(Gender.MASCULINE), **{g.value: _count(g) for g in Gender}},
        "ordinal": {"": _rank(Gender.MASCULINE), **{g.value: _rank(g) for g in Gender}},
        "digits": {"": lambda language, value, _: language.digits(_text(value))},
        "phone": {"": lambda language, value, _: language.phone(_text(value))},
        "duration": {"": lambda language, value, _: language.duration(_seconds(value))},
        "datetime": {
            "time": lambda language, value, _: language.time(_instant(value)),
            "day:": lambda language, at, now: language.day(_instant(at), _instant(now)),
            "coming:": lambda language, at, now: language.coming_day(_instant(at), _instant(now)),
        },
        "flag": {},
        "word": {},
    }
)
"""The forms of each type of argument. A form that ends in a colon refers to another argument."""


def form_of(slot: Slot, kind: str) -> tuple[Say | None, str]:
    """How a slot of this type is said (None: it cannot be), and the argument it refers to."""
    form, colon, other = slot.form.partition(":")
    return FORMS[kind].get(form + colon), other


# ---- Filling in


def _holds(condition: Condition, value: Value, language: Language) -> bool:
    if isinstance(condition.value, bool):
        if not isinstance(value, bool):
            raise Unspeakable(f"{condition.name}: a flag is expected, not {type(value).__name__}")
        return value is condition.value
    if isinstance(condition.value, str):
        said = value if isinstance(value, str) else language.plural(_whole(value))
        return said == condition.value
    return COMPARISONS[condition.comparison](_whole(value), condition.value)


def _said(piece: str | Slot, entry: Entry, values: Mapping[str, Value], language: Language) -> str:
    if isinstance(piece, str):
        return piece
    say, other = form_of(piece, entry.parameters[piece.name])
    if say is None:
        raise Unspeakable(f"{piece.name} has no form {piece.form!r}")
    return say(language, values[piece.name], values.get(other))


def _sentence(parts: list[str]) -> str:
    """Parts joined as print joins them: no space before a comma, one full stop at the end."""
    text = " ".join(" ".join(parts).split())
    text = re.sub(r"\s+([.,])", r"\1", text)
    text = re.sub(r"\.\.+$", ".", text)
    return text[:1].upper() + text[1:]


def fill_in(entry: Entry, values: Mapping[str, Value], language: Language) -> str:
    """The printed sentence of an entry. Raises Unspeakable for an argument missing or wrong."""
    if missing := entry.parameters.keys() - values.keys():
        raise Unspeakable(f"arguments missing: {', '.join(sorted(missing))}")
    return _sentence(
        [
            "".join(_said(piece, entry, values, language) for piece in part.pieces)
            for part in entry.parts
            if all(_holds(test, values[test.name], language) for test in part.conditions)
        ]
    )


@dataclass(frozen=True, slots=True)
class Book:
    """A `PhraseBook`: the same phrases in every language it has."""

    grammars: Mapping[str, Language]
    entries: Mapping[str, Mapping[str, Entry]]
    """By language code, then by phrase id."""

    @property
    def languages(self) -> frozenset[str]:
        return frozenset(self.entries)

    @property
    def ids(self) -> tuple[str, ...]:
        """Every phrase id, in the order of the files."""
        return tuple(next(iter(self.entries.values()), {}))

    def parameters(self, phrase: str) -> Mapping[str, str] | None:
        for entries in self.entries.values():
            if phrase in entries:
                return entries[phrase].parameters
        return None

    def text(self, phrase: Phrase) -> str:
        """Raises Unspeakable for an unknown phrase or language, or an argument missing or wrong."""
        language = self.grammars[self._known(phrase)]
        try:
            return fill_in(self.entry(phrase), dict(phrase.arguments), language)
        except Unspeakable as fault:
            raise Unspeakable(f"{phrase.id}: {fault}") from fault

    def spoken(self, phrase: Phrase) -> str:
        """The sentence with every figure and abbreviation in words, as voices are given it."""
        return self.grammars[self._known(phrase)].spoken(self.text(phrase))

    def entry(self, phrase: Phrase) -> Entry:
        """What the file says of a phrase in its language; raises Unspeakable when nothing."""
        try:
            return self.entries[self._known(phrase)][phrase.id]
        except KeyError:
            raise Unspeakable(f"there is no phrase {phrase.id!r}") from None

    def _known(self, phrase: Phrase) -> str:
        if phrase.language not in self.entries:
            raise Unspeakable(f"{phrase.id}: there are no phrases in {phrase.language!r}")
        return phrase.language
