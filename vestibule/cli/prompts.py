"""`vestibule prompts`: what the program can say, and in whose voice."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ivr.prompts import Phrase
    from ivr.voices.catalogue import PromptLine

app = typer.Typer(no_args_is_help=True, help="What the program can say, and in whose voice.")

Cache = Annotated[Path, typer.Option(metavar="DIR", help="The server's data folder.")]
DATA = Path("data")


@app.command("list")
def list_all(data: Cache = DATA) -> None:
    """List every phrase: language, id, voice, seconds where it is made, text.

    Example: vestibule prompts list
    """
    for line in asyncio.run(_lines(data)):
        seconds = f"{line.seconds:5.1f}" if line.seconds is not None else "    -"
        typer.echo(
            f"{line.phrase.language}  {line.phrase.id:<28} {line.voice:<8} {seconds}  {line.text}"
        )


@app.command()
def build(data: Cache = DATA) -> None:
    """Make the sound of every usual phrase ahead of time.

    Example: vestibule prompts build --data data
    """
    count = asyncio.run(_build(data))
    typer.echo(f"{count} phrases are ready under {data / 'frames'}.")


async def _lines(data: Path) -> "tuple[PromptLine, ...]":
    from ivr.voices.catalogue import list_prompts
    from ivr.voices.voice import open_voice
    from vestibule.shipped import PROMPTS, read_book

    book = read_book()
    async with open_voice(book, PROMPTS, data / "frames") as voice:
        return list_prompts(book, voice)


async def _build(data: Path) -> int:
    from ivr.voices.catalogue import build_prompts
    from ivr.voices.voice import open_voice
    from vestibule.shipped import PROMPTS, read_book

    def tell(done: int, total: int, phrase: "Phrase") -> None:
        typer.echo(f"\r{done:>5} of {total}  {phrase.id:<32}", nl=False, err=True)

    book = read_book()
    async with open_voice(book, PROMPTS, data / "frames") as voice:
        count = await build_prompts(book, voice, progress=tell)
    typer.echo("", err=True)
    return count
