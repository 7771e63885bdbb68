"""The door of the conferences, bound for flows: a room, a code, a name, and in.

One object serves one call. It holds the conference that the caller was let into, so that a flow
can lead nobody into another one.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from call.errors import Misuse
from call.leg import Leg, Party
from conference.conference import Conference
from conference.door import Admission, ConferenceDoor, DoorPorts, Turned
from conference.errors import NotGranted
from ivr.flow import Held
from ivr.operations import Outcome
from ivr.prompts import Value
from vestibule.exchange.ports import is_switched
from vestibule.meetings.ports import Door, Entrant
from vestibule.numbers import Destination

Arguments = Mapping[str, Held]

FLOW = "conference_join"
"""The flow that leads into a conference."""

NAME_S = 5.0
"""How long somebody may take to say their name."""

PERSON = "0"
"""What is pressed, alone, for a person."""


def _times(conference: Conference) -> dict[str, Value]:
    """When it begins and opens, on the clocks of its own zone."""
    starts, opens = conference.starts_at, conference.opens_at
    if starts is None or opens is None:
        raise Misuse("a permanent conference is never too early")
    zone = ZoneInfo(conference.zone)
    return {"starts": starts.astimezone(zone), "opens": opens.astimezone(zone)}


def bidden_to(room: str) -> Destination:
    """Where somebody goes whom a colleague brings into the room they are in: no code is asked."""
    return Destination(FLOW, (("room", room), ("bidden", "true")))


def nobody_knows(_: str) -> str:
    """No extension has a name."""
    return ""


@dataclass(frozen=True, slots=True)
class MeetingDesk:
    """What all calls share. Without a `door` nobody is let into a room, only told about it.

    `spool` gives a new file for what somebody says of their name; `name_of` tells what an
    extension is called, "" where nobody knows.
    """

    ports: DoorPorts
    spool: Callable[[], Path]
    door: Door | None = None
    name_of: Callable[[str], str] = nobody_knows


class Entering:
    """The operations of the door for one call; `close` it when the call is over."""

    def __init__(self, desk: MeetingDesk | None, leg: Leg | None, caller: Party) -> None:
        self._desk = desk
        self._leg = leg if is_switched(leg) else None
        self._caller = caller
        self._door = None if desk is None else ConferenceDoor(caller, desk.ports)
        self._found: Conference | None = None
        self._admission: Admission | None = None
        self._language = ""
        self._chosen = ""
        self._name: Path | None = None

    @property
    def bound(self) -> Mapping[str, Callable[[Arguments], Awaitable[Outcome]]]:
        """The operations by their names."""
        return {
            "conference.find": self._find,
            "conference.follow": self._follow,
            "conference.enter": self._enter,
            "conference.open_name": self._open_name,
            "conference.join": self._join,
        }

    def close(self) -> None:
        """Forget what was said of a name, unless it went into the room with its caller."""
        name, self._name = self._name, None
        if name is not None:
            name.unlink(missing_ok=True)

    async def _find(self, arguments: Arguments) -> Outcome:
        """The language is the room's, unless the caller chose one."""
        self._found = self._admission = None
        room, self._chosen = str(arguments["room"]), str(arguments["chosen"])
        if room == PERSON:
            return Outcome("person")
        if self._door is None:
            return Outcome(Turned.UNKNOWN)
        found = await self._door.find(room)
        if isinstance(found, Turned):
            return Outcome(found)
        conference = found.conference
        told: dict[str, Value] = {"language": self._chosen or conference.language}
        if found.turned is Turned.TOO_EARLY:
            return Outcome("too_early", told | _times(conference))
        if found.turned is not None:
            return Outcome(found.turned, told)
        self._found = conference
        if conference.needs_code:
            return Outcome("code", told)
        return self._admitted(Admission(conference), "open")

    async def _follow(self, arguments: Arguments) -> Outcome:
        """Somebody whom a colleague brings along, or whose number leads right into the room."""
        self._chosen = str(arguments["chosen"])
        found = None if self._door is None else await self._door.follow(str(arguments["room"]))
        if found is None:
            return Outcome("over")
        return self._admitted(Admission(found), "admitted")

    async def _enter(self, arguments: Arguments) -> Outcome:
        """The language is the invitee's own; a code that says nobody's name leaves it."""
        if self._door is None or self._found is None:
            raise Misuse("no room was found whose code this could be")
        self._admission = None
        code = str(arguments["code"])
        if code == PERSON:
            return Outcome("person")
        admission = await self._door.enter(self._found, code)
        if isinstance(admission, Turned):
            return Outcome(admission)
        return self._admitted(admission, "admitted")

    def _admitted(self, admission: Admission, outcome: str) -> Outcome:
        conference, invitee = admission.conference, admission.invitee
        spoken = self._chosen or conference.language
        self._language = spoken if invitee is None else invitee.language
        door = self._at_desk.door
        if door is not None and not door.admits(conference, admission.role):
            return Outcome("locked", {"language": self._language})
        self._admission = admission
        announced = conference.options.announced
        return Outcome(outcome, {"language": self._language, "names": announced})

    async def _open_name(self, _: Arguments) -> Outcome:
        self.close()
        self._name = self._at_desk.spool()
        return Outcome("ready", {"spool": self._name, "max_s": NAME_S})

    async def _join(self, arguments: Arguments) -> Outcome:
        """From here on the leg is the conference's, and so is the name."""
        if self._admission is None:
            raise Misuse("nobody was let into a conference")
        door = self._at_desk.door
        if door is None or self._leg is None:
            return Outcome("unreachable")
        named = arguments["reply"] == "named"
        entrant = self._entrant(self._admission, self._name if named else None)
        try:
            door.join(self._leg, entrant)
        except NotGranted:
            is_open = door.admits(entrant.conference, entrant.role)
            return Outcome("unreachable" if is_open else "locked")
        if named:
            self._name = None
        return Outcome("joined")

    def _entrant(self, admission: Admission, said: Path | None) -> Entrant:
        invitee = admission.invitee
        return Entrant(
            admission.conference,
            admission.role,
            self._language,
            name=self._name_told if invitee is None else invitee.name,
            invitee="" if invitee is None else invitee.id,
            said=said,
        )

    @property
    def _name_told(self) -> str:
        """What the company calls a colleague; what their telephone tells of anybody else."""
        known = self._at_desk.name_of(self._caller.number) if self._caller.internal else ""
        return known or self._caller.name

    @property
    def _at_desk(self) -> MeetingDesk:
        if self._desk is None:
            raise Misuse("there are no conferences here")
        return self._desk
