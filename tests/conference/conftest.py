"""What tests of conferences share."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database, sqlite_url
from tests.conference.arranged import Desk


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without a conference: its tables are made once for all tests."""
    path = tmp_path_factory.mktemp("conferences") / "empty.db"

    async def make() -> None:
        database = Database(sqlite_url(path))
        await database.open()
        await database.close()

    asyncio.run(make())
    return path


@pytest.fixture
async def desk(empty: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk on an empty database."""
    path = tmp_path / "vestibule.db"
    shutil.copyfile(empty, path)
    database = Database(sqlite_url(path))
    yield Desk(database)
    await database.close()
