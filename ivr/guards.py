"""The conditions a flow may name in `when`: registered predicates on the variables of a dialogue.

There is no expression language. A guard that a flow needs is added here, with the variables it
reads, so that the checker can say when a flow uses one that nothing sets.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ivr.flow import Held

Variables = Mapping[str, Held]


@dataclass(frozen=True, slots=True)
class Guard:
    """A named predicate. A variable that is not set reads as None."""

    name: str
    reads: frozenset[str]
    holds: Callable[[Variables], bool]


def _truth_of(name: str, variable: str) -> Guard:
    return Guard(name, frozenset({variable}), lambda held: bool(held.get(variable)))


def _is(name: str, variable: str, word: str) -> Guard:
    return Guard(name, frozenset({variable}), lambda held: held.get(variable) == word)


GUARDS: Mapping[str, Guard] = MappingProxyType(
    {
        guard.name: guard
        for guard in (
            _truth_of("has_greeting", "greeting"),
            _truth_of("has_spoken_name", "spoken_name"),
            _truth_of("zero_open", "zero_open"),
            _truth_of("star_open", "star_open"),
            _truth_of("has_mailbox", "mailbox"),
            _truth_of("has_mailbox_name", "mailbox_name"),
            _truth_of("has_recording", "recording"),
            _truth_of("has_temporary", "has_temporary"),
            _truth_of("ends_by_itself", "temporary_until"),
            _is("is_temporary", "kind", "temporary"),
            _truth_of("is_welcomed", "welcomed"),
            _truth_of("is_urgent", "is_urgent"),
            _truth_of("has_envelope", "envelope"),
            _truth_of("has_from_name", "from_name"),
            Guard(
                "has_only_number",
                frozenset({"from_name", "from_number"}),
                lambda held: bool(held.get("from_number")) and not held.get("from_name"),
            ),
            Guard(
                "is_from_nobody",
                frozenset({"from_name", "from_number"}),
                lambda held: not held.get("from_number") and not held.get("from_name"),
            ),
            _truth_of("is_deleted", "deleted"),
            _truth_of("keeps_language", "keep_language"),
        )
    }
)
"""The guards flows may name today."""
