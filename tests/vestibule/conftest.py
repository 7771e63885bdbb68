"""A company whose mailboxes are real but for time and chance."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from call.clock import VirtualClock
from tests.vestibule.shell import Shell
from tests.voicemail.office import Office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    opened = await Office.open(tmp_path / "data", VirtualClock())
    yield opened
    await opened.close()


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield Shell(tmp_path / "data", monkeypatch, capsys)
    root.handlers[:], root.level = handlers, level
