"""A simulated call told: for people in a terminal, and for programs."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from types import MappingProxyType

from rich.console import Console
from rich.text import Text

from vestibule.simulation.story import Kind, Moment
from vestibule.simulation.words import Words

_STYLES = MappingProxyType(
    {
        Kind.WHY: "cyan",
        Kind.STATE: "dim",
        Kind.SAYS: "bold",
        Kind.PLAYS: "bold",
        Kind.SOUNDS: "magenta",
        Kind.PRESSES: "bold yellow",
        Kind.SPEAKS: "yellow",
        Kind.SILENT: "dim",
        Kind.WORKS: "dim",
        Kind.RINGS: "magenta",
        Kind.ANSWERS: "bold green",
        Kind.ENDS: "bold red",
    }
)

QUOTES = MappingProxyType({"fr": "« {} »", "en": "“{}”"})

FAULT = "fault"
"""The id of what went wrong in a flow."""

GAP = "  "
NARROWEST = 20
"""Columns for what is said, on however small a screen."""


def title(to: str, caller: str, at: datetime, words: Words, *, internal: bool = False) -> str:
    """Who calls whom, and when."""
    who = caller or words["anonymous"]
    who = words["internal"].format(number=who) if internal else who
    return f"{words['title'].format(to=to, caller=who)}, {words.instant(at)}"


def tell(
    console: Console,
    heading: str,
    moments: tuple[Moment, ...],
    words: Words,
    *,
    details: bool = False,
) -> None:
    """Print a call, moment by moment: when, what, and in which words.

    With `details`, what the flows ask of the program as well.
    """
    moments = tuple(each for each in moments if details or not _is_detail(each))
    console.print(Text(heading, style="bold"), soft_wrap=True)
    console.print()
    marks = [_mark(moment, words) for moment in moments]
    times = [time for _, time in _timed(moments)]
    mark_width, time_width = _widest(marks), _widest(times)
    for moment, time, mark in zip(moments, times, marks, strict=True):
        margin = time_width + mark_width + 2 * len(GAP)
        said = Text(_said(moment), style=_STYLES[moment.kind])
        lines = said.wrap(console, max(NARROWEST, console.width - margin))
        before = Text(f"{time:>{time_width}}{GAP}", style="dim")
        before.append(f"{mark:<{mark_width}}{GAP}", style=_STYLES[moment.kind])
        for line in lines or [Text()]:
            line.rstrip()
            console.print(Text.assemble(before, line), soft_wrap=True)
            before = Text(" " * margin)
    console.print()
    console.print(Text(words["nothing"], style="dim"), soft_wrap=True)


def _is_detail(moment: Moment) -> bool:
    return moment.kind is Kind.WORKS and moment.id != FAULT


def _widest(texts: Sequence[str]) -> int:
    return max(map(len, texts), default=0)


def as_json(moments: tuple[Moment, ...]) -> list[dict[str, object]]:
    """The moments, each with what it has."""
    return [_plain(moment) for moment in moments]


def _plain(moment: Moment) -> dict[str, object]:
    whole = {
        "at_s": moment.at_s,
        "kind": moment.kind.value,
        "id": moment.id,
        "language": moment.language,
        "text": moment.text,
        "seconds": moment.seconds,
    }
    return {name: value for name, value in whole.items() if value or name == "at_s"}


def _timed(moments: tuple[Moment, ...]) -> Iterator[tuple[Moment, str]]:
    """Each moment with the time, where it is another than that of the one before."""
    before = ""
    for moment in moments:
        time = f"{int(moment.at_s) // 60}:{int(moment.at_s) % 60:02d}"
        yield moment, "" if time == before else time
        before = time


def _mark(moment: Moment, words: Words) -> str:
    return moment.language or words[f"mark_{moment.kind}"]


def _said(moment: Moment) -> str:
    match moment.kind:
        case Kind.SAYS if not moment.text.startswith("("):  # a beep is no sentence
            return QUOTES[moment.language].format(moment.text)
        case Kind.STATE:
            return moment.id
        case Kind.WORKS if moment.id != FAULT:
            return f"{moment.id} → {moment.text}"
        case _:
            return moment.text
