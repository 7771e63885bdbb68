"""The format `ivr-flow/1` at the border: what a flow file may hold, before it is a flow.

These models refuse what has the wrong shape and give the published JSON Schema. They know nothing
of other files: targets, phrases and operations are proved by the checker.
"""

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter

SCHEMA = "ivr-flow/1"

NAME = r"^[a-z][a-z0-9_]*$"
_DOTTED = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$"

Name = Annotated[str, Field(pattern=NAME)]
StateName = Annotated[str, Field(pattern=_DOTTED)]
PhraseId = Annotated[str, Field(pattern=_DOTTED)]
KeyName = Annotated[str, Field(pattern=r"^[0-9*#]$")]
Terminator = Annotated[str, Field(pattern=r"^[0-9*#]?$")]
VariableName = Annotated[str, Field(pattern=r"^\$[a-z][a-z0-9_]*$")]
Duration = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?(ms|s|min)$")]
ConditionText = Annotated[str, Field(pattern=r"^(not )?[a-z][a-z0-9_]*$")]
Language = Annotated[str, Field(pattern=r"^([a-z]{2}|\$[a-z][a-z0-9_]*)$")]
ControlName = Literal["back", "forward", "pause", "restart"]
ParameterText = Annotated[str, Field(pattern=r"^(text|digits|bool|int|file)(\?|=.*)?$")]
Literals = str | int | float | bool


class Entry(BaseModel):
    """Any table of a flow file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SayEntry(Entry):
    """A phrase of a prompt with its arguments; those not given are variables of the same name."""

    phrase: PhraseId
    lang: Annotated[str, Field(pattern="^[a-z]{2}$")] | None = None
    args: dict[Name, Literals] = {}
    when: ConditionText | None = None


class ReplayEntry(Entry):
    """A recording of a prompt, named by a variable."""

    recording: VariableName
    when: ConditionText | None = None
    otherwise: "PromptEntry" = Field(default=[], alias="else")


PromptItem = PhraseId | SayEntry | ReplayEntry
PromptEntry = PromptItem | list[PromptItem]


class TargetEntry(Entry):
    """Where an event leads, with a sentence said on the way."""

    to: StateName
    say: PromptEntry = []


class BranchEntry(TargetEntry):
    """Where an event leads under a condition; entries are tried in order."""

    on: Name = "enter"
    when: ConditionText | None = None


class AskEntry(Entry):
    """An operation to ask for, with its arguments."""

    do: StateName
    arguments: dict[Name, Literals] = Field(default={}, alias="with")


class DialEntry(Entry):
    """Numbers accepted in a menu: literal ones, "extension" and "code" for those in service."""

    patterns: Annotated[
        list[Annotated[str, Field(pattern=r"^([0-9]{2,15}|extension|code)$")]], Field(min_length=1)
    ]
    ambiguous: Literal["longest"] = "longest"


class DigitsEntry(Entry):
    """How many digits a collect state takes."""

    min: Annotated[int, Field(ge=1, le=32)] = 1
    max: Annotated[int, Field(ge=1, le=32)] | None = None
    exact: Annotated[int, Field(ge=1, le=32)] | None = None
    submit_on_length: bool | None = None


class ListeningEntry(Entry):
    """How a state waits for keys; each may stand in [defaults] and in a state."""

    first_digit: Duration | None = None
    inter_digit: Duration | None = None
    terminator_wait: Duration | None = None
    terminator: Terminator | None = None
    barge_in: bool | None = None
    type_ahead: bool | None = None
    max_no_input: Annotated[int, Field(ge=1, le=9)] | None = None
    max_no_match: Annotated[int, Field(ge=1, le=9)] | None = None
    noinput: PromptEntry | None = None
    nomatch: PromptEntry | None = None


class CommonEntry(Entry):
    """What every state may have."""

    on: dict[Name, StateName | TargetEntry] = {}
    branch: list[BranchEntry] = []
    lang: Language | None = None
    on_hangup: AskEntry | None = None


class MenuEntry(CommonEntry, ListeningEntry):
    """A choice by one key, or by a number dialled directly."""

    kind: Literal["menu"]
    prompt: PromptEntry
    prompt_short: PromptEntry = []
    keys: dict[KeyName, StateName] = {}
    keys_when: dict[KeyName, ConditionText] = {}
    dial: DialEntry | None = None
    crowded: Annotated[str, Field(min_length=10)] | None = None


class CollectEntry(CommonEntry, ListeningEntry):
    """Digits typed into a variable."""

    kind: Literal["collect"]
    prompt: PromptEntry
    prompt_short: PromptEntry = []
    keys: dict[KeyName, StateName] = {}
    keys_when: dict[KeyName, ConditionText] = {}
    into: Name
    digits: DigitsEntry
    secret: bool = False


class PlayEntry(CommonEntry):
    """Something said; with `final`, the end of the flow."""

    kind: Literal["play"]
    prompt: PromptEntry = []
    keys: dict[KeyName, StateName] = {}
    keys_when: dict[KeyName, ConditionText] = {}
    controls: dict[KeyName, ControlName] = {}
    skip: Duration = "3s"
    barge_in: bool | None = None
    type_ahead: bool | None = None
    final: bool = False
    outcome: Name = "done"


class RecordEntry(CommonEntry):
    """The caller's voice into a file."""

    kind: Literal["record"]
    prompt: PromptEntry = "common.beep"
    keys: dict[KeyName, StateName] = {}
    keys_when: dict[KeyName, ConditionText] = {}
    into: Name
    spool: VariableName = "$spool"
    max: Duration | VariableName
    final_silence: Duration | None = None
    warning: Duration | None = None
    warning_prompt: PromptEntry = "common.warning"
    terminator: Terminator | None = None


