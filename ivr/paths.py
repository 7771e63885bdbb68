"""Where the edges of a flow lead: what is reached, what ends, what turns in a circle. Pure."""

from collections.abc import Iterable, Iterator

from ivr.flow import Ask, Flow, Fork, HangUp, Play, Redirect, State
from ivr.operations import FAILED


def successors(flow: Flow, state: State) -> Iterator[str]:
    """The states a state leads to, groups entered."""
    targets = [*flow.keys(state).values(), *(edge.to for edge in state.edges)]
    if isinstance(state.step, Ask) and flow.error is not None and not state.leads_on(FAILED):
        targets.append(flow.error)
    return map(flow.landing, targets)


def reachable(flow: Flow, targets: Iterable[str]) -> set[str]:
    """Every state that can be come to from `targets`, those included."""
    seen: set[str] = set()
    waiting = [flow.landing(target) for target in targets]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(successors(flow, flow.states[name]))
    return seen


def ending(flow: Flow) -> set[str]:
    """Every state from which the flow can come to an end."""
    ends = {s.name for s in flow.states.values() if _is_end(s)}
    grown = True
    while grown:
        more = {
            state.name
            for state in flow.states.values()
            if state.name not in ends and ends & set(successors(flow, state))
        }
        grown = bool(more)
        ends |= more
    return ends


def silent_loops(flow: Flow) -> set[str]:
    """States that can come back to themselves through states that neither speak nor wait."""
    silent = {s.name: s for s in flow.states.values() if _is_silent(s)}
    onward = {name: set(successors(flow, s)) & silent.keys() for name, s in silent.items()}
    return {name for name in silent if name in _closure(onward, name)}


def _is_end(state: State) -> bool:
    return isinstance(state.step, HangUp | Redirect) or state.outcome is not None


def _is_silent(state: State) -> bool:
    empty = isinstance(state.step, Play) and not state.step.prompt
    return isinstance(state.step, Ask | Fork) or empty


def _closure(onward: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(onward[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(onward[name])
    return seen
