"""Proves a flow before it may answer a call: no dead end, no missing sentence, no way to hang.

Each rule is a function from a flow and its surroundings to faults; `_RULES` lists them. The rules
on paths run only when every target exists.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ivr.dialogue import TROUBLE
from ivr.faults import FlowFault, Severity
from ivr.flow import (
    EXTENSION,
    PERSON_KEY,
    Argument,
    Ask,
    Collect,
    Condition,
    Flow,
    Fork,
    HangUp,
    Menu,
    Play,
    Prompt,
    Record,
    Reference,
    Replay,
    Say,
    State,
    Subflow,
)
from ivr.frames import NOW
from ivr.guards import GUARDS
from ivr.operations import FAILED, OperationSpec
from ivr.paths import ending, reachable, silent_loops
from ivr.prompts import PhraseBook

MOST_OPTIONS = 5
"""Options a caller can keep in mind; beyond it the checker warns."""


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


def check(flow: Flow, around: Surroundings) -> list[FlowFault]:
    """Every fault of a flow."""
    faults = list(_targets(flow, around))
    for rule in _RULES if faults else _RULES + _PATH_RULES:
        faults.extend(rule(flow, around))
    return faults


def _fault(flow: Flow, state: str, what: str, advice: str) -> FlowFault:
    return FlowFault(flow.file, state, what, advice)


def _warning(flow: Flow, state: str, what: str, advice: str) -> FlowFault:
    return FlowFault(flow.file, state, what, advice, Severity.WARNING)


# ---- Targets and names


def _targets(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    places = flow.states.keys() | flow.groups.keys()
    for state, what, target in _all_targets(flow):
        if target not in places:
            advice = "Add the state, or mend the name."
            yield _fault(flow, state, f"{what} leads to {target!r}, which does not exist", advice)
    for name in places:
        outside = name.rpartition(".")[0]
        if outside and outside not in flow.groups:
            advice = f'Add [states."{outside}"] with an initial state.'
            yield _fault(flow, name, f"the group {outside!r} does not exist", advice)
    for group in flow.groups.values():
        if not group.initial.startswith(f"{group.name}."):
            advice = "A group begins in one of its own states."
            yield _fault(flow, group.name, f"{group.initial!r} lies outside the group", advice)


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
            yield _fault(flow, state.name, f"nothing says where {event!r} leads", advice)
        for event in sorted(named - needed - possible):
            if isinstance(state.step, Subflow) and state.step.flow not in around.flows:
                continue
            advice = f"Remove it; possible here: {', '.join(sorted(needed | possible)) or 'none'}."
            yield _fault(flow, state.name, f"{event!r} never happens here", advice)
        for event in sorted(named):
            if all(edge.when is not None for edge in state.edges_on(event)):
                advice = "End with an entry that has no when."
                yield _fault(flow, state.name, f"the branch on {event!r} has no else", advice)


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
        case HangUp():
            return set(), set()


# ---- What flows name


def _phrases(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    languages = around.book.languages
    for language in sorted(languages - flow.title.keys()):
        yield _fault(flow, "", f"the title has no {language}", f"Add title.{language}.")
    if around.book.parameters(TROUBLE) is None:
        yield _fault(flow, "", f"no phrase {TROUBLE!r}", "Add it in every language.")
    for state, prompt in _prompts(flow):
        for say in _sayings(prompt):
            wanted = around.book.parameters(say.phrase)
            if wanted is None:
                advice = f"Add it to phrases.toml in {' and '.join(sorted(languages))}."
                yield _fault(flow, state, f"no phrase {say.phrase!r}", advice)
                continue
            for name in sorted({name for name, _ in say.arguments} - wanted.keys()):
                advice = f"It takes {', '.join(sorted(wanted)) or 'no argument'}."
                yield _fault(flow, state, f"{say.phrase!r} takes no argument {name!r}", advice)
            if say.language is not None and say.language not in languages:
                yield _unknown_language(flow, state, say.language, around)
    for place in flow.states.values():
        if isinstance(place.language, str) and place.language not in languages:
            yield _unknown_language(flow, place.name, place.language, around)


def _unknown_language(flow: Flow, state: str, language: str, around: Surroundings) -> FlowFault:
    advice = f"The languages are {', '.join(sorted(around.book.languages))}."
    return _fault(flow, state, f"no language {language!r}", advice)


def _prompts(flow: Flow) -> Iterator[tuple[str, Prompt]]:
    for state in flow.states.values():
        yield state.name, state.prompt
        for edge in state.edges:
            yield state.name, edge.say
        if isinstance(state.step, Menu | Collect):
            listening = state.step.listening
            yield state.name, listening.prompt_short + listening.no_input + listening.no_match


def _sayings(prompt: Prompt) -> Iterator[Say]:
    for item in prompt:
        if isinstance(item, Replay):
            yield from _sayings(item.otherwise)
        else:
            yield item


def _guards(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    known = _variables(flow, around)
    for state, condition in _conditions(flow):
        guard = GUARDS.get(condition.guard)
        if guard is None:
            advice = f"The guards are {', '.join(sorted(GUARDS))}."
            yield _fault(flow, state, f"no guard {condition.guard!r}", advice)
        elif not guard.reads <= known:
            names = ", ".join(sorted(guard.reads - known))
            advice = "Ask for the operation that sets it, or remove the condition."
            yield _fault(
                flow, state, f"{condition.guard!r} reads {names}, which nothing sets", advice
            )


def _conditions(flow: Flow) -> Iterator[tuple[str, Condition]]:
    for state, prompt in _prompts(flow):
        for condition in _conditions_in(prompt):
            yield state, condition
    for place in flow.states.values():
        for edge in place.edges:
            if edge.when is not None:
                yield place.name, edge.when


def _conditions_in(prompt: Prompt) -> Iterator[Condition]:
    for item in prompt:
        if item.when is not None:
            yield item.when
        if isinstance(item, Replay):
            yield from _conditions_in(item.otherwise)


def _operations(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for state, ask in _asks(flow):
        spec = around.operations.get(ask.operation)
        if spec is None:
            advice = f"The operations are {', '.join(sorted(around.operations))}."
            yield _fault(flow, state, f"no operation {ask.operation!r}", advice)
            continue
        given = dict(ask.arguments)
        for name in sorted(spec.parameters ^ given.keys()):
            verb = "needs" if name in spec.parameters else "takes no"
            advice = f"Its parameters are {', '.join(sorted(spec.parameters)) or 'none'}."
            yield _fault(flow, state, f"{ask.operation} {verb} parameter {name!r}", advice)
        for name, choices in spec.choices.items():
            value = given.get(name)
            if isinstance(value, str) and value not in choices:
                advice = f"Choose one of {', '.join(sorted(choices))}."
                yield _fault(flow, state, f"{ask.operation} has no {name} {value!r}", advice)


def _asks(flow: Flow) -> Iterator[tuple[str, Ask]]:
    if flow.on_hangup is not None:
        yield "", flow.on_hangup
    for state in flow.states.values():
        if isinstance(state.step, Ask):
            yield state.name, state.step
        if state.on_hangup is not None:
            yield state.name, state.on_hangup


def _known_variables(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    known = _variables(flow, around)
    for state, argument in _arguments(flow):
        if isinstance(argument, Reference) and argument.name not in known:
            advice = "Declare it in params, or use a variable that an operation or a state sets."
            yield _fault(flow, state, f"nothing sets ${argument.name}", advice)


def _variables(flow: Flow, around: Surroundings) -> set[str]:
    """Every variable that something in the flow may set."""
    known = {NOW} | {parameter.name for parameter in flow.parameters}
    for state in flow.states.values():
        match state.step:
            case Collect(into=into) | Record(into=into):
                known.add(into)
            case Menu(dial=patterns) if patterns:
                known.add("dialed")
            case Ask(operation=operation) if operation in around.operations:
                known |= around.operations[operation].values
    return known


def _arguments(flow: Flow) -> Iterator[tuple[str, Argument]]:
    for state, prompt in _prompts(flow):
        yield from ((state, argument) for argument in _arguments_in(prompt))
    for state, ask in _asks(flow):
        yield from ((state, argument) for _, argument in ask.arguments)
    for place in flow.states.values():
        yield place.name, place.language
        match place.step:
            case Subflow(arguments=pairs):
                yield from ((place.name, argument) for _, argument in pairs)
            case Record(spool=spool, max_s=longest):
                yield place.name, spool
                yield place.name, longest


def _arguments_in(prompt: Prompt) -> Iterator[Argument]:
    for item in prompt:
        if isinstance(item, Replay):
            yield item.recording
            yield from _arguments_in(item.otherwise)
        else:
            yield from (argument for _, argument in item.arguments)


# ---- Other flows


def _subflows(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for state in flow.states.values():
        if not isinstance(state.step, Subflow) or state.step.flow in around.broken:
            continue
        called = around.flows.get(state.step.flow)
        if called is None:
            advice = f"The flows are {', '.join(sorted(around.flows))}."
            yield _fault(flow, state.name, f"no flow {state.step.flow!r}", advice)
            continue
        given = {name for name, _ in state.step.arguments}
        known = {parameter.name for parameter in called.parameters}
        needed = {parameter.name for parameter in called.parameters if not parameter.optional}
        for name in sorted((given - known) | (needed - given)):
            verb = "needs" if name in needed else "takes no"
            advice = f"Its parameters are {', '.join(sorted(known)) or 'none'}."
            yield _fault(flow, state.name, f"{called.name} {verb} parameter {name!r}", advice)
        if flow.name in _called_by(called, around, frozenset()):
            advice = "End this flow with an outcome, and let the flow that called it go on."
            yield _fault(flow, state.name, f"{called.name} leads back into {flow.name}", advice)


def _called_by(flow: Flow, around: Surroundings, seen: frozenset[str]) -> set[str]:
    """The flow itself and every flow it calls, however deep."""
    called = {flow.name}
    for state in flow.states.values():
        if isinstance(state.step, Subflow):
            inner = around.flows.get(state.step.flow)
            if inner is not None and inner.name not in seen | called:
                called |= _called_by(inner, around, seen | called)
    return called


# ---- Keys and people


def _clashes(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for state in flow.states.values():
        keys = flow.keys(state)
        match state.step:
            case Collect():
                for key in sorted(filter(str.isdecimal, keys)):
                    advice = "Use * or #, or a menu."
                    yield _fault(
                        flow, state.name, f"key {key} can also begin the digits asked for", advice
                    )
            case Record(terminator=terminator) if terminator in keys:
                advice = 'Choose another key, or terminator = "".'
                yield _fault(flow, state.name, f"key {terminator} also ends the recording", advice)
            case Menu(dial=patterns):
                yield from _dial_clashes(flow, state.name, set(keys), patterns, around)


def _dial_clashes(
    flow: Flow, state: str, keys: set[str], patterns: tuple[str, ...], around: Surroundings
) -> Iterator[FlowFault]:
    if len(set(patterns)) < len(patterns):
        yield _fault(flow, state, "a pattern stands twice", "Remove one.")
    literal = set(patterns) - {EXTENSION}
    extensions = around.extensions if EXTENSION in patterns else frozenset()
    for number in sorted(literal & extensions):
        advice = "Give the extension another number."
        yield _fault(flow, state, f"{number} is also an extension", advice)
    for number in sorted(extensions & keys):
        yield _fault(flow, state, f"{number} is a key and an extension", "Keep one of them.")
    everything = literal | extensions
    for number in sorted(everything):
        for start in sorted((everything | keys) - {number}):
            if number.startswith(start):
                advice = "It works, after the inter-digit time; another key answers faster."
                yield _warning(flow, state, f"{start} is also the start of {number}", advice)


def _options(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for state in flow.states.values():
        options = len(flow.keys(state).keys() - {"*", "#", PERSON_KEY})
        if isinstance(state.step, Menu) and options > MOST_OPTIONS:
            advice = f"Callers remember {MOST_OPTIONS}; make a second menu."
            yield _warning(flow, state.name, f"{options} options in one menu", advice)


def _person(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    """A way to a person, or a reason why there is none."""
    if (flow.operator is None) == (flow.without_operator is None):
        advice = (
            'Declare operator = "state" (key 0 of its menus), or without_operator = "the reason".'
        )
        both = "two answers about" if flow.operator is not None else "no way to"
        yield _fault(flow, "", f"{both} a person", advice)


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
        yield _fault(flow, place, "no key 0 leads to the operator", advice)


# ---- Paths


def _reached(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for name in sorted(flow.states.keys() - reachable(flow, [flow.initial])):
        yield _fault(flow, name, "nothing leads here", "Lead something to it, or remove it.")


def _ends(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for name in sorted(flow.states.keys() - ending(flow)):
        advice = "Give it a way to a hangup or to a final state."
        yield _fault(flow, name, "no end can be reached from here", advice)


def _silences(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for name in sorted(silent_loops(flow)):
        advice = "Put something that speaks on the way."
        yield _fault(flow, name, "comes back to itself without a word", advice)


_RULES: tuple[Rule, ...] = (
    _events,
    _phrases,
    _guards,
    _operations,
    _known_variables,
    _subflows,
    _person,
)

_PATH_RULES: tuple[Rule, ...] = (
    _reached,
    _ends,
    _silences,
    _clashes,
    _options,
    _operator_reached,
)
