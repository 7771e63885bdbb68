"""What remains of a session: who was there and when, who spoke, and what happened to it.

All of it is told anew from the entries of the journal, so that whatever is shown of a session,
in a list, in a report or on a screen, comes from one account. The rules:

- Somebody is one person however often they came, and by how many telephones at once: the same
  invitee, or the same name and number where they came by a code that says nobody's name. Whoever
  has neither is somebody else each time.
- They were inside while the others could hear them: from Came, Began or Resumed until they went or
  an Interrupted sent all back into the waiting room. What they were there besides, they waited.
- Who spoke is counted while they were inside; two telephones at once count once.
- A session without Over was cut off by a crash. It ends with the last thing that is known of it.
- A session in which nobody was ever inside took place for nobody, and yet people were connected: it
  is listed, as one that did not begin. A session exists from the first who came, so one that nobody
  joined cannot be listed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from conference.conference import Conference, Role
from conference.happening import (
    Began,
    Came,
    Departure,
    Ending,
    Happening,
    Interrupted,
    Member,
    Muted,
    Over,
    Recording,
    Refused,
    Resumed,
    Went,
)
from conference.ports import Entry, Notes, Spoke
from conference.spans import Span, seconds, union, within

_PASSING = (Came, Went, Spoke, Refused)
"""What is told of people, or of nobody, and is no event of the session."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody was there, by one telephone."""

    there: Span
    inside: tuple[Span, ...]
    how: Departure | None
    """How it ended; None where the session was cut off."""


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody who was there at least once."""

    name: str
    """"" where nobody knows."""
    number: str
    """What their telephone told first; "" where none did."""
    role: Role
    invitee: str
    stays: tuple[Stay, ...]
    """In the order in which they came."""
    spoke: tuple[Span, ...]

    @property
    def came(self) -> datetime:
        """When first."""
        return self.stays[0].there.begin

    @property
    def went(self) -> datetime:
        """When last."""
        return max(stay.there.end for stay in self.stays)

    @property
    def inside(self) -> tuple[Span, ...]:
        """When they heard the others."""
        return union(span for stay in self.stays for span in stay.inside)

    @property
    def waited(self) -> tuple[Span, ...]:
        """When they were there, and heard music."""
        there = union(stay.there for stay in self.stays)
        return tuple(_outside(there, self.inside))

    @property
    def inside_s(self) -> float:
        return seconds(self.inside)

    @property
    def spoke_s(self) -> float:
        return seconds(self.spoke)


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is over, or how it stood when this was told."""

    id: str
    conference: Conference
    """As it was arranged when the first one came."""
    there: Span
    """From the first one who came until the last one had gone."""
    met: tuple[Span, ...]
    """When people heard each other: more than one where it was interrupted."""
    recorded: tuple[Span, ...]
    people: tuple[Attendee, ...]
    """In the order in which they came."""
    events: tuple[Entry, ...]
    """What happened besides people coming, going and speaking."""
    ending: Ending | None
    """Why it was over; None where it was not, or was cut off."""
    cut_off: bool
    """Whether a crash of the program ended it."""
    members: Mapping[str, Member]
    """Who was there, by the ids that events name them by."""

    @property
    def took_place(self) -> bool:
        """Whether anybody was inside."""
        return bool(self.met)


def retell(notes: Notes) -> Session:
    """What the entries of a session come to."""
    telling = _Telling(notes.began)
    for entry in notes.entries:
        telling.take(entry)
    return telling.session(notes)


class _Stayed:
    """A stay while it is told."""

    def __init__(self, member: Member, at: datetime) -> None:
        self.member = member
        self.came = at
        self.since: datetime | None = None
        self.inside: list[Span] = []
        self.spoke: list[Span] = []
        self.stay: Stay | None = None

    def let_in(self, at: datetime) -> None:
        self.since = at if self.since is None else self.since

    def send_out(self, at: datetime) -> None:
        if self.since is not None:
            self.inside.append(Span(self.since, at))
            self.since = None

    def go(self, at: datetime, how: Departure | None) -> None:
        self.send_out(at)
        self.stay = Stay(Span(self.came, at), union(self.inside), how)


