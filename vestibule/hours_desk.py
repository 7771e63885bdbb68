"""The hours of the numbers and what tells of them, plugged to the database and to outgoing mail."""

from collections.abc import Callable, Collection

from call.clock import Clock
from routing.adapters.sqlalchemy_documents import SqlAlchemyDocuments
from routing.shelf import Shelf
from storage.database import Database
from vestibule.hours_mail import NEVER_MAILED, HoursMail, Mailed
from vestibule.outgoing_mail import mail_transport
from vestibule.settings import Settings
from vestibule.shelves import restrictions, schedules
from vestibule.timetables import Timetables


def open_timetables(
    settings: Settings,
    database: Database,
    flow_faults: Callable[[str], Collection[str]],
    clock: Clock,
) -> Timetables:
    """The hours and restrictions in the database; `flow_faults` tells why a flow cannot begin."""
    return Timetables(
        numbers=settings.numbers,
        company=settings.company,
        schedules=schedules(database),
        restrictions=restrictions(database),
        flow_faults=flow_faults,
        clock=clock,
    )


def open_hours_mail(settings: Settings, database: Database, clock: Clock) -> HoursMail:
    """What mails the days ahead each week. Raises BadSettings for certificates of no use."""
    return HoursMail(
        settings=settings.hours,
        company=settings.company,
        sender=settings.mail.sender,
        timetables=open_timetables(settings, database, lambda _: (), clock),
        mailed=Shelf(SqlAlchemyDocuments(database), "hours_mail", Mailed, NEVER_MAILED),
        transport=mail_transport(settings),
        clock=clock,
    )
