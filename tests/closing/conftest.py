"""Closure messages on a real disk, with the clock and the tokens in our hands."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from call.clock import VirtualClock
from routing.closure import Closure
from routing.closures import Closures
from tests.voicemail.office import Office
from vestibule.closures import open_closures

CODE, TOGGLE, PIN = "8511", "8512", "4719"
NUMBER = "5145550100"
ZONE = "America/Toronto"


@pytest.fixture
def clock() -> VirtualClock:
    """1 July 2027, ten in the morning in Montréal."""
    return VirtualClock()


@pytest.fixture
async def office(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Office]:
    opened = await Office.open(tmp_path / "data", clock)
    yield opened
    await opened.close()


@pytest.fixture
async def closures(office: Office) -> Closures:
    """One closure message for all numbers, of which nothing is recorded yet."""
    closures = open_closures(office.database, office.ports, ZONE)
    await closures.make(CODE, Closure(toggle_code=TOGGLE), PIN, ())
    return closures
