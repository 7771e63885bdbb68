"""`vestibule audit`: whether the database and the disk agree."""

import asyncio
from typing import Annotated

import typer

from vestibule.cli.opening import Config, Data, command_settings


def audit(
    mend: Annotated[
        bool,
        typer.Option(
            "--mend", help="Set right what can be; what is unknown is moved, not deleted."
        ),
    ] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Tell where the database and the sounds disagree; status 1 when something is wrong.

    Example: vestibule audit --config vestibule.toml

    The server may run. Without --mend nothing is changed.
    """
    from call.clock import SystemClock
    from vestibule.audit import audit as look

    found = asyncio.run(look(command_settings(config, data), SystemClock(), mend=mend))
    for each in found:
        typer.echo(each.text)
    if not found:
        typer.echo("The database and the disk agree.")
    raise typer.Exit(any(each.is_wrong for each in found))
