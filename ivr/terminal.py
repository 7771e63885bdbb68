"""A telephone in the terminal: a flow runs without a network, prompts print as text.

Each line typed is the keys pressed; an empty line waits until something happens; `hang` hangs up;
while a recording runs, `say 5` speaks for five seconds. Time is the script's own: nothing is
waited for, and what is said takes as long as an imaginary voice needs.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from call.clock import VirtualClock
from ivr.dialogue import Dialogue
from ivr.operations import Operations
from ivr.prompts import Phrase, PhraseBook, Recorded, Segment
from ivr.testing.depths import PureCall

HELP = "keys, then Enter; Enter alone waits; say SECONDS speaks; hang hangs up"

KEYS = frozenset("0123456789*#")

Read = Callable[[], Awaitable[str | None]]
"""Gives the next line typed, without its end; None at the end of input."""

Write = Callable[[str], None]


class Terminal:
    """Calls one dialogue from a terminal, with operations that answer."""

    def __init__(
        self,
        dialogue: Dialogue,
        book: PhraseBook,
        operations: Operations,
        *,
        read: Read,
        write: Write,
    ) -> None:
        self._dialogue = dialogue
        self._book = book
        self._read = read
        self._write = write
        self._call = PureCall(dialogue, operations, VirtualClock(), hear=self._hear)

    async def run(self) -> str:
        """Talk until either side hangs up; tells the dialogue's outcome."""
        self._write(HELP)
        await self._call.begin()
        while not self._dialogue.ended:
            line = await self._read()
            await self._do("hang" if line is None else line.strip())
        self._write(f"[the call is over: {self._dialogue.outcome}]")
        return self._dialogue.outcome or ""

    async def _do(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if not line:
            if not await self._call.passes():
                self._write("[nothing happens any more]")
        elif line == "hang":
            await self._call.hangs_up()
        elif word == "say" and rest.replace(".", "", 1).isdecimal():
            await self._call.says(float(rest))
        elif set(line) <= KEYS:
            await self._call.presses(line)
        else:
            self._write(HELP)

    def _hear(self, segment: Segment) -> None:
        self._write(_text(segment, self._book))


def _text(segment: Segment, book: PhraseBook) -> str:
    match segment:
        case Phrase(language=language):
            return f"{language}: {book.text(segment)}"
        case Recorded(path=path):
            return f"[{_described(path)}]"


def _described(path: Path) -> str:
    return f"recording {path.name}"
