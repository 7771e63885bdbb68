"""`vestibule extension`: who can be called by a short number."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from vestibule.cli.directory import Desk, at_desk, show_phone
from vestibule.cli.handling import WIDTH, as_json, set_, shown
from vestibule.cli.opening import Config, Data, Yes, confirmed

if TYPE_CHECKING:
    from directory.book import NewPhone
    from directory.extension import Extension, Phone
    from routing.handling import Handling
    from vestibule.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Make extensions, look at them, change them.")
app.command("set")(set_)

Number = Annotated[str, typer.Argument(help="« Poste »: two to six digits.")]
Language = Annotated[
    str | None, typer.Option(help="« Langue » of its owner, fr or en; fr unless set.")
]
Listed = Annotated[
    bool | None,
    typer.Option("--listed/--unlisted", help="« Lister dans l'annuaire de l'entreprise »."),
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def add(
    number: Number,
    name: Annotated[str, typer.Argument(help="« Nom associé au poste téléphonique ».")],
    language: Language = None,
    listed: Listed = None,
    phone: Annotated[
        str, typer.Option(help="« Un simple nom sympathique » for its first telephone.")
    ] = "téléphone",
    no_phone: Annotated[bool, typer.Option("--no-phone", help="Make no telephone.")] = False,
    mailbox: Annotated[
        bool, typer.Option("--mailbox", help="« Attribuer une boîte vocale »; asks for its PIN.")
    ] = False,
    pin: Annotated[
        str | None,
        typer.Option(envvar="VESTIBULE_PIN", help="The PIN of the mailbox, where it is not asked."),
    ] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Make an extension and its first telephone, whose password is shown once.

    Example: vestibule extension add 103 "Élise Côté" --mailbox
    """
    from directory.extension import Extension

    extension = Extension(number, name, language or "fr", listed is not False)
    chosen = (pin or _asked_pin()) if mailbox else None

    async def make(desk: Desk) -> "tuple[NewPhone | None, Settings]":
        await desk.directory.examine(extension)
        await _not_a_code(desk, number)
        if chosen is not None:
            await _give_mailbox(desk, extension, chosen)
        return await desk.directory.add(extension, None if no_phone else phone), desk.settings

    made, settings = at_desk(config, data, make, make=True)
    typer.echo(f"Extension {number} is ready.")
    if made is not None:
        show_phone(made, settings)


async def _not_a_code(desk: Desk, number: str) -> None:
    """Raises ExtensionRefused for a number that is dialled for a closure message."""
    from directory.errors import ExtensionRefused
    from routing.closure import codes
    from vestibule.closures import closure_shelf

    if number in codes(await closure_shelf(desk.mailroom.database).all()):
        raise ExtensionRefused(f"{number} is a code of a closure message; choose another number")


def _asked_pin() -> str:
    return str(typer.prompt("PIN (4 to 10 digits)", hide_input=True, confirmation_prompt=True))


async def _give_mailbox(desk: Desk, extension: "Extension", pin: str) -> None:
    """A mailbox of the same number and name. Raises MailboxRefused and MailboxExists."""
    from vestibule.settings import administrator
    from voicemail.message import Mailbox

    mailbox = Mailbox(extension.number, extension.name, language=extension.language)
    await desk.mailroom.mailboxes.administration(administrator()).create(mailbox, pin)


@app.command("list")
def list_all(json_: Json = False, config: Config = None, data: Data = None) -> None:
    """List the extensions: number, language, telephones, name.

    Example: vestibule extension list
    """

    async def look(desk: Desk) -> "list[tuple[Extension, list[Phone]]]":
        phones = await desk.directory.phones()
        return [
            (each, [phone for phone in phones if phone.extension == each.number])
            for each in await desk.directory.extensions()
        ]

    everybody = at_desk(config, data, look)
    if json_:
        typer.echo(_json([_told(extension, phones) for extension, phones in everybody]))
        return
    for extension, phones in everybody:
        hidden = "" if extension.listed else "  (not in the directory)"
        many = f"{len(phones):>2} telephone{'s' if len(phones) > 1 else ' '}"
        typer.echo(f"{extension.number:<6} {extension.language}  {many}  {extension.name}{hidden}")


@app.command()
def show(number: str, json_: Json = False, config: Config = None, data: Data = None) -> None:
    """Show one extension, its telephones and what it does with its calls; no password, no code.

    Example: vestibule extension show 101
    """

    async def look(desk: Desk) -> "tuple[Extension, list[Phone], bool, Handling]":
        from vestibule.shelves import handlings

        extension = await desk.directory.extension(number)
        box = await desk.mailroom.mailboxes.counts(number) is not None
        handling = await handlings(desk.mailroom.database).get(number)
        return extension, list(await desk.directory.phones(number)), box, handling

    extension, phones, box, handling = at_desk(config, data, look)
    if json_:
        told = {"mailbox": box, "calls": as_json(handling)}
        typer.echo(_json(_told(extension, phones) | told))
        return
    lines = [
        ("extension", extension.number),
        ("name", extension.name),
        ("language", extension.language),
        ("in the directory", "yes" if extension.listed else "no"),
        ("mailbox", "yes" if box else "no"),
        *(("telephone", f"{phone.user}, {phone.name}") for phone in phones),
        *shown(handling),
    ]
    for label, value in lines:
        typer.echo(f"{label + ':':<{WIDTH}} {value}")


@app.command()
def rename(
    number: Number,
    name: Annotated[str | None, typer.Argument(help="The new name.")] = None,
    language: Language = None,
    listed: Listed = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Change the name, the language or the place in the directory. « Modifier le poste »

    Example: vestibule extension rename 103 "Élise Côté-Roy" --language en
    """
    if name is None and language is None and listed is None:
        raise typer.BadParameter("say a name, --language, --listed or --unlisted")

    async def change(desk: Desk) -> "Extension":
        return await desk.directory.change(number, name=name, language=language, listed=listed)

    extension = at_desk(config, data, change)
    typer.echo(f"Extension {number} is {extension.name}'s.")


@app.command()
def remove(number: Number, yes: Yes = False, config: Config = None, data: Data = None) -> None:
    """Remove an extension and its telephones; a mailbox of the same number stays.

    Example: vestibule extension remove 103
    """

    async def look(desk: Desk) -> "tuple[Extension, list[Phone]]":
        return await desk.directory.extension(number), list(await desk.directory.phones(number))

    extension, phones = at_desk(config, data, look)
    many = f"{len(phones)} telephone{'' if len(phones) == 1 else 's'}"
    confirmed(f"Remove extension {number} ({extension.name}) and {many}?", yes=yes)

    async def go(desk: Desk) -> None:
        from vestibule.shelves import handlings

        await desk.directory.remove(number)
        await handlings(desk.mailroom.database).forget(number)

    at_desk(config, data, go)
    typer.echo(f"Extension {number} is gone, and {many}.")


def _told(extension: "Extension", phones: "list[Phone]") -> dict[str, object]:
    return {
        "number": extension.number,
        "name": extension.name,
        "language": extension.language,
        "listed": extension.listed,
        "phones": [{"user": each.user, "name": each.name} for each in phones],
    }


def _json(told: object) -> str:
    return json.dumps(told, indent=2, ensure_ascii=False)
