"""`vestibule hours`: when each number is open, and what it does in the days to come."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, available_timezones

import typer

from routing.hours import DAY_NAMES, Behaviour, HoursRefused, Interval, Week
from routing.reading import read_days, read_moment
from routing.schedule import Override, Schedule, upcoming, with_days
from vestibule.cli.opening import Config, Data
from vestibule.cli.timetable import NumberTyped, change_each, warn_unclosable, with_timetables

if TYPE_CHECKING:
    from vestibule.timetables import Timetables

app = typer.Typer(no_args_is_help=True, help="« Comportement des numéros »: when each is open.")

ALWAYS = "always"
WITHDRAWN = "none"
SHUT = ("closed", "fermé")
"""In place of hours."""

NO_HOURS = "No hours are set: every number is always open."

NumberOrAll = Annotated[
    str | None, typer.Argument(metavar="[NUMBER]", help="This number; without it, all of them.")
]


@app.command()
def show(number: NumberOrAll = None, config: Config = None, data: Data = None) -> None:
    """Show the hours of each number, what it does now, and why.

    Example: vestibule hours show 5145550100
    """

    async def look(tables: "Timetables") -> None:
        shown = await tables.wanted(number)
        for entry, schedule in shown:
            typer.echo("\n".join(_shown(entry.number, schedule, tables.clock.now())))
            warn_unclosable(entry)
        if not shown:
            typer.echo(NO_HOURS)

    with_timetables(config, data, look)


@app.command("set")
def set_(
    number: NumberTyped,
    days: Annotated[
        str | None,
        typer.Argument(help="mon-fri, sat, lundi, all...; or always, for a number always open."),
    ] = None,
    hours: Annotated[
        list[str] | None,
        typer.Argument(
            help="« Ouvert de ... à ... »: 08:30-12:00, several if need be; an end before its "
            "beginning is on the next day. Or closed: « Fermé toute la journée »."
        ),
    ] = None,
    zone: Annotated[str | None, typer.Option(help="IANA time zone of the number.")] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Set the hours of some days of the week; the other days stay as they are.

    Example: vestibule hours set 5145550100 mon-fri 08:30-12:00 13:00-17:00

    The first hours that are set leave the days not named closed.
    """
    if days is None and zone is None:
        raise typer.BadParameter("say days and hours; see: vestibule hours set --help")
    change = _new_hours(days, hours or [], zone)
    for entry, schedule in change_each(number, config, data, lambda _: change):
        typer.echo("\n".join([entry.number, *_week(schedule.week)]))
        warn_unclosable(entry)


