"""`vestibule message`: look at messages and take their sound out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestibule.cli.opening import Config, Data, administering, with_mailboxes

if TYPE_CHECKING:
    from datetime import datetime

    from voicemail.mail import Delivered
    from voicemail.mailboxes import Mailboxes
    from voicemail.message import Mailbox, Message

app = typer.Typer(no_args_is_help=True, help="Look at messages and take their sound out.")


@app.command("list")
def list_all(
    mailbox: str,
    trash: Annotated[bool, typer.Option("--trash", help="The deleted ones instead.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """List the messages of a mailbox, new ones first: id, folder, when, how long, from whom.

    Example: vestibule message list 101
    """

    async def look(mailboxes: "Mailboxes") -> "tuple[Mailbox, tuple[Message, ...]]":
        listed = mailboxes.trash if trash else mailboxes.messages
        return await mailboxes.show(mailbox), await listed(mailbox)

    box, messages = with_mailboxes(config, data, look)
    for message in messages:
        received = box.local(message.received).strftime("%Y-%m-%d %H:%M")
        caller = " ".join(filter(None, (message.caller.number, message.caller.name))) or "unknown"
        typer.echo(
            f"{message.id}  {message.folder.value:<5}  {received}  "
            f"{message.duration_s:>5.0f} s  {caller}"
        )


@app.command()
def show(
    id: Annotated[str, typer.Argument(help="As `message list` shows it.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Show a message's envelope, where it lies, and what became of its e-mail, address by address.

    Example: vestibule message show 0199f2c0d1e74f6c8c1f
    """
    from voicemail.errors import MessageUnknown

    async def look(
        mailboxes: "Mailboxes",
    ) -> "tuple[Mailbox | None, Message | None, tuple[Delivered, ...]]":
        message = await mailboxes.message(id)
        box = await mailboxes.show(message.mailbox) if message else None
        return box, message, await mailboxes.deliveries(id)

    box, message, deliveries = with_mailboxes(config, data, look)
    if message is not None and box is not None:
        for label, value in _envelope(box, message).items():
            typer.echo(f"{label + ':':<15} {value}")
    elif deliveries:
        typer.echo("No longer on the server.")
    else:
        raise MessageUnknown(id)
    for delivery in deliveries:
        typer.echo(_delivery(delivery, box))


def _envelope(box: "Mailbox", message: "Message") -> dict[str, str]:
    lies = message.folder.value if message.in_box else "on its way, by e-mail only"
    if message.deleted is not None:
        lies = f"trash, since {_hour(message.deleted, box)}"
    caller = " ".join(filter(None, (message.caller.number, message.caller.name)))
    return {
        "id": message.id,
        "mailbox": f"{box.number} {box.name}",
        "from": caller or "unknown",
        "received": _hour(message.received, box),
        "length": f"{message.duration_s:.0f} s",
        "urgent": "yes" if message.urgent else "no",
        "forwarded by": message.forwarded_by or "nobody",
        "lies in": lies,
        "transcript": message.transcript or "none",
    }


def _delivery(delivery: "Delivered", box: "Mailbox | None") -> str:
    from voicemail.mail import RecipientState

    waits = delivery.state in (RecipientState.QUEUED, RecipientState.DEFERRED)
    tries = f"{delivery.attempts} {'try' if delivery.attempts == 1 else 'tries'}"
    tries += f", next {_hour(delivery.due, box)}" if waits else ""
    reply = f": {delivery.reply}" if delivery.reply else ""
    return f"{'e-mail:':<15} {delivery.address} {delivery.state.value} ({tries}){reply}"


def _hour(instant: "datetime", box: "Mailbox | None") -> str:
    """By the owner's clock; in UTC where nobody knows any more whose it was."""
    local = box.local(instant) if box else instant
    return local.strftime("%Y-%m-%d %H:%M" if box else "%Y-%m-%d %H:%M UTC")


@app.command()
def delete(
    id: Annotated[str, typer.Argument(help="As `message list` shows it.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Put a message in the trash.

    Example: vestibule message delete 0199f2c0d1e74f6c8c1f
    """
    message = administering(
        config, data, lambda administration, _: administration.delete_message(id)
    )
    typer.echo(f"In the trash of mailbox {message.mailbox}. Back: vestibule message undelete {id}")


@app.command()
def undelete(
    id: Annotated[str, typer.Argument(help="As `message list --trash` shows it.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Take a message out of the trash, if its mailbox has a place for it.

    Example: vestibule message undelete 0199f2c0d1e74f6c8c1f
    """
    message = administering(
        config, data, lambda administration, _: administration.undelete_message(id)
    )
    typer.echo(f"The message is in mailbox {message.mailbox} again.")


@app.command()
def export(
    id: Annotated[str, typer.Argument(help="As `message list` shows it.")],
    file: Annotated[Path, typer.Argument(help="Ends in .opus, .wav or .mp3.")],
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
            raise SoundRefused(f"{file}: the name must end in .opus, .wav or .mp3") from None
        return message

    message = with_mailboxes(config, data, write)
    typer.echo(f"{file}: {message.duration_s:.1f} s.")
