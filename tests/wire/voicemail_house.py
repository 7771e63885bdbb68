"""A company with a mailbox for every caller and owner of one busy day, and its telephones.

Everybody has a mailbox of their own, so that all may call at once. What lies in the mailboxes when
the day begins is put there before the server starts, through the same doors as by telephone.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from pwdlib.hashers.argon2 import Argon2Hasher

from call.clock import SystemClock
from call.leg import Party
from ivr.testing.line import speech
from storage.database import Database, sqlite_url
from tests.acceptance.server import command
from tests.ports import free_port
from tests.wire.hearing import RATE
from tests.wire.running_demo import ROOT
from voicemail.adapters.argon2_pins import Argon2Pins
from voicemail.adapters.audio_formats import SoundFileFormats
from voicemail.adapters.folder_sounds import FolderSounds
from voicemail.adapters.folder_spool import FolderSpool
from voicemail.adapters.sqlalchemy_store import SqlAlchemyStore
from voicemail.adapters.system_tokens import SystemTokens
from voicemail.adapters.vad_ear import VadEar
from voicemail.listing import Move
from voicemail.mailboxes import Mailboxes, Ports
from voicemail.message import Folder, GreetingKind, Mailbox, Treatment, TreatmentKind

COMPANY = "5145550100"
VOICE = ROOT / "audio_fixtures" / "caller_10s.wav"
SHORT = ROOT / "audio_fixtures" / "greeting_3s.wav"

HOUSE = "127.0.0.3"
"""The company's own telephones call from here, everybody else from 127.0.0.1."""

SETTINGS = """\
[company]
name = "Vestibule"
operator = "100"

[[numbers]]
number = "{company}"
flow = "main_attendant"

[[numbers]]
number = "8500"
flow = "voicemail_main"

[[numbers]]
number = "*XXX"
flow = "extension"

[[numbers]]
number = "7XXX"
flow = "extension"
with = {{ busy = true }}

[sip]
listen = "{listen}"
allow = ["127.0.0.0/8"]
phones = ["{house}/32"]

[media]
first_port = 0
last_port = 0

[storage]
data = "{data}"

[mail]
sender = "Vestibule <messagerie@example.org>"
"""
"""`7201` is somebody whose telephone is busy."""

CLOSED = Treatment(TreatmentKind.CLOSED)
CALLER = Party("5145550123", "Aimée Côté")
BEATRICE = Party("232", "Béatrice")


def box(number: str, name: str, language: str = "fr", **how: object) -> Mailbox:
    """A mailbox whose owner has been in before, mailed to."""
    how = {"welcomed": True, "addresses": (f"{number}@example.org",)} | how
    return Mailbox(number, name, language, **how)  # type: ignore[arg-type]


def pin(number: str) -> str:
    """What opens a mailbox of this house."""
    return f"8{number[1:]}3"


BOXES = (
    box("100", "la réception"),
    box("201", "Alice"),
    box("202", "Bruno"),
    box("203", "Chloé"),
    box("204", "Denis"),
    box("205", "Estelle"),
    box("206", "Fabien"),
    box("207", "Gaston"),
    box("208", "Harry", "en"),
    box("209", "Ines", star=CLOSED, zero=CLOSED),
    box("210", "Jules", max_messages=1),
    box("211", "Karine", max_message_s=30),
    box("212", "Lucie"),
    box("213", "Marc"),
    box("214", "Nadia"),
    box("220", "Olivier"),
    box("221", "Peter", "en"),
    box("222", "Quentin"),
    box("223", "Rosalie", trust_own_phone=True),
    box("225", "Simon"),
    box("226", "Thomas"),
    box("227", "Ulysse"),
    box("228", "Valérie"),
    box("229", "Xavier"),
    box("230", "Yvonne", "en"),
    box("231", "Zoé"),
    box("232", "Béatrice"),
    box("233", "Agathe"),
    box("234", "Bernard"),
    box("235", "Cécile"),
    box("240", "Damien"),
)

NEWCOMER = ("224", "Antoine")
"""Made by command, so that the first visit is still to come."""

WAITING: Mapping[str, Party] = {
    "210": CALLER, "225": CALLER, "226": CALLER, "227": CALLER, "228": CALLER, "231": BEATRICE,
}  # fmt: skip
"""Who has left ten seconds in which mailbox already."""

