"""One session of a conference: the rules of its room, and what becomes true of them.

Theory of operation. Whatever happens is told to the machine (`conference.room`), at once and in one
place (`_follow`): what it tells is noted, the seats are made true in the media plane, and what is
to be heard is put into the announcements. Each leg has a task that hears its keys until it is over;
one more waits for the machine's deadline. Nothing here waits for a database or a disk.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from call.leg import HangUpCause, HungUp
from call.media import KeyPressed, PlaneDied, PlayEnded, RecordEnded, RoomEvent, SpeakersChanged
from conference.conference import Conference, Role
from conference.errors import NotGranted
from conference.happening import (
    Began,
    Come,
    Departure,
    Ending,
    Go,
    Happening,
    Interrupted,
    Over,
    Record,
    Recording,
    Refusal,
    Refused,
    Went,
    Wish,
)
from conference.happening import RoomEvent as Told
from conference.keys import Ask, Keypad
from conference.live import LiveRoom
from conference.ports import Spoke
from conference.room import Phase, Room, Rules
from conference.telling import NO_FURTHER, Saying, answered, stopping, told
from vestibule.meetings.announcements import ROOM, Announcements
from vestibule.meetings.means import Means
from vestibule.meetings.minutes import Minutes
from vestibule.meetings.people import People
from vestibule.meetings.person import HoldWatch, Person, departure
from vestibule.meetings.recorder import Recorder
from vestibule.meetings.talking import Speech, Talking
from vestibule.meetings.viewing import Times, live_room
from vestibule.meetings.words import Words

log = logging.getLogger(__name__)

STEP_DB = 4.0
"""By how much a key turns a volume."""

FAREWELL_S = 20.0
"""How long somebody may take to hear why they are hung up."""

_TURNS: Mapping[Ask, tuple[float, float]] = MappingProxyType(
    {
        Ask.SPEAK_QUIETER: (-STEP_DB, 0.0),
        Ask.SPEAK_LOUDER: (STEP_DB, 0.0),
        Ask.HEAR_QUIETER: (0.0, -STEP_DB),
        Ask.HEAR_LOUDER: (0.0, STEP_DB),
    }
)
"""What is turned by how much: how they are heard, and how they hear."""

_REASONS: Mapping[Refusal, str] = MappingProxyType(
    {
        Refusal.NOT_ADMINISTRATOR: "only an administrator may do that",
        Refusal.NOT_HERE: "there is no such person in the conference",
        Refusal.SILENCED: "an administrator muted them",
        Refusal.OWN_MUTE: "they muted themself, and nobody else undoes that",
        Refusal.NOT_RUNNING: "people are waiting for an administrator",
        Refusal.ALREADY: "it is so already",
    }
)


def rules_of(conference: Conference) -> Rules:
    """The rules that a conference is held by."""
    return Rules(
        needs_administrator=conference.needs_administrator,
        recorded=conference.options.recorded,
        announced=conference.options.announced,
    )


class Meeting:
    """A session from whoever comes first to its end. `changed` is told whenever it looks different.

    Raises Unavailable where the plane has no room for it.
    """

    def __init__(
        self, session: str, conference: Conference, means: Means, changed: Callable[[], None]
    ) -> None:
        self.session = session
        self.conference = conference
        self.room = Room(rules_of(conference))
        self._means = means
        self._changed = changed
        self._times = Times(means.clock.now())
        self._plane_room = means.plane.open_room(self._heard_of_room)
        self._plane_is_there = True
        music = means.music(conference.owner)
        self._people = People(means.plane, self._plane_room, music, means.spawn)
        self._announcements = Announcements(self._people, means.voice)
        self._words = Words(self._people, self._announcements, means.sounds, conference.language)
        self._talking = Talking()
        self._minutes = Minutes(means.journal, session, conference, self._times.since)
        self._recorder = Recorder(
            means.plane, means.takes, session, means.spawn, self._recording_failed
        )
        self._stirred = asyncio.Event()
        self._end: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        means.spawn(self._minutes.run(), f"journal of {session}")
        means.spawn(self._wait_for_deadlines(), f"session {session}")

    @property
    def is_held(self) -> bool:
        """Whether anybody is there."""
        return bool(self.room.seats)

    @property
    def is_over(self) -> bool:
        """Whether nobody comes any more."""
        return self.room.phase is Phase.OVER

    async def ended(self) -> Ending:
        """Wait until it is over; why it is."""
        return await asyncio.shield(self._end)

    # who comes

    def admits(self, role: Role) -> bool:
        """Whether somebody is let in now."""
        return self.room.admits(role)

    def at(self, number: str) -> Person | None:
        """Who is there by an extension, or by a number outside; None where nobody is."""
        there = (each for each in self._people if not each.is_leaving)
        return next((each for each in there if each.is_at(number)), None)

    @property
    def people(self) -> Sequence[Person]:
        """Everybody who is there, and whoever hears why it is over for them."""
        return tuple(self._people)

    def welcome(self, person: Person, leaving: Sequence[Person] = ()) -> None:
        """Somebody comes, whose leg is up and in nobody else's hands.

        Those who are being hung up just now, `leaving`, are there no more from then on.
        """
        self._people.add(person)
        self._announcements.come(person.id)
        leg = person.leg
        leg.watcher = HoldWatch(person, leg.watcher)
        log.info("in conference", extra={"call_id": person.id, "session": self.session})
        self._tell(Come(person.member), *(Go(each.id) for each in leaving))
        self._means.spawn(self._attend(person), f"in conference {person.id}")

    async def _attend(self, person: Person) -> None:
        """Hear somebody's keys, to the end of their leg."""
        keypad = Keypad(person.id, self.room)
        end: HungUp | None = None
        try:
            while end is None:
                match await person.leg.event():
                    case KeyPressed(key=key) if not person.is_leaving:
                        self._pressed(person, keypad.press(key, self._now))
                    case PlayEnded(ticket=ticket):
                        self._announcements.ended(person.id, ticket)
                    case HungUp() as last:
                        end = last
                    case _:
                        pass
        finally:
            if end is None:  # a fault of ours: nobody attends to the call any more
                await person.leg.hang_up(HangUpCause.FAILED)
            await self._is_gone(person, Departure.CUT_OFF if end is None else departure(end))

    async def _is_gone(self, person: Person, how: Departure) -> None:
        person.is_leaving = True
        self._tell(Go(person.id, how))
        self._announcements.drop(person.id)
        self._people.remove(person)
        await self._announcements.made()
        person.forget()

    # what is wished

    def wish(self, wish: Wish) -> None:
        """Do something, wished from outside. Raises NotGranted."""
        for each in self._tell(wish):
            if isinstance(each, Refused):
                raise NotGranted(_REASONS[each.why])

    def set_volume(self, id: str, *, spoken_db: float, heard_db: float) -> None:
        """How much louder somebody is heard, and hears. Raises NotGranted."""
        person = self._people.find(id)
        if person is None or person.is_leaving:
            raise NotGranted(_REASONS[Refusal.NOT_HERE])
        person.set_volume(spoken_db=spoken_db, heard_db=heard_db)

    def warn_of_stop(self) -> None:
        """Tell everybody that the program is about to stop."""
        if self.is_held:
            self._words.say(stopping(self.room))

    def _pressed(self, person: Person, wanted: Ask | Wish | None) -> None:
        if wanted is None:
            return
        self._announcements.skip(person.id)
        match wanted:
            case Ask.LEAVE:
                self._tell(Go(person.id))
                self._words.say(answered(wanted, person.id, self.room))
                self._see_off(person)
            case Ask():
                self._words.say(self._answer(person, wanted))
            case _:
                self._tell(wanted)

    def _answer(self, person: Person, wanted: Ask) -> Saying:
        turn = _TURNS.get(wanted)
        if turn is not None and not person.turn(spoken_db=turn[0], heard_db=turn[1]):
            return Saying((person.id,), NO_FURTHER)
        return answered(wanted, person.id, self.room)

    # what follows

    @property
    def _now(self) -> float:
        return self._means.clock.monotonic()

    def _tell(self, *events: Told) -> Sequence[Happening]:
        now = self._now
        return self._follow([told for event in events for told in self.room.receive(event, now)])

    async def _wait_for_deadlines(self) -> None:
        while not self.is_over:
            self._stirred.clear()
            deadline = self.room.deadline
            wait = None if deadline is None else max(0.0, deadline - self._now)
            try:
                async with asyncio.timeout(wait):
                    await self._stirred.wait()
            except TimeoutError:
                self._follow(self.room.tick(self._now))

    def _follow(self, happenings: Sequence[Happening]) -> Sequence[Happening]:
        """Let what the machine told become true."""
        if not happenings:
            return happenings
        self._stirred.set()
        gone = self._gone(happenings)
        at = self._means.clock.now()
        for each in happenings:
            self._note(at, each)
        for id in self._people.seat(self.room.seats):
            self._announcements.hush(id)
        for saying in told(happenings, self.room, self._people.named):
            self._words.say(saying)
        self._announcements.settle()
        for person in gone:
            self._see_off(person)
        if isinstance(over := happenings[-1], Over):
            self._close(over.why)
        self._changed()
        return happenings

    def _gone(self, happenings: Sequence[Happening]) -> list[Person]:
        """Those who are in the conference no more, and hear why if their leg is up."""
        went = (self._people.find(each.member.id) for each in happenings if isinstance(each, Went))
        gone = [person for person in went if person is not None]
        for person in gone:
            person.is_leaving = True
        return gone

    def _note(self, at: datetime, happening: Happening) -> None:
        match happening:
            case Went(member=member):
                self._spoke(self._talking.gone(member.id, self._now))
            case Interrupted() | Over():
                self._spoke(self._talking.stop(self._now))
                self._announcements.clear()
            case Began():
                self._times.began = at
            case Recording(on=True):
                self._recorder.begin(self._plane_room)
            case Recording(on=False):
                self._recorder.end(self._plane_room)
            case _:
                pass
        self._minutes.note(at, happening)

    def _see_off(self, person: Person) -> None:
        """Hang up somebody once they have heard why."""
        if not person.leg.over:
            self._means.spawn(self._hang_up(person), f"farewell {person.id}")

    async def _hang_up(self, person: Person) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await self._announcements.silence(person.id)
        await person.leg.hang_up()

    def _close(self, why: Ending) -> None:
        extra = {"session": self.session, "room": self.conference.room, "why": why}
        log.info("conference over", extra=extra)
        self._minutes.close()
        if self._plane_is_there:  # else its number may be another's by now
            self._means.plane.close_room(self._plane_room)
        self._end.set_result(why)

    # what is heard

    def hear(self, path: Path | None) -> None:
        """Send what is said inside to a Unix datagram socket, frame by frame; None ends it."""
        self._means.plane.hear_room(self._plane_room, path)

    # what the plane tells

    def _heard_of_room(self, event: RoomEvent) -> None:
        match event:
            case PlayEnded(ticket=ticket):
                self._announcements.ended(ROOM, ticket)
            case SpeakersChanged(slots=slots):
                self._spoke(self._talking.heard(self._people.at_slots(slots), self._now))
                self._changed()
            case RecordEnded(path=path):
                self._recorder.ended(path)
            case PlaneDied():
                self._plane_is_there = False
                self._recorder.lost()
            case _:
                pass

    def _spoke(self, speeches: Sequence[Speech]) -> None:
        for speech in speeches:
            at = self._means.clock.now() - timedelta(seconds=self._now - speech.ended)
            self._minutes.note(at, Spoke(speech.id, round(speech.seconds, 2)))

    def _recording_failed(self) -> None:
        """Nobody is left to believe that it is recorded."""
        self._tell(Record(False))

    # how it stands

    def view(self) -> LiveRoom:
        """How it stands just now."""
        return live_room(
            self.session,
            self.conference,
            self.room,
            self._times,
            self._people,
            self._talking.speakers,
        )
