"""The database connection: SQLite on this machine's disk, or PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from voicemail.errors import StoreUnavailable
from voicemail.migrations import upgrade

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000")


def sqlite_url(path: Path) -> URL:
    """The address of a database that is one file."""
    return URL.create("sqlite+aiosqlite", database=str(path))


class _DriverConnection(Protocol):
    isolation_level: str | None

    def cursor(self) -> "_DriverCursor": ...


class _DriverCursor(Protocol):
    def execute(self, statement: str) -> object: ...

    def close(self) -> None: ...


def _prepare(connection: _DriverConnection, _record: object) -> None:
    """WAL lets readers read during a write; FULL makes a commit survive a power cut."""
    connection.isolation_level = None  # transactions begin where _begin says, not by surprise
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Take the write lock at once, unless nothing will be written: a reader that upgrades later
    could fail with SQLITE_BUSY."""
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


class Database:
    """An engine whose transactions raise only StoreUnavailable."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._engine: AsyncEngine = create_async_engine(
            url,
            pool_pre_ping=True,
            hide_parameters=True,  # an error is logged: it must not tell numbers
        )
        if url.get_backend_name() == "sqlite":
            event.listen(self._engine.sync_engine, "connect", _prepare)
            event.listen(self._engine.sync_engine, "begin", _begin)
        self._reader = self._engine.execution_options(reads=True)

    async def open(self) -> None:
        """Connect, and bring the tables to their newest form. A file's folder must exist."""
        folder = Path(self._url.database or "").parent
        if self._url.get_backend_name() == "sqlite" and not await asyncio.to_thread(folder.is_dir):
            raise StoreUnavailable(f"no such folder: {folder}")
        async with self.transaction() as connection:
            await connection.run_sync(upgrade)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """All that is done inside is committed at its end, or none of it."""
        return _begun(self._engine)

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """One consistent view of the database, which waits for no writer."""
        return _begun(self._reader)

    @property
    def skips_locked_rows(self) -> bool:
        """Whether rows another worker holds can be passed over (PostgreSQL)."""
        return self._engine.dialect.name == "postgresql"


@asynccontextmanager
async def _begun(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction; what the library raises comes out as StoreUnavailable."""
    try:
        async with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as fault:
        raise StoreUnavailable(str(fault.args[0] if fault.args else fault)) from fault
