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
    "is_urgent",
    "envelope",
    "from_number",
    "from_name",
    "forwarded_by",
    "received",
    "duration_s",
    "deleted",
)

_REACHED = ("greeting", "spoken_name", "mailbox_name", "language", "zero_open", "star_open")
"""What a caller hears of a mailbox, and whether keys 0 and * lead anywhere there."""

_ROOM = MappingProxyType(
    {"ready": ["mailbox_name", "max_s", "spool"], "full": [], "unknown": [], "refused": []}
)
"""An owner begins a message to somebody."""

_REDIRECT = ("redirect_flow", "redirect_mailbox")

_KINDS = MappingProxyType({"kind": ["temporary", "unavailable", "busy", "name"]})
_FOLDERS = MappingProxyType({"folder": ["new", "old", "work", "family", "friends"]})

_CLOSURE = ("state", "begins", "ends", "is_open")
"""How a closure message stands: recorded or not, on or off, its days, whether anybody hears it."""

CATALOGUE: Mapping[str, OperationSpec] = _catalogue(
    # ---- Leaving a message
    specify(
        "voicemail.open_deposit",
        ["mailbox", "busy"],
        {"ready": [*_REACHED, "max_s", "spool"], "full": _REACHED, "unknown": []},
    ),
    specify("voicemail.keep_deposit", [], {"kept": [], "too_short": []}),
    specify("voicemail.discard_deposit", [], {"done": []}),
    specify("voicemail.check_deposit", [], {"enough": [], "too_short": []}),
    specify("voicemail.open_retake", [], {"ready": ["spool"]}),
    specify("voicemail.accept_retake", [], {"taken": [], "too_short": []}),
    specify("voicemail.toggle_urgent", [], {"urgent": [], "ordinary": []}),
    specify(
        "voicemail.treatment",
        ["key"],
        {"login": [], "redirect": _REDIRECT, "closed": []},
        {"key": ["zero", "star"]},
    ),
    # ---- Coming in
    specify(
        "voicemail.recognise",
        [],
        {"own": ["mailbox"], "open": ["mailbox", "language", "name", "welcomed"], "stranger": []},
    ),
    specify(
        "voicemail.login",
        ["mailbox", "pin"],
        {"ok": ["language", "name", "welcomed"], "wrong": [], "locked": []},
    ),
    specify("voicemail.welcome", [], {"done": []}),
    specify(
        "voicemail.summary",
        [],
        {"done": ["new", "old", "urgent", "has_temporary", "temporary_until", "folder"]},
    ),
    # ---- Listening
    specify("voicemail.open_folder", ["folder"], {"done": ["folder", "total"]}, _FOLDERS),
    specify(
        "voicemail.select",
        ["move"],
        {"message": _MESSAGE, "none": [], "no_more": []},
        {"move": ["first", "next", "previous", "current"]},
    ),
    specify("voicemail.mark_heard", [], {"done": []}),
    specify("voicemail.toggle_deleted", [], {"deleted": [], "restored": [], "full": []}),
    specify("voicemail.file", ["folder"], {"filed": ["folder"], "full": []}, _FOLDERS),
    # ---- Sending
    specify("voicemail.reply", [], _ROOM),
    specify("voicemail.compose", ["mailbox"], _ROOM),
    specify("voicemail.call_back", [], {"redirect": _REDIRECT, "unknown": [], "refused": []}),
    specify("voicemail.open_forward", [], {"ready": []}),
    specify("voicemail.open_introduction", [], {"ready": ["spool", "max_s"]}),
    specify(
        "voicemail.add_recipient",
        ["mailbox"],
        {"added": ["mailbox_name", "recipients"], "full": [], "unknown": [], "own": []},
    ),
    specify("voicemail.forward", [], {"sent": ["recipients"], "some": ["recipients"], "none": []}),
    specify("voicemail.cancel_forward", [], {"done": []}),
    # ---- Options
    specify("voicemail.open_greeting", ["kind"], {"ready": ["spool", "max_s"]}, _KINDS),
    specify("voicemail.keep_greeting", ["kind"], {"kept": [], "too_short": []}, _KINDS),
    specify("voicemail.discard_greeting", [], {"done": []}),
    specify("voicemail.hear_greeting", ["kind"], {"there": ["sound"], "nothing": []}, _KINDS),
    specify("voicemail.erase_greeting", ["kind"], {"erased": [], "nothing": []}, _KINDS),
    specify(
        "voicemail.end_temporary",
        ["date"],
        {"set": ["temporary_until"], "invalid": [], "nothing": []},
    ),
    specify(
        "voicemail.change_pin", ["pin", "again"], {"changed": [], "different": [], "refused": []}
    ),
    specify(
        "voicemail.set_language",
        ["language"],
        {"done": ["language"]},
        {"language": ["fr", "en"]},
    ),
    # ---- Reaching an extension
    specify(
        "routing.reach",
        ["extension", "reply"],
        {
            "talked": [],
            "offer": [],
            "identify": ["spool", "max_s"],
            "voicemail": ["mailbox", "busy"],
            "on_the_phone": ["mailbox", "voicemail"],
            "unreachable": [],
        },
        {"reply": ["begin", "accepted", "declined", "named", "unnamed"]},
    ),
    # ---- Parking, pickup, and the codes of one's own telephone
    specify("routing.park", [], {"promised": ["slot"], "full": [], "stranger": []}),
    specify("routing.wait_parked", [], {"over": [], "forsaken": ["mailbox"]}),
    specify("routing.retrieve", ["slot"], {"talked": [], "empty": [], "stranger": []}),
    specify(
        "routing.pick_up",
        ["extension"],
        {"talked": [], "nobody": [], "refused": ["extension"], "stranger": []},
    ),
    specify(
        "routing.forward_on",
        ["number"],
        {"on": ["target", "idle"], "refused": [], "stranger": []},
    ),
    specify("routing.forward_off", [], {"off": [], "stranger": []}),
    specify("routing.do_not_disturb", ["wanted"], {"on": [], "off": [], "stranger": []}),
    # ---- Calls to the outside
    specify(
        "routing.dial",
        ["number"],
        dict.fromkeys(
            (
                *("talked", "announced", "code", "not_allowed", "unknown", "busy", "no_answer"),
                *("refused", "no_trunk"),
            ),
            (),
        ),
    ),
    specify("routing.unlock", ["code"], {"ok": [], "wrong": [], "locked": []}),
    # ---- The closure message
    specify("closure.current", [], {"heard": ["announcement", "replaces"], "none": []}),
    specify(
        "closure.decode",
        ["code"],
        {"record": ["closure"], "toggle": ["closure"], "unknown": []},
    ),
    specify("closure.login", ["closure", "pin"], {"ok": [], "wrong": [], "locked": []}),
    specify("closure.approach", ["closure"], {"open": [], "pin": []}),
    specify("closure.status", [], {"done": _CLOSURE}),
    specify("closure.open_take", [], {"ready": ["spool", "max_s"]}),
    specify("closure.check_take", [], {"spoken": [], "silent": []}),
    specify("closure.keep_take", [], {"kept": _CLOSURE}),
    specify("closure.discard_take", [], {"done": []}),
    specify("closure.hear", [], {"there": ["sound"], "nothing": []}),
    specify(
        "closure.switch",
        ["wanted"],
        {"on": _CLOSURE, "off": _CLOSURE, "nothing": []},
        {"wanted": ["on", "off", "other"]},
    ),
    specify("closure.date", ["first", "last"], {"set": _CLOSURE, "invalid": []}),
    # ---- Joining a conference
    specify(
        "conference.find",
        ["room", "chosen"],
        {
            "code": ["language"],
            "open": ["language", "names"],
            "too_early": ["language", "starts", "opens"],
            "over": ["language"],
            "locked": ["language"],
            "unknown": [],
            "locked_out": [],
            "person": [],
        },
    ),
    specify(
        "conference.follow",
        ["room", "chosen"],
        {"admitted": ["language", "names"], "locked": ["language"], "over": []},
    ),
    specify(
        "conference.enter",
        ["code"],
        {
            "admitted": ["language", "names"],
            "locked": ["language"],
            **dict.fromkeys(("wrong", "locked_out", "over", "person"), ()),
        },
    ),
    specify("conference.open_name", [], {"ready": ["spool", "max_s"]}),
    specify(
        "conference.join",
        ["reply"],
        dict.fromkeys(("joined", "locked", "unreachable"), ()),
        {"reply": ["named", "unnamed"]},
    ),
    # ---- Finding people by their names
    specify("directory.search", ["letters"], {"found": ["total"], "none": []}),
    specify(
        "directory.next",
        [],
        {"offered": ["extension", "name", "spoken_name"], "no_more": []},
    ),
    # ---- Attendants made from a form
    specify("attendant.greeting", ["attendant", "language"], {"done": ["greeting"]}),
)
"""The operations flows may name today."""
