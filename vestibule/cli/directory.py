"""How commands reach the directory: by the same settings as the server, whether it runs or not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from vestibule.cli.opening import with_mailroom

if TYPE_CHECKING:
    from call.clock import Clock
    from directory.book import Directory, NewPhone
    from vestibule.mailroom import Mailroom
    from vestibule.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command on extensions works with."""

    directory: "Directory"
    mailroom: "Mailroom"
    settings: "Settings"


def at_desk(
    config: Path | None,
    data: Path | None,
    work: Callable[[Desk], Awaitable[T]],
    *,
    make: bool = False,
) -> T:
    """Open the directory, do the work, close it.

    Raises BadSettings for a folder that is not there, unless the work may `make` it.
    """
    from directory.adapters.sqlalchemy_listing import SqlAlchemyListing
    from directory.book import Directory
    from voicemail.adapters.system_tokens import SystemTokens

    async def worked(mailroom: "Mailroom", settings: "Settings", clock: "Clock") -> T:
        listing = SqlAlchemyListing(mailroom.database)
        directory = Directory(listing, clock, SystemTokens(), settings.sip.realm)
        return await work(Desk(directory, mailroom, settings))

    return with_mailroom(config, data, worked, make=make)


def show_phone(new: "NewPhone", settings: "Settings") -> None:
    """What has to be typed into a telephone; its password is never shown again."""
    host, port = settings.sip.address
    server = settings.sip.advertise or host
    told = (
        ("telephone", f"{new.phone.name}, extension {new.phone.extension}"),
        ("SIP user name", new.phone.user),
        ("password", new.password),
        ("server", server if port == 5060 else f"{server}:{port}"),
    )
    for label, value in told:
        typer.echo(f"{label + ':':<16} {value}")
    typer.echo(
        f"The password is shown this once; another: vestibule phone password {new.phone.user}"
    )
