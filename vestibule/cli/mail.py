"""`vestibule mail`: see the e-mails before owners do."""

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from email.message import EmailMessage

    from vestibule.settings import Mail

app = typer.Typer(no_args_is_help=True, help="See the e-mails before owners do.")

Write = Callable[["EmailMessage"], bytes]

ENDINGS = MappingProxyType({"text": "txt", "html": "html", "eml": "eml"})


@app.callback()
def mail() -> None:
    """See the e-mails before owners do."""


@app.command()
def preview(
    kind: Annotated[
        str,
        typer.Argument(
            help="message, failure, nearly_full, full, lockout, temporary,"
            " conference_invitation, conference_changed, conference_cancelled or conference_report."
        ),
    ] = "message",
    language: Annotated[str, typer.Option(help="fr or en.")] = "fr",
    format: Annotated[str, typer.Option(help="text, html or eml.")] = "text",
    every: Annotated[
        bool, typer.Option("--all", help="All kinds, both languages, all formats.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(help="A file; with --all, a folder.", metavar="PATH")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="The settings, which name the edited templates.")
    ] = None,
) -> None:
    """Show an e-mail about made-up people; status 1 tells what is wrong with a template, and where.

    Example: vestibule mail preview full --language en

    Example: vestibule mail preview --all --output previews --config vestibule.toml
    """
    from vestibule.settings import read_settings

    settings = read_settings(config).mail
    if every:
        if output is None:
            raise typer.BadParameter("--all needs --output FOLDER")
        raise typer.Exit(_write_all(settings, output))
    octets = _one(settings, kind, language, format)
    if output is None:
        typer.echo(octets, nl=False)
    else:
        write_out(output, octets)


def _one(settings: "Mail", kind: str, language: str, format: str) -> bytes:
    from vestibule.mail_previews import KINDS, kind_named, preview
    from voicemail.policy import LANGUAGES

    for given, known in ((kind, KINDS), (language, LANGUAGES), (format, ENDINGS)):
        if given not in known:
            raise typer.BadParameter(f"{given}: choose one of {', '.join(known)}")
    return formats()[format](
        preview(kind_named(kind), language, settings.sender, settings.templates)
    )


def _write_all(settings: "Mail", folder: Path) -> int:
    """Write every preview; returns how many templates could not be used."""
    from call.errors import PeerFault
    from vestibule.mail_previews import every_preview

    faults = []
    for language, kind, mail in every_preview(settings.sender, settings.templates):
        if isinstance(mail, PeerFault):
            faults.append(str(mail))
            continue
        for name, write in formats().items():
            write_out(folder / language / f"{kind}.{ENDINGS[name]}", write(mail))
    for fault in dict.fromkeys(faults):
        typer.echo(fault, err=True)
    typer.echo(f"The e-mails are under {folder}.")
    return 1 if faults else 0


def formats() -> dict[str, Write]:
    """What writes an e-mail out: its text, its page, or the whole of it."""
    from vestibule.mail_previews import as_html, as_text

    return {
        "text": lambda mail: as_text(mail).encode(),
        "html": lambda mail: as_html(mail).encode(),
        "eml": lambda mail: mail.as_bytes(),
    }


def write_out(path: Path, octets: bytes) -> None:
    """Write a file, in a folder that need not be there. Raises BadSettings."""
    from vestibule.settings import BadSettings

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
    except OSError as fault:
        raise BadSettings(f"{path}: cannot be written: {fault.strerror}") from fault
