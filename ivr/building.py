"""From the tables of a flow file to a flow: defaults applied, names resolved, no judgement."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from call.leg import HangUpCause
from ivr import schema
from ivr.flow import (
    Argument,
    Ask,
    Collect,
    Condition,
    Control,
    Edge,
    Flow,
    Fork,
    Group,
    HangUp,
    Listening,
    Menu,
    Parameter,
    Play,
    Prompt,
    Record,
    Redirect,
    Reference,
    Replay,
    Say,
    State,
    Step,
    Subflow,
)
from ivr.prompts import PhraseBook, Value

_UNITS: Mapping[str, float] = MappingProxyType({"ms": 0.001, "s": 1.0, "min": 60.0})

DEFAULTS = schema.ListeningEntry(
    first_digit="6s",
    inter_digit="2.5s",
    terminator_wait="1s",
    terminator="#",
    barge_in=True,
    type_ahead=True,
    max_no_input=3,
    max_no_match=3,
    noinput="common.still_there",
    nomatch="common.invalid",
)
"""What holds where neither the state nor its flow says otherwise; 6 s is what callers of Asterisk's
voicemail know, 2.5 s between digits is what direct dial during a greeting needs."""


def seconds(text: str) -> float:
    """A duration as flows write it ("2.5s", "300ms", "3min"), in seconds."""
    found = re.fullmatch(r"([0-9.]+)(ms|s|min)", text)
    if found is None:
        raise ValueError(f"not a duration: {text!r}")
    return float(found[1]) * _UNITS[found[2]]


class FlowBuilder:
    """Builds flows whose phrases come from one book, which knows their arguments."""

    def __init__(self, book: PhraseBook) -> None:
        self._book = book

    def build(self, entry: schema.FlowEntry, file: str) -> Flow:
        """The flow of one file."""
        defaults = _merged(DEFAULTS, entry.defaults)
        states: dict[str, State] = {}
        groups: dict[str, Group] = {}
        for name, table in entry.states.items():
            if isinstance(table, schema.GroupEntry):
                inner = table.initial
                full = inner if inner.startswith(f"{name}.") else f"{name}.{inner}"
                groups[name] = Group(name, full, dict(table.keys))
            else:
                states[name] = self._state(name, table, defaults)
        return Flow(
            name=entry.flow,
            file=file,
            title=dict(entry.title),
            initial=entry.initial,
            parameters=tuple(_parameter(n, text) for n, text in entry.params.items()),
            states=states,
            groups=groups,
            operator=entry.operator,
            without_operator=entry.without_operator,
            error=entry.error,
            on_hangup=_ask(entry.on_hangup),
        )

    def _state(
        self, name: str, entry: schema.CommonEntry, defaults: schema.ListeningEntry
    ) -> State:
        ends = isinstance(entry, schema.PlayEntry) and entry.final
        return State(
            name=name,
            step=self._step(entry, defaults),
            edges=tuple(self._edges(entry)),
            keys=dict(getattr(entry, "keys", {})),
            keys_when={
                key: _condition_of(text) for key, text in getattr(entry, "keys_when", {}).items()
            },
            language=None if entry.lang is None else _argument(entry.lang),
            on_hangup=_ask(entry.on_hangup),
            outcome=entry.outcome if isinstance(entry, schema.PlayEntry) and ends else None,
        )

    def _step(self, entry: schema.CommonEntry, defaults: schema.ListeningEntry) -> Step:
        match entry:
            case schema.MenuEntry():
                dial = tuple(entry.dial.patterns) if entry.dial else ()
                listening = self._listening(entry, defaults)
                return Menu(self.prompt(entry.prompt), listening, dial, entry.crowded)
            case schema.CollectEntry():
                return self._collect(entry, self._listening(entry, defaults))
            case schema.PlayEntry():
                return self._play(entry, self._listening(entry, defaults))
            case schema.RecordEntry():
                return self._record(entry, defaults)
            case schema.CallEntry():
                return Subflow(entry.flow, _arguments(entry.arguments))
            case schema.RedirectEntry():
                return Redirect(_argument(entry.flow), _arguments(entry.arguments))
            case schema.ActionEntry():
                return Ask(entry.do, _arguments(entry.arguments))
            case schema.HangUpEntry():
                return HangUp(self.prompt(entry.prompt), HangUpCause(entry.cause))
            case _:
                return Fork()

    def _play(self, entry: schema.PlayEntry, listening: Listening) -> Play:
        return Play(
            prompt=self.prompt(entry.prompt),
            barge_in=listening.barge_in,
            type_ahead=listening.type_ahead,
            controls={key: Control(name) for key, name in entry.controls.items()},
            skip_s=seconds(entry.skip),
        )

    def _collect(self, entry: schema.CollectEntry, listening: Listening) -> Collect:
        digits = entry.digits
        most = digits.exact or digits.max or 32
        submit = digits.submit_on_length
        return Collect(
            prompt=self.prompt(entry.prompt),
            listening=listening,
            into=entry.into,
            least=digits.exact or digits.min,
            most=most,
            submit_on_length=digits.exact is not None if submit is None else submit,
            secret=entry.secret,
        )

    def _record(self, entry: schema.RecordEntry, defaults: schema.ListeningEntry) -> Record:
        terminator = defaults.terminator if entry.terminator is None else entry.terminator
        silence, warning = entry.final_silence, entry.warning
        longest = entry.max
        return Record(
            prompt=self.prompt(entry.prompt),
            spool=Reference(entry.spool[1:]),
            into=entry.into,
            max_s=_argument(longest) if longest.startswith("$") else seconds(longest),
            final_silence_s=None if silence is None else seconds(silence),
            terminator=terminator or None,
            warning_s=None if warning is None else seconds(warning),
            warning_prompt=() if warning is None else self.prompt(entry.warning_prompt),
        )

    def _listening(self, entry: schema.CommonEntry, defaults: schema.ListeningEntry) -> Listening:
        own = schema.ListeningEntry.model_validate(
            {
                name: getattr(entry, name)
                for name in schema.ListeningEntry.model_fields
                if hasattr(entry, name)
            }
        )
        how = _merged(defaults, own)
        return Listening(
            first_digit_s=seconds(how.first_digit or "0s"),
            inter_digit_s=seconds(how.inter_digit or "0s"),
            terminator_s=seconds(how.terminator_wait or "0s"),
            terminator=how.terminator or None,
            barge_in=bool(how.barge_in),
            type_ahead=bool(how.type_ahead),
            max_no_input=how.max_no_input or 1,
            max_no_match=how.max_no_match or 1,
            no_input=self.prompt(how.noinput or []),
            no_match=self.prompt(how.nomatch or []),
            prompt_short=self.prompt(getattr(entry, "prompt_short", [])),
        )

    def _edges(self, entry: schema.CommonEntry) -> Iterable[Edge]:
        for branch in entry.branch:
            when = _condition(branch.when)
            yield Edge(branch.on, branch.to, when, self.prompt(branch.say))
        for event, target in entry.on.items():
            if isinstance(target, schema.TargetEntry):
                yield Edge(event, target.to, None, self.prompt(target.say))
            else:
                yield Edge(event, target)

    def prompt(self, entry: schema.PromptEntry) -> Prompt:
        """A prompt as flows write it: one item or a list."""
        items = entry if isinstance(entry, list) else [entry]
        return tuple(self._item(item) for item in items)

    def _item(self, item: schema.PromptItem) -> Say | Replay:
        if isinstance(item, schema.ReplayEntry):
            return Replay(
                Reference(item.recording[1:]),
                _condition(item.when),
                self.prompt(item.otherwise),
            )
        if isinstance(item, str):
            return Say(item, self._phrase_arguments(item, {}))
        given = self._phrase_arguments(item.phrase, item.args)
        return Say(item.phrase, given, item.lang, _condition(item.when))

    def _phrase_arguments(
        self, phrase: str, given: Mapping[str, Value]
    ) -> tuple[tuple[str, Argument], ...]:
        """What is given, and for the phrase's other parameters the variables of their names."""
        wanted = self._book.parameters(phrase) or {}
        named: dict[str, Argument] = {name: Reference(name) for name in wanted}
        named.update({name: _argument(value) for name, value in given.items()})
        return tuple(sorted(named.items()))


