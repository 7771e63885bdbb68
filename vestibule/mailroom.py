"""The mailboxes and their outgoing mail, plugged to the database, the disk and the mail server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from call.clock import Clock
from vestibule.settings import BadSettings, Mail, Settings, Storage
from vestibule.sound_store import SoundStore, open_sounds
from voicemail.adapters.argon2_pins import Argon2Pins
from voicemail.adapters.audio_formats import SoundFileFormats
from voicemail.adapters.database import Database, sqlite_url
from voicemail.adapters.eml_folder import EmlFolder
from voicemail.adapters.folder_spool import FolderSpool
from voicemail.adapters.opened_sounds import OpenedSounds
from voicemail.adapters.smtp import Security, SmtpSettings, SmtpTransport
from voicemail.adapters.sqlalchemy_store import SqlAlchemyStore
from voicemail.adapters.system_tokens import SystemTokens
from voicemail.adapters.vad_ear import VadEar
from voicemail.mailboxes import Mailboxes, Ports
from voicemail.notice import Notices
from voicemail.outbox import OutboxWorker
from voicemail.ports import MailTransport


@dataclass(frozen=True, slots=True)
class Mailroom:
    """The mailboxes, and the worker that mails what they make due."""

    mailboxes: Mailboxes
    worker: OutboxWorker
    opened: OpenedSounds | None
    """The plain copies of sealed sounds; None where sounds lie plain."""


@asynccontextmanager
async def open_mailroom(settings: Settings, clock: Clock) -> AsyncIterator[Mailroom]:
    """The mailboxes on the storage the settings name; the tables are brought up to date.

    Raises BadSettings for a database URL or certificates that cannot be used, KeysRefused for
    keys that cannot, Unavailable when the database cannot be reached.
    """
    with open_sounds(settings.storage, clock, SystemTokens()) as kept:
        async with _mailroom(settings, clock, kept) as mailroom:
            yield mailroom


@asynccontextmanager
async def _mailroom(settings: Settings, clock: Clock, kept: SoundStore) -> AsyncIterator[Mailroom]:
    data = settings.storage.data
    data.mkdir(parents=True, exist_ok=True)
    database = Database(_url(settings.storage))
    await database.open()
    try:
        store = SqlAlchemyStore(database)
        ports = Ports(
            store=store,
            sounds=kept.sounds,
            spool=FolderSpool(settings.storage.spool or data / "spool"),
            hasher=Argon2Pins(),
            ear=VadEar(),
            formats=SoundFileFormats(),
            clock=clock,
            tokens=SystemTokens(),
        )
        worker = OutboxWorker(
            store=store,
            sounds=ports.sounds,
            formats=ports.formats,
            transport=_transport(settings),
            notices=Notices(settings.mail.sender),
            clock=clock,
            tokens=ports.tokens,
            operator=settings.mail.operator,
        )
        yield Mailroom(Mailboxes(ports, mail_due=worker.wake), worker, kept.opened)
    finally:
        await database.close()


def _url(storage: Storage) -> URL:
    if storage.database is None:
        return sqlite_url(storage.data / "vestibule.db")
    try:
        return make_url(storage.database)
    except ArgumentError as error:
        raise BadSettings(f"storage.database: {error}") from error


def _transport(settings: Settings) -> MailTransport:
    mail = settings.mail
    if mail.host is None:
        return EmlFolder(settings.storage.data / "mail")
    try:
        return SmtpTransport(_smtp(mail, mail.host))
    except OSError as error:
        raise BadSettings(f"mail: {error.filename or mail.ca_file}: {error.strerror}") from error


def _smtp(mail: Mail, host: str) -> SmtpSettings:
    return SmtpSettings(
        host=host,
        port=mail.port,
        sender=mail.sender,
        security=Security(mail.security),
        username=mail.username,
        password=mail.secret(),
        ca_file=mail.ca_file,
    )