GREETINGS = (
    ("212", GreetingKind.UNAVAILABLE, 0.0),
    ("212", GreetingKind.BUSY, 2.0),
    ("213", GreetingKind.NAME, 4.0),
    ("214", GreetingKind.UNAVAILABLE, 0.0),
    ("214", GreetingKind.BUSY, 2.0),
    ("214", GreetingKind.TEMPORARY, 6.0),
)
"""Whose greetings are recorded, and the second of the voice from which they are taken."""


@dataclass(frozen=True)
class House:
    """Where it will answer, and what lies in it."""

    config: Path
    listen: str
    data: Path
    greetings: Mapping[tuple[str, GreetingKind], Path]

    def sound(self, name: str) -> Path:
        """One of the sounds made for it."""
        return self.data.parent / f"{name}.wav"


async def furnished(folder: Path) -> House:
    """Make the house in a folder."""
    config, data, listen = folder / "vestibule.toml", folder / "data", f"127.0.0.1:{free_port()}"
    settings = SETTINGS.format(company=COMPANY, listen=listen, house=HOUSE, data=data)
    config.write_text(settings, encoding="utf-8")
    soundfile.write(folder / "35s.wav", np.resize(speech(VOICE), 35 * RATE), RATE)
    number, name = NEWCOMER
    words = ("--pin", pin(number), "--email", f"{number}@example.org", "--config", str(config))
    status, _, complaints = await command("mailbox", "add", number, name, *words)
    assert status == 0, complaints
    async with opened(data) as mailboxes:
        greetings = await fill(mailboxes, folder)
    return House(config, listen, data, greetings)


class QuickPins(Argon2Pins):
    """Hashes that are made, and checked, in no time: a day of so many PINs is short of processor.

    What checks them is the server's own hasher, which reads in each how it was made.
    """

    def __init__(self) -> None:
        super().__init__()
        self._hasher = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)


@contextlib.asynccontextmanager
async def opened(data: Path) -> AsyncIterator[Mailboxes]:
    """The mailboxes while no server has them."""
    await asyncio.to_thread(data.mkdir, parents=True, exist_ok=True)
    database = Database(sqlite_url(data / "vestibule.db"))
    await database.open()
    try:
        yield Mailboxes(
            Ports(
                store=SqlAlchemyStore(database),
                sounds=FolderSounds(data / "sounds"),
                spool=FolderSpool(data / "spool"),
                hasher=QuickPins(),
                ear=VadEar(),
                formats=SoundFileFormats(),
                clock=SystemClock(),
                tokens=SystemTokens(),
            )
        )
    finally:
        await database.close()


async def fill(mailboxes: Mailboxes, folder: Path) -> dict[tuple[str, GreetingKind], Path]:
    """Give everybody their mailbox, their greetings and the messages that wait; the greetings."""
    for mailbox in BOXES:
        await mailboxes.create(mailbox, pin(mailbox.number))
    for number, caller in WAITING.items():
        await leave(mailboxes, number, caller)
    for number in ("220", "221"):
        await leave(mailboxes, number, CALLER)
        await hear(mailboxes, number)
        await leave(mailboxes, number, CALLER)
        await leave(mailboxes, number, CALLER, urgent=True)
    return {
        (number, kind): await greet(mailboxes, folder, number, kind, since_s)
        for number, kind, since_s in GREETINGS
    }


async def leave(mailboxes: Mailboxes, number: str, caller: Party, *, urgent: bool = False) -> None:
    """Leave ten seconds of voice."""
    deposit = await mailboxes.open_deposit(number, caller)
    await asyncio.to_thread(deposit.spool.write_bytes, speech(VOICE).tobytes())
    await mailboxes.keep(await mailboxes.mark_urgent(deposit, urgent))


async def hear(mailboxes: Mailboxes, number: str) -> None:
    """Have the owner hear the first new message."""
    visit = await mailboxes.login(number, pin(number), Party(number))
    await visit.open_folder(Folder.NEW)
    await visit.select(Move.FIRST)
    await visit.mark_heard()


async def greet(
    mailboxes: Mailboxes, folder: Path, number: str, kind: GreetingKind, since_s: float
) -> Path:
    """Record a greeting of three seconds; where it lies."""
    source = folder / f"{number} {kind}.wav"
    since = int(since_s * RATE)
    soundfile.write(source, speech(VOICE)[since : since + 3 * RATE], RATE)
    await mailboxes.administration("test").set_greeting(number, kind, source)
    visit = await mailboxes.login(number, pin(number), Party(number))
    stored = await visit.greeting(kind)
    assert stored is not None
    return stored
