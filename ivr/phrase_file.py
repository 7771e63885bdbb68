"""Reads the book of phrases from `<folder>/<language>/phrases.toml`, and tells every fault at once.

The format is in `prompts/README.md`. A book that loads is complete: the same ids with the same
arguments in every language, every slot of a known form, and a sentence for every combination of
arguments.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from types import MappingProxyType

from call.errors import PeerFault
from ivr.languages import LANGUAGES, Language
from ivr.phrases import (
    COMPARISONS,
    FORMS,
    Book,
    Condition,
    Entry,
    Part,
    Slot,
    Tone,
    fill_in,
    form_of,
)
from ivr.prompts import Value

Table = Mapping[str, object]

Told = Callable[[str], None]
"""Takes a fault of one phrase."""

_SLOT = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TEST = re.compile(r"([a-z][a-z0-9_]*)(<=|>=|=|<|>)([a-z]+|[0-9]+)")
_CATEGORIES = frozenset({"zero", "one", "two", "few", "many", "other"})
_KEYS = frozenset({"args", "text", "parts", "human", "tone"})

_SAMPLES: Mapping[str, tuple[Value, ...]] = MappingProxyType(
    {
        "text": ("Émile",),
        "count": (0, 1, 2, 5, 21, 1_000_000),
        "ordinal": (1, 2, 21),
        "digits": ("101",),
        "phone": ("5145550100",),
        "duration": (0, 61),
        "datetime": (datetime(2027, 3, 1, 14, 5, tzinfo=UTC),),
        "flag": (True, False),
        "word": (),
    }
)
"""Values that between them take every branch a sentence can have; a word's are those it tests."""


@dataclass(frozen=True, slots=True)
class PhraseFault:
    """One thing wrong in one file. `phrase` is "" when the whole file is meant."""

    file: Path
    phrase: str
    what: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (str(self.file), self.phrase, self.what)))