class _Telling:
    """The account while entry after entry is taken into it.

    An instant before the one told last counts as that one: the wall clock may be set back.
    """

    def __init__(self, began: datetime) -> None:
        self._now = began
        self._here: dict[str, _Stayed] = {}
        self._stays: list[_Stayed] = []
        self._by_id: dict[str, _Stayed] = {}
        self._met: list[Span] = []
        self._meeting: datetime | None = None
        self._recorded: list[Span] = []
        self._taping: datetime | None = None
        self._events: list[Entry] = []
        self._ending: Ending | None = None

    def take(self, entry: Entry) -> None:
        self._now = at = max(self._now, entry.at)
        match entry.what:
            case Came(member, inside):
                self._come(member, inside)
            case Went(member, how):
                if (gone := self._here.pop(member.id, None)) is not None:
                    gone.go(at, how)
            case Spoke(id, spoken_s):
                self._speak(id, spoken_s)
            case Began() | Resumed():
                self._meet()
            case Interrupted():
                self._part()
            case Recording(on):
                self._tape(on)
            case Over(why):
                self._ending = why
        if not (isinstance(entry.what, _PASSING) or self._comes_muted(entry.what)):
            self._events.append(Entry(at, entry.what))

    def _comes_muted(self, what: Happening | Spoke) -> bool:
        """Whether somebody is muted by coming, after all were: that was told then."""
        if not (isinstance(what, Muted) and what.on):
            return False
        muted = self._here.get(what.id)
        return muted is not None and muted.came == self._now and not what.by

    def session(self, notes: Notes) -> Session:
        """All of it, as it stands at the end of the session, or now."""
        self._now = end = max(self._now, notes.ended or self._now)
        for left in self._here.values():
            left.go(end, None)
        self._part()
        self._tape(False)
        return Session(
            id=notes.id,
            conference=notes.conference,
            there=Span(notes.began, end),
            met=union(self._met),
            recorded=union(self._recorded),
            people=tuple(_people(self._stays)),
            events=tuple(self._events),
            ending=self._ending,
            cut_off=notes.ended is not None and self._ending is None,
            members=MappingProxyType({each.member.id: each.member for each in self._stays}),
        )

    def _come(self, member: Member, inside: bool) -> None:
        stayed = _Stayed(member, self._now)
        if inside:
            stayed.let_in(self._now)
        self._here[member.id] = stayed
        self._stays.append(stayed)
        self._by_id[member.id] = stayed

    def _speak(self, id: str, spoken_s: float) -> None:
        # Whoever went while speaking is told of just after.
        speaker = self._by_id.get(id)
        if speaker is not None:
            speaker.spoke.append(Span(self._now - timedelta(seconds=spoken_s), self._now))

    def _meet(self) -> None:
        self._meeting = self._now if self._meeting is None else self._meeting
        for each in self._here.values():
            each.let_in(self._now)

    def _part(self) -> None:
        if self._meeting is not None:
            self._met.append(Span(self._meeting, self._now))
            self._meeting = None
        for each in self._here.values():
            each.send_out(self._now)

    def _tape(self, on: bool) -> None:
        if self._taping is not None:
            self._recorded.append(Span(self._taping, self._now))
        self._taping = self._now if on else None


def _people(stays: Iterable[_Stayed]) -> Iterator[Attendee]:
    """Whoever was there, each once."""
    grouped: dict[tuple[str, ...], list[_Stayed]] = {}
    for stayed in stays:
        grouped.setdefault(_who(stayed.member), []).append(stayed)
    for own in grouped.values():
        members = [each.member for each in own]
        ended = [each.stay for each in own if each.stay is not None]
        led = any(member.role is Role.ADMINISTRATOR for member in members)
        yield Attendee(
            name=next((member.name for member in members if member.name), ""),
            number=next((member.number for member in members if member.number), ""),
            role=Role.ADMINISTRATOR if led else Role.PARTICIPANT,
            invitee=members[0].invitee,
            stays=tuple(ended),
            spoke=union(span for each in own for span in within(each.spoke, each.inside)),
        )


def _who(member: Member) -> tuple[str, ...]:
    """What is the same for all stays of one person, and for nobody else's."""
    if member.invitee:
        return (member.invitee,)
    if member.name or member.number:
        return member.name, member.number
    return "", "", member.id


def _outside(spans: Iterable[Span], others: Iterable[Span]) -> Iterator[Span]:
    """What of the spans, which are apart, the others do not cover."""
    covered = union(others)
    for span in spans:
        at = span.begin
        for other in within(covered, (span,)):
            if at < other.begin:
                yield Span(at, other.begin)
            at = other.end
        if at < span.end:
            yield Span(at, span.end)