class CallEntry(CommonEntry):
    """Another flow; its outcomes are this state's events."""

    kind: Literal["call"]
    flow: Name
    arguments: dict[Name, Literals] = Field(default={}, alias="with")


class RedirectEntry(CommonEntry):
    """Another flow in place of every flow of the call; nothing comes back from it."""

    kind: Literal["redirect"]
    flow: Annotated[str, Field(pattern=r"^\$?[a-z][a-z0-9_]*$")]
    arguments: dict[Name, Literals] = Field(default={}, alias="with")


class ActionEntry(CommonEntry):
    """An operation; its outcomes are this state's events."""

    kind: Literal["action"]
    do: StateName
    arguments: dict[Name, Literals] = Field(default={}, alias="with")


class ForkEntry(CommonEntry):
    """A choice made by guards, in order."""

    kind: Literal["branch"]


class HangUpEntry(CommonEntry):
    """The end of the call."""

    kind: Literal["hangup"]
    prompt: PromptEntry = []
    cause: Literal["normal", "rejected", "busy", "unavailable"] = "normal"
    final: Literal[True] = True


class GroupEntry(Entry):
    """States under a common name: no kind, an initial state, keys all of them know."""

    initial: StateName
    keys: dict[KeyName, StateName] = {}


KINDS = ("menu", "collect", "play", "record", "call", "redirect", "action", "branch", "hangup")

GROUP = "group"


def _kind(entry: object) -> str | None:
    """The tag of a state's table; None, which pydantic refuses, for a kind that does not exist."""
    if not isinstance(entry, dict):
        return None
    kind = entry.get("kind", GROUP)
    return kind if kind in KINDS or kind == GROUP else None


StateEntry = Annotated[
    Annotated[MenuEntry, Tag("menu")]
    | Annotated[CollectEntry, Tag("collect")]
    | Annotated[PlayEntry, Tag("play")]
    | Annotated[RecordEntry, Tag("record")]
    | Annotated[CallEntry, Tag("call")]
    | Annotated[RedirectEntry, Tag("redirect")]
    | Annotated[ActionEntry, Tag("action")]
    | Annotated[ForkEntry, Tag("branch")]
    | Annotated[HangUpEntry, Tag("hangup")]
    | Annotated[GroupEntry, Tag(GROUP)],
    Discriminator(_kind),
]


class FlowEntry(Entry):
    """A whole flow file."""

    schema_: Literal["ivr-flow/1"] = Field(alias="schema")
    flow: Name
    title: dict[Annotated[str, Field(pattern="^[a-z]{2}$")], str]
    initial: StateName
    params: dict[Name, ParameterText] = {}
    operator: StateName | None = None
    without_operator: Annotated[str, Field(min_length=10)] | None = None
    error: StateName | None = None
    on_hangup: AskEntry | None = None
    defaults: ListeningEntry = ListeningEntry()
    states: Annotated[dict[StateName, StateEntry], Field(min_length=1)]


def published_schema() -> str:
    """The JSON Schema of a flow file, as it is published in docs/ivr-flow-1.schema.json."""
    schema = TypeAdapter(FlowEntry).json_schema(by_alias=True)
    named = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Vestibule flow, {SCHEMA}",
    }
    return json.dumps(named | {k: v for k, v in schema.items() if k != "title"}, indent=2) + "\n"