class BadPhrases(PeerFault):
    """The phrase files cannot be used; `faults` lists everything that is wrong with them."""

    def __init__(self, faults: tuple[PhraseFault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def load_book(folder: Path) -> Book:
    """The book of all the languages under `folder`. Raises BadPhrases with every fault found."""
    faults: list[PhraseFault] = []
    files = sorted(folder.glob("*/phrases.toml"))
    if not files:
        faults.append(PhraseFault(folder, "", "there is no <language>/phrases.toml here"))
    entries = {file.parent.name: _read(file, faults) for file in files}
    _compare(folder, entries, faults)
    if faults:
        raise BadPhrases(tuple(faults))
    return Book(MappingProxyType({code: LANGUAGES[code] for code in entries}), entries)


def _read(file: Path, faults: list[PhraseFault]) -> Mapping[str, Entry]:
    language = LANGUAGES.get(file.parent.name)
    if language is None:
        faults.append(PhraseFault(file, "", "ivr/languages.py has no grammar of this language"))
        return {}
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        faults.append(PhraseFault(file, "", f"cannot be read: {fault}"))
        return {}
    entries: dict[str, Entry] = {}
    for phrase, table in tables.items():
        found: list[str] = []
        entry = _entry(table, found.append) if isinstance(table, dict) else None
        if entry is None:
            found.append("give it a table, with its id in quotes")
        elif not found:
            _try_out(entry, language, found.append)
        faults += (PhraseFault(file, phrase, what) for what in dict.fromkeys(found))
        if entry is not None:
            entries[phrase] = entry
    return MappingProxyType(entries)


# ---- One phrase


def _entry(table: Table, told: Told) -> Entry:
    for key in sorted(table.keys() - _KEYS):
        told(f"unknown key {key!r}; known are {', '.join(sorted(_KEYS))}")
    parameters = _parameters(table.get("args", {}), told)
    entry = Entry(
        parts=_parts(table, parameters, told),
        parameters=MappingProxyType(parameters),
        recordings=_recordings(table.get("human", []), told),
        tone=_tone(table["tone"], told) if "tone" in table else None,
    )
    if entry.recordings and parameters:
        told("a recorded sentence cannot have arguments: remove 'human' or 'args'")
    used = {name for part in entry.parts for name in _names(part)}
    for name in parameters.keys() - used:
        told(f"the argument {name!r} is never used")
    return entry


def _parameters(value: object, told: Told) -> dict[str, str]:
    if not isinstance(value, dict):
        told("'args' is a table of names and types")
        return {}
    for name, kind in value.items():
        if not _NAME.fullmatch(name):
            told(f"an argument's name is in lower case: {name!r}")
        if not isinstance(kind, str) or kind not in FORMS:
            told(f"unknown type {kind!r} of {name!r}; known are {', '.join(FORMS)}")
    return {n: kind for n, kind in value.items() if isinstance(kind, str) and kind in FORMS}


def _parts(table: Table, parameters: Mapping[str, str], told: Told) -> tuple[Part, ...]:
    if ("text" in table) == ("parts" in table):
        told("give it either 'text' or 'parts'")
        return ()
    parts = table.get("parts", [{"text": table.get("text")}])
    if not isinstance(parts, list) or not parts:
        told("'parts' is a list of tables")
        return ()
    return tuple(_part(part, parameters, told) for part in parts)


def _part(value: object, parameters: Mapping[str, str], told: Told) -> Part:
    part = value if isinstance(value, dict) else {}
    text, when = part.get("text"), part.get("when", "")
    if not isinstance(text, str) or not text.strip() or not isinstance(when, str):
        told("a part has a 'text' that is not empty, and may have a 'when'")
        return Part(())
    if unknown := part.keys() - {"text", "when"}:
        told(f"a part has no {', '.join(sorted(unknown))}")
    conditions = (_condition(test, parameters, told) for test in when.split())
    return Part(
        pieces=tuple(_pieces(text, parameters, told)),
        conditions=tuple(test for test in conditions if test is not None),
    )


def _pieces(text: str, parameters: Mapping[str, str], told: Told) -> Iterator[str | Slot]:
    if "{" in (rest := _SLOT.sub("", text)) or "}" in rest:
        told(f"a brace has no other half: {text!r}")
    for place, piece in enumerate(_SLOT.split(text)):
        if place % 2 == 0:
            if piece:
                yield piece
            continue
        name, _, form = piece.partition(":")
        slot = Slot(name, form)
        if _fits(slot, parameters, told):
            yield slot


def _fits(slot: Slot, parameters: Mapping[str, str], told: Told) -> bool:
    kind = parameters.get(slot.name)
    if kind is None:
        told(f"the text uses {{{slot.name}}}, which is not in 'args'")
        return False
    say, other = form_of(slot, kind)
    if say is None:
        forms = ", ".join(repr(form) for form in FORMS[kind]) or "none: use it in a 'when'"
        told(f"{{{slot.name}:{slot.form}}}: the forms of a {kind} are {forms}")
        return False
    if other and parameters.get(other) != kind:
        told(f"{{{slot.name}:{slot.form}}}: {other!r} must be another {kind} of 'args'")
        return False
    return True


def _condition(test: str, parameters: Mapping[str, str], told: Told) -> Condition | None:
    match = _TEST.fullmatch(test)
    if match is None:
        written = "new=0, new>1, new=one, is_new=true or kind=busy"
        told(f"cannot read the condition {test!r}; write {written}")
        return None
    name, comparison, value = match.groups()
    kind = parameters.get(name)
    if kind == "flag" and comparison == "=" and value in ("true", "false"):
        return Condition(name, comparison, value == "true")
    if kind in ("count", "ordinal") and comparison in COMPARISONS and value.isdecimal():
        return Condition(name, comparison, int(value))
    if kind == "count" and comparison == "=" and value in _CATEGORIES:
        return Condition(name, comparison, value)
    if kind == "word" and comparison == "=" and not value.isdecimal():
        return Condition(name, comparison, value)
    told(f"the condition {test!r} does not suit the arguments")
    return None


def _recordings(value: object, told: Told) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(name, str) and name for name in value):
        return tuple(value)
    told("'human' is a list of names of recordings")
    return ()


def _tone(value: object, told: Told) -> Tone | None:
    match value:
        case {
            "hz": int() | float() as hz,
            "seconds": int() | float() as s,
            "dbfs": int() as dbfs,
            **more,
        } if more.keys() <= {"times"}:
            times = more.get("times", 1)
            in_range = 100 <= hz <= 3400 and 0 < s <= 10 and dbfs <= -3
            if in_range and isinstance(times, int) and 1 <= times <= 5:
                return Tone(float(hz), float(s), float(dbfs), times)
    told("'tone' is { hz = 100 to 3400, seconds = up to 10, dbfs = -3 or less, times = 1 to 5 }")
    return None


def _names(part: Part) -> Iterator[str]:
    yield from (test.name for test in part.conditions)
    for piece in part.pieces:
        if isinstance(piece, Slot):
            yield piece.name
            yield piece.form.partition(":")[2]


# ---- The whole


def _try_out(entry: Entry, language: Language, told: Told) -> None:
    """Says the phrase with every combination of sample values, as a caller may one day hear it."""
    names = tuple(entry.parameters)
    for values in product(*(_samples(entry, name) for name in names)):
        arguments = dict(zip(names, values, strict=True))
        shown = ", ".join(f"{name}={value}" for name, value in arguments.items())
        if not fill_in(entry, arguments, language).strip(" .,"):
            told(f"nothing is said when {shown}")


def _samples(entry: Entry, name: str) -> tuple[Value, ...]:
    if entry.parameters[name] != "word":
        return _SAMPLES[entry.parameters[name]]
    return tuple(sorted(_words(entry, name)))


def _words(entry: Entry, name: str) -> set[str]:
    """The words an argument is tested against."""
    tests = (test for part in entry.parts for test in part.conditions)
    return {str(test.value) for test in tests if test.name == name}


def _compare(
    folder: Path, entries: Mapping[str, Mapping[str, Entry]], faults: list[PhraseFault]
) -> None:
    every = dict.fromkeys(phrase for phrases in entries.values() for phrase in phrases)
    for phrase in every:
        known = {code: phrases[phrase] for code, phrases in entries.items() if phrase in phrases}
        for code in entries.keys() - known.keys():
            file = folder / code / "phrases.toml"
            faults.append(PhraseFault(file, phrase, "is missing in this language"))
        first, *others = known
        for code in others:
            if known[code].parameters != known[first].parameters:
                file = folder / code / "phrases.toml"
                faults.append(PhraseFault(file, phrase, f"has other arguments than in {first!r}"))
                continue
            for name, kind in known[code].parameters.items():
                if kind == "word" and _words(known[code], name) != _words(known[first], name):
                    what = f"tests other words of {name!r} than in {first!r}"
                    faults.append(PhraseFault(folder / code / "phrases.toml", phrase, what))
