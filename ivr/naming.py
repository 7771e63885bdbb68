"""The rules on what a flow names: phrases, guards, operations, variables, other flows."""

from collections.abc import Iterator

from ivr.dialogue import TROUBLE
from ivr.faults import FlowFault
from ivr.flow import (
    Argument,
    Ask,
    Collect,
    Condition,
    Flow,
    Menu,
    Prompt,
    Record,
    Redirect,
    Reference,
    Replay,
    Say,
    Subflow,
)
from ivr.frames import NOW
from ivr.guards import GUARDS
from ivr.rules import Rule, Surroundings, fault


def _phrases(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    languages = around.book.languages
    for language in sorted(languages - flow.title.keys()):
        yield fault(flow, "", f"the title has no {language}", f"Add title.{language}.")
    if around.book.parameters(TROUBLE) is None:
        yield fault(flow, "", f"no phrase {TROUBLE!r}", "Add it in every language.")
    for state, prompt in _prompts(flow):
        for say in _sayings(prompt):
            wanted = around.book.parameters(say.phrase)
            if wanted is None:
                advice = f"Add it to phrases.toml in {' and '.join(sorted(languages))}."
                yield fault(flow, state, f"no phrase {say.phrase!r}", advice)
                continue
            for name in sorted({name for name, _ in say.arguments} - wanted.keys()):
                advice = f"It takes {', '.join(sorted(wanted)) or 'no argument'}."
                yield fault(flow, state, f"{say.phrase!r} takes no argument {name!r}", advice)
            if say.language is not None and say.language not in languages:
                yield _unknown_language(flow, state, say.language, around)
    for place in flow.states.values():
        if isinstance(place.language, str) and place.language not in languages:
            yield _unknown_language(flow, place.name, place.language, around)


def _unknown_language(flow: Flow, state: str, language: str, around: Surroundings) -> FlowFault:
    advice = f"The languages are {', '.join(sorted(around.book.languages))}."
    return fault(flow, state, f"no language {language!r}", advice)


def _prompts(flow: Flow) -> Iterator[tuple[str, Prompt]]:
    for state in flow.states.values():
        yield state.name, state.prompt
        for edge in state.edges:
            yield state.name, edge.say
        if isinstance(state.step, Menu | Collect):
            listening = state.step.listening
            yield state.name, listening.prompt_short + listening.no_input + listening.no_match
        if isinstance(state.step, Record):
            yield state.name, state.step.warning_prompt


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
            yield fault(flow, state, f"no guard {condition.guard!r}", advice)
        elif not guard.reads <= known:
            names = ", ".join(sorted(guard.reads - known))
            advice = "Ask for the operation that sets it, or remove the condition."
            yield fault(
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
        yield from ((place.name, condition) for condition in place.keys_when.values())


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
            yield fault(flow, state, f"no operation {ask.operation!r}", advice)
            continue
        given = dict(ask.arguments)
        for name in sorted(spec.parameters ^ given.keys()):
            verb = "needs" if name in spec.parameters else "takes no"
            advice = f"Its parameters are {', '.join(sorted(spec.parameters)) or 'none'}."
            yield fault(flow, state, f"{ask.operation} {verb} parameter {name!r}", advice)
        for name, choices in spec.choices.items():
            value = given.get(name)
            if isinstance(value, str) and value not in choices:
                advice = f"Choose one of {', '.join(sorted(choices))}."
                yield fault(flow, state, f"{ask.operation} has no {name} {value!r}", advice)


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
            yield fault(flow, state, f"nothing sets ${argument.name}", advice)


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
            case Redirect(flow=named, arguments=pairs):
                yield place.name, named if isinstance(named, Reference) else None
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


def _subflows(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for state in flow.states.values():
        if not isinstance(state.step, Subflow) or state.step.flow in around.broken:
            continue
        called = around.flows.get(state.step.flow)
        if called is None:
            advice = f"The flows are {', '.join(sorted(around.flows))}."
            yield fault(flow, state.name, f"no flow {state.step.flow!r}", advice)
            continue
        given = {name for name, _ in state.step.arguments}
        known = {parameter.name for parameter in called.parameters}
        needed = {parameter.name for parameter in called.parameters if not parameter.optional}
        for name in sorted((given - known) | (needed - given)):
            verb = "needs" if name in needed else "takes no"
            advice = f"Its parameters are {', '.join(sorted(known)) or 'none'}."
            yield fault(flow, state.name, f"{called.name} {verb} parameter {name!r}", advice)
        if flow.name in _called_by(called, around, frozenset()):
            advice = "End this flow with an outcome, and let the flow that called it go on."
            yield fault(flow, state.name, f"{called.name} leads back into {flow.name}", advice)


def _redirects(flow: Flow, around: Surroundings) -> Iterator[FlowFault]:
    for state in flow.states.values():
        if not isinstance(state.step, Redirect) or isinstance(state.step.flow, Reference):
            continue
        named = str(state.step.flow)
        if named not in around.flows.keys() | around.broken:
            advice = f"The flows are {', '.join(sorted(around.flows))}."
            yield fault(flow, state.name, f"no flow {named!r}", advice)


def _called_by(flow: Flow, around: Surroundings, seen: frozenset[str]) -> set[str]:
    """The flow itself and every flow it calls, however deep."""
    called = {flow.name}
    for state in flow.states.values():
        if isinstance(state.step, Subflow):
            inner = around.flows.get(state.step.flow)
            if inner is not None and inner.name not in seen | called:
                called |= _called_by(inner, around, seen | called)
    return called


NAMING_RULES: tuple[Rule, ...] = (
    _phrases,
    _guards,
    _operations,
    _known_variables,
    _subflows,
    _redirects,
)
