"""Closure messages on a real disk, with the clock and the tokens in our hands."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from call.clock import VirtualClock
from ivr.machine import Flows
from routing.closure import Closure
from routing.closures import Closures
from tests.closing.company import CODE, PIN, TOGGLE, ZONE, Closed
from tests.voicemail.office import Office
from vestibule.closures import open_closures
from vestibule.shipped import read_book, read_flows
from voicemail import Mailbox


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


@pytest.fixture(scope="session")
def flows() -> Flows:
    return read_flows(read_book(), ["101", "102"])


@pytest.fixture
async def company(office: Office, closures: Closures, flows: Flows, tmp_path: Path) -> Closed:
    await office.hire()
    await office.hire(Mailbox("102", "Émile Côté-Roy"))
    return Closed(office, closures, flows, tmp_path)
