"""The start of a conference, as a clock on the wall shows it where it is told.

Clocks are put forward and back: a time may not exist on its day, and it may come twice.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from conference.errors import BadConference

_MINUTE = timedelta(minutes=1)
_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}")
_LENGTH = re.compile(r"(?:([0-9]{1,3})h)?(?:([0-9]{1,4})m?)?")


@dataclass(frozen=True, slots=True)
class Start:
    """The instant that somebody meant by a time on the wall."""

    at: datetime
    """In UTC."""
    comes_again: datetime | None = None
    """The second instant at which clocks show that time, where they are put back; in UTC."""


def start_at(text: str, zone: str) -> Start:
    """The instant at which clocks of a zone show 2027-08-04 10:00: the first of two.

    Raises BadConference for what is no such time or no zone, and for a time that is jumped over,
    with those beside it.
    """
    if not _FORM.fullmatch(text.strip()):
        raise BadConference(f"start: {text}: write it as 2027-08-04 10:00")
    if zone not in available_timezones():
        raise BadConference(f"zone: {zone}: no such time zone; such as America/Toronto")
    try:
        wall = datetime.fromisoformat(text.strip())
    except ValueError as fault:
        raise BadConference(f"start: {text}: no such day or time") from fault
    return _start(wall, zone)


def read_length(text: str) -> timedelta:
    """A length as people write it: 1h30, 2h, 45m or 90 (minutes). Raises BadConference."""
    found = _LENGTH.fullmatch(text.strip().replace(" ", ""))
    if found is None or not any(found.groups()):
        raise BadConference(f"length: {text}: write it as 1h30 or 90")
    hours, minutes = (int(each or 0) for each in found.groups())
    return timedelta(hours=hours, minutes=minutes)


def _start(wall: datetime, zone: str) -> Start:
    place = ZoneInfo(zone)
    if not _exists(wall, place):
        raise BadConference(
            f"start: clocks are put forward past {wall:%Y-%m-%d %H:%M} in {zone};"
            f" take {_beside(wall, place, -_MINUTE)} or {_beside(wall, place, _MINUTE)}"
        )
    first, second = (wall.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    return Start(first) if first == second else Start(first, comes_again=second)


def _exists(wall: datetime, zone: ZoneInfo) -> bool:
    there = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there.replace(tzinfo=None) == wall


def _beside(wall: datetime, zone: ZoneInfo, step: timedelta) -> str:
    while not _exists(wall, zone):
        wall += step
    return f"{wall:%Y-%m-%d %H:%M}"
