"""How commands on hours and restrictions reach what is kept, whether the server runs or not."""

from collections.abc import Awaitable, Callable, Collection
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from vestibule.cli.opening import with_mailroom

if TYPE_CHECKING:
    from call.clock import Clock
    from routing.schedule import Schedule
    from vestibule.mailroom import Mailroom
    from vestibule.settings import Number, Settings
    from vestibule.timetables import Timetables

T = TypeVar("T")

NumberTyped = Annotated[
    str,
    typer.Argument(
        metavar="NUMBER", help="« Numéro »: one of the settings, or all that can be closed: all."
    ),
]


def with_timetables(
    config: Path | None,
    data: Path | None,
    work: Callable[["Timetables"], Awaitable[T]],
) -> T:
    """Open what is kept, do the work, close it."""
    from vestibule.hours_desk import open_timetables

    async def worked(mailroom: "Mailroom", settings: "Settings", clock: "Clock") -> T:
        faults = partial(_flow_faults, settings=settings, mailroom=mailroom, clock=clock)
        return await work(open_timetables(settings, mailroom.database, faults, clock))

    return with_mailroom(config, data, worked)


def _flow_faults(
    flow: str, settings: "Settings", mailroom: "Mailroom", clock: "Clock"
) -> Collection[str]:
    """Why a flow cannot begin; the flows are read for it, the company's own too."""
    from vestibule.attendants import own_flows
    from vestibule.numbers import Destination
    from vestibule.shipped import read_book, read_flows
    from vestibule.switchboard import Switchboard

    switchboard = Switchboard(
        company=settings.company,
        numbers=(),
        flows=read_flows(read_book(), own=own_flows(settings.storage.data)),
        mailboxes=mailroom.mailboxes,
        clock=clock,
    )
    return list(switchboard.faults(Destination(flow)))


def change_each(
    number: str,
    config: Path | None,
    data: Path | None,
    change: Callable[["Timetables"], Callable[["Schedule"], "Schedule"]],
) -> "list[tuple[Number, Schedule]]":
    """Change the hours of the numbers that are meant; each with how it is now."""

    async def changed(tables: "Timetables") -> "list[tuple[Number, Schedule]]":
        entries, rewrite = tables.entries(number), change(tables)
        return [(entry, await tables.change(entry, rewrite)) for entry in entries]

    return with_timetables(config, data, changed)


def warn_unclosable(entry: "Number") -> None:
    """Say that hours change nothing where the settings name no flow for the closed number."""
    if entry.closed is None:
        typer.echo(
            f"Careful: {entry.number} has no `closed` flow in the settings: "
            "while it is closed, callers meet what they meet when it is open."
        )
