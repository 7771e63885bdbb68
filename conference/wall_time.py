"""The start of a conference, as a clock on the wall shows it where it is told.

Clocks are put forward and back: a time may not exist on its day, and it may come twice.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from conference.errors import BadConference

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Start:
    """The instant that somebody meant by a time on the wall."""

    at: datetime
    """In UTC."""
    comes_again: datetime | None = None
    """The second instant at which clocks show that time, where they are put back; in UTC."""


def start_at(wall: datetime, zone: str) -> Start:
    """The instant at which clocks of a zone show `wall`, which has no zone: the first of two.

    Raises BadConference for a time that is jumped over, with those beside it.
    """
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
