"""What a flow may ask of the rest of the program: named operations, their outcomes, their values.

A flow names an operation and leads each outcome somewhere; it never learns who answers. The
program binds each name to a use case; tests bind it to a few lines in memory.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from ivr.flow import Held
from ivr.prompts import Value

FAILED = "failed"
"""The outcome every operation may have: it could not be done, and the caller is told so."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an operation ended, and the variables it sets in the flow that asked."""

    name: str
    values: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class OperationSpec:
    """What the checker knows of an operation.

    `parameters` are all required; `choices` lists the accepted literals of those that have some.
    `outcomes` gives the variables each outcome sets; "failed" is always one and is not listed.
    """

    name: str
    parameters: frozenset[str]
    outcomes: Mapping[str, frozenset[str]]
    choices: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def values(self) -> frozenset[str]:
        """Every variable the operation may set."""
        return frozenset().union(*self.outcomes.values())


class Operations(Protocol):
    """Whoever answers for a flow during one call."""

    async def perform(self, name: str, arguments: Mapping[str, Held]) -> Outcome:
        """Do it and say how it ended.

        A raised exception counts as the outcome "failed". Once the caller has hung up, the
        operation under way is still awaited to its end: it bounds its own waits.
        """


def specify(
    name: str,
    parameters: Iterable[str],
    outcomes: Mapping[str, Iterable[str]],
    choices: Mapping[str, Iterable[str]] | None = None,
) -> OperationSpec:
    """Write an operation's specification in one line."""
    return OperationSpec(
        name,
        frozenset(parameters),
        {outcome: frozenset(values) for outcome, values in outcomes.items()},
        {key: frozenset(values) for key, values in (choices or {}).items()},
    )


def _catalogue(*specs: OperationSpec) -> Mapping[str, OperationSpec]:
    return MappingProxyType({spec.name: spec for spec in specs})


_MESSAGE = (
    "sound",
    "position",
    "total",
    "is_new",
    "from_number",
    "from_name",
    "received",
    "duration_s",
    "deleted",
)

CATALOGUE: Mapping[str, OperationSpec] = _catalogue(
    specify(
        "voicemail.open_deposit",
        ["mailbox"],
        {
            "ready": ["greeting", "mailbox_name", "language", "max_s", "spool"],
            "full": ["greeting", "language"],
            "unknown": [],
        },
    ),
    specify("voicemail.keep_deposit", ["recording"], {"kept": [], "too_short": []}),
    specify("voicemail.discard_deposit", [], {"done": []}),
    specify(
        "voicemail.login",
        ["mailbox", "pin"],
        {"ok": ["language", "name"], "wrong": [], "locked": []},
    ),
    specify("voicemail.summary", [], {"done": ["new", "old", "has_temporary"]}),
    specify(
        "voicemail.select",
        ["move"],
        {"message": _MESSAGE, "none": [], "no_more": []},
        {"move": ["first", "next", "previous", "current"]},
    ),
    specify("voicemail.mark_heard", [], {"done": []}),
    specify("voicemail.toggle_deleted", [], {"deleted": [], "restored": []}),
    specify("voicemail.save", [], {"saved": []}),
    specify(
        "voicemail.open_greeting",
        ["kind"],
        {"ready": ["spool", "max_s"]},
        {"kind": ["temporary"]},
    ),
    specify(
        "voicemail.keep_greeting",
        ["kind", "recording"],
        {"kept": [], "too_short": []},
        {"kind": ["temporary"]},
    ),
    specify("voicemail.discard_greeting", [], {"done": []}),
    specify(
        "voicemail.erase_greeting",
        ["kind"],
        {"erased": [], "nothing": []},
        {"kind": ["temporary"]},
    ),
)
"""The operations flows may name today."""
