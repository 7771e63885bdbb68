"""Finding people by the letters of their names, typed on a telephone. Pure.

A letter is the key it stands on (ITU-T E.161): « Émile Côté-Roy » is found by 364 (EMI), 268 (COT)
and 769 (ROY), by 36453 2683 (Émile Côté) and by 2683 36453 (Côté Émile). Accents are no part of a
letter, nor are hyphens and apostrophes of a name.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import permutations
from types import MappingProxyType

from directory.extension import Extension

LEAST_LETTERS = 3
"""Fewer would name half of the company."""

_KEYS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")

_UNFOLDED = str.maketrans(
    {"Œ": "OE", "Æ": "AE", "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH", "ẞ": "SS"}
)
"""Letters that Unicode does not take for another one with a mark."""

_SPELT_OUT = MappingProxyType({"ST": "SAINT", "STE": "SAINTE", "SAINT": "ST", "SAINTE": "STE"})
"""« St-Pierre » is looked for as « Saint-Pierre », and the other way round."""

_MOST_PERMUTED = 4
"""Words of a name that are tried in every order; longer names are tried from each word on."""


def letters(name: str) -> tuple[str, ...]:
    """The words of a name in plain capitals: « D'Amour, Zoë » is D, AMOUR, ZOE."""
    folded = unicodedata.normalize("NFKD", name.upper().translate(_UNFOLDED))
    return tuple(re.findall(r"[A-Z]+", "".join(c for c in folded if not unicodedata.combining(c))))


def keys(word: str) -> str:
    """The keys that plain capitals stand on."""
    return word.translate(_KEYS)


def matches(name: str, typed: str) -> bool:
    """Whether the keys typed begin a name, in any order of its words."""
    return bool(typed) and any(spelt.startswith(typed) for spelt in _spellings(name))


def search(extensions: Iterable[Extension], typed: str) -> tuple[Extension, ...]:
    """The listed extensions whose names the keys begin, in the order of their names."""
    found = (each for each in extensions if each.listed and matches(each.name, typed))
    return tuple(sorted(found, key=lambda each: (letters(each.name), each.number)))


def _spellings(name: str) -> frozenset[str]:
    """Every run of keys whose beginnings are this name."""
    return frozenset(
        keys("".join(order)) for words in _variants(letters(name)) for order in _orders(words)
    )


def _variants(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield words
    if any(word in _SPELT_OUT for word in words):
        yield tuple(_SPELT_OUT.get(word, word) for word in words)


def _orders(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """A name as people may type it: from any of its words on, the family before the given name."""
    if len(words) <= _MOST_PERMUTED:
        yield from permutations(words)
        return
    for start in range(len(words)):
        yield words[start:] + words[:start]
