"""Proves a flow before it may answer a call: no dead end, no missing sentence, no way to hang.

Each rule is a function from a flow and its surroundings to faults. The rules on paths run only
when every target exists. What flows name is judged in `naming`.
"""

from collections.abc import Iterator

from ivr.faults import FlowFault
from ivr.flow import (
    CODE,
    EXTENSION,
    PERSON_KEY,
    Ask,
    Collect,
    Flow,
    Fork,
    HangUp,
    Menu,
    Play,
    Record,
    Redirect,
    State,
    Subflow,
)
from ivr.naming import NAMING_RULES
from ivr.operations import FAILED
from ivr.paths import ending, reachable, silent_loops
from ivr.rules import Rule, Surroundings, fault, warning

MOST_OPTIONS = 5
"""Options a caller can keep in mind; beyond it the checker warns."""

TAKEN_NAME = "add"
"""What the library that runs the graph calls a method of its own on every group."""


def check(flow: Flow, around: Surroundings) -> list[FlowFault]:
    """Every fault of a flow."""
    faults = list(_targets(flow, around))
    for rule in _RULES if faults else _RULES + _PATH_RULES:
        faults.extend(rule(flow, around))
    return faults


# ---- Targets and names


def _targets(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    places = flow.states.keys() | flow.groups.keys()
    for state, what, target in _all_targets(flow):
        if target not in places:
            advice = "Add the state, or mend the name."
            yield fault(flow, state, f"{what} leads to {target!r}, which does not exist", advice)
    for name in places:
        outside = name.rpartition(".")[0]
        if outside and outside not in flow.groups:
            advice = f'Add [states."{outside}"] with an initial state.'
            yield fault(flow, name, f"the group {outside!r} does not exist", advice)
        if name.endswith(f".{TAKEN_NAME}"):
            advice = "Choose another name."
            yield fault(flow, name, f"a group cannot have a state named {TAKEN_NAME!r}", advice)
    for group in flow.groups.values():
        if not group.initial.startswith(f"{group.name}."):
            advice = "A group begins in one of its own states."
            yield fault(flow, group.name, f"{group.initial!r} lies outside the group", advice)


def _all_targets(flow: Flow) -> Iterator[tuple[str, str, str]]:
    yield "", "initial", flow.initial
    if flow.operator is not None:
        yield "", "operator", flow.operator
    if flow.error is not None:
        yield "", "error", flow.error
    for group in flow.groups.values():
        yield group.name, "initial", group.initial
        for key, target in group.keys.items():
            yield group.name, f"key {key}", target
    for state in flow.states.values():
        for key, target in state.keys.items():
            yield state.name, f"key {key}", target
        for edge in state.edges:
            yield state.name, edge.trigger, edge.to


# ---- Events


def _events(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    """Every event that can come leads somewhere, and only those are named."""
    for state in flow.states.values():
        needed, possible = _events_of(flow, state, around)
        named = {edge.event for edge in state.edges}
        for event in sorted(needed - named):
            advice = f'Add {event} = "..." to its on.'
            yield fault(flow, state.name, f"nothing says where {event!r} leads", advice)
        for event in sorted(named - needed - possible):
            if isinstance(state.step, Subflow) and state.step.flow not in around.flows:
                continue
            advice = f"Remove it; possible here: {', '.join(sorted(needed | possible)) or 'none'}."
            yield fault(flow, state.name, f"{event!r} never happens here", advice)
        for event in sorted(named):
            if all(edge.when is not None for edge in state.edges_on(event)):
                advice = "End with an entry that has no when."
                yield fault(flow, state.name, f"the branch on {event!r} has no else", advice)


def _events_of(flow: Flow, state: State, around: Surroundings) -> tuple[set[str], set[str]]:
    """The events a state must lead somewhere, and those it may."""
    exits = {"max_no_input", "max_no_match"}
    match state.step:
        case Menu(dial=patterns):
            return exits | {f"dial_{pattern}" for pattern in patterns}, set()
        case Collect():
            return exits | {"filled"}, set()
        case Play():
            return (set() if state.outcome is not None else {"done"}), set()
        case Record():
            return {"done"}, {"silence", "limit"}
        case Fork():
            return {"enter"}, set()
        case Subflow(flow=called):
            return set(around.flows[called].outcomes) if called in around.flows else set(), set()
        case Ask(operation=operation):
            spec = around.operations.get(operation)
            known = set(spec.outcomes) if spec else {e.event for e in state.edges}
            return (known | {FAILED}, set()) if flow.error is None else (known, {FAILED})
        case Redirect() | HangUp():
            return set(), set()


# ---- Keys and people


def _clashes(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for state in flow.states.values():
        keys = flow.keys(state)
        match state.step:
            case Collect():
                for key in sorted(filter(str.isdecimal, keys)):
                    advice = "Use * or #, or a menu."
                    yield fault(
                        flow, state.name, f"key {key} can also begin the digits asked for", advice
                    )
            case Record(terminator=terminator) if terminator in keys:
                advice = 'Choose another key, or terminator = "".'
                yield fault(flow, state.name, f"key {terminator} also ends the recording", advice)
            case Menu(dial=patterns):
                yield from _dial_clashes(flow, state.name, set(keys), patterns, around)


def _guarded_keys(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for state in flow.states.values():
        for key in sorted(state.keys_when.keys() - flow.keys(state).keys()):
            advice = "Add it to keys, or remove the condition."
            yield fault(flow, state.name, f"key {key} has a condition and leads nowhere", advice)


def _controls(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for state in flow.states.values():
        if not isinstance(state.step, Play) or not state.step.controls:
            continue
        for key in sorted(state.step.controls.keys() & state.keys.keys()):
            advice = "Keep it in keys, or in controls."
            yield fault(flow, state.name, f"key {key} leads away and is a control", advice)
        if not state.step.barge_in:
            advice = "Remove the controls, or barge_in = false."
            yield fault(flow, state.name, "controls need barge_in", advice)


def _warnings(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for state in flow.states.values():
        match state.step:
            case Record(warning_s=float() as before, max_s=float() as longest):
                if longest < 2 * before:
                    advice = "Warn later, or let the recording be longer."
                    what = "the recording is too short for its warning, which never comes"
                    yield warning(flow, state.name, what, advice)


def _dial_clashes(
    flow: Flow, state: str, keys: set[str], patterns: tuple[str, ...], around: Surroundings
) -> Iterator[FlowFault]:
    if len(set(patterns)) < len(patterns):
        yield fault(flow, state, "a pattern stands twice", "Remove one.")
    literal = set(patterns) - {CODE, EXTENSION}
    extensions = around.extensions if EXTENSION in patterns else frozenset()
    for number in sorted(literal & extensions):
        advice = "Give the extension another number."
        yield fault(flow, state, f"{number} is also an extension", advice)
    for number in sorted(extensions & keys):
        yield fault(flow, state, f"{number} is a key and an extension", "Keep one of them.")
    everything = literal | extensions
    for number in sorted(everything):
        for start in sorted((everything | keys) - {number}):
            if number.startswith(start):
                advice = "It works, after the inter-digit time; another key answers faster."
                yield warning(flow, state, f"{start} is also the start of {number}", advice)


def _options(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for state in flow.states.values():
        options = len(flow.keys(state).keys() - {"*", "#", PERSON_KEY})
        if not isinstance(state.step, Menu) or state.step.crowded is not None:
            continue
        if options > MOST_OPTIONS:
            advice = f"Callers remember {MOST_OPTIONS}; make a second menu, or say why: crowded."
            yield warning(flow, state.name, f"{options} options in one menu", advice)


def _person(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    """A way to a person, or a reason why there is none."""
    if (flow.operator is None) == (flow.without_operator is None):
        advice = (
            'Declare operator = "state" (key 0 of its menus), or without_operator = "the reason".'
        )
        both = "two answers about" if flow.operator is not None else "no way to"
        yield fault(flow, "", f"{both} a person", advice)


def _operator_reached(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    if flow.operator is None:
        return
    place = flow.landing(flow.operator)
    leading = (
        state
        for state in flow.states.values()
        if PERSON_KEY in flow.keys(state)
        and place in reachable(flow, [flow.keys(state)[PERSON_KEY]])
    )
    if not any(leading):
        advice = "Lead key 0 of a menu to it."
        yield fault(flow, place, "no key 0 leads to the operator", advice)


# ---- Paths


def _reached(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for name in sorted(flow.states.keys() - reachable(flow, [flow.initial])):
        yield fault(flow, name, "nothing leads here", "Lead something to it, or remove it.")


def _ends(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for name in sorted(flow.states.keys() - ending(flow)):
        advice = "Give it a way to a hangup or to a final state."
        yield fault(flow, name, "no end can be reached from here", advice)


def _silences(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for name in sorted(silent_loops(flow)):
        advice = "Put something that speaks on the way."
        yield fault(flow, name, "comes back to itself without a word", advice)


_RULES: tuple[Rule, ...] = (_events, _person, _guarded_keys, _controls, _warnings, *NAMING_RULES)

_PATH_RULES: tuple[Rule, ...] = (
    _reached,
    _ends,
    _silences,
    _clashes,
    _options,
    _operator_reached,
)
