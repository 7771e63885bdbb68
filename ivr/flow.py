"""A flow as the program holds it: frozen data, made by the loader, proved by the checker.

A flow is a set of states. Each state has a step (what happens there), edges (where an event leads)
and what every state shares: what to do when the caller goes away, and the language that sticks
from there on. Names of states have dots: `options.menu` lies inside `options`, whose keys it
inherits.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from call.leg import HangUpCause
from call.sound import EndOfRecording, Recording
from ivr.prompts import Value

Held = Value | Recording
"""What a variable of a dialogue may hold."""

NO_KEYS: Mapping[str, str] = MappingProxyType({})

PERSON_KEY = "0"
"""The universal key for a person, where the flow declares an operator."""

EXTENSION = "extension"
"""The dial pattern that stands for every extension in service."""

CODE = "code"
"""The dial pattern that stands for every code the company gave to its own people."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Stands for the value a variable has at that moment; written `$name` in a flow."""

    name: str


Argument = Value | Reference


@dataclass(frozen=True, slots=True)
class Condition:
    """A registered guard, or its contrary; written `name` or `not name`."""

    guard: str
    negated: bool = False

    def __str__(self) -> str:
        return f"not {self.guard}" if self.negated else self.guard


NO_CONDITIONS: Mapping[str, Condition] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Say:
    """A phrase in a prompt. `language` is None for the language of the call."""

    phrase: str
    arguments: tuple[tuple[str, Argument], ...] = ()
    language: str | None = None
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """A recording in a prompt, named by a variable; `otherwise` where `when` does not hold."""

    recording: Reference
    when: Condition | None = None
    otherwise: "Prompt" = ()


