"""`vestibule doctor`: what is wrong, and what to do."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer


def doctor(
    config: Annotated[
        Path | None, typer.Option(help="The settings; without them, the demo's.")
    ] = None,
    data: Annotated[Path, typer.Option(metavar="DIR", help="The demo's folder.")] = Path("data"),
    listen: Annotated[str, typer.Option(metavar="HOST:PORT")] = "127.0.0.1:5060",
    media: Annotated[
        bool, typer.Option("--media", help="Try, for 15 seconds, how many calls it will hold.")
    ] = False,
) -> None:
    """Examine what a call needs, line by line; status 1 when something would stop calls.

    Example: vestibule doctor --config vestibule.toml --media

    What --media tells is true of an idle machine: run it while no call is up.
    """
    from call.clock import SystemClock
    from vestibule.conference_checkup import examine_conferences
    from vestibule.demo import demo_settings
    from vestibule.doctor import Verdict, examine
    from vestibule.hours_checkup import examine_hours
    from vestibule.logs import log_to_stderr
    from vestibule.settings import read_settings
    from vestibule.telephone_checkup import examine_telephones
    from vestibule.web_checkup import examine_web

    log_to_stderr("CRITICAL")
    settings = read_settings(config) if config else demo_settings(listen, data, None)
    clock = SystemClock()
    findings = [
        *asyncio.run(examine(settings, clock)),
        *asyncio.run(examine_hours(settings, clock)),
        *asyncio.run(examine_telephones(settings, clock)),
        *asyncio.run(examine_conferences(settings, clock)),
        *examine_web(settings),
    ]
    for finding in findings:
        typer.echo(str(finding))
    if media:
        from vestibule.capacity import examine_media

        for finding in (tried := asyncio.run(examine_media(settings))):
            typer.echo(str(finding))
        findings += tried
    raise typer.Exit(any(finding.verdict is Verdict.BAD for finding in findings))
