"""The flows under way in one call: where they are, what their variables hold and words mean."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from call.sound import Recording
from ivr.faults import DialogueMisuse
from ivr.flow import (
    Argument,
    Ask,
    Condition,
    Edge,
    Flow,
    Held,
    Prompt,
    Reference,
    Replay,
    Say,
    State,
)
from ivr.guards import GUARDS
from ivr.machine import FlowGraph, Flows
from ivr.prompts import Phrase, Recorded, Segment, Value

NOW = "now"
"""The variable every flow may read: the present instant, aware."""


MOST_REDIRECTS = 20
"""In one call; more is a circle of flows that nobody leaves."""


class Frame:
    """A flow under way. In a call's stack, a subflow lies above the flow that called it."""

    def __init__(self, graph: FlowGraph, given: Mapping[str, Held], now: datetime) -> None:
        self._graph = graph
        self._cursor = graph.enter()
        self._secrets: set[str] = set()
        self.variables: dict[str, Held] = {**_parameters(graph.flow, given), NOW: now}

    @property
    def flow(self) -> Flow:
        return self._graph.flow

    @property
    def state(self) -> State:
        """The state the flow is in."""
        return self.flow.states[self._cursor.state]

    def move(self, trigger: str) -> None:
        """Follow an edge of the graph."""
        self._graph.move(self._cursor, trigger)

    def edge(self, event: str) -> Edge | None:
        """The first edge on an event whose condition holds."""
        return next((e for e in self.state.edges_on(event) if self.holds(e.when)), None)

    @property
    def keys(self) -> Mapping[str, str]:
        """Each key that leads somewhere here and now, and where."""
        state = self.state
        known = self.flow.keys(state).items()
        return {key: to for key, to in known if self.holds(state.keys_when.get(key))}

    @property
    def idle_keys(self) -> frozenset[str]:
        """The keys that would lead somewhere, if their condition held."""
        return frozenset(self.flow.keys(self.state).keys() - self.keys.keys())

    def holds(self, condition: Condition | None) -> bool:
        """Whether a condition holds now; no condition always does."""
        if condition is None:
            return True
        return GUARDS[condition.guard].holds(self.variables) != condition.negated

    def value(self, argument: Argument) -> Held:
        """What an argument stands for; None for a variable nothing has set."""
        if isinstance(argument, Reference):
            return self.variables.get(argument.name)
        return argument

    def keep_secret(self, name: str, digits: str) -> None:
        """Hold digits until the first operation that asks for them, and no longer."""
        self._secrets.add(name)
        self.variables[name] = digits

    def knows_all(self, ask: Ask) -> bool:
        """Whether every variable an operation names has a value."""
        return all(self.value(argument) is not None for _, argument in ask.arguments)

    def arguments(self, pairs: Iterable[tuple[str, Argument]]) -> dict[str, Held]:
        """The arguments of an operation or a subflow. A secret is handed over once."""
        asked = list(pairs)
        values = {name: self.value(argument) for name, argument in asked}
        for _, argument in asked:
            if isinstance(argument, Reference) and argument.name in self._secrets:
                self._secrets.discard(argument.name)
                self.variables.pop(argument.name, None)
        return values

    def segments(self, prompt: Prompt, language: str) -> list[Segment]:
        """What a prompt says now, in the language of the call."""
        said: list[Segment] = []
        for item in prompt:
            if isinstance(item, Replay):
                said += self._replayed(item, language)
            elif self.holds(item.when):
                said.append(self._phrase(item, language))
        return said

    def _replayed(self, item: Replay, language: str) -> list[Segment]:
        if not self.holds(item.when):
            return self.segments(item.otherwise, language)
        held = self.value(item.recording)
        if isinstance(held, Recording):
            return [Recorded(held.path)]
        if isinstance(held, Path):
            return [Recorded(held)]
        return self.segments(item.otherwise, language)

    def _phrase(self, item: Say, language: str) -> Phrase:
        arguments = tuple((name, self._spoken(argument)) for name, argument in item.arguments)
        return Phrase(item.phrase, item.language or language, arguments)

    def _spoken(self, argument: Argument) -> Value:
        value = self.value(argument)
        if isinstance(value, Recording):
            raise DialogueMisuse(f"{self.flow.name}: a recording is no argument of a phrase")
        return value


class Stack:
    """The flows of one call under way, each on top of the one that called it.

    `offered` is what a flow that the call is redirected to may take, beyond what it is given.
    """

    def __init__(self, flows: Flows, offered: Mapping[str, Held] = MappingProxyType({})) -> None:
        self._flows = flows
        self._offered = offered
        self._redirects = 0
        self._frames: list[Frame] = []
        self._now = datetime.min.replace(tzinfo=UTC)

    @property
    def empty(self) -> bool:
        return not self._frames

    @property
    def top(self) -> Frame:
        """The flow the caller is in."""
        return self._frames[-1]

    @property
    def place(self) -> str:
        """The flow and the state the caller is in; "" when there is none."""
        return f"{self.top.flow.name}/{self.top.state.name}" if self._frames else ""

    @property
    def now(self) -> datetime:
        """The present instant, which every flow may read."""
        return self._now

    @now.setter
    def now(self, instant: datetime) -> None:
        self._now = instant
        self.top.variables[NOW] = instant

    def enter(self, flow: str, given: Mapping[str, Held]) -> None:
        """Begin a flow. Raises DialogueMisuse for parameters it does not have, or lacks."""
        self._frames.append(Frame(self._flows.graph(flow), given, self._now))

    def redirect(self, flow: Held, given: Mapping[str, Held]) -> str | None:
        """Begin a flow in place of all of them; tells why not, where it cannot be begun.

        Of what is given and offered the flow gets what it takes and what has a value.
        """
        self._redirects += 1
        if self._redirects > MOST_REDIRECTS:
            return f"redirected {MOST_REDIRECTS} times"
        if not isinstance(flow, str) or flow not in self._flows:
            return f"redirected to {flow!r}, which is no flow"
        parameters = self._flows.graph(flow).flow.parameters
        values = {**self._offered, **{n: v for n, v in given.items() if v not in (None, "")}}
        taken = {p.name: values[p.name] for p in parameters if p.name in values}
        missing = [p.name for p in parameters if not p.optional and p.name not in taken]
        if missing:
            return f"redirected to {flow} without {', '.join(missing)}"
        self._frames.clear()
        self.enter(flow, taken)
        return None

    def leave(self) -> None:
        """The flow on top is over."""
        self._frames.pop()
        if self._frames:
            self.top.variables[NOW] = self._now

    def leave_all(self) -> None:
        """The call is over."""
        self._frames.clear()

    def farewells(self) -> Iterator[tuple[str, Mapping[str, Held]]]:
        """What each flow wants done for a caller who goes away here, innermost first."""
        for frame in reversed(self._frames):
            ask = frame.state.on_hangup or frame.flow.on_hangup
            if ask is not None and frame.knows_all(ask):
                yield ask.operation, frame.arguments(ask.arguments)


def _parameters(flow: Flow, given: Mapping[str, Held]) -> dict[str, Held]:
    """The variables a flow starts with. Raises DialogueMisuse for one missing or unknown."""
    known = {parameter.name for parameter in flow.parameters}
    unknown = given.keys() - known
    missing = {p.name for p in flow.parameters if not p.optional} - given.keys()
    if unknown or missing:
        raise DialogueMisuse(
            f"{flow.name} is started without {sorted(missing)} or with unknown {sorted(unknown)}"
        )
    defaults: dict[str, Held] = {p.name: p.default for p in flow.parameters}
    return defaults | dict(given)
