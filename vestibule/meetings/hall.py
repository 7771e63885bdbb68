"""All conferences that are being held: the door lets people in here, and it is steered from here.

One conference has one session at a time: whoever comes first begins it, and who comes after its end
begins the next. Implements `conference.live.Meetings` and `vestibule.meetings.ports.Door`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeGuard

from call.errors import Unavailable
from call.leg import HangUpCause
from conference.conference import Conference, Kind, Role
from conference.errors import NotGranted, NotHeld
from conference.happening import Ending, Member, Wish
from conference.live import LiveRoom
from conference.ports import Changed, ConferenceBook
from vestibule.exchange.exchange import Exchange
from vestibule.exchange.ports import SwitchedLeg, is_switched
from vestibule.meetings.calling_in import CallingIn
from vestibule.meetings.entering import bidden_to
from vestibule.meetings.means import Means
from vestibule.meetings.meeting import Meeting
from vestibule.meetings.person import LEAST_DB, MOST_DB, Person
from vestibule.meetings.ports import Entrant, RoomLeg
from vestibule.meetings.viewing import Attendance, attendance

log = logging.getLogger(__name__)

_CLOSING = (Ending.FINISHED, Ending.TOO_LONG)
"""Ends after which a conference of single use lets nobody in any more."""


class Hall:
    """The conferences. `new_session` names a session; later names are greater."""

    def __init__(
        self,
        means: Means,
        exchange: Exchange,
        book: ConferenceBook,
        calling_in: CallingIn,
        new_session: Callable[[], str],
    ) -> None:
        self._means = means
        self._exchange = exchange
        self._book = book
        self._calling_in = calling_in
        self._new_session = new_session
        self._meetings: dict[str, Meeting] = {}
        self._watching: set[asyncio.Event] = set()

    # the door

    def admits(self, conference: Conference, role: Role) -> bool:
        """Whether it is not locked for somebody."""
        meeting = self._current(conference)
        return meeting is None or meeting.admits(role)

    def join(self, leg: SwitchedLeg, entrant: Entrant) -> None:
        """Take a leg out of its dialogue, and into the conference. Raises NotGranted.

        Whom a telephone there transfers into its own place comes in without a code.
        """
        if not self.admits(entrant.conference, entrant.role):
            raise NotGranted("the conference is locked")
        if not is_room_leg(leg):
            raise NotGranted("calls of this line cannot be in a conference")
        self._exchange.take(leg)
        if (guest := self._exchange.guest(leg)) is not None:
            guest.place = bidden_to(entrant.conference.room)
        self._means.spawn(self._enter(leg, entrant), f"to conference {leg.call_id}")

    async def _enter(self, leg: RoomLeg, entrant: Entrant) -> None:
        """Let somebody in once no dialogue talks with them any more."""
        await self._exchange.free(leg)
        await leg.answer()
        party = self._exchange.party(leg)
        member = Member(
            leg.call_id,
            entrant.name,
            entrant.role,
            entrant.language,
            entrant.invitee,
            party.number,
        )
        person = Person(leg, member, party, self._means.clock.now(), entrant.said)
        if not leg.up:
            person.forget()
            return
        self._exchange.engaged.answered(leg.call_id)
        try:
            meeting = self._meeting(entrant.conference)
        except Unavailable as fault:
            log.error("conference cannot be held", extra={"why": str(fault)})
            person.forget()
            await leg.hang_up(HangUpCause.UNAVAILABLE)
            return
        leg.watcher = self._exchange.watcher
        leaving = [each for each in meeting.people if self._exchange.is_dismissed(each.leg)]
        meeting.welcome(person, leaving)
        self._exchange.keep(leg, partial(self._give, meeting, person))

    def _give(self, meeting: Meeting, person: Person, by: SwitchedLeg) -> bool:
        """Let another leg have somebody's place; of another person, as a participant."""
        if not is_room_leg(by) or meeting.is_over or person.is_leaving:
            return False
        party = self._exchange.party(by)
        its_own = party.internal and party.number == person.number
        entrant = Entrant(
            meeting.conference,
            person.member.role if its_own else Role.PARTICIPANT,
            person.member.language,
            person.member.name if its_own else party.name,
            person.member.invitee if its_own else "",
        )
        self._exchange.take(by)
        self._means.spawn(self._enter(by, entrant), f"to conference {by.call_id}")
        return True

    def _meeting(self, conference: Conference) -> Meeting:
        """The session that is held, or a new one. Raises Unavailable."""
        meeting = self._current(conference)
        if meeting is None:
            session = self._new_session()
            meeting = Meeting(session, conference, self._means, self._changed)
            self._meetings[conference.id] = meeting
            extra = {"session": session, "room": conference.room}
            log.info("conference begun", extra=extra)
            self._means.spawn(self._see_end(meeting), f"end of {session}")
        return meeting

    def _current(self, conference: Conference) -> Meeting | None:
        """The session that is held; None where there is none, or that is over."""
        meeting = self._meetings.get(conference.id)
        return None if meeting is None or meeting.is_over else meeting

    async def _see_end(self, meeting: Meeting) -> None:
        conference = meeting.conference
        why = await meeting.ended()
        if self._meetings.get(conference.id) is meeting:
            del self._meetings[conference.id]
        self._changed()
        if conference.kind is Kind.SINGLE_USE and why in _CLOSING:
            await self._close(conference)

    async def _close(self, conference: Conference) -> None:
        """A conference of single use is over for good."""
        now = self._means.clock.now()

        def ended(before: Conference | None) -> Changed:
            return Changed(None if before is None else replace(before, ended_at=now))

        try:
            await self._book.change(conference.id, ended, now)
        except Unavailable as fault:
            log.warning("end of a conference not kept", extra={"why": str(fault)})

    # how they stand

    def live(self) -> Sequence[LiveRoom]:
        """How they stand."""
        return [meeting.view() for meeting in self._meetings.values() if meeting.is_held]

    def attendance(self) -> Attendance:
        """How many there are, and how many people are in them; any thread may ask."""
        return attendance(meeting.room for meeting in tuple(self._meetings.values()))

    async def watch(self) -> AsyncIterator[Sequence[LiveRoom]]:
        """How they stand: at once, and again after each change, the newest where several came."""
        with self._watcher() as stirred:
            while True:
                stirred.clear()
                yield self.live()
                await stirred.wait()

    @contextmanager
    def _watcher(self) -> Iterator[asyncio.Event]:
        stirred = asyncio.Event()
        self._watching.add(stirred)
        try:
            yield stirred
        finally:
            self._watching.discard(stirred)

    def _changed(self) -> None:
        for stirred in self._watching:
            stirred.set()

    # what is done to them

    def wish(self, room: str, wish: Wish) -> None:
        """Do something to one. Raises NotHeld, and NotGranted with why."""
        self._held(room).wish(wish)

    def set_volume(self, room: str, member: str, *, spoken_db: float, heard_db: float) -> None:
        """How much louder somebody is heard, and hears. Raises NotHeld, and NotGranted."""
        meeting = self._held(room)
        for volume in (spoken_db, heard_db):
            if not LEAST_DB <= volume <= MOST_DB:
                raise NotGranted(f"a volume is {LEAST_DB:g} to {MOST_DB:+g} dB, not {volume:g}")
        meeting.set_volume(member, spoken_db=spoken_db, heard_db=heard_db)

    async def call_in(self, room: str, number: str, name: str, role: Role, language: str) -> bool:
        """Call somebody in: who presses 1 is there, though it be locked; False where nobody did.

        Raises NotHeld, and NotGranted, also where whoever is called is there already.
        """
        meeting = self._held(room)
        if (there := meeting.at(number)) is not None:
            raise NotGranted(f"{there.member.name or number} is in the conference already")
        calling = asyncio.ensure_future(self._calling_in.call(meeting.conference, number, language))
        over = asyncio.ensure_future(meeting.ended())
        try:
            await asyncio.wait([calling, over], return_when=asyncio.FIRST_COMPLETED)
            came = calling.result() if calling.done() else None
        finally:
            calling.cancel()
            over.cancel()
        if came is None:
            return False
        leg, party = came
        if over.done() or not is_room_leg(leg):
            self._exchange.dismiss(leg)
            return False
        entrant = Entrant(meeting.conference, role, language, name or party.name)
        await self._enter(leg, entrant)
        return leg.up

    def hear(self, conference: str, path: Path | None) -> None:
        """Send what is said in a conference, by its id, to a Unix datagram socket; None ends it.

        Each 20 ms one datagram, as `MediaPlane.hear_room` tells. Raises NotHeld.
        """
        meeting = self._meetings.get(conference)
        if meeting is None or not meeting.is_held:
            raise NotHeld("nobody is in this conference just now")
        meeting.hear(path)

    def warn_of_stop(self) -> None:
        """Tell everybody in a conference that the program is about to stop."""
        for meeting in self._meetings.values():
            meeting.warn_of_stop()

    def _held(self, room: str) -> Meeting:
        for meeting in self._meetings.values():
            if meeting.conference.room == room and meeting.is_held:
                return meeting
        raise NotHeld(f"nobody is in conference room {room} just now")


_IN_ROOMS = ("enter", "quit_room", "mute", "set_volume", "slot")


def is_room_leg(leg: SwitchedLeg) -> TypeGuard[RoomLeg]:
    """Whether a leg can be in a room: it can on a SIP line."""
    return is_switched(leg) and all(hasattr(type(leg), name) for name in _IN_ROOMS)
