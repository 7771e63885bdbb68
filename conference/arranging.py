"""How a conference may be arranged, pure: what was asked for goes in, what is wrong comes out."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from conference.codes import Chance, codes_of, draw_code
from conference.conference import LONGEST, Conference, Invitee, Kind, Options, Role
from conference.errors import BadConference, ConferenceUnknown
from conference.names import begins, folded

LANGUAGES = ("fr", "en")

LONGEST_TITLE = 80
LONGEST_NAME = 80
LONGEST_ADDRESS = 254
"""RFC 5321 §4.5.3.1.3, without the brackets."""

MOST_PEOPLE = 200
"""Invited to one conference: codes stay hard to guess among 9,000."""

FURTHEST = timedelta(days=2 * 366)
"""How far ahead a start may lie; a year that was mistyped lies further."""

PLANNED = timedelta(hours=1)
"""How long a conference of single use takes, where nobody says."""

_ROOM = re.compile(r"[1-9][0-9]{3}")
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody asks for."""

    title: str
    kind: Kind = Kind.PERMANENT
    language: str = "fr"
    zone: str = "America/Toronto"
    starts_at: datetime | None = None
    """In UTC; for single use."""
    planned: timedelta | None = None
    options: Options = field(default_factory=Options)
    room: str = ""
    """"" to be given any."""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who is to be invited."""

    name: str
    email: str = ""
    """"" where they are told by other means."""
    role: Role = Role.PARTICIPANT
    language: str = "fr"


def read_guest(text: str, role: Role = Role.PARTICIPANT, language: str = "fr") -> Guest:
    """Somebody written as Marc Côté <marc@example.org>, without the brackets, or by their name.

    A language behind the brackets is theirs: Ava Reed <ava@example.org> en.
    """
    name, bracket, rest = text.strip().partition("<")
    address, _, own = rest.partition(">")
    if not bracket and is_address(last := name.rpartition(" ")[2]):
        name, address = name.removesuffix(last), last
    return Guest(_unquoted(name.strip()), address.strip(), role, own.strip() or language)


def _unquoted(name: str) -> str:
    quoted = len(name) > 1 and name[0] == name[-1] == '"'
    return name[1:-1].strip() if quoted else name


def draft_of(conference: Conference) -> Draft:
    """What one would ask for to have a conference as it is."""
    return Draft(
        title=conference.title,
        kind=conference.kind,
        language=conference.language,
        zone=conference.zone,
        starts_at=conference.starts_at,
        planned=conference.planned,
        options=conference.options,
        room=conference.room,
        owner=conference.owner,
    )


def drafted(draft: Draft, before: Conference) -> Conference:
    """A conference as a draft asks for it; its people, codes and room stay unless it names one."""
    single = draft.kind is Kind.SINGLE_USE
    return replace(
        before,
        room=draft.room or before.room,
        title=draft.title.strip(),
        kind=draft.kind,
        language=draft.language,
        zone=draft.zone,
        starts_at=draft.starts_at,
        planned=draft.planned or (PLANNED if single else None),
        options=draft.options,
        owner=draft.owner,
    )


def invited(
    conference: Conference, guests: Sequence[Guest], chance: Chance
) -> tuple[Conference, tuple[Invitee, ...]]:
    """A conference with more people, and these people with their codes. Raises BadConference."""
    taken, fresh = set(codes_of(conference)), list[Invitee]()
    for guest in guests:
        code = draw_code(taken, chance)
        taken.add(code)
        fresh.append(
            Invitee(
                id=chance.token(8).hex(),
                name=guest.name.strip(),
                email=guest.email.strip(),
                role=guest.role,
                language=guest.language,
                code=code,
            )
        )
    return replace(conference, invitees=(*conference.invitees, *fresh)), tuple(fresh)


def check(conference: Conference) -> None:
    """Raises BadConference with everything that is wrong with one, field by field."""
    if faults := [*_faults(conference), *_people_faults(conference)]:
        raise BadConference("; ".join(dict.fromkeys(faults)))


def check_start(conference: Conference, now: datetime) -> None:
    """Raises BadConference for a start that is past, or in another age."""
    if conference.starts_at is None:
        return
    if conference.starts_at < now:
        raise BadConference("start: that time is past")
    if conference.starts_at > now + FURTHEST:
        raise BadConference("start: that is more than two years ahead")


def _faults(conference: Conference) -> Iterator[str]:
    if not _is_line(conference.title, LONGEST_TITLE):
        yield f"title: 1 to {LONGEST_TITLE} characters, in one line"
    if conference.language not in LANGUAGES:
        yield f"language: {conference.language}: one of {', '.join(LANGUAGES)}"
    if conference.zone not in available_timezones():
        yield f"zone: {conference.zone}: no such time zone; such as America/Toronto"
    if not _ROOM.fullmatch(conference.room):
        yield f"room: {conference.room}: four digits, the first of them not 0"
    yield from _kind_faults(conference)


def _kind_faults(conference: Conference) -> Iterator[str]:
    longest = f"{LONGEST // timedelta(hours=1)} hours"
    planned = conference.planned
    if conference.kind is Kind.PERMANENT:
        if conference.starts_at is not None or planned is not None:
            yield "start: a permanent conference has neither a start nor a length"
        if conference.options.streamed:
            yield "stream: only a conference of single use can be streamed on the web"
        return
    if conference.starts_at is None:
        yield "start: a conference of single use needs one"
    if planned is None or not timedelta() < planned <= LONGEST:
        yield f"length: a conference lasts {longest} at most"


def _people_faults(conference: Conference) -> Iterator[str]:
    if len(conference.invitees) > MOST_PEOPLE:
        yield f"people: {MOST_PEOPLE} at most"
    for each in conference.invitees:
        if not _is_line(each.name, LONGEST_NAME):
            yield f"name: 1 to {LONGEST_NAME} characters, in one line"
        if each.email and not is_address(each.email):
            yield f"email: {each.email}: not an e-mail address"
        if each.language not in LANGUAGES:
            yield f"language: {each.language}: one of {', '.join(LANGUAGES)}"


def is_address(text: str) -> bool:
    """Whether an e-mail can be sent there, as far as one can see (RFC 5321 §4.1.2)."""
    local = text.partition("@")[0]
    return len(text) <= LONGEST_ADDRESS and len(local) <= 64 and bool(_ADDRESS.fullmatch(text))


def _is_line(text: str, longest: int) -> bool:
    return bool(text.strip()) and len(text) <= longest and text.isprintable()


def person_named(conference: Conference, who: str) -> Invitee:
    """Who is meant by an id, an e-mail address, a name, or the beginnings of its words.

    The surest goes first. Raises ConferenceUnknown for nobody, BadConference for several.
    """
    wanted, name = who.strip().casefold(), folded(who)
    ways: tuple[Callable[[Invitee], bool], ...] = (
        lambda each: each.id == wanted,
        lambda each: bool(name) and (each.email.casefold() == wanted or folded(each.name) == name),
        lambda each: begins(each.name, who),
    )
    found = ([each for each in conference.invitees if meant(each)] for meant in ways)
    meant = next(filter(None, found), [])
    if not meant:
        raise ConferenceUnknown(f"nobody called {who} is invited to {conference.room}")
    if len(meant) > 1:
        several = ", ".join(f"{each.id} ({each.name} {each.email})" for each in meant)
        raise BadConference(f"{who}: several are meant; name one by its id: {several}")
    return meant[0]
