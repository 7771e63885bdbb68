"""`vestibule exception` and `vestibule holidays`: days on which a number is not as usual."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from routing.exceptions import ScheduleException, Span
from routing.holidays import PRESETS, Holiday
from routing.hours import Behaviour, HoursRefused, Interval, wall_clock
from routing.reading import read_date, read_holidays
from routing.schedule import (
    Schedule,
    exception_of,
    upcoming,
    with_exception,
    with_exception_changed,
    with_holidays,
    without_exception,
    without_holidays,
)
from vestibule.cli.hours import NumberOrAll
from vestibule.cli.opening import Config, Data
from vestibule.cli.timetable import NumberTyped, change_each, warn_unclosable, with_timetables

if TYPE_CHECKING:
    from vestibule.settings import Number
    from vestibule.timetables import Timetables

app = typer.Typer(no_args_is_help=True, help="« Exceptions »: days that are not as usual.")
holiday_app = typer.Typer(no_args_is_help=True, help="Public holidays, computed for any year.")

Day = Annotated[str, typer.Argument(metavar="YYYY-MM-DD")]
Hours = Annotated[
    list[str] | None,
    typer.Option(help="« Fermé de ... à ... », 12:00-16:59, each day; its last minute counts."),
]
Continuous = Annotated[
    bool, typer.Option("--continuous", help="One span: the hours are those it begins and ends at.")
]


@app.command()
def add(
    number: NumberTyped,
    first: Day,
    last: Annotated[
        str | None, typer.Argument(metavar="[YYYY-MM-DD]", help="« Période »: the last day of it.")
    ] = None,
    behaviour: Annotated[
        str, typer.Option(help="« Comportement »: closed, open or flow:NAME.")
    ] = "closed",
    hours: Hours = None,
    continuous: Continuous = False,
    closed_otherwise: Annotated[
        bool, typer.Option("--closed-otherwise", help="Closed on these days outside the hours.")
    ] = False,
    yearly: Annotated[bool, typer.Option("--yearly", help="« Répéter chaque année ».")] = False,
    label: Annotated[str, typer.Option(help="What it is called.")] = "",
    config: Config = None,
    data: Data = None,
) -> None:
    """Add an exception: closed all day, unless said otherwise. « + Ajouter une exception »

    Example: vestibule exception add 5145550100 2027-07-18 2027-07-31 --label Vacances
    """
    days = read_date(first), read_date(last or first)
    intervals, span = _hours(hours or [], continuous=continuous)
    wanted = Behaviour.parse(behaviour)

    def made(id: int) -> ScheduleException:
        return ScheduleException(
            id, *days, wanted, intervals, span, closed_otherwise, yearly, label.strip()
        )

    def change(tables: "Timetables") -> Callable[[Schedule], Schedule]:
        tables.check(wanted)
        return lambda schedule: with_exception(
            schedule, lambda id: _to_come(made(id), schedule, tables.clock.now())
        )

    for entry, schedule in change_each(number, config, data, change):
        typer.echo(f"{entry.number}:{_line(schedule.exceptions[-1])}")
        warn_unclosable(entry)


@app.command("list")
def list_(
    number: NumberOrAll = None,
    all_: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """List the exceptions, by their first day.

    Example: vestibule exception list 5145550100
    """

    async def look(tables: "Timetables") -> None:
        for entry, schedule in await tables.wanted(number):
            _list(entry, schedule, tables.clock.now(), over_too=all_)

    with_timetables(config, data, look)


@app.command()
def edit(
    number: NumberTyped,
    id: Annotated[int, typer.Argument(metavar="ID", help="Its number, as the list has it.")],
    first: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="First day.")] = None,
    last: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Last day.")] = None,
    behaviour: Annotated[str | None, typer.Option(help="closed, open or flow:NAME.")] = None,
    hours: Hours = None,
    continuous: Continuous = False,
    all_day: Annotated[bool, typer.Option("--all-day", help="« Toute la journée ».")] = False,
    closed_otherwise: Annotated[
        bool | None, typer.Option("--closed-otherwise/--as-usual-otherwise")
    ] = None,
    yearly: Annotated[
        bool | None, typer.Option("--yearly/--once", help="« Répéter chaque année ».")
    ] = None,
    label: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Change what is named of an exception; the rest stays.

    Example: vestibule exception edit 5145550100 3 --last 2027-08-07
    """
    if all_day and hours:
        raise HoursRefused("all day, or hours: not both")
    values: dict[str, object] = {
        "first": None if first is None else read_date(first),
        "last": None if last is None else read_date(last),
        "behaviour": None if behaviour is None else Behaviour.parse(behaviour),
        "closed_otherwise": False if all_day else closed_otherwise,
        "yearly": yearly,
        "label": label,
    }
    given = {name: value for name, value in values.items() if value is not None}
    if hours or continuous or all_day:
        given["hours"], given["span"] = _hours(hours or [], continuous=continuous)
        given.update({"closed_otherwise": False} if continuous else {})

    def change(tables: "Timetables") -> Callable[[Schedule], Schedule]:
        if behaviour is not None:
            tables.check(Behaviour.parse(behaviour))
        return lambda schedule: with_exception_changed(
            schedule,
            id,
            lambda exception: replace(exception, **given),  # type: ignore[arg-type]  # as above
        )

    for entry, schedule in change_each(number, config, data, change):
        typer.echo(f"{entry.number}:{_line(exception_of(schedule, id))}")


