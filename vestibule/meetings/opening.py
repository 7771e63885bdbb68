"""The conferences of a program, plugged to the exchange, the media plane and the database."""

from dataclasses import dataclass

from call.clock import Clock
from conference.adapters.sqlalchemy_book import SqlAlchemyBook
from conference.adapters.sqlalchemy_journal import SqlAlchemyJournal
from conference.ports import Takes
from ivr.prompts import Voice
from storage.database import Database
from vestibule.exchange.connecting import Connecting
from vestibule.exchange.screening import Begin, Screening
from vestibule.housekeeping import Chore
from vestibule.mailroom import Mailroom
from vestibule.meetings.calling_in import CallingIn
from vestibule.meetings.desk import open_desk
from vestibule.meetings.entering import MeetingDesk
from vestibule.meetings.hall import Hall
from vestibule.meetings.mail import mail_chores, open_mailing
from vestibule.meetings.means import Means, MeetingPlane
from vestibule.meetings.past import open_past
from vestibule.settings import Settings
from voicemail.adapters.system_tokens import SystemTokens
from voicemail.ids import new_id


@dataclass(frozen=True, slots=True)
class OpenConferences:
    """Conferences that can be held, and joined by way of the desk."""

    hall: Hall
    desk: MeetingDesk
    chores: tuple[Chore, ...]
    """What is done beside the calls: e-mail, and what is forgotten in time."""


async def open_conferences(
    settings: Settings, mailroom: Mailroom, connecting: Connecting, begin: Begin,
    plane: MeetingPlane, voice: Voice, clock: Clock,
) -> OpenConferences:  # fmt: skip
    """The conferences of a mailroom's database, once what a crash cut off is finished.

    `begin` begins a flow in a language. Raises BadSettings, StoreUnavailable.
    """
    past = open_past(settings, mailroom, clock)
    await past.recover()
    hall = open_hall(mailroom.database, connecting, begin, plane, voice, past.takes, clock)
    desk = open_desk(
        mailroom.database,
        mailroom.ports,
        settings.storage.spooled / "conference-names",
        hall,
        name_of=lambda number: connecting.own(number).name,
    )
    mailing = open_mailing(settings, mailroom, clock, past.reports.write)
    return OpenConferences(hall, desk, (*mail_chores(mailing), *past.chores))


def open_hall(
    database: Database,
    connecting: Connecting,
    begin: Begin,
    plane: MeetingPlane,
    voice: Voice,
    takes: Takes,
    clock: Clock,
) -> Hall:
    """Where the conferences of the database are held; `begin` begins a flow in a language."""
    exchange = connecting.exchange
    screening = Screening(exchange, begin, voice, clock)
    means = Means(
        plane=plane,
        voice=voice,
        sounds=exchange.sounds,
        clock=clock,
        journal=SqlAlchemyJournal(database),
        takes=takes,
        spawn=exchange.spawn,
        music=exchange.music,
    )
    tokens = SystemTokens()
    return Hall(
        means,
        exchange,
        SqlAlchemyBook(database),
        CallingIn(connecting, screening),
        lambda: new_id(clock.now(), tokens),
    )
