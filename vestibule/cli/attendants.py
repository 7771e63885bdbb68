"""`vestibule attendant`: menus of the company's own, made from a small form."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestibule.cli.closures import Desk, at_desk
from vestibule.cli.opening import Config, Data, Yes, confirmed

if TYPE_CHECKING:
    from vestibule.attendants import OwnFlows

app = typer.Typer(no_args_is_help=True, help="Menus of the company's own, made from a small form.")

Name = Annotated[str, typer.Argument(help="Lower-case letters, digits and _, such as ventes.")]


@app.command()
def add(
    name: Name,
    greeting: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[LANG=]TEXT",
            help="What is said, and what the keys are for; in the order of the languages, or with "
            "the language before it.",
        ),
    ] = None,
    sound: Annotated[
        list[str] | None,
        typer.Option(metavar="[LANG=]FILE", help="A sound file heard in place of the text."),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=TARGET",
            help="1=extension:101, 2=flow:ventes, 3=voicemail, 4=operator, 5=repeat, 6=hangup, "
            "7=conference, 8=conference:4321.",
        ),
    ] = None,
    languages: Annotated[str, typer.Option(help="fr, en, or both; the first is heard first.")] = "",
    direct_dial: Annotated[
        bool,
        typer.Option(
            "--direct-dial/--no-direct-dial", help="Extensions may be dialled at any moment."
        ),
    ] = True,
    names: Annotated[
        bool, typer.Option("--names/--no-names", help="The pound key finds people by name.")
    ] = True,
    operator: Annotated[
        str, typer.Option(help="The extension of key 0 and of silence; the company's without it.")
    ] = "",
    again: Annotated[bool, typer.Option("--again", help="Replace one of that name.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Make an attendant: a greeting, keys, languages. A number leads to it by `flow = "NAME"`.

    Example: vestibule attendant add ventes --greeting "Pour les ventes, appuyez sur le 1."
    --key 1=extension:101

    A running server takes it into use within seconds. Key 0, 8500 and silence work by themselves;
    with two languages, 9 leads to the second.
    """
    from vestibule.attendant_form import AttendantForm, Greeting, read_keys

    spoken, files = _by_language(greeting or [], languages), _by_language(sound or [], languages)
    order = [each for each in languages.split(",") if each] or list(spoken | files) or ["fr"]
    unasked = (spoken | files).keys() - set(order)
    if unasked:
        raise typer.BadParameter(f"{', '.join(sorted(unasked))}: not among --languages")
    form = AttendantForm(
        name=name,
        greetings=tuple(Greeting(code, spoken.get(code, ""), code in files) for code in order),
        keys=read_keys(key or []),
        direct_dial=direct_dial,
        names=names,
        operator=operator,
    )

    async def make(desk: Desk) -> Sequence[object]:
        formats = desk.mailroom.ports.formats
        sounds = {code: await formats.decoded(Path(file)) for code, file in files.items()}
        own = await _own(desk)
        return await asyncio.to_thread(lambda: own.make(form, sounds, again=again))

    for doubt in at_desk(config, data, make):
        typer.echo(str(doubt))
    typer.echo(f'Attendant {name} is ready; a number leads to it by flow = "{name}".')


@app.command("list")
def list_all(config: Config = None, data: Data = None) -> None:
    """List the company's own flows, those made by hand among them.

    Example: vestibule attendant list
    """

    async def look(desk: Desk) -> list[tuple[str, str]]:
        names = await asyncio.to_thread((await _own(desk)).names)
        used: dict[str, list[str]] = {}
        for entry in desk.settings.numbers:
            for flow in {entry.flow, entry.closed or entry.flow}:
                used.setdefault(flow, []).append(entry.number)
        return [(name, ", ".join(used.get(name, ["no number"]))) for name in names]

    for name, numbers in at_desk(config, data, look):
        typer.echo(f"{name:<24} {numbers}")


@app.command()
def remove(name: Name, yes: Yes = False, config: Config = None, data: Data = None) -> None:
    """Remove an attendant that no number and no other flow leads to.

    Example: vestibule attendant remove ventes
    """
    from vestibule.attendant_form import AttendantRefused

    confirmed(f"Remove attendant {name}?", yes=yes)

    async def take_out(desk: Desk) -> None:
        for entry in desk.settings.numbers:
            if name in (entry.flow, entry.closed):
                raise AttendantRefused(f"{entry.number} leads to {name}; change the settings first")
        own = await _own(desk)
        await asyncio.to_thread(lambda: own.remove(name))

    at_desk(config, data, take_out)
    typer.echo(f"Attendant {name} is removed.")


async def _own(desk: Desk) -> "OwnFlows":
    from vestibule.attendants import OwnFlows
    from vestibule.shipped import FLOWS, read_book

    return OwnFlows(desk.front.flows, FLOWS, read_book(), await desk.extensions())


def _by_language(texts: list[str], languages: str) -> dict[str, str]:
    """What belongs to each language: as it says, or in the order of the languages."""
    order = [each for each in languages.split(",") if each] or ["fr", "en"]
    found: dict[str, str] = {}
    for place, text in enumerate(texts):
        code, mark, rest = text.partition("=")
        if mark and len(code) == 2 and code.isalpha() and code.islower():
            found[code] = rest
        elif place < len(order):
            found[order[place]] = text
        else:
            raise typer.BadParameter(f"{text}: there are only {len(order)} languages")
    return found
