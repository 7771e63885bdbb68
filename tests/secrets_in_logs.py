"""The search of what is logged, by whatever test, for the PINs and guesses that tests type."""

import logging
import re
from collections.abc import Iterable

TYPED = ("4710", "4711", "4712", "4713", "4714", "0007", "0008", "0009", "8523", "9084", "2580")
"""PINs that open mailboxes somewhere in the tests, and guesses that do not."""

_AS_A_WORD = re.compile(rf"(?<![\w.:…])({'|'.join(TYPED)})(?![\w.:])")


def told(record: logging.LogRecord) -> str:
    """A sentence of the log and what goes with it, without instants and thread numbers: these hold
    any four digits sooner or later."""
    beside = vars(record).keys() - vars(logging.makeLogRecord({})).keys()
    return " ".join([record.getMessage(), *(f"{vars(record)[name]}" for name in beside)])


def with_a_pin(lines: Iterable[str]) -> list[str]:
    """Those of the lines in which a PIN stands as a word."""
    return [line for line in lines if _AS_A_WORD.search(line)]


class Search(logging.Handler):
    """Keeps what was logged with a PIN in it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found += with_a_pin([told(record)])
