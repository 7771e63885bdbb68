"""What is written down from flows is what runs: drawings, the schema, the documentation."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from ivr.drawing import draw_flows, pages, stale_pages
from ivr.guards import GUARDS
from ivr.loader import flow_files
from ivr.machine import Flows
from ivr.operations import CATALOGUE
from ivr.schema import published_schema
from tests.ivr.conftest import ROOT

SCHEMA = ROOT / "docs" / "ivr-flow-1.schema.json"


def test_the_drawings_are_those_of_the_flows_that_run(flows: Flows) -> None:
    assert stale_pages(flows, ROOT / "docs" / "flows") == []


def test_a_drawing_that_is_out_of_date_or_of_no_flow_is_named(flows: Flows, tmp_path: Path) -> None:
    draw_flows(flows, tmp_path)
    (tmp_path / "gone.md").write_text("a flow that was removed")
    (tmp_path / "extension.md").write_text("an older drawing")
    assert stale_pages(flows, tmp_path) == ["extension.md", "gone.md"]
    draw_flows(flows, tmp_path)
    assert stale_pages(flows, tmp_path) == []


def test_every_state_and_every_way_is_drawn(flows: Flows) -> None:
    drawn = pages(flows)
    for flow in flows:
        page = drawn[f"{flow.name}.md"]
        for state in flow.states.values():
            assert f"as {state.name}\n" in page
            for target in [*flow.keys(state).values(), *(edge.to for edge in state.edges)]:
                assert f"  {state.name} --> {target}: " in page


def test_the_published_schema_is_the_one_flows_are_read_with() -> None:
    assert SCHEMA.read_text() == published_schema()


@pytest.mark.parametrize("path", flow_files(ROOT / "flows"), ids=lambda path: path.stem)
def test_our_flows_fit_the_published_schema(path: Path) -> None:
    table = tomllib.loads(path.read_text())
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(table)


def test_the_format_page_names_every_kind_and_every_setting() -> None:
    page = (ROOT / "docs" / "flow-format.md").read_text()
    known = json.loads(published_schema())["$defs"]
    words = {word for entry in known.values() for word in entry.get("properties", {})}
    assert sorted(word for word in words if f"`{word}`" not in page) == []


def test_the_format_page_names_every_guard_and_operation_with_all_it_gives() -> None:
    page = (ROOT / "docs" / "flow-format.md").read_text()
    assert [name for name in GUARDS if f"`{name}`" not in page] == []
    for spec in CATALOGUE.values():
        (line,) = [line for line in page.splitlines() if line.startswith(f"| `{spec.name}` |")]
        words = spec.parameters | spec.outcomes.keys() | spec.values
        assert [word for word in words if word not in line] == []
