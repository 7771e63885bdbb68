"""`vestibule call`: a telephone in the terminal."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer


def call(
    number: Annotated[
        str, typer.Argument(help="A number of the demo (5145550100, 8500, *101), or a flow's name.")
    ] = "5145550100",
    given: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="NAME=VALUE", help="A parameter of the flow."),
    ] = None,
    flows: Annotated[Path | None, typer.Option(metavar="DIR", help="Where the *.toml are.")] = None,
) -> None:
    """Call the demo's company without a network: what is said is printed, keys are typed.

    Examples: vestibule call 5145550100

              vestibule call voicemail_leave --with mailbox=101

    The mailboxes are 101 (PIN 4711) and 102 (PIN 4712), new and empty; nothing stays.
    """
    parameters = tuple(_parameter(text) for text in given or ())
    asyncio.run(_call(number, parameters, flows))


def _parameter(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"{text}: write NAME=VALUE")
    return name, value


async def _call(number: str, parameters: tuple[tuple[str, str], ...], folder: Path | None) -> None:
    from ivr.terminal import Terminal
    from vestibule.numbers import Destination
    from vestibule.practice import open_practice
    from vestibule.settings import BadSettings
    from vestibule.shipped import FLOWS, read_book, read_flows

    book = read_book()
    flows = read_flows(book, folder=folder or FLOWS)
    async with open_practice(flows) as practice:
        switchboard = practice.switchboard
        destination = switchboard.destination(number) or Destination(number, parameters)
        if faults := list(switchboard.faults(destination)):
            known = ", ".join(entry.number for entry in practice.settings.numbers)
            raise BadSettings(f"{'; '.join(faults)}; the demo's numbers are {known}")
        dialogue = await switchboard.dialogue(destination)
        operations = practice.operations()
        await Terminal(dialogue, book, operations, read=_line, write=typer.echo).run()
        await operations.close()


async def _line() -> str | None:
    """The next line typed; None at the end of input."""
    try:
        return await asyncio.to_thread(input, "> ")
    except EOFError:
        return None
