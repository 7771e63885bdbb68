"""What changed between two looks at a conference, in a line each, for who watches. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from conference.live import LivePerson, LiveRoom
from conference.room import Phase

_PHASES: Mapping[tuple[Phase | None, Phase], str] = MappingProxyType(
    {
        (None, Phase.WAITING): "waits for an administrator",
        (None, Phase.RUNNING): "is under way",
        (Phase.WAITING, Phase.RUNNING): "begins",
        (Phase.RUNNING, Phase.WAITING): "is interrupted: everybody waits for an administrator",
        (Phase.WAITING, Phase.OVER): "is over",
        (Phase.RUNNING, Phase.OVER): "is over",
    }
)

_SWITCHES: tuple[tuple[Callable[[LiveRoom], bool], str, str], ...] = (
    (lambda room: room.locked, "is locked", "is open again"),
    (lambda room: room.recording, "is recorded from now on", "is recorded no more"),
    (lambda room: room.announced, "announces arrivals", "announces arrivals no more"),
)

_STATES: tuple[tuple[Callable[[LivePerson], bool], str, str], ...] = (
    (lambda one: one.inside, "comes in", "waits"),
    (lambda one: one.silenced, "is muted by an administrator", "may speak again"),
    (lambda one: one.muted and not one.silenced, "mutes themself", "speaks again"),
    (lambda one: one.talking, "talks", "is quiet"),
)


def changes(before: Sequence[LiveRoom], after: Sequence[LiveRoom]) -> Iterator[str]:
    """A line for each thing that is otherwise now, the room number first."""
    was, now = ({room.session: room for room in rooms} for rooms in (before, after))
    for session, room in was.items():
        if session not in now:
            yield from (f"{room.room}  {called(one)} has gone" for one in room.people)
            yield f"{room.room}  {room.title} is over"
    for session, room in now.items():
        for line in _of_room(was.get(session), room):
            yield f"{room.room}  {line}"


def called(person: LivePerson) -> str:
    """How somebody is told of: by name, and by number where that is known."""
    if person.name and person.number:
        return f"{person.name} ({person.number})"
    return person.name or person.number or "somebody without a number"


def _of_room(before: LiveRoom | None, room: LiveRoom) -> Iterator[str]:
    was = None if before is None else before.phase
    if (was, room.phase) in _PHASES:
        resumes = was is Phase.WAITING and before is not None and before.began is not None
        goes_on = resumes and room.phase is Phase.RUNNING
        yield f"{room.title} {'resumes' if goes_on else _PHASES[was, room.phase]}"
    for is_so, on, off in _SWITCHES:
        if before is not None and is_so(room) != is_so(before):
            yield f"{room.title} {on if is_so(room) else off}"
    yield from _of_people(before.people if before is not None else (), room.people)


def _of_people(before: Sequence[LivePerson], after: Sequence[LivePerson]) -> Iterator[str]:
    was, now = ({one.id: one for one in people} for people in (before, after))
    yield from (f"{called(one)} has gone" for id, one in was.items() if id not in now)
    for id, one in now.items():
        if id not in was:
            yield f"{called(one)} has come, {'inside' if one.inside else 'waiting'}"
        for is_so, on, off in _STATES:
            known = is_so(was[id]) if id in was else one.inside if on == "comes in" else False
            if is_so(one) != known:
                yield f"{called(one)} {on if is_so(one) else off}"
