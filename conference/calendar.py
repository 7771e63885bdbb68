"""A conference as an entry of the reader's calendar: iCalendar (RFC 5545), by iTIP (RFC 5546).

An entry is one and the same from the invitation to the cancellation, by its UID; SEQUENCE says
which word about it is the newest. Each person gets their own, with their own code in it.

The time zone is told by our own VTIMEZONE, from the same rules that the program reckons by: what
the library writes begins daylight saving time an hour late.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard
from icalendar.prop import vCalAddress, vText

from conference.conference import Conference, Role
from conference.letter import CalendarFile, domain_of
from conference.ports import MailDue, MailKind

ASSUMED = timedelta(hours=1)
"""How long a conference is in a calendar for which nobody said how long it takes."""

_AROUND = timedelta(days=400)
"""The changes of the clock that are told: those within so much of the start."""

_LATER = timedelta(days=366 * 5)
"""For how long a yearly rule must hold to be told as one."""

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

Observance = TimezoneStandard | TimezoneDaylight


@dataclass(frozen=True, slots=True)
class Told:
    """What an entry says in words, in the reader's language."""

    summary: str
    location: str
    description: str
    inviter: str


def calendar_file(due: MailDue, told: Told, sender: str) -> CalendarFile | None:
    """The entry of an e-mail's reader; None for a conference that is held at no certain time."""
    conference = due.conference
    if conference.starts_at is None:
        return None
    cancelled = due.kind is MailKind.CANCELLED
    method = "CANCEL" if cancelled else "REQUEST"
    calendar = Calendar()
    calendar.add("prodid", "-//Vestibule//Conferences//FR")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    if conference.zone != "UTC":
        calendar.add_component(zone_entry(conference.zone, conference.starts_at))
    calendar.add_component(_event(due, told, sender, cancelled=cancelled))
    return CalendarFile(method, calendar.to_ical())


def _event(due: MailDue, told: Told, sender: str, *, cancelled: bool) -> Event:
    conference, zone = due.conference, ZoneInfo(due.conference.zone)
    starts, ends = span(conference)
    event = Event()
    event.add("uid", f"{conference.id}@{domain_of(sender)}")
    event.add("sequence", conference.sequence)
    event.add("dtstamp", due.created)
    event.add("dtstart", starts.astimezone(zone))
    event.add("dtend", ends.astimezone(zone))
    event.add("summary", told.summary, {"language": due.invitee.language})
    event.add("location", told.location)
    event.add("description", told.description)
    event.add("organizer", _person(parseaddr(sender)[1], told.inviter), encode=False)
    event.add("attendee", _attendee(due), encode=False)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    return event


def span(conference: Conference) -> tuple[datetime, datetime]:
    """From when to when a conference of single use is thought to take, in UTC."""
    if conference.starts_at is None:
        raise ValueError("a permanent conference has no time")
    return conference.starts_at, conference.starts_at + (conference.planned or ASSUMED)


def _person(email: str, name: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{email}")
    person.params["cn"] = vText(_parameter(name))
    return person


def _attendee(due: MailDue) -> vCalAddress:
    person = _person(due.invitee.email, due.invitee.name)
    chair = due.invitee.role is Role.ADMINISTRATOR
    person.params["cutype"] = vText("INDIVIDUAL")
    person.params["role"] = vText("CHAIR" if chair else "REQ-PARTICIPANT")
    person.params["partstat"] = vText("NEEDS-ACTION")
    person.params["rsvp"] = vText("FALSE")  # nobody reads what would come back
    return person


def _parameter(text: str) -> str:
    """What may stand in a parameter: no quote and no control character (RFC 5545 §3.1)."""
    return " ".join(text.replace('"', "'").split())


# ---- The time zone.


@dataclass(frozen=True, slots=True)
class Change:
    """The clocks of a zone are set."""

    at: datetime
    """In UTC."""
    before: timedelta
    after: timedelta
    name: str
    saves: bool
    """Whether daylight saving time begins."""

    @property
    def onset(self) -> datetime:
        """The wall clock at that instant, as it went until then: what RFC 5545 §3.6.5 asks for."""
        return (self.at + self.before).replace(tzinfo=None)


def zone_entry(name: str, start: datetime) -> Timezone:
    """What is to be known of a zone around a start: VTIMEZONE."""
    zone = ZoneInfo(name)
    entry = Timezone()
    entry.add("tzid", name)
    changes = list(changes_between(zone, start - _AROUND, start + _LATER))
    if not changes or changes[0].at > start:
        entry.add_component(_observance(_standing(zone, start - _AROUND)))
    kinds = {(each.before, each.after, each.name): each.saves for each in changes}
    for kind in kinds:
        alike = [each for each in changes if (each.before, each.after, each.name) == kind]
        for observance in _observances(alike, start):
            entry.add_component(observance)
    return entry


def changes_between(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[Change]:
    """Each change of the clocks of a zone, in order."""
    day = timedelta(days=1)
    at, offset = begin, _offset(zone, begin)
    while at < end:
        until = at + day
        if _offset(zone, until) != offset:
            instant = _instant(zone, at, until)
            yield _change(zone, instant, offset)
            offset = _offset(zone, until)
        at = until


def _instant(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The second at which the clocks are set, between two instants around it."""
    offset = _offset(zone, before)
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        same = _offset(zone, before + timedelta(seconds=middle)) == offset
        low, high = (middle, high) if same else (low, middle)
    return before + timedelta(seconds=high)


def _change(zone: ZoneInfo, instant: datetime, before: timedelta) -> Change:
    local = instant.astimezone(zone)
    return Change(
        instant.replace(microsecond=0),
        before,
        local.utcoffset() or timedelta(),
        local.tzname() or "",
        bool(local.dst()),
    )


def _standing(zone: ZoneInfo, at: datetime) -> Change:
    """How the clocks stand, as if they had been set so."""
    change = _change(zone, at, _offset(zone, at))
    midnight = change.onset.replace(hour=0, minute=0, second=0)
    return Change(
        (midnight - change.after).replace(tzinfo=at.tzinfo),
        change.after,
        change.after,
        change.name,
        change.saves,
    )


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def _observances(alike: list[Change], start: datetime) -> Iterator[Observance]:
    """Changes of one kind: as a yearly rule where they keep one, else each by itself."""
    rule = _rule(alike)
    if rule is not None:
        observance = _observance(alike[0])
        observance.add("rrule", rule)
        yield observance
        return
    for change in alike:
        if abs(change.at - start) <= _AROUND:
            yield _observance(change)


def _rule(alike: list[Change]) -> dict[str, object] | None:
    """The rule that every change keeps, year after year; None where there is none."""
    onsets = [each.onset for each in alike]
    years = [each.year for each in onsets]
    if len(onsets) < 4 or years != list(range(years[0], years[0] + len(years))):
        return None
    if len({(each.month, each.weekday(), each.time()) for each in onsets}) > 1:
        return None
    weeks = {(each.day - 1) // 7 + 1 for each in onsets}
    last = all((each + timedelta(days=7)).month != each.month for each in onsets)
    if len(weeks) > 1 and not last:
        return None
    week = -1 if last else weeks.pop()
    day = _DAYS[onsets[0].weekday()]
    return {"freq": "yearly", "bymonth": onsets[0].month, "byday": f"{week}{day}"}


def _observance(change: Change) -> Observance:
    observance: Observance = TimezoneDaylight() if change.saves else TimezoneStandard()
    observance.add("dtstart", change.onset)
    observance.add("tzoffsetfrom", change.before)
    observance.add("tzoffsetto", change.after)
    observance.add("tzname", change.name)
    return observance
