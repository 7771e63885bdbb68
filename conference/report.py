"""What the report on a session tells, in the language of who reads it: words, figures and bars.

How it looks on paper is said by `adapters/report.typ`, which is given this and makes up no words of
its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from conference.conference import Role
from conference.happening import (
    AllMuted,
    Began,
    Interrupted,
    Locked,
    Muted,
    Over,
    Recording,
    Resumed,
    Warned,
)
from conference.history import Attendee, Session, Stay
from conference.invitation import day_told, hour_told, zone_told
from conference.report_words import Words, length_told, number_told, words_of
from conference.spans import Span, seconds

_TICKS_S = (60, 120, 300, 600, 900, 1800, 3600)
_MOST_TICKS = 7
_SHORT = 30
"""Letters of a name that fit beside its bars."""

Bar = tuple[float, float]
"""From where to where, as shares of the whole session."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A time on the axis."""

    at: float
    """As a share of the whole session."""
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """One person, in the table and in the plot."""

    name: str
    short: str
    """The name where there is room for one line."""
    role: str
    came: tuple[str, ...]
    """One for each stay."""
    went: tuple[str, ...]
    inside: str
    spoke: str
    waiting_bars: tuple[Bar, ...]
    inside_bars: tuple[Bar, ...]
    spoke_bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report."""

    language: str
    title: str
    heading: str
    day: str
    """On which it began."""
    cut_off: bool
    facts: tuple[tuple[str, str], ...]
    """What it is, and how it was."""
    notice: str
    """What went wrong; "" where nothing did."""
    rows: tuple[Row, ...]
    recorded_bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    events: tuple[tuple[str, str], ...]
    """When, and what."""
    labels: Mapping[str, str]
    """The words that the page is labelled with, by names of `report_words`."""


def report(session: Session, language: str, kept_until: datetime | None = None) -> Report:
    """The report on a session; `kept_until` is when its recording is deleted, None without one."""
    told = _Telling(session, words_of(language))
    return Report(
        language=language,
        title=_plain(session.conference.title),
        heading=told.words.heading,
        day=told.day(session.there.begin),
        cut_off=session.cut_off,
        facts=tuple(told.facts(kept_until)),
        notice=told.notice(),
        rows=tuple(told.row(each) for each in session.people),
        recorded_bars=told.bars(session.recorded),
        ticks=tuple(told.ticks()),
        events=tuple(told.events()),
        labels=dict(told.words.labels),
    )


class _Telling:
    """A session, told in the words of one language by the clock of its conference."""

    def __init__(self, session: Session, words: Words) -> None:
        self.session = session
        self.words = words
        self._zone = ZoneInfo(session.conference.zone)

    def facts(self, kept_until: datetime | None) -> Iterator[tuple[str, str]]:
        session, labels = self.session, self.words.labels
        begin, end = (self._local(each) for each in (session.there.begin, session.there.end))
        yield labels["day"], self.day(session.there.begin)
        yield (
            labels["hours"],
            self.words.hours.format(
                begin=self._hour(session.there.begin),
                end=self._hour(session.there.end),
                zone=zone_told(begin, self.words.language),
                day=self.day(session.there.end) if end.date() != begin.date() else "",
            ).replace(" ()", ""),
        )
        yield labels["length"], length_told(seconds(session.met))
        yield labels["room"], session.conference.room
        yield labels["people"], str(len(session.people))
        if session.recorded:
            kept = "" if kept_until is None else self._kept(kept_until)
            yield labels["recording"], length_told(seconds(session.recorded)) + kept
        if session.ending is not None:
            yield labels["ending"], self.words.endings[session.ending]

    def day(self, at: datetime) -> str:
        return day_told(self._local(at), self.words.language)

    def notice(self) -> str:
        session = self.session
        if session.cut_off:
            return self.words.cut_off.format(at=self._hour(session.there.end))
        return "" if session.took_place else self.words.never_began

    def row(self, attendee: Attendee) -> Row:
        administrates = attendee.role is Role.ADMINISTRATOR
        name = self._called(attendee.name, attendee.number)
        return Row(
            name=name,
            short=name if len(name) <= _SHORT else f"{name[: _SHORT - 1]}…",
            role=self.words.administrator if administrates else self.words.participant,
            came=tuple(self._hour(stay.there.begin) for stay in attendee.stays),
            went=tuple(self._went(stay) for stay in attendee.stays),
            inside=length_told(attendee.inside_s),
            spoke=length_told(attendee.spoke_s),
            waiting_bars=self.bars(attendee.waited),
            inside_bars=self.bars(attendee.inside),
            spoke_bars=self.bars(attendee.spoke),
        )

    def bars(self, spans: tuple[Span, ...]) -> tuple[Bar, ...]:
        return tuple((self._share(span.begin), self._share(span.end)) for span in spans)

    def ticks(self) -> Iterator[Tick]:
        """Round times on the wall, so many that their labels stand apart."""
        whole = self.session.there
        step = next((s for s in _TICKS_S if whole.seconds / s <= _MOST_TICKS), _TICKS_S[-1])
        into = self._local(whole.begin)
        midnight = into.replace(hour=0, minute=0, second=0, microsecond=0)
        past = (into - midnight).total_seconds() % step
        at = whole.begin + timedelta(seconds=step - past if past else 0)
        while at <= whole.end:
            yield Tick(self._share(at), self._hour(at))
            at += timedelta(seconds=step)

    def events(self) -> Iterator[tuple[str, str]]:
        for entry in self.session.events:
            text = self._event(entry.what)
            if text:
                yield self._hour(entry.at), text

    def _event(self, what: object) -> str:
        """What happened in words; "" for what is not told."""
        words = self.words.events
        match what:
            case Began() | Interrupted() | Resumed():
                return words[type(what)]
            case Over(why):
                return self.words.endings[why]
            case Warned(minutes):
                return words[Warned].format(minutes=minutes)
            case Recording(on, by) | AllMuted(on, by) | Locked(on, by):
                return self._done(self.words.switched[type(what)][on], by)
            case Muted(id, on, by) if by != id:
                said = self.words.switched[Muted][on]
                return self._done(said.format(name=self._name(id)), by)
        return ""

    def _done(self, text: str, by: str) -> str:
        """What was done, and by whom where somebody who was there did it."""
        return self.words.by.format(text=text, name=self._name(by)) if by else text

    def _name(self, id: str) -> str:
        member = self.session.members.get(id)
        return self.words.unknown if member is None else self._called(member.name, member.number)

    def _called(self, name: str, number: str) -> str:
        """What somebody is called, by their number where nobody knows their name."""
        return _plain(name) or number_told(_plain(number)) or self.words.unknown

    def _went(self, stay: Stay) -> str:
        how = "" if stay.how is None else self.words.departures[stay.how]
        hour = self._hour(stay.there.end)
        return f"{hour} ({how})" if how else hour

    def _kept(self, until: datetime) -> str:
        return self.words.kept.format(day=self.day(until))

    def _share(self, at: datetime) -> float:
        whole = self.session.there
        return (at - whole.begin).total_seconds() / whole.seconds if whole.seconds else 0.0

    def _hour(self, at: datetime) -> str:
        return hour_told(self._local(at), self.words.language)

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self._zone)


def _plain(text: str) -> str:
    """A name on one line, without what cannot be seen and turns or breaks the text around it."""
    return "".join(each for each in " ".join(text.split()) if each.isprintable()).strip()
