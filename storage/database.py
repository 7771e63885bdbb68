"""The database connection: SQLite on this machine's disk, or PostgreSQL.

A transaction is a function of a connection, and runs as a whole in a thread of its own: the event
loop waits for the disk once, not at each statement. To cross between the loop and a thread costs
more than most statements do.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from pathlib import Path
from types import MappingProxyType
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

from storage.errors import StoreUnavailable
from storage.migrations import upgrade

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000")
_AT_ONCE = 5
"""Transactions at one time; the others wait for their turn."""

_WAITING_DRIVERS = MappingProxyType(
    {"sqlite+aiosqlite": "sqlite", "postgresql+asyncpg": "postgresql+psycopg"}
)
"""The driver that waits in its thread, for one that an address may name and that does not."""

P = ParamSpec("P")
T = TypeVar("T")


def sqlite_url(path: Path) -> URL:
    """The address of a database that is one file."""
    return URL.create("sqlite", database=str(path))


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


def _engine(url: URL) -> Engine:
    """What connects. Raises StoreUnavailable where its driver is not installed."""
    try:
        return create_engine(
            url,
            pool_size=_AT_ONCE,
            pool_pre_ping=url.get_backend_name() != "sqlite",  # a server may go away
            hide_parameters=True,  # an error is logged: it must not tell numbers
        )
    except ModuleNotFoundError as fault:
        raise StoreUnavailable(
            f"a {url.drivername} database needs its driver: pip install {fault.name}"
        ) from fault
    except NoSuchModuleError as fault:
        raise StoreUnavailable(f"{url.drivername}: no such database") from fault


class Database:
    """An engine whose transactions raise StoreUnavailable, and what their work raises itself."""

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername=_WAITING_DRIVERS.get(url.drivername, url.drivername))
        file = url.get_backend_name() == "sqlite"
        self._engine = _engine(self._url)
        if file:
            event.listen(self._engine, "connect", _prepare)
            event.listen(self._engine, "begin", _begin)
        self._reader = self._engine.execution_options(reads=True)
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="database")

    async def open(self) -> None:
        """Connect, and bring the tables to their newest form. A file's folder must exist."""
        folder = Path(self._url.database or "").parent
        if self._url.get_backend_name() == "sqlite" and not await asyncio.to_thread(folder.is_dir):
            raise StoreUnavailable(f"no such folder: {folder}")
        await self.transact(upgrade)

    async def close(self) -> None:
        """Let what is under way come to its end, and close every connection."""
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction: it is committed at its end, or none of it.

        Whoever is cancelled while they wait for it does not stop it.
        """
        return await self._in_thread(self._engine, work)

    async def view(self, work: Callable[[Connection], T]) -> T:
        """Do `work`, which writes nothing, on one consistent view that waits for no writer."""
        return await self._in_thread(self._reader, work)

    async def _in_thread(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _done, engine, work)

    def stamp(self) -> object:
        """What is another soon after anybody wrote anything; it asks the database nothing.

        Soon, and not at once: a write is seen in a file before others may read it. Where the
        database is no file, no two stamps are equal.
        """
        if self._url.get_backend_name() != "sqlite" or self._url.database is None:
            return object()
        return tuple(_state_of(Path(self._url.database + end)) for end in ("", "-wal"))

    @property
    def skips_locked_rows(self) -> bool:
        """Whether rows another worker holds can be passed over (PostgreSQL)."""
        return self._engine.dialect.name == "postgresql"


def _state_of(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


def _done(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Work in a transaction; what the library raises comes out as StoreUnavailable."""
    try:
        with engine.begin() as connection:
            return work(connection)
    except SQLAlchemyError as fault:
        raise StoreUnavailable(str(fault.args[0] if fault.args else fault)) from fault


class OnDatabase:
    """What keeps its rows in a database. A method is a transaction; see below."""

    def __init__(self, database: Database) -> None:
        self.database = database


S = TypeVar("S", bound=OnDatabase)


def in_transaction(
    work: Callable[Concatenate[S, Connection, P], T],
) -> Callable[Concatenate[S, P], Coroutine[object, object, T]]:
    """Make of a method that is given a connection one that is awaited: a whole transaction."""

    @wraps(work)
    async def transacted(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        def whole(connection: Connection) -> T:
            return work(self, connection, *args, **kwargs)

        return await self.database.transact(whole)

    return transacted


def on_view(
    work: Callable[Concatenate[S, Connection, P], T],
) -> Callable[Concatenate[S, P], Coroutine[object, object, T]]:
    """The same for a method that only reads."""

    @wraps(work)
    async def viewed(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        def whole(connection: Connection) -> T:
            return work(self, connection, *args, **kwargs)

        return await self.database.view(whole)

    return viewed
