"""`vestibule keys`: the keys that recordings are sealed under."""

from typing import TYPE_CHECKING

import typer

from vestibule.cli.opening import Config, Data, command_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(no_args_is_help=True, help="The keys that recordings are sealed under.")


@app.command()
def new(config: Config = None, data: Data = None) -> None:
    """Put a fresh key on top of the file that storage.keys_file names; make the file at first.

    Example: vestibule keys new --config vestibule.toml

    A running server seals under it at once. Older keys stay, and open what they sealed.
    """
    from call.clock import SystemClock
    from vestibule.sound_store import key_file
    from voicemail.adapters.keys import KEY_OCTETS, Key
    from voicemail.adapters.system_tokens import SystemTokens

    storage = command_settings(config, data, make=True).storage
    keys, chance = key_file(storage), SystemTokens()
    id = f"{SystemClock().now():%Y-%m-%d}-{chance.token(4).hex()}"
    keys.add(Key(id, chance.token(KEY_OCTETS)))
    typer.echo(f"Key {id} is on top of {storage.keys_file}: new recordings are sealed under it.")
    typer.echo("Keep a copy of that file elsewhere: without it no sealed recording can be heard.")
    typer.echo("For the recordings there are already, run: vestibule keys rotate")


@app.command()
def rotate(config: Config = None, data: Data = None) -> None:
    """Seal every recording under the newest key; may be stopped and run again at any time.

    Example: vestibule keys rotate --config vestibule.toml

    The server may run, if it was started with storage.keys_file. Status 1 when a recording could
    not be opened; it is left as it is.
    """
    from vestibule.sound_store import key_file, sounds_folder
    from voicemail.adapters.resealing import reseal
    from voicemail.adapters.system_tokens import SystemTokens

    storage = command_settings(config, data).storage
    done = reseal(sounds_folder(storage), key_file(storage), SystemTokens())
    typer.echo(
        f"Sealed under {done.key} now: {done.were_old} that were under older keys, "
        f"{done.were_plain} that were plain. {done.already} were already."
    )
    if done.unused:
        typer.echo(
            f"No recording here needs these keys any more: {', '.join(done.unused)}. "
            "Older backups may."
        )
    _tell(done.faults)


@app.command()
def check(config: Config = None, data: Data = None) -> None:
    """Open every recording, change nothing, and list those that cannot be opened.

    Example: vestibule keys check --config vestibule.toml

    Status 1 when there is one.
    """
    from vestibule.sound_store import key_file, sounds_folder
    from voicemail.adapters.resealing import examine

    storage = command_settings(config, data).storage
    found = examine(sounds_folder(storage), key_file(storage))
    typer.echo(f"{sum(found.opened.values())} recordings open.")
    for id, count in sorted(found.opened.items()):
        typer.echo(f"  under key {id}: {count}")
    if found.plain:
        typer.echo(f"{found.plain} are not sealed; run: vestibule keys rotate")
    _tell(found.faults)


def _tell(faults: "Sequence[str]") -> None:
    for fault in faults:
        typer.echo(f"cannot be opened: {fault}", err=True)
    raise typer.Exit(bool(faults))
