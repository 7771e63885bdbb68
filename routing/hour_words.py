"""What the hours of a number say, in words: what it does, why, and day by day."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton, get_timezone_name

from routing.exceptions import ScheduleException
from routing.hours import Behaviour, BehaviourKind
from routing.schedule import Decision, Rule


@dataclass(frozen=True, slots=True)
class _Words:
    """One language. What stands in braces is filled in."""

    locale: str
    first: str
    """The first day of a month."""
    behaviours: Mapping[BehaviourKind, str]
    weekdays: tuple[str, ...]
    override: str
    override_until: str
    dated: str
    yearly: str
    one_day: str
    period: str
    outside_exception: str
    holiday: str
    weekly: str
    outside: str
    always: str
    until: str
    for_good: str


_FRENCH = _Words(
    locale="fr_CA",
    first="1er",
    behaviours=MappingProxyType(
        {
            BehaviourKind.OPEN: "ouvert",
            BehaviourKind.CLOSED: "fermé",
            BehaviourKind.FLOW: "traitement {flow}",
        }
    ),
    weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    override="choix manuel, jusqu’à nouvel ordre",
    override_until="choix manuel, jusqu’au {until}",
    dated="exception {id}{label}, {days}",
    yearly="exception annuelle {id}{label}, {days}",
    one_day="le {first}",
    period="du {first} au {last}",
    outside_exception=", en dehors de ses heures",
    holiday="jour férié : {name}",
    weekly="heures du {weekday}, {hours}",
    outside="en dehors des heures d’ouverture",
    always="aucune heure n’est fixée",
    until="jusqu’au {until}",
    for_good="sans changement prévu",
)

_ENGLISH = _Words(
    locale="en_CA",
    first="1",
    behaviours=MappingProxyType(
        {
            BehaviourKind.OPEN: "open",
            BehaviourKind.CLOSED: "closed",
            BehaviourKind.FLOW: "flow {flow}",
        }
    ),
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    override="set by hand, until withdrawn",
    override_until="set by hand, until {until}",
    dated="exception {id}{label}, {days}",
    yearly="yearly exception {id}{label}, {days}",
    one_day="on {first}",
    period="from {first} to {last}",
    outside_exception=", outside its hours",
    holiday="public holiday: {name}",
    weekly="hours of {weekday}, {hours}",
    outside="outside the weekly hours",
    always="no hours are set",
    until="until {until}",
    for_good="no change in sight",
)

_LANGUAGES: Mapping[str, _Words] = MappingProxyType({"fr": _FRENCH, "en": _ENGLISH})


def behaviour_words(behaviour: Behaviour, language: str) -> str:
    """What a number does, in "fr" or "en"."""
    return _LANGUAGES[language].behaviours[behaviour.kind].format(flow=behaviour.flow)


def zone_words(zone: str, language: str) -> str:
    """What people call the time of a zone: "heure de l’Est"."""
    locale = _LANGUAGES[language].locale
    return get_timezone_name(zone, width="long", zone_variant="generic", locale=locale)


def moment_words(instant: datetime, zone: str, language: str) -> str:
    """A day and an hour on the wall."""
    at = instant.astimezone(ZoneInfo(zone))
    return f"{_written(at.date(), 'yMMMMEEEEd', language)}, {at:%H:%M}"


def until_words(until: datetime | None, zone: str, language: str) -> str:
    """Until when something holds."""
    words = _LANGUAGES[language]
    if until is None:
        return words.for_good
    return words.until.format(until=moment_words(until, zone, language))


def why_words(decision: Decision, zone: str, language: str) -> str:
    """Which rule says so."""
    words = _LANGUAGES[language]
    match decision.rule:
        case Rule.OVERRIDE if decision.until is not None:
            return words.override_until.format(until=moment_words(decision.until, zone, language))
        case Rule.OVERRIDE:
            return words.override
        case Rule.DATED | Rule.YEARLY if decision.exception is not None:
            named = exception_words(decision.exception, language)
            is_rest = decision.behaviour != decision.exception.behaviour
            return named + (words.outside_exception if is_rest else "")
        case Rule.HOLIDAY if decision.holiday is not None:
            return words.holiday.format(name=decision.holiday.name_in(language))
        case Rule.WEEKLY if decision.hours is not None:
            weekday, hours = decision.hours
            return words.weekly.format(weekday=words.weekdays[weekday], hours=hours)
        case Rule.WEEKLY:
            return words.outside
        case _:
            return words.always


def exception_words(exception: ScheduleException, language: str) -> str:
    """Which exception: its number, its name, its days."""
    words = _LANGUAGES[language]
    days = words.one_day if exception.first == exception.last else words.period
    return (words.yearly if exception.yearly else words.dated).format(
        id=exception.id,
        label=f" ({exception.label})" if exception.label else "",
        days=days.format(
            first=_exception_day(exception.first, exception, language),
            last=_exception_day(exception.last, exception, language),
        ),
    )


def _exception_day(day: date, exception: ScheduleException, language: str) -> str:
    """One that comes back every year has no year of its own."""
    return _written(day, "MMMMd" if exception.yearly else "yMMMMd", language)


def day_words(day: date, language: str) -> str:
    """A day in a table: "ven. 25 déc. 2026"."""
    return _written(day, "yMMMEd", language)


def _written(day: date, parts: str, language: str) -> str:
    """A day by those of its parts that CLDR's skeleton names."""
    words = _LANGUAGES[language]
    text = str(format_skeleton(parts, day, locale=words.locale))
    return re.sub(r"\b1\b", words.first, text, count=1) if day.day == 1 else text
