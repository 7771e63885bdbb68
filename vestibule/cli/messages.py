"""`vestibule message`: look at messages and take their sound out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestibule.cli.opening import Config, Data, with_mailboxes

if TYPE_CHECKING:
    from voicemail.mailboxes import Mailboxes
    from voicemail.message import Mailbox, Message

app = typer.Typer(no_args_is_help=True, help="Look at messages and take their sound out.")


@app.command("list")
def list_all(mailbox: str, config: Config = None, data: Data = None) -> None:
    """List the messages of a mailbox, new ones first: id, folder, when, how long, from whom.

    Example: vestibule message list 101
    """

    async def look(mailboxes: "Mailboxes") -> "tuple[Mailbox, tuple[Message, ...]]":
        return await mailboxes.show(mailbox), await mailboxes.messages(mailbox)

    box, messages = with_mailboxes(config, data, look)
    for message in messages:
        received = box.local(message.received).strftime("%Y-%m-%d %H:%M")
        caller = " ".join(filter(None, (message.caller.number, message.caller.name))) or "unknown"
        typer.echo(
            f"{message.id}  {message.folder.value:<5}  {received}  "
            f"{message.duration_s:>5.0f} s  {caller}"
        )


@app.command()
def export(
    id: Annotated[str, typer.Argument(help="As `message list` shows it.")],
    file: Annotated[Path, typer.Argument(help="Ends in .wav or .mp3.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Write the sound of a message to a file.

    Example: vestibule message export 0199f2c0d1e74f6c8c1f message.mp3
    """
    from voicemail.errors import SoundRefused

    async def write(mailboxes: "Mailboxes") -> "Message":
        message = await mailboxes.message(id)
        if message is None:
            raise SoundRefused(f"there is no message {id}; see `vestibule message list`")
        try:
            await mailboxes.export(message, file)
        except ValueError:
            raise SoundRefused(f"{file}: the name must end in .wav or .mp3") from None
        return message

    message = with_mailboxes(config, data, write)
    typer.echo(f"{file}: {message.duration_s:.1f} s.")
