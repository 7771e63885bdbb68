"""A copy of what the company has, to try things on; it is thrown away with its folder."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, Table, delete, insert, select
from sqlalchemy.engine import URL

from call.clock import Clock
from conference.adapters import tables as conference_tables
from directory.adapters import tables as directory_tables
from routing.adapters import tables as routing_tables
from storage.database import Database
from storage.errors import StoreUnavailable
from vestibule.attendants import own_flows
from vestibule.mailroom import Mailroom, database_url, open_mailroom
from vestibule.settings import Mail, Settings, Storage, Transcription
from vestibule.sound_store import sounds_folder
from voicemail.adapters import tables as voicemail_tables

NOT_COPIED = frozenset(
    {"deposit", "failure", "history", "outbox", "outbox_recipient"}
    | {"conference_mail", "conference_session", "conference_entry"}
)
"""What is under way elsewhere, or was: messages being left, e-mails to be sent, wrong PINs."""

Rows = dict[str, list[dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Copy:
    """A company to try things on: its settings, whose folder goes away, and its mailroom."""

    settings: Settings
    mailroom: Mailroom


@asynccontextmanager
async def copied_company(settings: Settings, clock: Clock) -> AsyncIterator[Copy]:
    """A company like this one. Nothing done there reaches the company.

    Sounds are links to the company's own files: what is erased here is erased as a link. Raises
    BadSettings, Unavailable.
    """
    url = database_url(settings.storage)
    is_file = url.get_backend_name() == "sqlite"
    with TemporaryDirectory(prefix="vestibule-simulation-") as folder:
        copied = _copied_settings(settings, Path(folder))
        _link(sounds_folder(settings.storage), sounds_folder(copied.storage))
        _link(own_flows(settings.storage.data), own_flows(copied.storage.data))
        if is_file:
            await asyncio.to_thread(_copy_file, url, database_url(copied.storage))
        rows = {} if is_file else await rows_of(url)
        async with open_mailroom(copied, clock) as mailroom:
            await settle(mailroom.database, rows)
            yield Copy(copied, mailroom)


def _copied_settings(settings: Settings, folder: Path) -> Settings:
    """The same company, whose data lie elsewhere and which e-mails nobody."""
    storage = settings.storage
    return settings.model_copy(
        update={
            "storage": Storage(data=folder, keys_file=storage.keys_file),
            "mail": Mail(sender=settings.mail.sender),
            "transcription": Transcription(),
        }
    )


def _copy_file(source: URL, target: URL) -> None:
    """A database of one file as it is at this instant, whoever writes to it meanwhile."""
    file = Path(source.database or "").absolute()
    try:
        with (
            closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as company,
            closing(sqlite3.connect(target.database or "")) as copy,
        ):
            company.backup(copy)
    except sqlite3.Error as fault:
        raise StoreUnavailable(f"{file}: {fault}") from fault


async def rows_of(url: URL) -> Rows:
    """Everything that a database server has."""
    database = Database(url)
    await database.open()
    try:
        return await database.view(_read)
    finally:
        await database.close()


def _read(connection: Connection) -> Rows:
    return {
        table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
        for table in _tables()
        if table.name not in NOT_COPIED
    }


async def settle(database: Database, rows: Rows) -> None:
    """Put rows in where there are any, and forget what is under way elsewhere."""
    await database.transact(lambda connection: _put(connection, rows))


def _put(connection: Connection, rows: Rows) -> None:
    tables = list(_tables())
    for table in tables:
        if rows.get(table.name):
            connection.execute(insert(table), rows[table.name])
    for table in reversed(tables):
        if table.name in NOT_COPIED:
            connection.execute(delete(table))


def _tables() -> Iterator[Table]:
    """Every table; what others refer to comes first."""
    for trade in (conference_tables, directory_tables, routing_tables, voicemail_tables):
        yield from trade.metadata.sorted_tables


def _link(source: Path, target: Path) -> None:
    """Every file below `source`, as links below `target`."""
    for folder, _, files in os.walk(source):
        there = target / Path(folder).relative_to(source)
        there.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in files:
            (there / file).symlink_to((Path(folder) / file).absolute())
