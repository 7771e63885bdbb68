"""`vestibule mailbox greeting`: bring greetings as files, take them out, erase them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestibule.cli.opening import Config, Data, Yes, administering, confirmed, with_mailboxes

if TYPE_CHECKING:
    from voicemail.mailboxes import Mailboxes
    from voicemail.message import Greeting, GreetingKind

app = typer.Typer(no_args_is_help=True, help="Bring greetings as files, take them out, erase them.")

Kind = Annotated[str, typer.Argument(help="unavailable, busy, name or temporary.")]


@app.command("set")
def bring(
    number: str,
    kind: Kind,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    config: Config = None,
    data: Data = None,
) -> None:
    """Make a sound file a greeting: levelled, silence before and after cut, at the telephone's
    rate.

    Example: vestibule mailbox greeting set 101 unavailable accueil.mp3
    """
    chosen = _kind(kind)
    kept = administering(
        config, data, lambda administration, _: administration.set_greeting(number, chosen, file)
    )
    typer.echo(f"Greeting {kind} of {number}: {kept.duration_s:.1f} s.")


@app.command("get")
def take_out(
    number: str,
    kind: Kind,
    file: Annotated[Path, typer.Argument(help="Ends in .wav, .mp3 or .opus.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Write a greeting to a sound file.

    Example: vestibule mailbox greeting get 101 unavailable accueil.mp3
    """
    from voicemail.errors import SoundRefused

    chosen = _kind(kind)

    async def write(mailboxes: "Mailboxes") -> "Greeting":
        there = {each.kind: each for each in await mailboxes.greetings(number)}
        if chosen not in there:
            raise SoundRefused(f"mailbox {number} has no {chosen.value} greeting")
        try:
            await mailboxes.export(there[chosen], file)
        except ValueError:
            raise SoundRefused(f"{file}: the name must end in .wav, .mp3 or .opus") from None
        return there[chosen]

    greeting = with_mailboxes(config, data, write)
    typer.echo(f"{file}: {greeting.duration_s:.1f} s.")


@app.command()
def erase(
    number: str, kind: Kind, yes: Yes = False, config: Config = None, data: Data = None
) -> None:
    """Erase a greeting; callers hear the usual one.

    Example: vestibule mailbox greeting erase 101 temporary
    """
    chosen = _kind(kind)
    confirmed(f"Erase the {kind} greeting of {number}?", yes=yes)
    erased = administering(
        config, data, lambda administration, _: administration.erase_greeting(number, chosen)
    )
    typer.echo(f"Greeting {kind} of {number}: {'erased' if erased else 'there was none'}.")


def _kind(kind: str) -> "GreetingKind":
    from voicemail.errors import MailboxRefused
    from voicemail.message import GreetingKind

    try:
        return GreetingKind(kind)
    except ValueError:
        kinds = ", ".join(GreetingKind)
        raise MailboxRefused(f"greeting {kind!r}: choose one of {kinds}") from None
