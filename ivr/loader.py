"""Flow files into flows: TOML, then the shapes of `schema`, then frozen data, then the checker.

Every fault of every file is found before anything is refused: with its file, its state and what to
do about it.
"""

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from ivr import schema
from ivr.building import FlowBuilder
from ivr.checker import check
from ivr.faults import FlowFault, FlowsRefused, Severity
from ivr.flow import Flow
from ivr.machine import Flows
from ivr.operations import OperationSpec
from ivr.prompts import PhraseBook
from ivr.rules import Surroundings

_SEE = "See docs/flow-format.md."

_WRITTEN = re.compile(r"(?!(str|int|float|bool|list|dict)$)[a-z0-9_*#.]+$")
"""Parts of a place that the author wrote; the others name the model's own types."""

SCENARIOS = ".scenarios.toml"
"""Files with this ending lie beside flows and hold scenarios."""


def load_flows(
    directory: Path,
    *,
    book: PhraseBook,
    operations: Mapping[str, OperationSpec],
    extensions: Collection[str] = (),
    beside: Path | None = None,
) -> Flows:
    """Every flow of `directory`, and of the folder `beside` it where there is one, ready to run.

    Raises FlowsRefused with all that is wrong.
    """
    flows, faults = _read_all(directory, beside, book, operations, extensions)
    errors = [fault for fault in faults if fault.severity is Severity.ERROR]
    if errors:
        raise FlowsRefused(errors)
    return Flows(flows)


def check_flows(
    directory: Path,
    *,
    book: PhraseBook,
    operations: Mapping[str, OperationSpec],
    extensions: Collection[str] = (),
    beside: Path | None = None,
) -> list[FlowFault]:
    """All that is wrong or doubtful in the flows of `directory`, and of the folder `beside` it;
    empty when all is well."""
    return _read_all(directory, beside, book, operations, extensions)[1]


def flow_files(directory: Path) -> list[Path]:
    """The flow files of a directory, in the order of their names."""
    return sorted(path for path in directory.glob("*.toml") if not path.name.endswith(SCENARIOS))


def _read_all(
    directory: Path,
    beside: Path | None,
    book: PhraseBook,
    operations: Mapping[str, OperationSpec],
    extensions: Collection[str],
) -> tuple[dict[str, Flow], list[FlowFault]]:
    flows: dict[str, Flow] = {}
    faults: list[FlowFault] = []
    builder = FlowBuilder(book)
    files = _files(directory, beside, faults)
    for path in files:
        entry = _read(path, faults)
        if entry is None:
            continue
        if entry.flow != path.stem:
            advice = f"Name the file {entry.flow}.toml, or the flow {path.stem!r}."
            faults.append(FlowFault(path.name, "", f"the flow is named {entry.flow!r}", advice))
        flows[entry.flow] = builder.build(entry, path.name)
    broken = {path.stem for path in files} - flows.keys()
    surroundings = Surroundings(flows, book, operations, frozenset(extensions), frozenset(broken))
    for flow in flows.values():
        faults.extend(check(flow, surroundings))
    return flows, faults


def _files(directory: Path, beside: Path | None, faults: list[FlowFault]) -> list[Path]:
    """The flow files of both folders; no file of the second stands in for one of the first."""
    files = flow_files(directory)
    if not files:
        advice = "Give the folder that holds *.toml."
        faults.append(FlowFault(str(directory), "", "no flow here", advice))
    names = {path.name for path in files}
    for path in [] if beside is None else flow_files(beside):
        if path.name in names:
            advice = "Choose another name."
            faults.append(FlowFault(str(path), "", "there is a flow of this name already", advice))
        else:
            files.append(path)
    return files


def _read(path: Path, faults: list[FlowFault]) -> schema.FlowEntry | None:
    """One file's table; None, with the faults told, when it has not the right shape."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        advice = "Mend the line; names with dots, * and # stand in quotes."
        faults.append(FlowFault(path.name, "", f"not TOML: {error}", advice))
        return None
    try:
        return schema.FlowEntry.model_validate(table)
    except ValidationError as error:
        found = [_shape_fault(path.name, d["loc"], d["type"], d["msg"]) for d in error.errors()]
        faults.extend({(fault.state, fault.what): fault for fault in found}.values())
        return None


def _shape_fault(file: str, location: Sequence[int | str], kind: str, message: str) -> FlowFault:
    """What pydantic found, in the words of the format."""
    place = [str(part) for part in location]
    state = place[1] if place[:1] == ["states"] and len(place) > 1 else ""
    within = [part for part in (place[3:] if state else place) if _WRITTEN.match(part)]
    where = ".".join(within)
    if kind == "extra_forbidden":
        return FlowFault(file, state, f"unknown key {where!r}", "Remove it, or mend its spelling.")
    if kind == "missing":
        return FlowFault(file, state, f"{where!r} is missing", "Add it.")
    if kind.startswith("union_tag"):
        advice = f"Choose one of {', '.join(schema.KINDS)}; a group has no kind, but an initial."
        return FlowFault(file, state, "unknown kind of state", advice)
    if kind == "string_pattern_mismatch" and where:
        return FlowFault(file, state, f"{where!r} is not written as it should be", _SEE)
    subject = f"{where!r} is not as it should be ({message})" if where else message
    return FlowFault(file, state, subject, _SEE)
