"""The words of an invitation, of a change and of a cancellation, in the language of who reads them.

What is said is in `templates/<language>/conference_*.j2`; numbers and dates follow the locale.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_timezone_name

from conference.calendar import Told, calendar_file, span
from conference.conference import Conference, Invitee, Kind, Role
from conference.letter import Letter, Wording
from conference.ports import MailDue, MailKind

_LOCALES = MappingProxyType({"fr": "fr_CA", "en": "en_CA"})

_HOURS = MappingProxyType(
    {"fr": ("H\u00a0'h'", "H\u00a0'h'\u00a0mm"), "en": ("h:mm\u00a0a", "h:mm\u00a0a")}
)
"""How a time is written on the hour, and at any other minute."""

_TEMPLATES = MappingProxyType(
    {
        MailKind.INVITATION: "conference_invitation",
        MailKind.CHANGED: "conference_invitation",
        MailKind.CANCELLED: "conference_cancelled",
    }
)

SHORTEST = 7
"""Digits of a number that a mobile can dial; shorter ones are known inside the company alone."""

Words = dict[str, object]


@dataclass(frozen=True, slots=True)
class DialIn:
    """A number that leads to the conferences, as it is read."""

    number: str
    labels: Mapping[str, str] = field(default_factory=dict)
    """By language: a town, or "sans frais" and "toll-free"."""


@dataclass(frozen=True, slots=True)
class House:
    """What all invitations of a company tell alike."""

    company: str
    sender: str
    """The address that they come from, with a name or without."""
    numbers: tuple[DialIn, ...] = ()
    """The most usual first."""
    web: str = ""
    """The address of our pages, where conferences are streamed; "" where they are not."""


@dataclass(frozen=True, slots=True)
class Host:
    """Who invites."""

    name: str
    email: str = ""
    """Who answers where somebody writes back; "" for nobody."""


class Invitations:
    """Writes what tells people of a conference."""

    def __init__(self, house: House, wording: Wording) -> None:
        self.house = house
        self._wording = wording

    def letter(self, due: MailDue, host: Host) -> Letter:
        """The letter of an invitation, a change or a cancellation."""
        language = due.invitee.language
        words = self._words(due.conference, due.invitee, host)
        words["changed"] = due.kind is MailKind.CHANGED
        stem = f"{language}/{_TEMPLATES[due.kind]}"
        words["subject"] = subject = self._wording.line(f"{stem}.subject.j2", words)
        told = Told(
            due.conference.title,
            self._wording.line(f"{language}/conference_place.j2", words),
            self._wording.text(f"{stem}.txt.j2", words | {"in_calendar": True}).strip(),
            host.name,
        )
        return Letter(
            subject,
            self._wording.text(f"{stem}.txt.j2", words),
            self._wording.text(f"{stem}.html.j2", words),
            language,
            calendar=calendar_file(due, told, self.house.sender),
            reply_to="" if words["own"] else host.email,
        )

    def to_copy(self, conference: Conference, role: Role, language: str) -> str:
        """What may be handed to anybody, with the code that anybody in a role comes in by."""
        codes = {each.role: each.code for each in conference.generic_codes}
        anybody = Invitee("", "", "", role, language, codes.get(role, ""))
        words = self._words(conference, anybody, Host(self.house.company))
        return self._wording.text(f"{language}/conference_to_copy.txt.j2", words)

    def _words(self, conference: Conference, invitee: Invitee, host: Host) -> Words:
        """What the templates may say."""
        numbers = [self._number(each, conference, invitee) for each in self.house.numbers]
        own = bool(host.email) and host.email.casefold() == invitee.email.casefold()
        return {
            "in_calendar": False,
            "changed": False,
            "name": invitee.name,
            "title": conference.title,
            "inviter": host.name,
            "company": self.house.company,
            "own": own,
            "answered": bool(host.email) and not own,
            "permanent": conference.kind is Kind.PERMANENT,
            "administrator": invitee.role is Role.ADMINISTRATOR,
            "waits": conference.needs_administrator,
            "announced": conference.options.announced,
            "recorded": conference.options.recorded,
            "listen": self._listen(conference),
            "numbers": numbers,
            "one_tap": sum(1 for each in numbers if each["link"]),
            "room": conference.room,
            "code": invitee.code,
            **_when(conference, invitee.language),
        }

    def _number(self, each: DialIn, conference: Conference, invitee: Invitee) -> Mapping[str, str]:
        return {
            "number": each.number,
            "label": each.labels.get(invitee.language, ""),
            "link": one_tap(each.number, conference, invitee),
        }

    def _listen(self, conference: Conference) -> str:
        streamed = conference.options.streamed and self.house.web and conference.link
        return f"{self.house.web.rstrip('/')}/listen/{conference.link}" if streamed else ""


def one_tap(number: str, conference: Conference, invitee: Invitee) -> str:
    """The link by which a mobile dials the number, the room and the code, four seconds apart; ""
    for a number inside the company.

    RFC 3966 knows no pauses; mobiles read each comma as one of two seconds.
    """
    dialled = _dialled(number)
    if len(dialled) < SHORTEST:
        return ""
    keys = [dialled, f"{conference.room}%23"]
    if invitee.code:
        keys.append(invitee.code)  # its last digit submits it: a # would answer what comes next
    return "tel:" + ",,".join(keys)


def _dialled(number: str) -> str:
    """A number as the whole world dials it; one inside the company stays as it is."""
    digits = re.sub(r"[^0-9]", "", number)
    if number.startswith("+"):
        return f"+{digits}"
    if re.fullmatch(r"1?[2-9]\d{9}", digits):
        return f"+1{digits[-10:]}"
    return digits


def _when(conference: Conference, language: str) -> Words:
    """The day, the hours, the zone; an end on another day, or by another clock, is told whole."""
    if conference.starts_at is None:
        return {"day": "", "starts": "", "ends": "", "ends_day": "", "zone": "", "ends_zone": ""}
    zone = ZoneInfo(conference.zone)
    begin, end = (each.astimezone(zone) for each in span(conference))
    known = conference.planned is not None
    other_day = known and end.date() != begin.date()
    other_clock = known and end.utcoffset() != begin.utcoffset()
    return {
        "day": day_told(begin, language),
        "starts": hour_told(begin, language),
        "ends": hour_told(end, language) if known else "",
        "ends_day": day_told(end, language) if other_day else "",
        "zone": zone_told(begin, language),
        "ends_zone": zone_told(end, language) if other_clock else "",
    }


def day_told(local: datetime, language: str) -> str:
    """A day as it is read: mardi 4 août 2026, Tuesday, August 4, 2026."""
    told = format_date(local, "full", locale=_LOCALES[language])
    return told.replace(" 1 ", " 1er ") if language == "fr" else told


def hour_told(local: datetime, language: str) -> str:
    """A time as it is read: 10 h, 10 h 05; 10:00 a.m."""
    return format_time(local, _HOURS[language][local.minute != 0], locale=_LOCALES[language])


def zone_told(local: datetime, language: str) -> str:
    """The clock of a zone at a moment: heure avancée de l’Est, Eastern Daylight Time."""
    return get_timezone_name(local, locale=_LOCALES[language])
