"""`vestibule mailbox`: make mailboxes and look at them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestibule.cli.opening import Config, Data, with_mailboxes

if TYPE_CHECKING:
    from voicemail.mailboxes import Mailboxes
    from voicemail.message import Mailbox

app = typer.Typer(no_args_is_help=True, help="Make mailboxes and look at them.")


@app.command()
def add(
    number: Annotated[str, typer.Argument(help="The extension's number.")],
    name: Annotated[str, typer.Argument(help="Whose it is.")],
    pin: Annotated[
        str,
        typer.Option(
            envvar="VESTIBULE_PIN",
            prompt="PIN (4 to 10 digits)",
            hide_input=True,
            help="Asked for.",
        ),
    ],
    language: Annotated[str, typer.Option(help="fr or en.")] = "fr",
    email: Annotated[list[str] | None, typer.Option(help="May be given more than once.")] = None,
    attachment: Annotated[str, typer.Option(help="wav or mp3.")] = "wav",
    max_message: Annotated[int, typer.Option(help="Longest message, in seconds.")] = 180,
    min_speech: Annotated[
        float, typer.Option(help="A message with less speech is not kept, in seconds.")
    ] = 1.0,
    zone: Annotated[str, typer.Option(help="IANA time zone.")] = "America/Toronto",
    config: Config = None,
    data: Data = None,
) -> None:
    """Make a mailbox.

    Example: vestibule mailbox add 103 "Élise Côté" --email elise@example.org
    """
    from voicemail.errors import MailboxRefused
    from voicemail.message import Attachment, Mailbox

    try:
        sent_as = Attachment(attachment.lower())
    except ValueError:
        raise MailboxRefused(f"attachment {attachment!r}: choose wav or mp3") from None
    mailbox = Mailbox(
        number,
        name,
        language=language,
        addresses=tuple(email or ()),
        zone=zone,
        max_message_s=max_message,
        min_speech_s=min_speech,
        attachment=sent_as,
    )
    with_mailboxes(config, data, lambda mailboxes: mailboxes.create(mailbox, pin), make=True)
    typer.echo(f"Mailbox {number} is ready.")


@app.command("list")
def list_all(config: Config = None, data: Data = None) -> None:
    """List the mailboxes: number, language, messages, name.

    Example: vestibule mailbox list
    """
    for mailbox, count in with_mailboxes(config, data, _counted):
        full = f"{count:>3}/{mailbox.max_messages}"
        typer.echo(f"{mailbox.number:<6} {mailbox.language}  {full}  {mailbox.name}")


async def _counted(mailboxes: "Mailboxes") -> "list[tuple[Mailbox, int]]":
    return [
        (mailbox, len(await mailboxes.messages(mailbox.number)))
        for mailbox in await mailboxes.all()
    ]


@app.command()
def show(number: str, config: Config = None, data: Data = None) -> None:
    """Show how one mailbox is set, but never its PIN.

    Example: vestibule mailbox show 101
    """

    async def look(mailboxes: "Mailboxes") -> "tuple[Mailbox, int, Path | None]":
        mailbox = await mailboxes.show(number)
        return mailbox, len(await mailboxes.messages(number)), await mailboxes.greeting(number)

    mailbox, count, greeting = with_mailboxes(config, data, look)
    lines = {
        "number": mailbox.number,
        "name": mailbox.name,
        "language": mailbox.language,
        "e-mail": ", ".join(mailbox.addresses) or "none",
        "attachment": mailbox.attachment.value,
        "zone": mailbox.zone,
        "longest message": f"{mailbox.max_message_s} s",
        "least speech": f"{mailbox.min_speech_s:g} s",
        "messages": f"{count} of {mailbox.max_messages}",
        "recorded greeting": str(greeting) if greeting else "none",
    }
    for label, value in lines.items():
        typer.echo(f"{label + ':':<18} {value}")


@app.command()
def unlock(number: str, config: Config = None, data: Data = None) -> None:
    """Let the owner in again after too many wrong PINs.

    Example: vestibule mailbox unlock 101
    """

    async def lift(mailboxes: "Mailboxes") -> None:
        await mailboxes.show(number)
        await mailboxes.unlock(number)

    with_mailboxes(config, data, lift)
    typer.echo(f"Mailbox {number} is unlocked.")


@app.command("pin")
def change_pin(
    number: str,
    pin: Annotated[
        str,
        typer.Option(
            envvar="VESTIBULE_PIN",
            prompt="New PIN (4 to 10 digits)",
            hide_input=True,
            help="Asked for.",
        ),
    ],
    config: Config = None,
    data: Data = None,
) -> None:
    """Give a mailbox another PIN, and let its owner in again.

    Example: vestibule mailbox pin 101
    """
    with_mailboxes(config, data, lambda mailboxes: mailboxes.change_pin(number, pin))
    typer.echo(f"The PIN of mailbox {number} is changed.")


@app.command()
def greeting(
    number: str,
    kind: Annotated[str, typer.Argument(help="unavailable, busy, name or temporary.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    config: Config = None,
    data: Data = None,
) -> None:
    """Make a sound file a greeting: levelled, trimmed, brought to the telephone's rate.

    Example: vestibule mailbox greeting 101 unavailable accueil.mp3
    """
    from voicemail.errors import MailboxRefused
    from voicemail.message import GreetingKind

    try:
        chosen = GreetingKind(kind)
    except ValueError:
        kinds = ", ".join(GreetingKind)
        raise MailboxRefused(f"greeting {kind!r}: choose one of {kinds}") from None
    kept = with_mailboxes(
        config, data, lambda mailboxes: mailboxes.import_greeting(number, chosen, file)
    )
    typer.echo(f"Greeting {kind} of {number}: {kept.duration_s:.1f} s.")