Prompt = tuple[Say | Replay, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """Where an event leads, in the order in which conditions are tried."""

    event: str
    to: str
    when: Condition | None = None
    say: Prompt = ()

    @property
    def trigger(self) -> str:
        """The name of this edge in the graph: the event, with its condition if it has one."""
        return self.event if self.when is None else f"{self.event} [{self.when}]"


@dataclass(frozen=True, slots=True)
class Listening:
    """How a state that waits for keys waits. Times in seconds, from the end of the prompt."""

    first_digit_s: float
    inter_digit_s: float
    terminator_s: float
    terminator: str | None
    barge_in: bool
    type_ahead: bool
    max_no_input: int
    max_no_match: int
    no_input: Prompt
    no_match: Prompt
    prompt_short: Prompt = ()
    """Said in place of the prompt when it is repeated; empty repeats the prompt itself."""


@dataclass(frozen=True, slots=True)
class Menu:
    """A choice by one key, or by a number where `dial` has patterns."""

    prompt: Prompt
    listening: Listening
    dial: tuple[str, ...] = ()
    crowded: str | None = None
    """Why it has more options than callers keep in mind; None where it has no reason to."""


@dataclass(frozen=True, slots=True)
class Collect:
    """Digits into a variable. A secret is handed to operations and kept nowhere else."""

    prompt: Prompt
    listening: Listening
    into: str
    least: int
    most: int
    submit_on_length: bool
    secret: bool = False


class Control(StrEnum):
    """What a key does to what is being said, without leaving the state."""

    BACK = "back"
    FORWARD = "forward"
    PAUSE = "pause"
    """And on again."""
    RESTART = "restart"


NO_CONTROLS: Mapping[str, Control] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Play:
    """Something said, then on. With keys and no controls, only those cut it; otherwise any does."""

    prompt: Prompt
    barge_in: bool = True
    type_ahead: bool = True
    controls: Mapping[str, Control] = field(default_factory=lambda: NO_CONTROLS)
    skip_s: float = 3.0
    """How far back and forward go."""


@dataclass(frozen=True, slots=True)
class Record:
    """A prompt (the tone), then the caller's voice into the file `spool` names."""

    prompt: Prompt
    spool: Reference
    into: str
    max_s: Argument
    final_silence_s: float | None
    terminator: str | None
    warning_s: float | None = None
    """How long before the limit the caller is warned; None for no warning."""
    warning_prompt: Prompt = ()
    """Said while the recording goes on; it is not in it."""


@dataclass(frozen=True, slots=True)
class Subflow:
    """Another flow, which ends in an outcome."""

    flow: str
    arguments: tuple[tuple[str, Argument], ...] = ()


@dataclass(frozen=True, slots=True)
class Redirect:
    """Another flow in place of every flow of the call; a variable may name it."""

    flow: Argument
    arguments: tuple[tuple[str, Argument], ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """An operation, asked for by name; written `kind = "action"`."""

    operation: str
    arguments: tuple[tuple[str, Argument], ...] = ()


@dataclass(frozen=True, slots=True)
class Fork:
    """A choice made by guards; written `kind = "branch"`. Its edges are on `enter`."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The end of the call, after a last prompt."""

    prompt: Prompt = ()
    cause: HangUpCause = HangUpCause.NORMAL


Step = Menu | Collect | Play | Record | Subflow | Redirect | Ask | Fork | HangUp


@dataclass(frozen=True, slots=True)
class State:
    """One place of a flow."""

    name: str
    step: Step
    edges: tuple[Edge, ...] = ()
    keys: Mapping[str, str] = field(default_factory=lambda: NO_KEYS)
    """Its own keys; those of the groups around it are found by `Flow.keys`."""
    keys_when: Mapping[str, Condition] = field(default_factory=lambda: NO_CONDITIONS)
    """The keys that lead somewhere only where a condition holds."""
    language: Argument = None
    """Sticks to the call from this state on."""
    on_hangup: Ask | None = None
    outcome: str | None = None
    """Set where the flow ends: what the flow that called this one is told."""

    def edges_on(self, event: str) -> Iterator[Edge]:
        return (edge for edge in self.edges if edge.event == event)

    def leads_on(self, event: str) -> bool:
        return any(True for _ in self.edges_on(event))

    def event_after(self, end: EndOfRecording) -> str:
        """What the end of a recording is called: silence and the limit where they are named."""
        own = end is not EndOfRecording.STOPPED and self.leads_on(end.value)
        return end.value if own else "done"

    @property
    def prompt(self) -> Prompt:
        """What is said on entering; empty for a step that says nothing."""
        if isinstance(self.step, Subflow | Redirect | Ask | Fork):
            return ()
        return self.step.prompt


@dataclass(frozen=True, slots=True)
class Group:
    """States under a common name: where entering it leads, and the keys all of them know."""

    name: str
    initial: str
    """The full name of a state or group inside this one."""
    keys: Mapping[str, str] = field(default_factory=lambda: NO_KEYS)


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a flow is given when it starts. Required when it is not optional."""

    name: str
    type: str
    optional: bool = False
    default: Value = None


@dataclass(frozen=True, eq=False)
class Flow:
    """One flow, whole; equal only to itself."""

    name: str
    file: str
    title: Mapping[str, str]
    initial: str
    parameters: tuple[Parameter, ...]
    states: Mapping[str, State]
    groups: Mapping[str, Group]
    operator: str | None = None
    without_operator: str | None = None
    error: str | None = None
    """Where a failed operation leads, after the caller was told of the trouble."""
    on_hangup: Ask | None = None

    def around(self, name: str) -> Iterator[Group]:
        """The groups a state or a group lies in, innermost first."""
        while "." in name:
            name = name.rpartition(".")[0]
            if name in self.groups:
                yield self.groups[name]

    def keys(self, state: State) -> Mapping[str, str]:
        """Each key that acts in a state and where it leads: its own, its groups', a person's."""
        return self._keys[state.name]

    def landing(self, target: str) -> str:
        """The state in which a move to `target` ends: groups lead to their initial state."""
        while target in self.groups:
            target = self.groups[target].initial
        return target

    @cached_property
    def outcomes(self) -> frozenset[str]:
        """Every way this flow can end."""
        return frozenset(s.outcome for s in self.states.values() if s.outcome is not None)

    @cached_property
    def _keys(self) -> Mapping[str, Mapping[str, str]]:
        return {name: self._keys_of(state) for name, state in self.states.items()}

    def _keys_of(self, state: State) -> Mapping[str, str]:
        if not isinstance(state.step, Menu | Collect | Play | Record):
            return NO_KEYS
        known: dict[str, str] = {}
        if self.operator is not None and isinstance(state.step, Menu):
            known[PERSON_KEY] = self.operator
        if isinstance(state.step, Menu | Collect):
            for group in reversed(list(self.around(state.name))):
                known.update(group.keys)
        return known | dict(state.keys)
