"""A company whose mailboxes are real but for time and chance."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from call.clock import VirtualClock
from tests.voicemail.office import Office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    opened = await Office.open(tmp_path / "data", VirtualClock())
    yield opened
    await opened.close()
