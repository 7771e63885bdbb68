"""The running program: everything opened in order, calls taken, everything closed in reverse."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from call.clock import Clock
from call.media import Address, Codec, MediaPlane
from directory.adapters.sqlalchemy_listing import SqlAlchemyListing, SqlAlchemyRegistrations
from ivr.loader import load_flows
from ivr.machine import Flows
from ivr.operations import CATALOGUE
from ivr.phrase_file import load_book
from ivr.phrases import Book
from ivr.voices.voice import PromptVoice, open_voice
from telephony.access import AccessPolicy
from telephony.adapters.folder_lamp_book import FolderLampBook
from telephony.adapters.sip_transport import SipTransport
from telephony.codecs import NAMES, NARROW
from telephony.crypto import UNENCRYPTED, Secrecy, SrtpPolicy
from telephony.lamps import Lamps
from telephony.line import LineSettings, SipLine
from telephony.media.engine import MediaSettings
from telephony.media.process import MediaProcess
from telephony.media.secure_line import srtp_is_there
from telephony.media.wideband import wideband_there
from telephony.sip.fields import bracket
from telephony.telephones import Telephones
from telephony.trunks import Trunks
from vestibule.accounts import LOOK_EVERY_S as LOOK_AT_ACCOUNTS_EVERY_S
from vestibule.accounts import Accounts
from vestibule.arrivals import Arrivals
from vestibule.attendants import LOOK_EVERY_S as FLOWS_EVERY_S
from vestibule.attendants import FlowsFollowed, own_flows
from vestibule.call_sounds import CallSounds, make_call_sounds
from vestibule.connections import Connections, plug
from vestibule.exchange.parking import Parking
from vestibule.extensions import Extensions
from vestibule.front import open_front
from vestibule.hours_desk import open_hours_mail
from vestibule.housekeeping import AGAIN_S, Chore, chores, housekeeping
from vestibule.inside import Inside
from vestibule.lamps import FOLLOW_EVERY_S, MailboxLamps
from vestibule.mailroom import Mailroom, open_mailroom
from vestibule.metrics import LOOK_EVERY_S, Figures, MailsWaiting, Present
from vestibule.opening import Opening
from vestibule.pbx_line import PbxCalls, open_pbx_line
from vestibule.providers import CALLS_FOR_HELP, open_outside, open_trunks
from vestibule.reception import Reception
from vestibule.registrations import KeptBindings
from vestibule.settings import BadSettings, Media, Settings, Sip
from vestibule.shelves import restrictions, schedules
from vestibule.switchboard import Switchboard
from vestibule.tally import UNCOUNTED, Tally
from vestibule.tokens import WireTokens, draw_key
from voicemail.adapters.serving_lock import only_server
from voicemail.mailboxes import Mailboxes
from voicemail.outbox import OutboxWorker

ROOT = Path(__file__).resolve().parent.parent
FLOWS = ROOT / "flows"
PROMPTS = ROOT / "prompts"

SPARE_SLOTS = 16
"""Slots beyond the calls admitted: for calls that are ending while others begin."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is running. `drain` it before it is closed, so that calls may end by themselves."""

    address: Address
    line: SipLine
    pbx: PbxCalls
    mailroom: Mailroom
    voice: PromptVoice
    flows: Flows
    sounds: CallSounds
    accounts: Accounts
    connections: Connections

    async def drain(self, limit_s: float) -> None:
        """Take no more calls; those under way get `limit_s` seconds."""
        await asyncio.gather(self.line.drain(limit_s), self.pbx.drain(limit_s))


def read_book() -> Book:
    """The phrases the program can say. Raises PeerFault with all that is wrong in them."""
    return load_book(PROMPTS)


def read_flows(
    book: Book,
    extensions: Collection[str] = (),
    folder: Path = FLOWS,
    own: Path | None = None,
) -> Flows:
    """The flows the program can run beside the extensions in service.

    `own` is the folder of the company's own flows, which need not be there.

    Raises FlowsRefused with all that is wrong in them.
    """
    return load_flows(folder, book=book, operations=CATALOGUE, extensions=extensions, beside=own)


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
        _beating(settings) as plane,
    ):
        mailboxes = mailroom.mailboxes
        board.watch(mailboxes)
        flows = read_flows(
            book, [mailbox.number for mailbox in await mailboxes.all()], own=own_flows(data)
        )
        front = open_front(settings, mailroom, clock)
        accounts = Accounts(SqlAlchemyListing(mailroom.database), settings.sip.realm)
        await accounts.look()
        extensions = Extensions(mailboxes, clock, accounts)
        switchboard = Switchboard(
            company=settings.company,
            numbers=settings.numbers,
            flows=flows,
            mailboxes=mailboxes,
            clock=clock,
            codes=front.closing.closures.codes,
            extensions=extensions,
        )
        await mailboxes.recover()
        sounds = await asyncio.to_thread(
            make_call_sounds, data / "frames" / "calls", settings.media.hold_music
        )
        telephones = _telephones(accounts, mailroom, settings.sip.realm)
        arrivals = open_arrivals(settings, mailroom, switchboard, clock)
        connections = plug(
            accounts, mailroom, extensions, switchboard, arrivals, voice, sounds, clock,
            spool=(settings.storage.spool or data / "spool") / "names",
            host=bracket(settings.sip.advertise or settings.sip.address[0]),
        )  # fmt: skip
        inside = Inside(settings, connections, mailroom, accounts, voice, clock)
        await inside.tapes.recover()
        reception = Reception(
            switchboard, voice, mailboxes, clock, connections.connecting, inside.desk,
            arrivals, front, accounts.language_of,
        )  # fmt: skip
        secrecy = _secrecy(settings.media)
        codecs = codecs_there(settings.media)
        trunks = open_trunks(settings)
        line = _line(
            settings.sip, secrecy, codecs, plane, clock, arrivals, reception, board.lamps,
            trunks, telephones, tally,
        )  # fmt: skip
        connections.serve(reception, line, inside.parking)
        inside.show(line.presence)
        hours_mail = open_hours_mail(settings, mailroom.database, clock)
        outside = open_outside(settings, trunks, clock)
        outside.attach(line)
        connections.lead_outside(outside, mailroom.ports)
        async with (
            housekeeping(
                (
                    *chores(mailroom, voice, clock, settings.company.name),
                    Chore("followed lamps", board.follow, FOLLOW_EVERY_S),
                    Chore("accounts", accounts.look, LOOK_AT_ACCOUNTS_EVERY_S),
                    *inside.chores,
                    Chore("hours by mail", hours_mail.mail, AGAIN_S),
                    Chore("own flows", _followed(book, data, switchboard).look, FLOWS_EVERY_S),
                )
            ),
            _finishing(mailboxes),
            open_pbx_line(
                settings.pyvoip, plane, reception, switchboard.accepts, lambda: line.overloaded
            ) as pbx,
            _asked_for(figures, line, plane, mailroom.worker, inside.parking),
        ):
            address = await line.start()
            try:
                yield Program(
                    address, line, pbx, mailroom, voice, flows, sounds, accounts, connections
                )
            finally:
                await line.stop()
                await connections.exchange.close()


