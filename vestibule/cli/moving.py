"""`vestibule mailbox empty|delete|export|import`: a mailbox as a whole."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestibule.cli.opening import Config, Data, Yes, administering, confirmed, with_mailboxes

if TYPE_CHECKING:
    from vestibule.mailroom import Mailroom
    from voicemail.administration import Administration
    from voicemail.mailboxes import Mailboxes
    from voicemail.message import Mailbox
    from voicemail.moving import Brought, Exported


def empty(
    number: str,
    greetings: Annotated[
        bool | None,
        typer.Option(
            "--greetings/--no-greetings",
            help="« Voulez-vous aussi effacer vos messages d'accueil personnalisés? » Asked for; "
            "with --yes they stay unless this says otherwise.",
        ),
    ] = None,
    yes: Yes = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Erase all messages of a mailbox, for good. « Vider une boîte vocale »

    Example: vestibule mailbox empty 101

    A message whose e-mail has not left yet waits in the trash until it has.
    """
    box, taken = with_mailboxes(config, data, lambda mailboxes: _taken(mailboxes, number))
    question = f"Erase all messages of {number}, {box.name} ({taken} / {box.max_messages})?"
    confirmed(question, yes=yes)
    if greetings is None and not yes:
        greetings = typer.confirm("Erase the personal greetings too?")
    erased = administering(
        config,
        data,
        lambda administration, _: administration.empty(number, greetings=bool(greetings)),
    )
    too = " and the greetings" if greetings else ""
    typer.echo(f"Erased in mailbox {number}: {erased} {_messages(erased)}{too}.")


async def _taken(mailboxes: "Mailboxes", number: str) -> "tuple[Mailbox, int]":
    mailbox, counts = await mailboxes.show(number), await mailboxes.counts(number)
    return mailbox, counts.taken if counts else 0


def delete(number: str, yes: Yes = False, config: Config = None, data: Data = None) -> None:
    """Remove a mailbox; an archive of it is kept for some days. « Supprimer »

    Example: vestibule mailbox delete 103

    `mailbox import` brings it back. Recordings are plain in the archive, sealed before or not.
    """
    box, taken = with_mailboxes(config, data, lambda mailboxes: _taken(mailboxes, number))
    confirmed(f"Delete mailbox {number}, {box.name}, with {taken} {_messages(taken)}?", yes=yes)

    async def work(
        administration: "Administration", room: "Mailroom"
    ) -> "tuple[Exported, Path, int]":
        from call.clock import SystemClock

        file = room.deleted.place(number, SystemClock().now())
        return await administration.delete(number, file), file, room.deleted.kept.days

    exported, file, days = administering(config, data, work)
    typer.echo(f"Mailbox {number} is deleted. Kept for {days} days: {file}")
    _tell_silent(exported)


def export(
    number: str,
    file: Annotated[Path, typer.Argument(help="A ZIP archive; replaced if it is there.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Write a mailbox to an archive: settings, envelopes, sounds, greetings; never the PIN.

    Example: vestibule mailbox export 101 camille.zip
    """
    exported = administering(
        config, data, lambda administration, _: administration.export(number, file)
    )
    count = len(exported.messages)
    greetings = len(exported.greetings)
    typer.echo(f"{file}: {count} {_messages(count)}, {_greetings(greetings)}.")
    _tell_silent(exported)


def bring(
    file: Annotated[Path, typer.Argument(help="As `mailbox export` or `delete` wrote it.")],
    number: Annotated[
        str | None, typer.Option("--as", metavar="NUMBER", help="Into this mailbox.")
    ] = None,
    pin: Annotated[
        str | None,
        typer.Option(envvar="VESTIBULE_PIN", help="Of a mailbox that is made. Asked for."),
    ] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Bring an archive into its mailbox, or another; one that is not there is made as it was.

    Example: vestibule mailbox import camille.zip --as 103

    May be done again: what is there already stays. Nothing is e-mailed.
    """
    from voicemail.archive import read_archive

    archive = read_archive(file)
    to = number or archive.mailbox.number
    boxes = with_mailboxes(config, data, lambda mailboxes: mailboxes.all(), make=True)
    there = to in {mailbox.number for mailbox in boxes}
    if not there and pin is None:
        pin = typer.prompt(f"PIN of the new mailbox {to} (4 to 10 digits)", hide_input=True)

    async def work(administration: "Administration", room: "Mailroom") -> "Brought":
        if not there:
            await _make(administration, replace(archive.mailbox, number=to), pin or "")
        return await administration.bring(archive, to)

    brought = administering(config, data, work)
    typer.echo(
        f"Brought into mailbox {to}: {_count(brought.messages)}, {_greetings(brought.greetings)}."
    )
    if brought.there_already:
        typer.echo(f"There already: {_count(brought.there_already)}.")
    if brought.left_out:
        typer.echo(f"Left out, for want of a place: {_count(brought.left_out)}.", err=True)
    if archive.silent:
        typer.echo(f"Left out, without sound in the archive: {_count(archive.silent)}.", err=True)


async def _make(administration: "Administration", mailbox: "Mailbox", pin: str) -> None:
    """Make the mailbox of an archive; a key that leads nowhere here leads where it does at first,
    and that is told."""
    from voicemail.message import Mailbox

    usual = Mailbox(mailbox.number, mailbox.name)
    for key in ("zero", "star"):
        faults = await administration.faults(replace(mailbox, **{key: getattr(usual, key)}))
        if faults != await administration.faults(mailbox):
            mailbox = replace(mailbox, **{key: getattr(usual, key)})
            typer.echo(f"--{key} leads nowhere here: {getattr(usual, key)} instead.", err=True)
    await administration.create(mailbox, pin)


def _tell_silent(exported: "Exported") -> None:
    if exported.silent:
        typer.echo(f"Without sound, which is lost: {_count(exported.silent)}.", err=True)


def _messages(count: int) -> str:
    return "message" if count == 1 else "messages"


def _count(count: int) -> str:
    return f"{count} {_messages(count)}"


def _greetings(count: int) -> str:
    return f"{count} {'greeting' if count == 1 else 'greetings'}"
