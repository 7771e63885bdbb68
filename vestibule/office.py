"""Everything of a program that says where calls go and what is said to them, but for the line."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from call.clock import Clock
from directory.adapters.sqlalchemy_listing import SqlAlchemyListing
from ivr.dialogue import Dialogue
from ivr.flow import Held
from ivr.machine import Flows
from ivr.phrases import Book
from ivr.prompts import Voice
from telephony.line import SipLine
from telephony.sip.fields import bracket
from telephony.trunks import Trunks
from vestibule.accounts import LOOK_EVERY_S as LOOK_AT_ACCOUNTS_EVERY_S
from vestibule.accounts import Accounts
from vestibule.arrivals import Arrivals
from vestibule.attendants import LOOK_EVERY_S as FLOWS_EVERY_S
from vestibule.attendants import FlowsFollowed, own_flows
from vestibule.call_sounds import CallSounds
from vestibule.connections import Connections, plug
from vestibule.exchange.screening import Begin
from vestibule.extensions import Extensions
from vestibule.front import open_front
from vestibule.hours_desk import open_hours_mail
from vestibule.housekeeping import AGAIN_S, Chore
from vestibule.inside import Inside
from vestibule.mailroom import Mailroom
from vestibule.meetings.hall import Hall
from vestibule.meetings.means import MeetingPlane
from vestibule.meetings.opening import open_conferences
from vestibule.numbers import Destination
from vestibule.opening import Opening
from vestibule.providers import open_outside
from vestibule.reception import Reception
from vestibule.settings import Settings
from vestibule.shelves import restrictions, schedules
from vestibule.shipped import read_flows
from vestibule.switchboard import Switchboard
from voicemail.mailboxes import Ports


@dataclass(frozen=True, slots=True)
class Office:
    """Who is there, where calls go, and who attends to them. `serve` a line with it."""

    flows: Flows
    accounts: Accounts
    switchboard: Switchboard
    arrivals: Arrivals
    connections: Connections
    inside: Inside
    reception: Reception
    hall: Hall
    """The conferences that are being held."""
    chores: Sequence[Chore]
    """What is to be done beside the calls."""

    def serve(
        self, line: SipLine, trunks: Trunks, settings: Settings, ports: Ports, clock: Clock
    ) -> None:
        """Ring, transfer, park and call outside by this line."""
        self.connections.serve(self.reception, line, self.inside.parking)
        self.inside.show(line.presence)
        outside = open_outside(settings, trunks, clock)
        outside.attach(line)
        self.connections.lead_outside(outside, ports)


async def open_office(
    settings: Settings, mailroom: Mailroom, book: Book, voice: Voice, sounds: CallSounds,
    plane: MeetingPlane, clock: Clock,
) -> Office:  # fmt: skip
    """Read who and what there is, and finish what a crash left.

    Raises BadSettings, FlowsRefused or Unavailable.
    """
    data, mailboxes = settings.storage.data, mailroom.mailboxes
    numbers = [mailbox.number for mailbox in await mailboxes.all()]
    flows = read_flows(book, numbers, own=own_flows(data))
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
    arrivals = open_arrivals(settings, mailroom, switchboard, clock)
    connections = plug(
        accounts, mailroom, extensions, switchboard, arrivals, voice, sounds, clock,
        spool=settings.storage.spooled / "names",
        host=bracket(settings.sip.advertise or settings.sip.address[0]),
    )  # fmt: skip
    inside = Inside(settings, connections, mailroom, accounts, voice, clock)
    await inside.tapes.recover()
    conferences = await open_conferences(
        settings, mailroom, connections.connecting, _beginning(switchboard), plane, voice, clock
    )
    reception = Reception(
        switchboard, voice, mailboxes, clock, connections.connecting, inside.desk,
        arrivals, front, accounts.language_of, conferences.desk,
    )  # fmt: skip
    hours_mail = open_hours_mail(settings, mailroom.database, clock)
    chores = (
        Chore("accounts", accounts.look, LOOK_AT_ACCOUNTS_EVERY_S),
        *inside.chores,
        Chore("hours by mail", hours_mail.mail, AGAIN_S),
        *conferences.chores,
        Chore("own flows", _followed(book, settings, switchboard).look, FLOWS_EVERY_S),
    )
    return Office(
        flows, accounts, switchboard, arrivals, connections, inside, reception, conferences.hall,
        chores,
    )  # fmt: skip


def _beginning(switchboard: Switchboard) -> Begin:
    """Begins flows in the language of whoever is rung."""

    async def begin(flow: str, given: Mapping[str, Held], language: str) -> Dialogue:
        return await switchboard.dialogue(Destination(flow), given, language)

    return begin


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


def _followed(book: Book, settings: Settings, switchboard: Switchboard) -> FlowsFollowed:
    """Takes the company's own flows into use when they change."""
    own = own_flows(settings.storage.data)

    async def read() -> Flows:
        extensions = await switchboard.extensions()
        return await asyncio.to_thread(read_flows, book, extensions, own=own)

    return FlowsFollowed(own, read, switchboard.take)
