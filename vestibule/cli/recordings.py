"""`vestibule recording`: the calls that were recorded."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from vestibule.cli.opening import Config, Data, Yes, command_settings, confirmed, with_mailroom

if TYPE_CHECKING:
    from collections.abc import Sequence

    from call.clock import Clock
    from vestibule.mailroom import Mailroom
    from vestibule.settings import Settings
    from vestibule.tapes import Tape, Tapes

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Look at recorded calls and take their sound out.")

Id = Annotated[str, typer.Argument(help="As `recording list` shows it.")]


@app.command("list")
def list_all(
    extension: Annotated[str, typer.Argument(help="Of this extension alone.")] = "",
    config: Config = None,
    data: Data = None,
) -> None:
    """List recorded calls, the oldest first: id, when, who with whom.

    Example: vestibule recording list 101
    """
    from zoneinfo import ZoneInfo

    async def look(tapes: "Tapes") -> "Sequence[Tape]":
        return await tapes.all()

    zone = ZoneInfo(command_settings(config, data).company.zone)
    for tape in _with_tapes(config, data, look):
        if extension in ("", tape.extension):
            at = tape.at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
            way = "from" if tape.incoming else "to"
            typer.echo(f"{tape.id}  {at}  {tape.extension} {way} {tape.other or 'unknown'}")


@app.command()
def export(
    id: Id,
    file: Annotated[Path, typer.Argument(help="A WAV file, made or replaced.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Write the sound of a recorded call to a WAV file, opened where it lies sealed.

    Example: vestibule recording export 20270701T140000Z_101_in_5145550188_9f3c1a call.wav
    """
    from vestibule.settings import BadSettings

    wav = _with_tapes(config, data, lambda tapes: tapes.wav(id))
    try:
        file.write_bytes(wav)
    except OSError as fault:
        raise BadSettings(f"{file}: cannot be written: {fault.strerror}") from fault
    typer.echo(f"{file}: {(len(wav) - 44) / 16000:.1f} s.")


@app.command()
def remove(id: Id, yes: Yes = False, config: Config = None, data: Data = None) -> None:
    """Delete a recorded call; it cannot be undone.

    Example: vestibule recording remove 20270701T140000Z_101_in_5145550188_9f3c1a
    """
    confirmed(f"Delete the recording {id}?", yes=yes)
    _with_tapes(config, data, lambda tapes: tapes.remove(id))
    typer.echo("The recording is deleted.")


def _with_tapes(
    config: Path | None, data: Path | None, work: Callable[["Tapes"], Awaitable[T]]
) -> T:
    """Open the recordings, do the work, close them."""
    from vestibule.inside import open_tapes

    async def worked(mailroom: "Mailroom", settings: "Settings", clock: "Clock") -> T:
        return await work(open_tapes(settings, mailroom, clock))

    return with_mailroom(config, data, worked)
