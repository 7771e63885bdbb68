"""`vestibule simulate`: what a caller would hear, and why."""

import asyncio
import json
import logging
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from call.clock import SystemClock
from vestibule.cli.opening import Config, Data, command_settings

if TYPE_CHECKING:
    from vestibule.settings import Settings

FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")


def simulate(
    to: Annotated[str, typer.Option(help="The number that is dialled.")],
    from_: Annotated[
        str,
        typer.Option(
            "--from", help="The caller's number; an extension calls from inside; '' is withheld."
        ),
    ] = "",
    at: Annotated[
        str | None,
        typer.Option(
            metavar='"YYYY-MM-DD HH:MM"', help="When, in the company's zone; now without."
        ),
    ] = None,
    press: Annotated[
        str,
        typer.Option(
            metavar="KEYS[,KEYS]",
            help="What the caller does each time it is their turn: keys, say5, wait10 or hang.",
        ),
    ] = "",
    answers: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER", help="Who takes the call when rung; nobody does else."),
    ] = None,
    busy: Annotated[
        list[str] | None,
        typer.Option(metavar="EXTENSION", help="Who is on the telephone just then."),
    ] = None,
    language: Annotated[str, typer.Option(help="Of the explanations: fr or en.")] = "en",
    details: Annotated[
        bool, typer.Option("--details", help="What the flows ask of the program, too.")
    ] = False,
    sound: Annotated[
        Path | None, typer.Option(metavar="FILE.wav", help="What is heard, as sound.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Tell what a caller would hear, step by step, and why. Nobody is rung, nothing is kept.

    Example: vestibule simulate --to 5145550100 --from 5145551234 --at "2026-12-25 10:00"
    """
    from vestibule.simulation.caller import read_deeds
    from vestibule.simulation.simulation import Question
    from vestibule.simulation.simulation import simulate as answered
    from vestibule.simulation.sounding import write_sound
    from vestibule.simulation.telling import as_json, tell, title
    from vestibule.simulation.words import LANGUAGES

    if language not in LANGUAGES:
        raise typer.BadParameter(f"{language}: choose one of {', '.join(sorted(LANGUAGES))}")
    settings = command_settings(config, data)
    question = Question(
        to=to,
        caller=from_,
        at=_instant(at, settings),
        deeds=read_deeds(press),
        answering=tuple(answers or ()),
        busy=tuple(busy or ()),
        language=language,
    )
    logging.disable(logging.WARNING)  # what goes wrong in a simulation is part of it
    try:
        answer = asyncio.run(answered(settings, question))
    finally:
        logging.disable(logging.NOTSET)
    if sound is not None:
        write_sound(answer.sound, sound)
    if json_:
        told = {"to": to, "from": from_, "at": question.at.isoformat()}
        moments = as_json(answer.moments)
        typer.echo(json.dumps(told | {"moments": moments}, indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    words = LANGUAGES[language]
    heading = title(to, from_, question.at, words, internal=answer.internal)
    tell(Console(highlight=False), heading, answer.moments, words, details=details)


def _instant(at: str | None, settings: "Settings") -> datetime:
    """The instant, in the company's zone. Raises BadParameter."""
    zone = ZoneInfo(settings.company.zone)
    if at is None:
        return SystemClock().now().astimezone(zone)
    for form in FORMS:
        try:
            return datetime.strptime(at, form).replace(tzinfo=zone)
        except ValueError:
            continue
    raise typer.BadParameter(f'--at {at}: write "2026-12-25 10:00"')
