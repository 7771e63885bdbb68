"""`vestibule trunk`: the ways to the world outside, and which one a call would take."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from vestibule.cli.directory import Desk, at_desk
from vestibule.cli.opening import Config, Data, command_settings

if TYPE_CHECKING:
    from routing.handling import Handling
    from vestibule.settings import Settings, Trunk

app = typer.Typer(no_args_is_help=True, help="Look at trunks; ask which way a call would go.")


@app.command("list")
def list_all(config: Config = None, data: Data = None) -> None:
    """List the trunks of the settings in their order, with the addresses of their servers.

    Example: vestibule trunk list --config vestibule.toml
    """
    from vestibule.providers import addresses_of

    settings = command_settings(config, data)
    for trunk in sorted(settings.trunks, key=lambda each: each.priority):
        typer.echo(_line(trunk, asyncio.run(addresses_of(trunk, settings))))
    if not settings.trunks:
        typer.echo("There is no trunk: nobody calls outside.")


@app.command()
def route(
    number: Annotated[str, typer.Argument(help="What would be dialled.")],
    extension: Annotated[
        str, typer.Option("--from", metavar="EXTENSION", help="« Poste » that would dial it.")
    ],
    config: Config = None,
    data: Data = None,
) -> None:
    """Tell what would become of a call to the outside, and why. Nothing is called.

    Example: vestibule trunk route 418-555-0111 --from 101
    """

    async def look(desk: Desk) -> "tuple[Settings, Handling]":
        from vestibule.shelves import choosing

        chosen = await choosing(desk.mailroom.database, desk.settings).show(extension)
        return desk.settings, chosen

    for line in _told(number, *at_desk(config, data, look)):
        typer.echo(line)


def _line(trunk: "Trunk", addresses: Sequence[str]) -> str:
    how = f"registers as {trunk.username}" if trunk.registers else "known by address"
    most = "" if trunk.max_calls is None else f", {trunk.max_calls} calls at most"
    where = ", ".join(addresses) or "NAME NOT FOUND"
    return (
        f"{trunk.priority:>2} {trunk.name:<16} {trunk.server} ({where}) {trunk.transport}, {how}, "
        f"numbers {', '.join(trunk.numbers)}{most}"
    )


def _told(dialed: str, settings: "Settings", chosen: "Handling") -> list[str]:
    from routing.numbers import number_class, parse_number
    from routing.outgoing import Leave, extension_identity, leave_to_call, ordered, presented
    from vestibule.providers import routes_of
    from vestibule.shelves import local_calls

    number = parse_number(dialed)
    if number is None:
        return [f"{dialed}: no telephone number"]
    local = local_calls(settings)
    leave = leave_to_call(number, chosen.outgoing, local)
    permission = {
        Leave.GIVEN: "allowed",
        Leave.WITH_CODE: "allowed with the access code",
        Leave.DENIED: "not allowed",
    }[leave]
    kind = number_class(number, local).value.replace("_", " ")
    lines = [f"{number.digits}: {kind}, {permission}"]
    if leave is Leave.DENIED:
        return lines
    wanted = extension_identity(chosen.outgoing)
    ways = ordered(routes_of(settings), {}, number=wanted.number, emergency=number.is_emergency)
    for place, way in enumerate(ways, start=1):
        shown = presented(wanted, way, settings.company.name)
        hidden = wanted.anonymous and not number.is_emergency
        who = "anonymous" if hidden else f"{shown.name} <{shown.number}>"
        lines.append(f"{place}. {way.name}: {number.written(way.form)}, as {who}")
    return lines if ways else [*lines, "no trunk carries it"]
