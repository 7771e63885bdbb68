"""The mailboxes and their outgoing mail, plugged to the database, the disk and the mail server."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from call.clock import Clock
from storage.database import Database, sqlite_url
from vestibule.deleted_boxes import DeletedBoxes
from vestibule.outgoing_mail import open_outbox
from vestibule.settings import BadSettings, Settings, Storage
from vestibule.sound_store import SoundStore, open_sounds
from vestibule.tally import UNCOUNTED, Tally
from voicemail.adapters.argon2_pins import Argon2Pins
from voicemail.adapters.audio_formats import SoundFileFormats
from voicemail.adapters.folder_spool import FolderSpool
from voicemail.adapters.opened_sounds import OpenedSounds
from voicemail.adapters.sqlalchemy_store import SqlAlchemyStore
from voicemail.adapters.system_tokens import SystemTokens
from voicemail.adapters.vad_ear import VadEar
from voicemail.mailboxes import Mailboxes, Ports, nobody_watches
from voicemail.outbox import OutboxWorker


@dataclass(frozen=True, slots=True)
class Mailroom:
    """The mailboxes, and the worker that mails what they make due."""

    mailboxes: Mailboxes
    worker: OutboxWorker
    opened: OpenedSounds | None
    """The plain copies of sealed sounds; None where sounds lie plain."""
    deleted: DeletedBoxes
    """Where the archives of deleted mailboxes lie."""
    database: Database
    """Open as long as the mailroom is; other trades keep their own tables in it."""
    ports: Ports
    """What the mailboxes stand on: other trades keep sounds and count wrong PINs there too."""


@asynccontextmanager
async def open_mailroom(
    settings: Settings,
    clock: Clock,
    changed: Callable[[str], None] = nobody_watches,
    tally: Tally = UNCOUNTED,
) -> AsyncIterator[Mailroom]:
    """The mailboxes on the storage the settings name; the tables are brought up to date.

    `changed` is called with the number of a mailbox whenever its counts change, by a call or by
    the end of an e-mail. `tally` counts the messages and e-mails.

    Raises BadSettings for a folder, a database URL or certificates that cannot be used,
    KeysRefused for keys that cannot, Unavailable when the database cannot be reached.
    """
    _make(settings.storage.data)
    with open_sounds(settings.storage, clock, SystemTokens()) as kept:
        async with _mailroom(settings, clock, kept, changed, tally) as mailroom:
            yield mailroom


@asynccontextmanager
async def _mailroom(
    settings: Settings,
    clock: Clock,
    kept: SoundStore,
    changed: Callable[[str], None],
    tally: Tally,
) -> AsyncIterator[Mailroom]:
    database = Database(database_url(settings.storage))
    await database.open()
    try:
        store = SqlAlchemyStore(database)
        ports = Ports(
            store=store,
            sounds=kept.sounds,
            spool=FolderSpool(settings.storage.spooled),
            hasher=Argon2Pins(),
            ear=VadEar(),
            formats=SoundFileFormats(),
            clock=clock,
            tokens=SystemTokens(),
        )
        async with open_outbox(settings, ports, changed, tally.mailed) as worker:
            mailboxes = Mailboxes(
                ports,
                mail_due=worker.wake,
                changed=changed,
                kept=tally.kept,
                history_kept=timedelta(days=settings.storage.history_days),
            )
            deleted = deleted_boxes(settings.storage)
            yield Mailroom(mailboxes, worker, kept.opened, deleted, database, ports)
    finally:
        await database.close()


def deleted_boxes(storage: Storage) -> DeletedBoxes:
    """Where the archives of deleted mailboxes lie, and for how long."""
    return DeletedBoxes(storage.data / "deleted", timedelta(days=storage.deleted_days))


def _make(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise BadSettings(f"{data}: cannot be made: {fault.strerror}") from fault


def database_url(storage: Storage) -> URL:
    """Where the database is. Raises BadSettings."""
    if storage.database is None:
        return sqlite_url(storage.data / "vestibule.db")
    try:
        return make_url(storage.database)
    except ArgumentError as error:
        raise BadSettings(f"storage.database: {error}") from error
