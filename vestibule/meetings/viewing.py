"""How a session stands just now, for whoever looks from outside."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from conference.conference import Conference
from conference.live import LivePerson, LiveRoom
from conference.room import Room, Seat
from vestibule.meetings.people import People
from vestibule.meetings.person import Person


@dataclass(slots=True)
class Times:
    """When a session began, and when people first heard each other in it."""

    since: datetime
    began: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attendance:
    """How many conferences are being held, and how many people are in all of them."""

    held: int = 0
    inside: int = 0
    """People who hear each other."""
    waiting: int = 0
    """People who wait for an administrator."""
    recorded: int = 0
    """Conferences that are being recorded just now."""


def attendance(rooms: Iterable[Room]) -> Attendance:
    """The attendance of sessions, counted in any thread, whatever changes meanwhile."""
    held = [(room, seats) for room in rooms if (seats := tuple(room.seats.values()))]
    people = [seat for _, seats in held for seat in seats]
    inside = sum(seat.inside for seat in people)
    recorded = sum(room.recording for room, _ in held)
    return Attendance(len(held), inside, len(people) - inside, recorded)


def live_room(
    session: str,
    conference: Conference,
    room: Room,
    times: Times,
    people: People,
    speakers: Collection[str],
) -> LiveRoom:
    """A session as it stands; `speakers` are heard just now."""
    return LiveRoom(
        conference=conference.id,
        session=session,
        room=conference.room,
        title=conference.title,
        phase=room.phase,
        locked=room.locked,
        recording=room.recording,
        announced=room.announced,
        streamed=conference.options.streamed,
        since=times.since,
        began=times.began,
        people=tuple(
            _person(person, seat, talking=id in speakers)
            for id, seat in room.seats.items()
            if (person := people.find(id)) is not None
        ),
    )


def _person(person: Person, seat: Seat, *, talking: bool) -> LivePerson:
    return LivePerson(
        id=person.id,
        name=person.member.name,
        number=person.number,
        role=person.member.role,
        since=person.since,
        inside=seat.inside,
        muted=seat.muted,
        silenced=seat.silenced,
        talking=talking,
        invitee=person.member.invitee,
    )