def _merged(defaults: schema.ListeningEntry, own: schema.ListeningEntry) -> schema.ListeningEntry:
    given = {name: getattr(own, name) for name in schema.ListeningEntry.model_fields}
    return defaults.model_copy(update={k: v for k, v in given.items() if v is not None})


def _parameter(name: str, text: str) -> Parameter:
    kind, mark, default = text.partition("=")
    if mark:
        return Parameter(name, kind, optional=True, default=_literal(kind, default))
    return Parameter(name, kind.rstrip("?"), optional=kind.endswith("?"))


def _literal(kind: str, text: str) -> Value:
    if kind == "bool":
        return text == "true"
    return int(text) if kind == "int" and text.isdecimal() else text


def _ask(entry: schema.AskEntry | None) -> Ask | None:
    return None if entry is None else Ask(entry.do, _arguments(entry.arguments))


def _arguments(table: Mapping[str, Value]) -> tuple[tuple[str, Argument], ...]:
    return tuple(sorted((name, _argument(value)) for name, value in table.items()))


def _argument(value: Value) -> Argument:
    if isinstance(value, str) and value.startswith("$"):
        return Reference(value[1:])
    return value


def _condition(text: str | None) -> Condition | None:
    return None if text is None else _condition_of(text)


def _condition_of(text: str) -> Condition:
    name = text.removeprefix("not ")
    return Condition(name, negated=name != text)
