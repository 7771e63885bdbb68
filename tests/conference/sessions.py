"""A session of a conference, told for tests: whoever comes and goes, minute by minute."""

from datetime import UTC, datetime, timedelta

from conference.conference import Conference, GenericCode, Invitee, Kind, Options, Role
from conference.happening import (
    Began,
    Came,
    Departure,
    Ending,
    Happening,
    Interrupted,
    Member,
    Over,
    Recording,
    Resumed,
    Went,
)
from conference.ports import Entry, Notes, Spoke

TEN = datetime(2027, 7, 1, 14, 0, tzinfo=UTC)
"""Ten in the morning in Montréal."""

CHANTAL = Invitee("i1", "Chantal Côté", "chantal@example.org", Role.ADMINISTRATOR, "fr", "1111")
BOB = Invitee("i2", "Bob O’Neill", "bob@example.org", Role.PARTICIPANT, "en", "2222")
ANNE = Invitee("i3", "Anne", "", Role.ADMINISTRATOR, "fr", "3333")

BUDGET = Conference(
    id="c1",
    room="4821",
    title="Budget de l’an prochain",
    kind=Kind.PERMANENT,
    options=Options(recorded=True, reported=True),
    invitees=(CHANTAL, BOB, ANNE),
    generic_codes=(GenericCode(Role.PARTICIPANT, "9999"),),
    link="sEcReTlInK",
)


def at(minutes: float) -> datetime:
    return TEN + timedelta(minutes=minutes)


def member(invitee: Invitee, leg: str = "") -> Member:
    return Member(leg or invitee.id, invitee.name, invitee.role, invitee.language, invitee.id)


def notes(
    *told: tuple[float, Happening | Spoke],
    ended: float | None = None,
    id: str = "s1",
    conference: Conference = BUDGET,
) -> Notes:
    """What a journal holds where this happened, by minutes after ten."""
    entries = tuple(Entry(at(minutes), what) for minutes, what in told)
    return Notes(id, conference, entries[0].at, None if ended is None else at(ended), entries)


MORNING: tuple[tuple[float, Happening | Spoke], ...] = (
    (0, Came(member(BOB), inside=False)),
    (5, Came(member(CHANTAL), inside=True)),
    (5, Began("i1")),
    (5, Recording(True)),
    (8, Spoke("i1", 60.0)),
    (10, Spoke("i2", 30.0)),
    (20, Recording(False)),
    (20, Went(member(CHANTAL), Departure.CUT_OFF)),
    (20, Interrupted()),
    (25, Came(member(CHANTAL, "i1-again"), inside=True)),
    (25, Resumed("i1-again")),
    (25, Recording(True)),
    (28, Spoke("i1-again", 90.0)),
    (30, Recording(False)),
    (30, Went(member(BOB), Departure.ENDED)),
    (30, Went(member(CHANTAL, "i1-again"), Departure.ENDED)),
    (30, Over(Ending.FINISHED)),
)
"""Bob waits, Chantal comes, is cut off after a quarter of an hour, comes back and ends it."""