@app.command()
def remove(
    number: NumberTyped,
    id: Annotated[int, typer.Argument(metavar="ID", help="Its number, as the list has it.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Remove an exception.

    Example: vestibule exception remove 5145550100 3
    """
    changed = change_each(
        number, config, data, lambda _: lambda schedule: without_exception(schedule, id)
    )
    for entry, _ in changed:
        typer.echo(f"{entry.number}: exception {id} is removed.")


def _hours(typed: list[str], *, continuous: bool) -> tuple[tuple[Interval, ...], Span | None]:
    """The hours of each day, or those of one span. Raises HoursRefused."""
    if not continuous:
        return tuple(Interval.parse(each) for each in typed), None
    if len(typed) != 1:
        raise HoursRefused("--continuous: say --hours once, such as 17:00-08:00")
    return (), Span.parse(typed[0])


def _to_come(made: ScheduleException, schedule: Schedule, now: datetime) -> ScheduleException:
    if made.over_by(wall_clock(now, ZoneInfo(schedule.zone))):
        raise HoursRefused(f"{made.last} is past; say --yearly to have it every year")
    return made


def _list(entry: "Number", schedule: Schedule, now: datetime, *, over_too: bool) -> None:
    ahead = upcoming(schedule, now)
    over = [each for each in schedule.exceptions if each not in ahead]
    typer.echo(f"{entry.number}  Exceptions ({len(ahead)})")
    for each in sorted(schedule.exceptions, key=lambda each: (each.first, each.id)):
        if over_too or each in ahead:
            typer.echo(f"{_line(each)}{'  (over)' if each in over else ''}")
    if over and not over_too:
        typer.echo(f"  {len(over)} more that are over: --all")


def _line(exception: ScheduleException) -> str:
    period = f"{exception.first}"
    if exception.last != exception.first:
        period += f" to {exception.last}"
    label = f"  {exception.label}" if exception.label else ""
    return f"  {exception.id:>3}  {period:<24}  {_does(exception)}{label}"


def _does(exception: ScheduleException) -> str:
    parts = [str(exception.behaviour)]
    if exception.span is not None:
        parts.append(f"{exception.span} from the first day to the last")
    elif exception.hours:
        parts.append(", ".join(map(str, exception.hours)))
    else:
        parts.append("all day")
    parts += ["closed otherwise"] if exception.closed_otherwise else []
    parts += ["every year"] if exception.yearly else []
    return ", ".join(parts)


# ---- Public holidays

Names = Annotated[
    list[str], typer.Argument(metavar="NAME...", help="quebec, canada, or holidays one by one.")
]


@holiday_app.command("list")
def list_holidays(
    year: Annotated[int | None, typer.Option(min=1900, max=2199, help="Without it, this.")] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """List the public holidays that are known, their day in a year, and who has them.

    Example: vestibule holidays list --year 2027
    """

    async def look(tables: "Timetables") -> None:
        there = await tables.wanted(None)
        shown = year or tables.clock.now().year
        for holiday in sorted(Holiday, key=lambda each: each.on(shown)):
            kept_by = [entry.number for entry, schedule in there if holiday in schedule.holidays]
            typer.echo(_holiday(holiday, holiday.on(shown), kept_by))

    with_timetables(config, data, look)


@holiday_app.command("add")
def add_holidays(
    number: NumberTyped,
    names: Names,
    behaviour: Annotated[
        str | None,
        typer.Option(help="On all holidays of the number: closed, open or flow:NAME."),
    ] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Close a number on public holidays, this year and every other.

    Example: vestibule holidays add 5145550100 quebec boxing_day
    """
    holidays = read_holidays(tuple(names))
    wanted = None if behaviour is None else Behaviour.parse(behaviour)

    def change(tables: "Timetables") -> Callable[[Schedule], Schedule]:
        if wanted is not None:
            tables.check(wanted)
        return lambda schedule: with_holidays(
            replace(schedule, holiday_behaviour=wanted or schedule.holiday_behaviour), holidays
        )

    for entry, schedule in change_each(number, config, data, change):
        names_now = ", ".join(each.name_in("en") for each in schedule.holidays)
        typer.echo(f"{entry.number}: {schedule.holiday_behaviour} on {names_now}.")
        warn_unclosable(entry)


@holiday_app.command("remove")
def remove_holidays(
    number: NumberTyped, names: Names, config: Config = None, data: Data = None
) -> None:
    """Let a number be as usual on public holidays.

    Example: vestibule holidays remove 5145550100 canada_day
    """
    holidays = read_holidays(tuple(names))
    changed = change_each(
        number, config, data, lambda _: lambda schedule: without_holidays(schedule, holidays)
    )
    for entry, schedule in changed:
        left = ", ".join(each.name_in("en") for each in schedule.holidays) or "none"
        typer.echo(f"{entry.number}: holidays now: {left}.")


def _holiday(holiday: Holiday, day: date, kept_by: list[str]) -> str:
    presets = ", ".join(name for name, days in PRESETS.items() if holiday in days)
    mine = f"  {', '.join(kept_by)}" if kept_by else ""
    name = f"{holiday.name_in('en')} / {holiday.name_in('fr')}"
    return f"{day:%a %Y-%m-%d}  {holiday.value:<24} {presets:<15} {name}{mine}"
