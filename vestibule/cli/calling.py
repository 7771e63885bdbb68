"""`vestibule call`: a telephone in the terminal."""

import asyncio
from typing import Annotated

import typer


def call(
    number: Annotated[
        str, typer.Argument(help="A number of the demo: 5145550100, 8500, *101.")
    ] = "5145550100",
) -> None:
    """Call the demo's company without a network: what is said is printed, keys are typed.

    Example: vestibule call 5145550100

    The mailboxes are 101 (PIN 4711) and 102 (PIN 4712), new and empty; nothing stays.
    """
    asyncio.run(_call(number))


async def _call(number: str) -> None:
    from call.leg import Party
    from ivr.terminal import Terminal
    from vestibule.operations import CallOperations
    from vestibule.practice import open_practice
    from vestibule.program import read_book, read_flows
    from vestibule.settings import BadSettings

    book = read_book()
    async with open_practice(read_flows(book)) as practice:
        destination = practice.switchboard.destination(number)
        if destination is None:
            known = ", ".join(entry.number for entry in practice.settings.numbers)
            raise BadSettings(f"{number} leads nowhere; the demo has {known}")
        dialogue = await practice.switchboard.dialogue(destination)
        operations = CallOperations(practice.mailboxes, Party("5145550123"))
        await Terminal(dialogue, book, operations, read=_line, write=typer.echo).run()
        await operations.close()


async def _line() -> str | None:
    """The next line typed; None at the end of input."""
    try:
        return await asyncio.to_thread(input, "> ")
    except EOFError:
        return None