@app.command()
def override(
    number: NumberTyped,
    behaviour: Annotated[
        str, typer.Argument(help="closed, open or flow:NAME, at once, whatever the hours; or none.")
    ],
    until: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help='"2026-12-24 17:00", or 17:00 today; until withdrawn.'),
    ] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Open or close a number on the spot, before all other rules; none withdraws it.

    Example: vestibule hours override 5145550100 closed --until 17:00
    """
    if behaviour == WITHDRAWN and until is not None:
        raise HoursRefused("none withdraws it at once: that takes no --until")
    wanted = None if behaviour == WITHDRAWN else Behaviour.parse(behaviour)

    def change(tables: "Timetables") -> Callable[[Schedule], Schedule]:
        if wanted is not None:
            tables.check(wanted)
        return _overridden(wanted, until, tables.clock.now())

    for entry, schedule in change_each(number, config, data, change):
        typer.echo(f"{entry.number}: {_override(schedule)}.")
        if schedule.override is not None:
            warn_unclosable(entry)


@app.command()
def preview(
    number: NumberOrAll = None,
    days: Annotated[
        int, typer.Option(min=1, max=400, help="How many, today being the first.")
    ] = 14,
    language: Annotated[str, typer.Option(help="fr or en.")] = "en",
    config: Config = None,
    data: Data = None,
) -> None:
    """Tell what each number does in the days to come, hour by hour, and which rule says so.

    Example: vestibule hours preview --days 14

    The settings of `hours` have it mailed every week.
    """
    from routing.preview import table

    _check_language(language)

    async def look(tables: "Timetables") -> None:
        shown = await tables.wanted(number)
        for entry, schedule in shown:
            now = tables.clock.now()
            typer.echo("\n".join(table(entry.number, schedule, now, days, language)))
            warn_unclosable(entry)
        if not shown:
            typer.echo(NO_HOURS)

    with_timetables(config, data, look)


# ---- What is changed


def _new_hours(
    days: str | None, hours: list[str], zone: str | None
) -> Callable[[Schedule], Schedule]:
    """The change that `hours set` makes. Raises HoursRefused."""
    if zone is not None and zone not in available_timezones():
        raise HoursRefused(f"{zone}: no such time zone; say America/Toronto")
    if days == ALWAYS and hours:
        raise HoursRefused("always open: that takes no hours")
    named = () if days in (None, ALWAYS) else read_days(str(days))
    if named and not hours:
        raise HoursRefused(f"{days}: say the hours too, such as 08:30-17:00, or closed")
    is_shut = any(each.lower() in SHUT for each in hours)
    if is_shut and len(hours) > 1:
        raise HoursRefused("closed all day, or hours: not both")
    intervals = [] if is_shut else [Interval.parse(each) for each in hours]

    def change(schedule: Schedule) -> Schedule:
        zoned = replace(schedule, zone=zone or schedule.zone)
        if days == ALWAYS:
            return replace(zoned, week=None)
        return with_days(zoned, named, intervals) if named else zoned

    return change


def _overridden(
    wanted: Behaviour | None, until: str | None, now: datetime
) -> Callable[[Schedule], Schedule]:
    """The change that `hours override` makes; it raises HoursRefused."""

    def change(schedule: Schedule) -> Schedule:
        if wanted is None:
            return replace(schedule, override=None)
        end = None if until is None else read_moment(until, now, ZoneInfo(schedule.zone))
        return replace(schedule, override=Override(wanted, end))

    return change


def _check_language(language: str) -> None:
    if language not in ("fr", "en"):
        raise typer.BadParameter("fr or en", param_hint="--language")


# ---- What is shown


def _shown(number: str, schedule: Schedule, now: datetime) -> Iterator[str]:
    from routing.hour_words import behaviour_words, until_words, why_words, zone_words

    state = schedule.state_at(now)
    until = until_words(state.until, schedule.zone, "en")
    why = why_words(state.decision, schedule.zone, "en")
    yield f"{number}  ({zone_words(schedule.zone, 'en')}, {schedule.zone})"
    yield f"  now          {behaviour_words(state.decision.behaviour, 'en')}, {until}: {why}"
    yield from _week(schedule.week)
    if schedule.override is not None and schedule.override.holds_at(now):
        yield f"  override     {_override(schedule)}"
    if schedule.holidays:
        names = ", ".join(each.name_in("en") for each in schedule.holidays)
        yield f"  holidays     {schedule.holiday_behaviour}: {names}"
    if ahead := upcoming(schedule, now):
        yield f"  exceptions   {len(ahead)}; see: vestibule exception list {number}"


def _week(week: Week | None) -> Iterator[str]:
    if week is None:
        yield "  every day    always open"
        return
    for name, day in zip(DAY_NAMES, week.days, strict=True):
        yield f"  {name:<12} {', '.join(map(str, day)) or 'closed'}"


def _override(schedule: Schedule) -> str:
    from routing.hour_words import until_words

    if schedule.override is None:
        return "its hours hold again"
    if schedule.override.until is None:
        return f"{schedule.override.behaviour}, until: vestibule hours override NUMBER none"
    told = until_words(schedule.override.until, schedule.zone, "en")
    return f"{schedule.override.behaviour}, {told}"
