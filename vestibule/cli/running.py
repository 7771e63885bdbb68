"""`vestibule serve` and `vestibule demo`: answer calls until told to stop."""

import asyncio
import gc
import resource
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vestibule.program import Program
    from vestibule.settings import Settings

Furnish = Callable[["Program"], Awaitable[list[str]]]


def serve(
    config: Annotated[Path, typer.Option(help="The settings; see vestibule.example.toml.")],
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
) -> None:
    """Answer calls as the settings say.

    Example: vestibule serve --config vestibule.toml

    On SIGTERM no new call is taken, those under way may end, and the exit status is 0.
    """
    from vestibule.settings import read_settings

    _run(read_settings(config), log_level, _where)


def demo(
    listen: Annotated[str, typer.Option(metavar="HOST:PORT")] = "127.0.0.1:5060",
    data: Annotated[Path, typer.Option(metavar="DIR", help="Messages, mail, database.")] = Path(
        "data"
    ),
    smtp: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="A mail server without sign-in.")
    ] = None,
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = "WARNING",
) -> None:
    """Answer calls for a small example company, from this machine only.

    Example: vestibule demo --listen 127.0.0.1:5060 --data data

    It prints what to dial, then one line: ready.
    """
    from call.clock import SystemClock
    from conference.adapters.sqlalchemy_book import SqlAlchemyBook
    from vestibule.demo import demo_settings, furnish, furnish_room, invitation

    settings = demo_settings(listen, data, smtp)

    async def prepare(program: "Program") -> list[str]:
        await furnish(program.mailroom.mailboxes)
        await furnish_room(SqlAlchemyBook(program.mailroom.database), SystemClock())
        return list(invitation(settings, *program.address))

    _run(settings, log_level, prepare)


async def _where(program: "Program") -> list[str]:
    host, port = program.address
    return [f"Vestibule answers on {host} port {port}, by UDP and TCP."]


def _run(settings: "Settings", log_level: str, prepare: Furnish) -> None:
    from vestibule.logs import log_to_stderr

    log_to_stderr(log_level.upper())
    asyncio.run(_answer_calls(settings, prepare))


async def _answer_calls(settings: "Settings", prepare: Furnish) -> None:
    from call.clock import SystemClock
    from vestibule.program import open_program

    _allow_many_descriptors()
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    async with open_program(settings, SystemClock()) as program:
        for line in await prepare(program):
            typer.echo(line)
        _settle()
        typer.echo("ready")
        await told_to_stop.wait()
        await program.drain(settings.sip.drain_s)


def _allow_many_descriptors() -> None:
    """A telephone that keeps a connection holds one for as long: take as many as are permitted."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _settle() -> None:
    """Leave what the start made out of every later garbage collection.

    It lives as long as the program: to walk through it again stops all calls for a tenth of a
    second.
    """
    gc.collect()
    gc.freeze()
