"""Makes the phrases ahead of time, and tells who says each of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

from ivr.phrases import Book
from ivr.prompts import Phrase, Value
from ivr.voices.voice import PromptVoice

USUAL: Mapping[str, tuple[Value, ...]] = MappingProxyType(
    {"count": (0, 1, 2, 3), "ordinal": (1, 2, 3, 4, 5), "flag": (True, False)}
)
"""The values worth saying ahead of time; other types have too many, and are said when asked."""

Progress = Callable[[int, int, Phrase], None]
"""Told after each phrase: how many are done, how many there are, and which one."""


@dataclass(frozen=True, slots=True)
class PromptLine:
    """One phrase in one language. `seconds` is None until it is made."""

    phrase: Phrase
    text: str
    voice: str
    seconds: float | None


def usual_phrases(book: Book, languages: Iterable[str] | None = None) -> Iterator[Phrase]:
    """Every phrase whose arguments have few values, with each of them; the plain ones first."""
    codes = sorted(book.languages if languages is None else languages)
    for identifier in sorted(book.ids, key=lambda name: bool(book.parameters(name))):
        parameters = book.parameters(identifier) or {}
        if not parameters.keys() or set(parameters.values()) <= USUAL.keys():
            for values in product(*(USUAL[kind] for kind in parameters.values())):
                arguments = tuple(sorted(zip(parameters, values, strict=True)))
                yield from (Phrase(identifier, code, arguments) for code in codes)


def list_prompts(book: Book, voice: PromptVoice) -> tuple[PromptLine, ...]:
    """What each usual phrase says, who says it, and how long it lasts where it is made."""
    lines = []
    for phrase in usual_phrases(book):
        name, clip = voice.speaker_of(phrase)
        lines.append(PromptLine(phrase, book.text(phrase), name, clip.seconds if clip else None))
    return tuple(lines)


async def build_prompts(
    book: Book,
    voice: PromptVoice,
    *,
    extra: Sequence[Phrase] = (),
    progress: Progress | None = None,
) -> int:
    """Makes what is not yet made: `extra` (the company's own), then the usual phrases; how many.

    Calls may go on meanwhile; a phrase that is asked for is made at once.
    """
    phrases = [*extra, *usual_phrases(book)]
    for done, phrase in enumerate(phrases, start=1):
        await voice.clips([phrase])
        if progress:
            progress(done, len(phrases), phrase)
    return len(phrases)
