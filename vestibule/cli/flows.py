"""`vestibule flow`: check the menus, draw them, try them on paper."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Check the menus, draw them, run their scenarios.")

Folder = Annotated[Path | None, typer.Option(metavar="DIR", help="Where the *.toml are.")]


@app.command()
def check(
    flows: Folder = None,
    own: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The company's own, checked beside them: DATA/flows."),
    ] = None,
) -> None:
    """Tell everything wrong or doubtful in the flows; status 1 when one would not load.

    Example: vestibule flow check --own data/flows
    """
    from ivr.faults import Severity
    from ivr.loader import check_flows, flow_files
    from ivr.operations import CATALOGUE
    from vestibule.shipped import FLOWS, read_book

    folder = flows or FLOWS
    faults = check_flows(folder, book=read_book(), operations=CATALOGUE, beside=own)
    for fault in faults:
        typer.echo(str(fault))
    if any(fault.severity is Severity.ERROR for fault in faults):
        raise typer.Exit(1)
    count = len(flow_files(folder)) + (0 if own is None else len(flow_files(own)))
    typer.echo(f"{count} flows load.")


@app.command()
def draw(
    into: Annotated[Path | None, typer.Option(metavar="DIR", help="Where the pages go.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only tell which are stale.")] = False,
) -> None:
    """Draw each flow as a Mermaid diagram, from the graph that runs.

    Example: vestibule flow draw --into docs/flows
    """
    from ivr.drawing import draw_flows, stale_pages
    from vestibule.shipped import ROOT, read_book, read_flows

    folder = into or ROOT / "docs" / "flows"
    loaded = read_flows(read_book())
    if check:
        stale = stale_pages(loaded, folder)
        for name in stale:
            typer.echo(f"{folder / name} is stale; run: vestibule flow draw")
        raise typer.Exit(bool(stale))
    for page in draw_flows(loaded, folder):
        typer.echo(str(page))


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="Part of a scenario's name; all without it.")] = "",
) -> None:
    """Run the scenarios written beside the flows, on mailboxes that are thrown away.

    Example: vestibule flow run "temporary greeting"
    """
    failures = asyncio.run(_run_scenarios(name))
    raise typer.Exit(bool(failures))


async def _run_scenarios(part: str) -> int:
    """Tell each scenario's end; how many did not go as written."""
    from ivr.testing.scenario import load_scenarios
    from ivr.testing.script import ScriptFailed
    from vestibule.practice import open_practice
    from vestibule.shipped import FLOWS, read_book, read_flows

    flows = read_flows(read_book())
    failures = 0
    for scenario in load_scenarios(FLOWS):
        if part.lower() not in scenario.name.lower():
            continue
        async with open_practice(flows) as practice:
            boxes = [mailbox.number for mailbox in await practice.mailboxes.all()]
            operations = practice.operations()
            try:
                await scenario.play(flows, operations, boxes)
            except ScriptFailed as fault:
                failures += 1
                typer.echo(f"NOT AS WRITTEN  {scenario.name}\n{fault}")
            else:
                typer.echo(f"as written      {scenario.name}")
            await operations.close()
    return failures
