"""How commands reach the mailboxes: by the same settings as the server, whether it runs or not."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from call.clock import Clock
    from vestibule.mailroom import Mailroom
    from vestibule.settings import Settings
    from voicemail.administration import Administration
    from voicemail.mailboxes import Mailboxes

T = TypeVar("T")

Config = Annotated[
    Path | None, typer.Option(help="The settings of the server; without them, the demo's.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Data = Annotated[
    Path | None, typer.Option(metavar="DIR", help="The demo's folder, where it is not ./data.")
]


def with_mailroom(
    config: Path | None,
    data: Path | None,
    work: Callable[["Mailroom", "Settings", "Clock"], Awaitable[T]],
    *,
    make: bool = False,
) -> T:
    """Open the database and the sounds, do the work, close them.

    Raises BadSettings for a folder that is not there, unless the work may `make` it.
    """
    from call.clock import SystemClock
    from vestibule.mailroom import open_mailroom

    settings, clock = command_settings(config, data, make=make), SystemClock()

    async def opened() -> T:
        async with open_mailroom(settings, clock) as mailroom:
            return await work(mailroom, settings, clock)

    return asyncio.run(opened())


def with_mailboxes(
    config: Path | None,
    data: Path | None,
    work: Callable[["Mailboxes"], Awaitable[T]],
    *,
    make: bool = False,
) -> T:
    """The same for work that needs the mailboxes alone."""

    async def worked(mailroom: "Mailroom", _: "Settings", __: "Clock") -> T:
        return await work(mailroom.mailboxes)

    return with_mailroom(config, data, worked, make=make)


def administering(
    config: Path | None,
    data: Path | None,
    work: Callable[["Administration", "Mailroom"], Awaitable[T]],
    *,
    make: bool = False,
) -> T:
    """Open the mailboxes and do the work of an administrator, in the name of whoever types.

    Raises BadSettings for a folder that is not there, unless the work may `make` it.
    """
    from vestibule.settings import administrator
    from vestibule.treatments import treatment_examiner

    async def worked(mailroom: "Mailroom", settings: "Settings", clock: "Clock") -> T:
        mailboxes = mailroom.mailboxes
        examine = treatment_examiner(settings, mailboxes, clock)
        return await work(mailboxes.administration(administrator(), examine), mailroom)

    return with_mailroom(config, data, worked, make=make)


def confirmed(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone, unless told not to; `no` ends the command."""
    if not yes:
        typer.confirm(question, abort=True)


def command_settings(config: Path | None, data: Path | None, *, make: bool = False) -> "Settings":
    """The settings of a file, or those of the demo on a folder, under the environment's.

    Raises BadSettings for a folder that is not there, unless the command may `make` it.
    """
    from vestibule.demo import LISTEN, demo_settings
    from vestibule.settings import BadSettings, read_settings

    if config is not None:
        return read_settings(config)
    folder = data or Path("data")
    if not (make or folder.is_dir()):
        raise BadSettings(f"{folder}: no such folder; name the server's by --data or --config")
    return demo_settings(LISTEN, folder, None)
