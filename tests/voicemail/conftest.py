"""A company whose mailboxes are real but for time and chance."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from call.clock import VirtualClock
from tests.voicemail.office import Office


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def office(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Office]:
    opened = await Office.open(tmp_path / "data", clock)
    yield opened
    await opened.close()
