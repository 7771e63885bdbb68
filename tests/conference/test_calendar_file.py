"""The calendar file of an invitation, read by a parser that forgives nothing.

The parser is made of the grammar of RFC 5545 §3.1 alone; the time zone is reckoned by another
library than the one that wrote it.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz
from hypothesis import given, settings
from hypothesis import strategies as st

from conference.conference import Conference, Invitee
from conference.ports import MailKind
from tests.conference.letters import ELISE, HOST, LAUNCH, WILLIAM, letter, mail

_NAME = r"[A-Za-z0-9-]+"
_SAFE = r'[^\x00-\x08\x0a-\x1f\x7f";:,]*'
_QUOTED = r'"[^\x00-\x08\x0a-\x1f\x7f"]*"'
_PARAMETER = rf"{_NAME}=(?:{_QUOTED}|{_SAFE})(?:,(?:{_QUOTED}|{_SAFE}))*"
_LINE = re.compile(rf"({_NAME})((?:;{_PARAMETER})*):([^\x00-\x08\x0a-\x1f\x7f]*)")

ONCE = {
    "VCALENDAR": {"PRODID", "VERSION", "METHOD", "CALSCALE"},
    "VEVENT": {"UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "SUMMARY", "ORGANIZER", "STATUS"},
    "VTIMEZONE": {"TZID"},
    "STANDARD": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"},
    "DAYLIGHT": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"},
}
"""What must stand exactly once: RFC 5545 §3.6, and RFC 5546 §3.2.2 and §3.2.5."""


@dataclass
class Property:
    name: str
    parameters: dict[str, str]
    value: str

    @property
    def text(self) -> str:
        """Its value as TEXT (§3.3.11); an escape that is none is refused."""
        assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", self.value), self.value
        assert not re.search(r"(?<!\\)(?:\\\\)*\\[^\\;,nN]", self.value), self.value
        said = {"\\n": "\n", "\\N": "\n"}
        return re.sub(r"\\[\\;,nN]", lambda m: said.get(m[0], m[0][1:]), self.value)


@dataclass
class Component:
    name: str
    properties: list[Property] = field(default_factory=list)
    parts: list["Component"] = field(default_factory=list)

    def one(self, name: str) -> Property:
        (found,) = [each for each in self.properties if each.name == name]
        return found

    def part(self, name: str) -> "Component":
        (found,) = [each for each in self.parts if each.name == name]
        return found

    def walk(self) -> Iterator["Component"]:
        yield self
        for each in self.parts:
            yield from each.walk()


def strict(octets: bytes) -> Component:
    """The one object of a file; anything that is not by the letter fails."""
    assert octets.endswith(b"\r\n")
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert b"\r" not in octets.replace(b"\r\n", b"")
    for line in octets.split(b"\r\n"):
        assert len(line) <= 75, line
        line.decode()  # no character is torn by a fold
    stack = [Component("")]
    for line in octets.decode().replace("\r\n ", "").replace("\r\n\t", "").split("\r\n")[:-1]:
        found = _property(line)
        if found.name == "BEGIN":
            stack.append(Component(found.value))
        elif found.name == "END":
            over = stack.pop()
            assert over.name == found.value
            stack[-1].parts.append(over)
        else:
            stack[-1].properties.append(found)
    (root,) = stack
    (calendar,) = root.parts
    for each in calendar.walk():
        names = [known.name for known in each.properties]
        assert all(names.count(name) == 1 for name in ONCE[each.name]), each
    return calendar


def _property(line: str) -> Property:
    match = _LINE.fullmatch(line)
    assert match is not None, line
    given = re.findall(rf"({_NAME})=((?:{_QUOTED})|(?:{_SAFE}))", match[2])
    return Property(match[1], {name: value.strip('"') for name, value in given}, match[3])


def entry(
    conference: Conference = LAUNCH,
    invitee: Invitee = ELISE,
    kind: MailKind = MailKind.INVITATION,
) -> Component:
    written = letter(conference, invitee, kind).calendar
    assert written is not None
    return strict(written.octets)


def zone_of(calendar: Component, octets: bytes) -> object:
    """The time zone as the file tells it, reckoned by dateutil."""
    name = calendar.part("VTIMEZONE").one("TZID").value
    return tz.tzical(io.StringIO(octets.decode())).get(name)


def instant(calendar: Component, octets: bytes, name: str) -> datetime:
    """An instant of the event, by the zone that the file itself tells."""
    told = calendar.part("VEVENT").one(name)
    assert told.parameters["TZID"] == calendar.part("VTIMEZONE").one("TZID").value
    wall = datetime.strptime(told.value, "%Y%m%dT%H%M%S")  # noqa: DTZ007 the zone follows
    return wall.replace(tzinfo=zone_of(calendar, octets)).astimezone(UTC)  # type: ignore[arg-type]


def octets_of(conference: Conference) -> bytes:
    written = letter(conference).calendar
    assert written is not None
    return written.octets


def test_an_invitation_asks_for_a_place_in_the_calendar_of_its_reader_alone() -> None:
    calendar = entry()
    assert calendar.one("METHOD").value == "REQUEST"
    assert calendar.one("VERSION").value == "2.0"
    event = calendar.part("VEVENT")
    assert event.one("UID").value == "c0ffee@example.org"
    assert event.one("DTSTAMP").value == "20270730T201500Z"
    assert event.one("DTSTART").value == "20270803T100000"
    assert event.one("DTEND").value == "20270803T113000"
    assert event.one("SUMMARY").text == "Lancement"
    assert event.one("STATUS").value == "CONFIRMED"
    organizer = event.one("ORGANIZER")
    assert organizer.value == "mailto:conferences@example.org"
    assert organizer.parameters["CN"] == HOST.name
    (guest,) = [each for each in event.properties if each.name == "ATTENDEE"]
    assert guest.value == "mailto:elise@example.org"
    assert guest.parameters["CN"] == "Élise Côté"
    assert (guest.parameters["ROLE"], guest.parameters["RSVP"]) == ("CHAIR", "FALSE")


def test_the_entry_says_where_to_call_and_with_which_code() -> None:
    event = entry(invitee=WILLIAM).part("VEVENT")
    assert event.one("LOCATION").text == (
        "514 555-0199 (Montréal), 1 800 555-0199 (toll-free), room 4321 #"
    )
    description = event.one("DESCRIPTION").text
    assert "2863" in description
    assert "1750" not in description
    assert "Hello" not in description
    assert "e-mail" not in description
    (guest,) = [each for each in event.properties if each.name == "ATTENDEE"]
    assert guest.parameters["ROLE"] == "REQ-PARTICIPANT"


def test_a_change_is_the_same_entry_and_a_later_word_about_it() -> None:
    moved = replace(LAUNCH, starts_at=LAUNCH.starts_at + timedelta(days=1), sequence=3)  # type: ignore[operator]
    event = entry(moved, kind=MailKind.CHANGED).part("VEVENT")
    assert event.one("UID").value == entry().part("VEVENT").one("UID").value
    assert event.one("SEQUENCE").value == "3"
    assert event.one("DTSTART").value == "20270804T100000"


def test_a_cancellation_takes_the_entry_out() -> None:
    calendar = entry(replace(LAUNCH, sequence=4), kind=MailKind.CANCELLED)
    assert calendar.one("METHOD").value == "CANCEL"
    event = calendar.part("VEVENT")
    assert event.one("STATUS").value == "CANCELLED"
    assert event.one("SEQUENCE").value == "4"
    assert event.one("UID").value == "c0ffee@example.org"
    assert "1750" not in event.one("DESCRIPTION").text


@pytest.mark.parametrize(
    ("zone", "kinds"),
    [
        ("America/Toronto", {"STANDARD", "DAYLIGHT"}),
        ("America/Regina", {"STANDARD"}),
        ("America/Phoenix", {"STANDARD"}),
        ("Europe/Paris", {"STANDARD", "DAYLIGHT"}),
        ("Australia/Sydney", {"STANDARD", "DAYLIGHT"}),
        ("Africa/Casablanca", {"STANDARD", "DAYLIGHT"}),
        ("Asia/Kolkata", {"STANDARD"}),
    ],
)
def test_the_zone_is_told_with_its_changes(zone: str, kinds: set[str]) -> None:
    calendar = entry(replace(LAUNCH, zone=zone))
    assert {each.name for each in calendar.part("VTIMEZONE").parts} == kinds


def test_the_clocks_of_quebec_change_at_two_by_the_clock_that_went_until_then() -> None:
    zone = entry().part("VTIMEZONE")
    told = {
        each.name: (each.one("DTSTART").value[-6:], each.one("RRULE").value) for each in zone.parts
    }
    assert {name: time for name, (time, _) in told.items()} == {
        "STANDARD": "020000", "DAYLIGHT": "020000",
    }  # fmt: skip
    assert set(told["DAYLIGHT"][1].split(";")) == {"FREQ=YEARLY", "BYMONTH=3", "BYDAY=2SU"}
    assert set(told["STANDARD"][1].split(";")) == {"FREQ=YEARLY", "BYMONTH=11", "BYDAY=1SU"}


def test_a_conference_held_by_universal_time_needs_no_zone() -> None:
    calendar = entry(replace(LAUNCH, zone="UTC"))
    assert [each.name for each in calendar.parts] == ["VEVENT"]
    assert calendar.part("VEVENT").one("DTSTART").value == "20270803T140000Z"


@pytest.mark.parametrize(
    "starts",
    [
        datetime(2027, 3, 14, 5, 0, tzinfo=UTC),  # midnight, before clocks are put forward at 2
        datetime(2027, 3, 14, 6, 30, tzinfo=UTC),  # half past one
        datetime(2027, 3, 14, 7, 0, tzinfo=UTC),  # three, the first minute of the new clock
        datetime(2027, 11, 7, 4, 0, tzinfo=UTC),  # midnight, before clocks are put back at 2
        datetime(2027, 11, 7, 7, 0, tzinfo=UTC),  # two, after the hour that came twice
    ],
)
def test_an_entry_around_a_change_of_the_clock_is_at_the_right_instants(starts: datetime) -> None:
    conference = replace(LAUNCH, starts_at=starts, planned=timedelta(hours=3))
    octets = octets_of(conference)
    calendar = strict(octets)
    assert instant(calendar, octets, "DTSTART") == starts
    assert instant(calendar, octets, "DTEND") == starts + timedelta(hours=3)


ZONES = (
    "America/Toronto", "America/St_Johns", "America/Vancouver", "America/Regina", "Europe/Paris",
    "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Auckland", "Africa/Casablanca",
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2026, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_whoever_reckons_by_the_file_comes_at_the_right_time(zone: str, starts: datetime) -> None:
    starts = starts.replace(second=0, microsecond=0)
    wall = starts.astimezone(ZoneInfo(zone))
    if wall.fold or wall.replace(fold=1).utcoffset() != wall.utcoffset():
        return  # an hour that comes twice: a wall clock cannot tell which is meant
    octets = octets_of(replace(LAUNCH, zone=zone, starts_at=starts))
    assert instant(strict(octets), octets, "DTSTART") == starts


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=80),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=80),
)
def test_whatever_people_and_conferences_are_called_the_file_keeps_its_grammar(
    title: str, name: str
) -> None:
    called = replace(ELISE, name=name)
    calendar = entry(replace(LAUNCH, title=title), called)
    assert calendar.part("VEVENT").one("SUMMARY").text == title


def test_it_travels_as_an_alternative_and_as_a_file_the_same_octets() -> None:
    got = mail()
    parts = {each.get_content_type(): each for each in got.walk()}
    alternative, file = parts["text/calendar"], parts["application/ics"]
    assert alternative.get_param("method") == "REQUEST"
    assert alternative.get_content_charset() == "utf-8"
    assert file.get_filename() == "invitation.ics"
    assert alternative.get_payload(decode=True) == file.get_payload(decode=True)
    strict(file.get_payload(decode=True))  # type: ignore[arg-type]
    assert "method" in mail(kind=MailKind.CANCELLED).as_string()
