"""What people hear of what happens in a room: which sentence, to whom, in which order.

`told` takes what one call of a room's `receive` or `tick` told, and the room as it is afterwards;
`answered` is for who pressed a key. What is said to a person is said in their own language, what is
said to everybody inside in the language of the conference.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from conference.conference import Role
from conference.happening import (
    AllMuted,
    Announcing,
    Began,
    Came,
    Departure,
    Ending,
    Happening,
    Interrupted,
    Locked,
    Member,
    Muted,
    Over,
    Recording,
    Refusal,
    Refused,
    Resumed,
    Warned,
    Went,
)
from conference.keys import Ask
from conference.room import Phase, Room

CROWD = 20
"""With more people inside than this, a chime alone tells who comes and who leaves."""

EVERYBODY_INSIDE: tuple[str, ...] = ()
"""Said into the room itself, so that the recording has it too."""

Argument = str | int


class Chime(StrEnum):
    """A short sound ahead of the words."""

    ARRIVAL = "arrival"
    DEPARTURE = "departure"


@dataclass(frozen=True, slots=True)
class Saying:
    """Something that is said: the chime, a recorded name, then the phrase; each where there is one.

    `to` are ids of members, each of whom hears it by themself; or EVERYBODY_INSIDE.
    """

    to: tuple[str, ...]
    phrase: str = ""
    arguments: tuple[tuple[str, Argument], ...] = ()
    name_of: str = ""
    """Whose name, as they said it at the door, is heard before the phrase."""
    chime: Chime | None = None
    about: str = ""
    """Who came or went, where this tells that and nothing else: it may become stale."""


class _Audience(StrEnum):
    EVERYBODY = "everybody"
    """Inside together, or each by themself while people wait."""
    ADMINISTRATORS = "administrators"


_SWITCHED: Mapping[type[Happening], tuple[_Audience, str, str]] = MappingProxyType(
    {
        AllMuted: (_Audience.EVERYBODY, "conf.room.all_muted", "conf.room.all_unmuted"),
        Locked: (_Audience.ADMINISTRATORS, "conf.room.locked", "conf.room.unlocked"),
        Recording: (_Audience.EVERYBODY, "conf.room.recording", "conf.room.not_recording"),
        Announcing: (_Audience.ADMINISTRATORS, "conf.room.announcing", "conf.room.not_announcing"),
    }
)
"""Who hears that something was turned on or off, and the words for either."""

_OPENED: Mapping[type[Happening], str] = MappingProxyType(
    {Began: "conf.room.begins", Resumed: "conf.room.resumes"}
)

_LEFT: Mapping[Departure, str] = MappingProxyType(
    {
        Departure.HUNG_UP: "conf.room.left",
        Departure.CUT_OFF: "conf.room.cut_off",
        Departure.EXPELLED: "conf.room.left",
    }
)
"""How it is told that somebody left; that they were put out is between them and who did it."""

_OVER: Mapping[Ending, str] = MappingProxyType(
    {
        Ending.FINISHED: "conf.room.finished",
        Ending.TOO_LONG: "conf.room.too_long",
        Ending.NOBODY_CAME: "conf.room.nobody_came",
    }
)

_REFUSED: Mapping[Refusal, str] = MappingProxyType(
    {
        Refusal.NOT_ADMINISTRATOR: "conf.room.administrators_only",
        Refusal.NOT_HERE: "conf.room.nobody_there",
        Refusal.SILENCED: "conf.room.still_silenced",
        Refusal.OWN_MUTE: "conf.room.own_mute",
        Refusal.NOT_RUNNING: "conf.room.not_running",
        Refusal.ALREADY: "conf.room.already",
    }
)

_HELP: Mapping[Role, str] = MappingProxyType(
    {Role.PARTICIPANT: "conf.room.help", Role.ADMINISTRATOR: "conf.room.help_administrator"}
)

_ANSWERS: Mapping[Ask, str] = MappingProxyType(
    {
        Ask.HEAR_QUIETER: "conf.room.hear_quieter",
        Ask.HEAR_LOUDER: "conf.room.hear_louder",
        Ask.SPEAK_QUIETER: "conf.room.speak_quieter",
        Ask.SPEAK_LOUDER: "conf.room.speak_louder",
        Ask.HOW_TO_LEAVE: "conf.room.how_to_leave",
        Ask.LEAVE: "common.goodbye",
        Ask.WRONG: "conf.room.wrong_key",
    }
)

NO_FURTHER = "conf.room.no_further"
"""Said in place of the answer to a change of volume that is at its end."""


def told(
    happenings: Sequence[Happening], room: Room, recorded: Collection[str] = ()
) -> tuple[Saying, ...]:
    """What is said of what a room told at once, in order.

    `recorded` are the members whose names can be heard as they said them. Another's name is said by
    the voice, where it is known. Every member who is Over or expelled hears why before they are
    hung up.
    """
    return tuple(_Telling(happenings, room, recorded).sayings())


def stopping(room: Room) -> Saying:
    """What everybody hears when the program is about to stop."""
    inside = room.phase is Phase.RUNNING
    return Saying(EVERYBODY_INSIDE if inside else tuple(room.seats), "conf.room.stopping")


def answered(wanted: Ask, id: str, room: Room) -> Saying:
    """What somebody hears who pressed a key of their own."""
    match wanted:
        case Ask.COUNT:
            return _count(id, room)
        case Ask.HELP:
            seat = room.seats.get(id)
            return Saying((id,), _HELP[Role.PARTICIPANT if seat is None else seat.member.role])
        case Ask.HOW_TO_LEAVE if _leads_alone(id, room):
            return Saying((id,), "conf.room.how_to_leave_alone")
        case _:
            return Saying((id,), _ANSWERS[wanted])


def _leads_alone(id: str, room: Room) -> bool:
    """Whether all the others would wait if this administrator left."""
    others = [seat.member.role for other, seat in room.seats.items() if other != id]
    needed = room.rules.needs_administrator
    return needed and bool(others) and Role.ADMINISTRATOR not in others


def _count(id: str, room: Room) -> Saying:
    others = len(room.seats) - 1
    place = "conf.room.others" if room.phase is Phase.RUNNING else "conf.room.others_waiting"
    return Saying((id,), place, (("others", max(0, others)),))


class _Telling:
    """What is said of one batch of happenings."""

    def __init__(
        self, happenings: Sequence[Happening], room: Room, recorded: Collection[str]
    ) -> None:
        self._happenings = happenings
        self._kinds = {type(each) for each in happenings}
        came = {each.member.id for each in happenings if isinstance(each, Came)}
        self._there_before = tuple(id for id in room.seats if id not in came)
        self._room = room
        self._recorded = recorded

    def sayings(self) -> Iterator[Saying]:
        """All of it: first what everybody hears of who came or went, then what follows."""
        for each in self._happenings:
            yield from self._of(each)
        for each in self._happenings:
            if isinstance(each, Came):
                yield from self._to_newcomer(each.member)

    def _of(self, happening: Happening) -> Iterator[Saying]:
        match happening:
            case Came(member):
                yield from self._arrival(member)
            case Went(member, how):
                yield from self._departure(member, how)
            case Began() | Resumed():
                if len(self._room.seats) > 1:
                    yield Saying(EVERYBODY_INSIDE, _OPENED[type(happening)])
            case Interrupted():
                if self._there_before:
                    yield Saying(self._there_before, "conf.room.interrupted")
            case Muted():
                yield from self._muted(happening)
            case AllMuted(on) | Locked(on) | Recording(on) | Announcing(on):
                yield from self._switched(type(happening), on)
            case Warned(minutes):
                yield Saying(self._everybody, "conf.room.minutes", (("minutes", minutes),))
            case Refused(by, why):
                if by in self._room.seats:
                    yield Saying((by,), _REFUSED[why])
            case Over(why):
                yield from self._over(why)

    @property
    def _everybody(self) -> tuple[str, ...]:
        running = self._room.phase is Phase.RUNNING
        return EVERYBODY_INSIDE if running else tuple(self._room.seats)

    # ---- Who comes and who goes

    def _arrival(self, member: Member) -> Iterator[Saying]:
        if self._room.phase is Phase.RUNNING and len(self._room.seats) > 1:
            yield self._named(member, "conf.room.came", Chime.ARRIVAL)

    def _departure(self, member: Member, how: Departure) -> Iterator[Saying]:
        if how is Departure.EXPELLED:
            yield Saying((member.id,), "conf.room.expelled")
        if self._room.phase is not Phase.RUNNING or not self._there_before:
            return
        yield self._named(member, _LEFT[how], Chime.DEPARTURE)
        if len(self._room.seats) == 1:
            yield Saying(tuple(self._room.seats), "conf.room.alone_again")

    def _named(self, member: Member, phrase: str, chime: Chime) -> Saying:
        """Who came or went, by their name: as they said it, as it is written, or not at all."""
        to = EVERYBODY_INSIDE
        if not self._room.announced or len(self._room.seats) > CROWD:
            return Saying(to, chime=chime, about=member.id)
        if member.id in self._recorded:
            return Saying(to, phrase, name_of=member.id, chime=chime, about=member.id)
        if not member.name:
            return Saying(to, f"{phrase}_unnamed", chime=chime, about=member.id)
        given = (("name", member.name),)
        return Saying(to, f"{phrase}_by_name", given, chime=chime, about=member.id)

    def _to_newcomer(self, member: Member) -> Iterator[Saying]:
        if self._room.phase is Phase.WAITING:
            yield Saying((member.id,), "conf.room.waiting")
            yield Saying((member.id,), "conf.room.hint")
            return
        if self._room.recording and Recording not in self._kinds:
            yield Saying((member.id,), "conf.room.is_recorded")
        yield _count(member.id, self._room)
        yield Saying((member.id,), "conf.room.hint")

    # ---- Who is heard, and the rest

    def _muted(self, muted: Muted) -> Iterator[Saying]:
        if muted.by == muted.id:
            phrase = "conf.room.muted" if muted.on else "conf.room.unmuted"
        elif Came in self._kinds:
            phrase = "conf.room.listening"
        elif muted.on:
            phrase = "conf.room.silenced"
        elif self._room.seats[muted.id].muted:
            phrase = "conf.room.may_unmute"
        else:
            phrase = "conf.room.may_speak"
        yield Saying((muted.id,), phrase)

    def _switched(self, what: type[Happening], on: bool) -> Iterator[Saying]:
        if what is Recording and self._kinds & {Interrupted, Over}:
            return
        audience, when_on, when_off = _SWITCHED[what]
        phrase = when_on if on else when_off
        if audience is _Audience.EVERYBODY and self._room.seats:
            yield Saying(self._everybody, phrase)
        if audience is _Audience.ADMINISTRATORS and (leading := self._administrators):
            yield Saying(leading, phrase)

    @property
    def _administrators(self) -> tuple[str, ...]:
        members = (seat.member for seat in self._room.seats.values())
        return tuple(each.id for each in members if each.role is Role.ADMINISTRATOR)

    def _over(self, why: Ending) -> Iterator[Saying]:
        ended = tuple(
            each.member.id
            for each in self._happenings
            if isinstance(each, Went) and each.how is Departure.ENDED
        )
        if ended:
            yield Saying(ended, _OVER[why])
