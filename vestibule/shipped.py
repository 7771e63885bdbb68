"""What the program is shipped with: its phrases, its flows, and where they lie."""

from collections.abc import Collection
from pathlib import Path

from ivr.loader import load_flows
from ivr.machine import Flows
from ivr.operations import CATALOGUE
from ivr.phrase_file import load_book
from ivr.phrases import Book

ROOT = Path(__file__).resolve().parent.parent
FLOWS = ROOT / "flows"
PROMPTS = ROOT / "prompts"


def read_book() -> Book:
    """The phrases the program can say. Raises PeerFault with all that is wrong in them."""
    return load_book(PROMPTS)


def read_flows(
    book: Book,
    extensions: Collection[str] = (),
    folder: Path = FLOWS,
    own: Path | None = None,
) -> Flows:
    """The flows the program can run beside the extensions in service.

    `own` is the folder of the company's own flows, which need not be there.

    Raises FlowsRefused with all that is wrong in them.
    """
    return load_flows(folder, book=book, operations=CATALOGUE, extensions=extensions, beside=own)
