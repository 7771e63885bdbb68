"""The mailboxes of a small office on a real disk, with the clock and the tokens in our hands."""

import asyncio
import email
import email.policy
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import create_engine

from call.clock import VirtualClock
from call.leg import Party
from call.sound import RATE, EndOfRecording, Recording
from storage.database import Database, sqlite_url
from storage.migrations import upgrade
from tests.voicemail.sounds import voice
from voicemail import (
    Deposit,
    Kept,
    Mailbox,
    Mailboxes,
    Notices,
    OpenGreeting,
    OutboxWorker,
    Ports,
    TooShort,
)
from voicemail.adapters.audio_formats import SoundFileFormats
from voicemail.adapters.eml_folder import EmlFolder
from voicemail.adapters.folder_sounds import FolderSounds
from voicemail.adapters.folder_spool import FolderSpool
from voicemail.adapters.sqlalchemy_store import SqlAlchemyStore
from voicemail.adapters.vad_ear import VadEar
from voicemail.composing import LARGEST, Composer
from voicemail.forgetting import Oblivion
from voicemail.mail import MailTransport
from voicemail.mailboxes import nobody_watches
from voicemail.ports import Tokens
from voicemail.transcription import Transcripts

CAMILLE = Mailbox("101", "Camille Tremblay", addresses=("camille@example.org",))
PIN = "4711"
CALLER = Party("+15145550123", "Camille Côté")


class SeededTokens:
    """Tokens in a fixed order."""

    def __init__(self) -> None:
        self._next = 0

    def token(self, octets: int) -> bytes:
        self._next += 1
        return self._next.to_bytes(octets)

    def fraction(self) -> float:
        return 0.5


class ReversedPins:
    """A hasher quick enough for tests that make many mailboxes."""

    async def hashed(self, pin: str) -> str:
        return pin[::-1]

    async def matches(self, pin: str, hashed: str | None) -> bool:
        return hashed is not None and pin[::-1] == hashed


@dataclass
class Office:
    """Mailboxes on a folder, an outbox that writes .eml files, and ways to call."""

    root: Path
    clock: VirtualClock
    database: Database
    ports: Ports
    mailboxes: Mailboxes
    worker: OutboxWorker

    @classmethod
    async def open(cls, root: Path, clock: VirtualClock, tokens: Tokens | None = None) -> "Office":
        await asyncio.to_thread(root.mkdir, parents=True, exist_ok=True)
        path = root / "vestibule.sqlite"
        if not path.exists():
            path.write_bytes(empty_database())
        database = Database(sqlite_url(path))
        await database.open()
        ports = Ports(
            store=SqlAlchemyStore(database),
            sounds=FolderSounds(root / "audio"),
            spool=FolderSpool(root / "spool"),
            hasher=ReversedPins(),
            ear=VadEar(),
            formats=SoundFileFormats(),
            clock=clock,
            tokens=tokens or SeededTokens(),
        )
        return cls(root, clock, database, ports, Mailboxes(ports), cls._worker(ports, root))

    @staticmethod
    def _worker(
        ports: Ports,
        root: Path,
        transport: MailTransport | None = None,
        *,
        transcripts: Transcripts | None = None,
        largest: int = LARGEST,
        changed: Callable[[str], None] = nobody_watches,
    ) -> OutboxWorker:
        return OutboxWorker(
            store=ports.store,
            composer=Composer(
                store=ports.store,
                sounds=ports.sounds,
                formats=ports.formats,
                notices=Notices("Vestibule <vestibule@example.org>"),
                changed=changed,
                transcripts=transcripts,
                largest=largest,
            ),
            oblivion=Oblivion(
                store=ports.store, sounds=ports.sounds, spool=ports.spool, changed=changed
            ),
            transport=transport or EmlFolder(root / "mail"),
            clock=ports.clock,
            tokens=ports.tokens,
            changed=changed,
            operator="operator@example.org",
        )

    def mail_through(
        self,
        transport: MailTransport | None = None,
        *,
        transcripts: Transcripts | None = None,
        largest: int = LARGEST,
        changed: Callable[[str], None] = nobody_watches,
    ) -> None:
        """From now on the outbox uses this transport, and what else is given."""
        self.worker = self._worker(
            self.ports,
            self.root,
            transport,
            transcripts=transcripts,
            largest=largest,
            changed=changed,
        )

    def on(self, **ports: object) -> "Office":
        """The same office with some ports replaced."""
        changed = replace(self.ports, **ports)  # type: ignore[arg-type]
        return replace(
            self,
            ports=changed,
            mailboxes=Mailboxes(changed),
            worker=self._worker(changed, self.root),
        )

    async def close(self) -> None:
        await self.mailboxes.finish()
        await self.database.close()

    async def hire(self, mailbox: Mailbox = CAMILLE, pin: str = PIN) -> Mailbox:
        """Give somebody a mailbox."""
        return await self.mailboxes.create(mailbox, pin)

    async def leave(
        self, number: str = "101", seconds: float = 3.0, caller: Party = CALLER
    ) -> Kept | TooShort:
        """Call, speak, hang up."""
        deposit = await self.mailboxes.open_deposit(number, caller)
        speak(deposit, voice(seconds))
        kept = await self.mailboxes.keep(deposit)
        self.clock.advance(60)
        return kept

    def mails(self) -> list[EmailMessage]:
        """The e-mails written so far, oldest first."""
        return [read_mail(path.read_bytes()) for path in sorted((self.root / "mail").glob("*.eml"))]


@cache
def empty_database() -> bytes:
    """A database with every table and no row, made once: making the tables takes longer than most
    tests do."""
    with TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/empty.sqlite")
        with engine.begin() as connection:
            upgrade(connection)
        engine.dispose()
        return Path(folder, "empty.sqlite").read_bytes()


def speak(deposit: Deposit | OpenGreeting, pcm: bytes) -> Recording:
    """What a leg does when a caller speaks: the sound is in the spool."""
    deposit.spool.write_bytes(pcm)
    return recording(deposit.spool, pcm)


def recording(path: Path, pcm: bytes) -> Recording:
    seconds = len(pcm) / (2 * RATE)
    return Recording(path, seconds, seconds, EndOfRecording.HANG_UP)


def read_mail(octets: bytes) -> EmailMessage:
    mail = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail
