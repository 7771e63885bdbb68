"""What tests of the exchange share: the flows we ship, and a house to play a story in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.loader import load_flows
from ivr.machine import Flows
from ivr.operations import CATALOGUE
from ivr.phrase_file import load_book
from tests.exchange.house import Story, in_house

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def flows() -> Flows:
    book = load_book(ROOT / "prompts")
    return load_flows(ROOT / "flows", book=book, operations=CATALOGUE, extensions=("101", "102"))


@pytest.fixture
def play(flows: Flows, tmp_path: Path) -> Callable[[Story], None]:
    """Play a story in virtual time, and look that nothing remains of it."""
    return lambda story: in_house(flows, tmp_path, story)
