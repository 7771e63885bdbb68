"""Pictures of flows: one Markdown page a flow, drawn from the graph that runs it."""

from collections.abc import Mapping
from pathlib import Path

from ivr.flow import Flow
from ivr.machine import Flows

_NOTICE = "<!-- Written by `vestibule flow draw`; change the flow, not this page. -->"


def pages(flows: Flows) -> Mapping[str, str]:
    """The page of each flow, by file name."""
    return {f"{flow.name}.md": _page(flow, flows.graph(flow.name).mermaid()) for flow in flows}


def draw_flows(flows: Flows, directory: Path) -> list[Path]:
    """Write every page into `directory`; pages of flows that are gone are removed."""
    directory.mkdir(parents=True, exist_ok=True)
    drawn = pages(flows)
    for path in directory.glob("*.md"):
        if path.name not in drawn:
            path.unlink()
    for name, text in drawn.items():
        (directory / name).write_text(text, encoding="utf-8")
    return [directory / name for name in drawn]


def stale_pages(flows: Flows, directory: Path) -> list[str]:
    """Names of pages that are missing, out of date, or of no flow."""
    drawn = pages(flows)
    there = {path.name: path.read_text(encoding="utf-8") for path in directory.glob("*.md")}
    return sorted(n for n in drawn.keys() | there.keys() if drawn.get(n) != there.get(n))


def _page(flow: Flow, diagram: str) -> str:
    title = flow.title.get("en", flow.name)
    subtitle = " · ".join(text for code, text in sorted(flow.title.items()) if code != "en")
    person = (
        f"A person: {flow.operator}." if flow.operator else f"No person: {flow.without_operator}."
    )
    parameters = ", ".join(
        f"`{p.name}` ({p.type}{', optional' if p.optional else ''})" for p in flow.parameters
    )
    outcomes = ", ".join(sorted(flow.outcomes))
    facts = [
        f"`{flow.file}` · {subtitle}",
        f"Parameters: {parameters or 'none'}. Outcomes: {outcomes or 'none'}.",
        person,
    ]
    body = "\n\n".join(facts)
    return f"{_NOTICE}\n\n# {title}\n\n{body}\n\n```mermaid\n{diagram}```\n"