def _followed(book: Book, data: Path, switchboard: Switchboard) -> FlowsFollowed:
    """Takes the company's own flows into use when they change."""

    async def read() -> Flows:
        extensions = await switchboard.extensions()
        return await asyncio.to_thread(read_flows, book, extensions, own=own_flows(data))

    return FlowsFollowed(own_flows(data), read, switchboard.take)


@asynccontextmanager
async def _only_server(data: Path) -> AsyncIterator[None]:
    with only_server(data):
        yield


@asynccontextmanager
async def _beating(settings: Settings) -> AsyncIterator[MediaProcess]:
    media, sip = settings.media, settings.sip
    plane = MediaProcess(
        sip.address[0],
        first_port=media.first_port,
        last_port=media.last_port,
        settings=MediaSettings(
            slots=sip.max_calls + SPARE_SLOTS,
            media_lost_s=media.lost_after_s,
            learn_any=media.behind_nat,
        ),
    )
    await plane.start()
    try:
        yield plane
    finally:
        await plane.stop()


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
    parking: Parking,
) -> AsyncIterator[None]:
    """Serve the figures, where the settings say so."""
    if figures is None:
        yield
        return
    present = Present(
        lambda: line.statistics,
        lambda: plane.load,
        MailsWaiting(worker.waiting),
        lambda: len(parking.waiting),
    )
    look = Chore("mails waiting", present.waiting.look, LOOK_EVERY_S)
    async with housekeeping((look,)), figures.served(present, lambda: plane.pid):
        yield


def _secrecy(media: Media) -> Secrecy:
    """What the SIP line wants encrypted, as far as this machine can. Raises BadSettings."""
    if srtp_is_there():
        return Secrecy(media.srtp, draw_key)
    if media.srtp is SrtpPolicy.REQUIRE:
        raise BadSettings('media.srtp is "require", and the extra `secure` is not installed')
    return UNENCRYPTED


def codecs_there(media: Media) -> tuple[Codec, ...]:
    """The codecs of the settings that this machine has. Raises BadSettings when it has none."""
    there = (*NARROW, *wideband_there())
    codecs = tuple(NAMES[name] for name in media.codecs if NAMES[name] in there)
    if not codecs:
        raise BadSettings("media.codecs: none is there; the extra `wideband` is not installed")
    return codecs


def open_arrivals(
    settings: Settings, mailroom: Mailroom, switchboard: Switchboard, clock: Clock
) -> Arrivals:
    """What leads arriving calls, by the choices in the database of the mailroom."""
    return Arrivals(
        numbers=settings.numbers,
        opening=Opening(schedules(mailroom.database), clock, settings.company.zone),
        restrictions=restrictions(mailroom.database),
        extensions=switchboard.extensions,
        faults=switchboard.faults,
        clock=clock,
        codes=switchboard.codes,
    )


def _telephones(accounts: Accounts, mailroom: Mailroom, realm: str) -> Telephones:
    """The telephones of the line; those whose account is gone are let go."""
    book = KeptBindings(SqlAlchemyRegistrations(mailroom.database))
    telephones = Telephones(accounts, book, realm=realm)
    accounts.gone = telephones.forget
    return telephones


def _line(
    sip: Sip,
    secrecy: Secrecy,
    codecs: Sequence[Codec],
    plane: MediaPlane,
    clock: Clock,
    arrivals: Arrivals,
    reception: Reception,
    lamps: Lamps,
    trunks: Trunks,
    telephones: Telephones,
    tally: Tally,
) -> SipLine:
    host, port = sip.address
    access = AccessPolicy(
        allowed=sip.allow, phones=sip.phones, always=CALLS_FOR_HELP, max_calls=sip.max_calls
    )
    return SipLine(
        LineSettings(advertised=sip.advertise or "", access=access),
        SipTransport(host, port, clock),
        plane,
        clock,
        WireTokens(),
        reception.attend,
        arrivals.accepts,
        lamps,
        trunks=trunks,
        accounts=telephones,
        secrecy=secrecy,
        codecs=codecs,
        over=tally.over,
    )
