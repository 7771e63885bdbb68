"""The SIP line and the media plane of a program, as its settings and this machine have them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from call.clock import Clock
from call.media import Codec
from directory.adapters.sqlalchemy_listing import SqlAlchemyRegistrations
from storage.database import Database
from telephony.access import AccessPolicy
from telephony.adapters.sip_transport import SipTransport
from telephony.codecs import NAMES, NARROW
from telephony.crypto import UNENCRYPTED, Secrecy, SrtpPolicy
from telephony.lamps import Lamps
from telephony.line import LineSettings, SipLine
from telephony.media.engine import MediaSettings
from telephony.media.process import MediaProcess
from telephony.media.secure_line import srtp_is_there
from telephony.media.wideband import wideband_there
from telephony.telephones import Telephones
from telephony.trunks import Trunks
from vestibule.accounts import Accounts
from vestibule.arrivals import Arrivals
from vestibule.providers import CALLS_FOR_HELP
from vestibule.reception import Reception
from vestibule.registrations import KeptBindings
from vestibule.settings import BadSettings, Media, Settings
from vestibule.tally import Tally
from vestibule.tokens import WireTokens, draw_key

SPARE_SLOTS = 16
"""Slots beyond the calls admitted: for calls that are ending while others begin."""


@dataclass(frozen=True, slots=True)
class Callers:
    """Who a line lets in, and who attends to them."""

    arrivals: Arrivals
    reception: Reception
    lamps: Lamps
    trunks: Trunks
    telephones: Telephones


@asynccontextmanager
async def beating(settings: Settings) -> AsyncIterator[MediaProcess]:
    """The media plane, from its start to its end."""
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


def make_telephones(accounts: Accounts, database: Database, realm: str) -> Telephones:
    """The telephones of a line; those whose account is gone are let go."""
    book = KeptBindings(SqlAlchemyRegistrations(database))
    telephones = Telephones(accounts, book, realm=realm)
    accounts.gone = telephones.forget
    return telephones


def make_line(
    settings: Settings, callers: Callers, plane: MediaProcess, clock: Clock, tally: Tally
) -> SipLine:
    """The line of the settings, not open yet. Raises BadSettings for what is not installed."""
    sip = settings.sip
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
        callers.reception.attend,
        callers.arrivals.accepts,
        callers.lamps,
        trunks=callers.trunks,
        accounts=callers.telephones,
        secrecy=_secrecy(settings.media),
        codecs=codecs_there(settings.media),
        over=tally.over,
    )


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
