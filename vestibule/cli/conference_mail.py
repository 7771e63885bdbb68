"""`vestibule conference`: invitations sent again, and seen before they are sent."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestibule.cli.conference_desk import Desk, Room, at_desk
from vestibule.cli.conference_people import Who
from vestibule.cli.opening import Config, Data

if TYPE_CHECKING:
    from email.message import EmailMessage

    from conference.conference import Invitee


def resend(
    room: Room,
    who: Annotated[
        str | None,
        typer.Argument(
            metavar="[PERSON]", help="A name or its beginning, an e-mail address or an id."
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="To everybody who is invited.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Send invitations again, as things stand now. « Renvoyer le courriel d'invitation »

    Example: vestibule conference resend 4321 "Ava Reed"

    Example: vestibule conference resend 4321 --all
    """
    if every is (who is not None):
        raise typer.BadParameter("name one PERSON, or --all")

    async def again(desk: Desk) -> "tuple[Invitee, ...]":
        from vestibule.meetings.mail import open_inviting

        inviting = open_inviting(desk.settings, desk.mailroom, desk.clock)
        return await inviting.resend(await desk.conferences.find(room), who)

    told = at_desk(config, data, again)
    typer.echo(f"The invitation is sent again to {', '.join(each.name for each in told)}.")


def preview(
    room: Room,
    who: Who,
    format: Annotated[str, typer.Option(help="text, html or eml.")] = "text",
    output: Annotated[
        Path | None, typer.Option(help="A file, instead of the screen.", metavar="FILE")
    ] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Show the invitation of somebody as it would be sent now, code and all; nothing is sent.

    Example: vestibule conference preview 4321 "Ava Reed"

    Example: vestibule conference preview 4321 "Ava Reed" --format eml --output ava.eml
    """
    from vestibule.cli.mail import ENDINGS, formats, write_out

    if format not in ENDINGS:
        raise typer.BadParameter(f"{format}: choose one of {', '.join(ENDINGS)}")

    async def seen(desk: Desk) -> "EmailMessage":
        from vestibule.meetings.mail import open_inviting

        inviting = open_inviting(desk.settings, desk.mailroom, desk.clock)
        return await inviting.preview(await desk.conferences.find(room), who)

    octets = formats()[format](at_desk(config, data, seen))
    if output is None:
        typer.echo(octets, nl=False)
    else:
        write_out(output, octets)


def add_mail_commands(app: typer.Typer) -> None:
    """Let them be part of `vestibule conference`."""
    for command in (resend, preview):
        app.command()(command)
