"""What the rules on flows share: what a flow is judged against, and how a fault is told."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ivr.faults import FlowFault, Severity
from ivr.flow import Flow
from ivr.operations import OperationSpec
from ivr.prompts import PhraseBook


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a flow is judged against."""

    flows: Mapping[str, Flow]
    book: PhraseBook
    operations: Mapping[str, OperationSpec]
    extensions: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()
    """Flows that exist but could not be read: nothing is said of calls to them."""


Rule = Callable[[Flow, Surroundings], Iterator[FlowFault]]


def fault(flow: Flow, state: str, what: str, advice: str) -> FlowFault:
    """A fault that stops the start."""
    return FlowFault(flow.file, state, what, advice)


def warning(flow: Flow, state: str, what: str, advice: str) -> FlowFault:
    """Something doubtful, told and no more."""
    return FlowFault(flow.file, state, what, advice, Severity.WARNING)
