"""The conferences of a program, plugged to the exchange, the media plane and the database."""

from call.clock import Clock
from conference.adapters.sqlalchemy_book import SqlAlchemyBook
from conference.adapters.sqlalchemy_journal import SqlAlchemyJournal
from conference.ports import Takes
from ivr.prompts import Voice
from storage.database import Database
from vestibule.exchange.connecting import Connecting
from vestibule.exchange.screening import Begin, Screening
from vestibule.meetings.calling_in import CallingIn
from vestibule.meetings.hall import Hall
from vestibule.meetings.means import Means, MeetingPlane
from voicemail.adapters.system_tokens import SystemTokens
from voicemail.ids import new_id


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
