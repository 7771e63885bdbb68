"""The running program: everything opened in order, calls taken, everything closed in reverse."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from call.clock import Clock
from call.media import Address
from ivr.voices.voice import PromptVoice, open_voice
from telephony.adapters.folder_lamp_book import FolderLampBook
from telephony.line import SipLine
from telephony.media.process import MediaProcess
from vestibule.call_sounds import CallSounds, make_call_sounds
from vestibule.housekeeping import Chore, chores, housekeeping
from vestibule.lamps import FOLLOW_EVERY_S, MailboxLamps
from vestibule.mailroom import Mailroom, open_mailroom
from vestibule.metrics import LOOK_EVERY_S, Figures, MailsWaiting, Present
from vestibule.office import Office, open_office
from vestibule.pbx_line import PbxCalls, open_pbx_line
from vestibule.providers import open_trunks
from vestibule.settings import Settings
from vestibule.shipped import PROMPTS, read_book
from vestibule.sip_side import Callers, beating, make_line, make_telephones
from vestibule.tally import UNCOUNTED
from vestibule.web import open_web
from voicemail.adapters.serving_lock import only_server
from voicemail.mailboxes import Mailboxes
from voicemail.outbox import OutboxWorker

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Program:
    """What is running. `drain` it before it is closed, so that calls may end by themselves."""

    address: Address
    line: SipLine
    pbx: PbxCalls
    mailroom: Mailroom
    voice: PromptVoice
    sounds: CallSounds
    office: Office
    web: Address | None = None
    """Where pages are served; None where the settings name no address for them."""

    async def drain(self, limit_s: float) -> None:
        """Take no more calls; those under way get `limit_s` seconds, and conferences are told."""
        self.office.hall.warn_of_stop()
        await asyncio.gather(self.line.drain(limit_s), self.pbx.drain(limit_s))


def private_frames(mailroom: Mailroom) -> Path | None:
    """Where the frames of recordings go that lie sealed; None where they lie plain."""
    return None if mailroom.opened is None else mailroom.opened.frames


@asynccontextmanager
async def open_program(settings: Settings, clock: Clock) -> AsyncIterator[Program]:
    """Open everything, finish what a crash left, then answer calls until the block ends.

    Raises BadSettings, FlowsRefused, or Unavailable when an address or a file cannot be had.
    """
    book = read_book()
    data = settings.storage.data
    board = MailboxLamps(FolderLampBook(data / "lamps"), settings.lamps)
    figures = None if settings.metrics.address is None else Figures(settings.metrics.address)
    tally = UNCOUNTED if figures is None else figures.tally
    async with (
        _only_server(data),
        open_mailroom(settings, clock, board.changed, tally) as mailroom,
        open_voice(book, PROMPTS, data / "frames", recorded=private_frames(mailroom)) as voice,
        beating(settings) as plane,
    ):
        board.watch(mailroom.mailboxes)
        sounds = await asyncio.to_thread(
            make_call_sounds,
            data / "frames" / "calls",
            settings.media.hold_music,
            settings.media.pieces,
        )
        office = await open_office(settings, mailroom, book, voice, sounds, plane, clock)
        trunks = open_trunks(settings)
        telephones = make_telephones(office.accounts, mailroom.database, settings.sip.realm)
        callers = Callers(office.arrivals, office.reception, board.lamps, trunks, telephones)
        line = make_line(settings, callers, plane, clock, tally)
        office.serve(line, trunks, settings, mailroom.ports, clock)
        followed = Chore("followed lamps", board.follow, FOLLOW_EVERY_S)
        company = settings.company.name
        async with (
            housekeeping((*chores(mailroom, voice, clock, company), followed, *office.chores)),
            _finishing(mailroom.mailboxes),
            open_pbx_line(
                settings.pyvoip,
                plane,
                office.reception,
                office.switchboard.accepts,
                lambda: line.overloaded,
            ) as pbx,
            _asked_for(figures, line, plane, mailroom.worker, office),
            open_web(settings, office.hall, mailroom.database, clock) as web,
        ):
            address = await line.start()
            told = {"priority": plane.priority, "compiled": plane.compiled}
            log.info("media plane serves", extra=told)
            try:
                yield Program(address, line, pbx, mailroom, voice, sounds, office, web)
            finally:
                await line.stop()
                await office.connections.exchange.close()


@asynccontextmanager
async def _only_server(data: Path) -> AsyncIterator[None]:
    with only_server(data):
        yield


@asynccontextmanager
async def _finishing(mailboxes: Mailboxes) -> AsyncIterator[None]:
    """When the calls are over, let each message that is being kept be kept."""
    try:
        yield
    finally:
        await mailboxes.finish()


@asynccontextmanager
async def _asked_for(
    figures: Figures | None,
    line: SipLine,
    plane: MediaProcess,
    worker: OutboxWorker,
    office: Office,
) -> AsyncIterator[None]:
    """Serve the figures, where the settings say so."""
    if figures is None:
        yield
        return
    present = Present(
        lambda: line.statistics,
        lambda: plane.load,
        MailsWaiting(worker.waiting),
        lambda: len(office.inside.parking.waiting),
        office.hall.attendance,
    )
    look = Chore("mails waiting", present.waiting.look, LOOK_EVERY_S)
    async with housekeeping((look,)), figures.served(present, lambda: plane.pid):
        yield
