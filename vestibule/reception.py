"""Attends to calls: the flow a number leads to talks to the caller, for one visit or several."""

from collections.abc import Callable

from call.clock import Clock
from call.leg import HangUpCause, Leg
from ivr.prompts import Voice
from ivr.session import Session
from vestibule.arrivals import Arrivals, Rejection
from vestibule.exchange.connecting import Connecting
from vestibule.exchange.guest import Guest, Visit, forget_keys
from vestibule.exchange.own_telephone import Desk
from vestibule.exchange.ports import is_switched
from vestibule.front import Front
from vestibule.logs import bound_call
from vestibule.meetings.entering import MeetingDesk
from vestibule.numbers import Destination
from vestibule.operations import CallOperations
from vestibule.switchboard import Switchboard
from voicemail.mailboxes import Mailboxes


def _the_companys(extension: str) -> str:
    """Everybody hears what the company speaks."""
    return ""


class Reception:
    """Every call's first stop, and where it goes on when it is sent elsewhere.

    Without `connecting` nobody can be rung, and nobody is sent anywhere. Without `arrivals` anybody
    reaches what the settings name, at any hour. `language_of` tells what the owner of an extension
    hears. Without a `meeting` desk there are no conferences.
    """

    def __init__(
        self,
        switchboard: Switchboard,
        voice: Voice,
        mailboxes: Mailboxes,
        clock: Clock,
        connecting: Connecting | None = None,
        desk: Desk | None = None,
        arrivals: Arrivals | None = None,
        front: Front | None = None,
        language_of: Callable[[str], str] = _the_companys,
        meeting: MeetingDesk | None = None,
    ) -> None:
        self._meeting = meeting
        self._front = front
        self._language_of = language_of
        self._desk = desk
        self._arrivals = arrivals
        self._switchboard = switchboard
        self._voice = voice
        self._mailboxes = mailboxes
        self._clock = clock
        self._connecting = connecting
        self._exchange = None if connecting is None else connecting.exchange

    async def attend(self, leg: Leg, dialed: str | None = None) -> None:
        """Talk with a caller until it is over. Nothing of the call is lost, however it ends.

        `dialed` stands for the number where the leg's own is not one of ours.
        """
        sent_on_by = leg.diversions if is_switched(leg) else ()
        numbers = tuple(each.number for each in sent_on_by)
        await self.receive(leg, Visit(dialed or leg.dialed, leg.caller, diversions=numbers))

    async def receive(self, leg: Leg, visit: Visit) -> None:
        """Attend to a leg as if its peer had dialled the number of the visit."""
        with bound_call(leg.call_id):
            guest = (
                Guest(leg, visit) if self._exchange is None else self._exchange.welcome(leg, visit)
            )
            try:
                upcoming: Visit | None = visit
                if self._connecting and is_switched(leg) and leg.replaces:
                    await self._connecting.take_over(leg)
                    upcoming = await guest.next()
                while upcoming is not None:
                    if is_switched(leg) and leg.up:
                        await forget_keys(leg)
                    await self._talk(guest)
                    upcoming = await guest.next()
            finally:
                if self._exchange is not None:
                    self._exchange.see_off(guest)

    async def _talk(self, guest: Guest) -> None:
        leg, visit = guest.leg, guest.visit
        destination = await self._destination(visit)
        if isinstance(destination, Rejection):
            await leg.hang_up(destination.cause)
            return
        operations = CallOperations(
            self._mailboxes,
            visit.caller,
            self._switchboard.redirect,
            leg,
            self._connecting,
            self._desk,
            self._front,
            visit.dialed,
            visit.sent_by,
            self._meeting,
        )
        try:
            own = visit.caller.internal and self._language_of(visit.caller.number)
            dialogue = await self._switchboard.dialogue(destination, language=own or "")
            session = Session(dialogue, leg, self._voice, operations, self._clock)
            guest.talks(session)
            await session.run()
        finally:
            await operations.close()

    async def _destination(self, visit: Visit) -> Destination | Rejection:
        """Where a visit leads; who transferred a caller is the one who dialled."""
        if visit.destination is not None:
            return visit.destination
        if self._arrivals is not None:
            return await self._arrivals.arrive(visit.dialed, visit.sent_by or visit.caller)
        return self._switchboard.destination(visit.dialed) or Rejection(HangUpCause.NOT_FOUND)
