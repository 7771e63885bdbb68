"""The embedded default: everything about the mailboxes under one folder of this machine.

vestibule.sqlite   mailboxes, messages, outbox
audio/             kept messages and greetings, WAV
spool/             recordings under way
mail/              e-mails as .eml files, where no mail server is set up
serving.lock       held by the one server that answers calls from this folder
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from call.clock import Clock
from voicemail.adapters.argon2_pins import Argon2Pins
from voicemail.adapters.audio_formats import SoundFileFormats
from voicemail.adapters.database import Database, sqlite_url
from voicemail.adapters.eml_folder import EmlFolder
from voicemail.adapters.folder_files import make_folder
from voicemail.adapters.folder_sounds import FolderSounds
from voicemail.adapters.folder_spool import FolderSpool
from voicemail.adapters.smtp import SmtpSettings, SmtpTransport
from voicemail.adapters.sqlalchemy_store import SqlAlchemyStore
from voicemail.adapters.system_tokens import SystemTokens
from voicemail.adapters.vad_ear import VadEar
from voicemail.errors import StoreUnavailable
from voicemail.mailboxes import Mailboxes, Ports
from voicemail.notice import Notices
from voicemail.outbox import OutboxWorker

_SENDER = "Vestibule <vestibule@localhost>"


@dataclass(frozen=True, slots=True)
class Embedded:
    """The mailboxes, and the worker that mails what is due while somebody runs it."""

    mailboxes: Mailboxes
    outbox: OutboxWorker


@asynccontextmanager
async def embedded(
    folder: Path,
    *,
    clock: Clock,
    smtp: SmtpSettings | None = None,
    operator: str | None = None,
) -> AsyncIterator[Embedded]:
    """Open the mailboxes under a folder; made on first use, brought up to date on every use.

    Any number of processes may have them open. On leaving, waits for every message that is being
    kept. Raises StoreUnavailable when the folder or the database cannot be used, OSError when the
    mail server's certificates cannot be read.
    """
    try:
        await asyncio.to_thread(make_folder, folder)
    except OSError as fault:
        raise StoreUnavailable(str(fault)) from fault
    database = Database(sqlite_url(folder / "vestibule.sqlite"))
    try:
        await database.open()
        opened = _assembled(folder, database, clock, smtp, operator)
        try:
            yield opened
        finally:
            await opened.mailboxes.finish()
    finally:
        await database.close()


def _assembled(
    folder: Path,
    database: Database,
    clock: Clock,
    smtp: SmtpSettings | None,
    operator: str | None,
) -> Embedded:
    ports = Ports(
        store=SqlAlchemyStore(database),
        sounds=FolderSounds(folder / "audio"),
        spool=FolderSpool(folder / "spool"),
        hasher=Argon2Pins(),
        ear=VadEar(),
        formats=SoundFileFormats(),
        clock=clock,
        tokens=SystemTokens(),
    )
    outbox = OutboxWorker(
        store=ports.store,
        sounds=ports.sounds,
        formats=ports.formats,
        transport=EmlFolder(folder / "mail") if smtp is None else SmtpTransport(smtp),
        notices=Notices(_SENDER if smtp is None else smtp.sender),
        clock=clock,
        tokens=ports.tokens,
        operator=operator,
    )
    return Embedded(Mailboxes(ports, mail_due=outbox.wake), outbox)


@contextmanager
def only_server(folder: Path) -> Iterator[None]:
    """Hold the folder as its one server; the hold ends with the process, however it ends.

    Take it before `recover` and `outbox.run`: both take what lies there for a dead server's.
    Raises StoreUnavailable when another server holds it. Blocks for no time worth naming.
    """
    try:
        make_folder(folder)
        lock = os.open(folder / "serving.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise StoreUnavailable(str(fault)) from fault
    try:
        _hold(lock, folder)
        yield
    finally:
        os.close(lock)


def _hold(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        raise StoreUnavailable(f"another server answers calls from {folder}") from fault
