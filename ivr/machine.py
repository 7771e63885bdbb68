"""The graph of a flow on `transitions`, which runs it and draws it.

One graph is built for each flow and shared by all calls; a call holds a bare `Cursor` in it. The
library is used synchronously, with no callback, condition, timer or queue: which edge to take is
decided by the dialogue, which then fires the edge's own trigger. So every trigger leads to one
place, and what is drawn is what runs.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from transitions.extensions import HierarchicalGraphMachine
from transitions.extensions.nesting import HierarchicalMachine, NestedState

from ivr.faults import DialogueMisuse
from ivr.flow import Ask, Flow, Group, Redirect, Reference, State
from ivr.operations import FAILED

_KEY_NAMES: Mapping[str, str] = MappingProxyType({"*": "star", "#": "pound"})

_NOISE = re.compile(r"\s*(classDef|Class) ")


def key_trigger(key: str) -> str:
    """The trigger of a key: `dtmf.1`, `dtmf.star`, `dtmf.pound`."""
    return f"dtmf.{_KEY_NAMES.get(key, key)}"


class _DottedState(NestedState):
    separator = "."


class _Machine(HierarchicalMachine):
    state_cls = _DottedState


class _DrawingMachine(HierarchicalGraphMachine):
    state_cls = _DottedState


class Cursor:
    """Where one call is in one flow. `transitions` writes `state`; it has no method of ours."""

    state: str


class FlowGraph:
    """The graph of one flow."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self._machine = _Machine(
            model=None,
            states=_states(flow),
            transitions=list(_transitions(flow)),
            initial=flow.initial,
            auto_transitions=False,
            ignore_invalid_triggers=True,
        )
        first = Cursor()
        self._machine.add_model(first)
        self._machine.remove_model(first)
        self._initial = first.state

    def enter(self) -> Cursor:
        """A new cursor in the flow's initial state."""
        # Not made a model: that gives it a method for each trigger, which nobody calls, and costs
        # a caller more than all else in a dialogue's beginning.
        cursor = Cursor()
        cursor.state = self._initial
        return cursor

    def move(self, cursor: Cursor, trigger: str) -> str:
        """Follow a trigger; tells the state arrived in. Raises DialogueMisuse if none is there."""
        event = self._machine.events.get(trigger)
        if event is None or not self._machine.trigger_event(cursor, trigger):
            raise DialogueMisuse(f"{self.flow.name}: {cursor.state} has no edge on {trigger}")
        return cursor.state

    def mermaid(self) -> str:
        """The graph as a Mermaid state diagram."""
        cursor = Cursor()
        machine = _DrawingMachine(
            model=cursor,
            states=_states(self.flow),
            transitions=list(_transitions(self.flow, drawn=True)),
            initial=self.flow.initial,
            auto_transitions=False,
            graph_engine="mermaid",
        )
        drawn = machine.get_combined_graph().draw(None) or ""
        lines = (line.rstrip() for line in drawn.splitlines())
        diagram = [line for line in lines if line and not _NOISE.match(line)]
        return "\n".join([*diagram[diagram.index("stateDiagram-v2") :], *_ends(self.flow)]) + "\n"


class Flows:
    """Every flow of a directory, proved, each with the graph that runs it."""

    def __init__(self, flows: Mapping[str, Flow]) -> None:
        self._graphs = {name: FlowGraph(flow) for name, flow in flows.items()}

    def __iter__(self) -> Iterator[Flow]:
        return (graph.flow for graph in self._graphs.values())

    def __contains__(self, name: str) -> bool:
        return name in self._graphs

    def graph(self, name: str) -> FlowGraph:
        """The graph of a flow. KeyError when there is no such flow."""
        return self._graphs[name]


def _ends(flow: Flow) -> Iterator[str]:
    for state in flow.states.values():
        if state.outcome is not None:
            yield f"  {state.name} --> [*]: {state.outcome}"
        if isinstance(state.step, Redirect):
            named = state.step.flow
            flow_named = f"${named.name}" if isinstance(named, Reference) else named
            yield f"  {state.name} --> [*]: redirect {flow_named}"


def _states(flow: Flow) -> list[dict[str, object]]:
    return list(_children(flow, ""))


def _children(flow: Flow, inside: str) -> Iterator[dict[str, object]]:
    """The states directly inside a group (or the flow), as `transitions` wants them."""
    places: dict[str, State | Group] = {**flow.states, **flow.groups}
    for name, place in places.items():
        outside, _, own = name.rpartition(".")
        if outside != inside:
            continue
        if isinstance(place, Group):
            yield {
                "name": own,
                "initial": place.initial.removeprefix(f"{name}."),
                "children": list(_children(flow, name)),
            }
        else:
            yield {"name": own}


def _transitions(flow: Flow, *, drawn: bool = False) -> Iterator[dict[str, str]]:
    """Every way of a flow; `drawn` shows the condition of a key beside it."""
    for state in flow.states.values():
        for key, target in flow.keys(state).items():
            condition = state.keys_when.get(key) if drawn else None
            trigger = f"{key_trigger(key)} [{condition}]" if condition else key_trigger(key)
            yield {"trigger": trigger, "source": state.name, "dest": target}
        for edge in state.edges:
            yield {"trigger": edge.trigger, "source": state.name, "dest": edge.to}
        if isinstance(state.step, Ask) and flow.error and not state.leads_on(FAILED):
            yield {"trigger": FAILED, "source": state.name, "dest": flow.error}
