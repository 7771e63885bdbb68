"""The conferences of a program, plugged to the exchange, the media plane and the database."""

from collections.abc import Mapping

from call.clock import Clock
from conference.adapters.sqlalchemy_book import SqlAlchemyBook
from conference.adapters.sqlalchemy_journal import SqlAlchemyJournal
from conference.ports import Takes
from ivr.dialogue import Dialogue
from ivr.flow import Held
from ivr.prompts import Voice
from storage.database import Database
from vestibule.connections import Connections
from vestibule.exchange.screening import Screening
from vestibule.meetings.calling_in import CallingIn
from vestibule.meetings.hall import Hall
from vestibule.meetings.meeting import Means, MeetingPlane
from vestibule.numbers import Destination
from vestibule.switchboard import Switchboard
from voicemail.adapters.system_tokens import SystemTokens
from voicemail.ids import new_id


def open_hall(
    database: Database,
    connections: Connections,
    switchboard: Switchboard,
    plane: MeetingPlane,
    voice: Voice,
    takes: Takes,
    clock: Clock,
) -> Hall:
    """Where the conferences of the database are held."""
    exchange = connections.exchange

    async def begin(flow: str, given: Mapping[str, Held], language: str) -> Dialogue:
        return await switchboard.dialogue(Destination(flow), given, language)

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
        CallingIn(connections.connecting, screening),
        lambda: new_id(clock.now(), tokens),
    )
