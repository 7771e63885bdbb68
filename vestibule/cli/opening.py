"""How commands reach the mailboxes: by the same settings as the server, whether it runs or not."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from vestibule.settings import Settings
    from voicemail.mailboxes import Mailboxes

T = TypeVar("T")

Config = Annotated[
    Path | None, typer.Option(help="The settings of the server; without them, the demo's.")
]
Data = Annotated[
    Path | None, typer.Option(metavar="DIR", help="The demo's folder, where it is not ./data.")
]


def with_mailboxes(
    config: Path | None,
    data: Path | None,
    work: Callable[["Mailboxes"], Awaitable[T]],
    *,
    make: bool = False,
) -> T:
    """Open the mailboxes, do the work, close them.

    Raises BadSettings for a folder that is not there, unless the work may `make` it.
    """
    from call.clock import SystemClock
    from vestibule.mailroom import open_mailroom

    settings = command_settings(config, data, make=make)

    async def opened() -> T:
        async with open_mailroom(settings, SystemClock()) as mailroom:
            return await work(mailroom.mailboxes)

    return asyncio.run(opened())


def command_settings(config: Path | None, data: Path | None, *, make: bool = False) -> "Settings":
    """The settings of a file, or those of the demo on a folder, under the environment's.

    Raises BadSettings for a folder that is not there, unless the command may `make` it.
    """
    from vestibule.settings import BadSettings, read_settings, settings_from

    if config is not None:
        return read_settings(config)
    folder = data or Path("data")
    if not (make or folder.is_dir()):
        raise BadSettings(f"{folder}: no such folder; name the server's by --data or --config")
    return settings_from({"storage": {"data": folder}}, origin="options")
