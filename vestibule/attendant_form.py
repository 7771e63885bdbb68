"""An attendant made from a small form: what callers hear, and where each key leads. Pure.

The flow it becomes is an ordinary one: the checker proves it, and it can be edited by hand.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from call.errors import PeerFault
from ivr.languages import LANGUAGES

OTHER_LANGUAGE = "9"
"""The key of the other language, which is offered in it."""

FIRST_LANGUAGE = "*"
"""The key that leads back to the first language."""

NAMES = "#"
"""The key of the directory, which is offered (`aa.directory`)."""

OFFERS: Mapping[str, str] = MappingProxyType({"en": "aa.english_offer", "fr": "aa.french_offer"})
"""What offers each language, said in it."""


class AttendantRefused(PeerFault):
    """A form no attendant can be made of; the text lists every reason."""


class Leads(StrEnum):
    """What a key may lead to."""

    EXTENSION = "extension"
    FLOW = "flow"
    VOICEMAIL = "voicemail"
    CONFERENCE = "conference"
    """Any room, or one that is named."""
    OPERATOR = "operator"
    REPEAT = "repeat"
    HANG_UP = "hangup"


NAMED = frozenset({Leads.EXTENSION, Leads.FLOW})
"""Those that say which one."""

CONFERENCE = "conference_join"
"""The flow of the conferences; it is given the `room`, where a key leads to one, and the language
that the caller has `chosen`."""


_ROOM = re.compile(r"[0-9]{4}")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a key leads: an extension or a flow by its name, a conference by its room or by the
    one that the caller gives, or one of the usual places."""

    leads: Leads
    name: str = ""

    @classmethod
    def read(cls, text: str) -> "Target":
        """A target as it is typed: extension:101, flow:ventes, conference:4321, voicemail.

        Raises ValueError.
        """
        leads, mark, name = text.partition(":")
        target = cls(Leads(leads), name)
        if target.leads is Leads.CONFERENCE:
            if mark and not _ROOM.fullmatch(name):
                raise ValueError(text)
        elif bool(mark and name) != (target.leads in NAMED):
            raise ValueError(text)
        return target


@dataclass(frozen=True, slots=True)
class Greeting:
    """What callers hear in one language: words for the synthetic voice, or a sound."""

    language: str
    words: str = ""
    recorded: bool = False
    """Whether a sound lies beside the flow; the words, if any, are spoken should it be gone."""


@dataclass(frozen=True, slots=True)
class AttendantForm:
    """The form. The first greeting is heard first."""

    name: str
    greetings: tuple[Greeting, ...]
    keys: Mapping[str, Target] = field(default_factory=dict)
    direct_dial: bool = True
    """Whether extensions may be dialled at any moment."""
    names: bool = True
    """Whether people may be looked for by name."""
    operator: str = ""
    """The extension of key 0, and of those who press nothing; the company's where none is given."""


def read_keys(texts: Sequence[str]) -> dict[str, Target]:
    """Keys as they are typed: 1=extension:101. Raises AttendantRefused."""
    keys: dict[str, Target] = {}
    faults = []
    for place, text in enumerate(texts):
        key, _, target = text.partition("=")
        if any(other.partition("=")[0] == key for other in texts[:place]):
            faults.append(f"key {key} stands twice")
        try:
            keys[key] = Target.read(target)
        except ValueError:
            known = ", ".join(_written(each) for each in Leads)
            faults.append(f"{text}: write KEY=TARGET; a target is one of {known}")
    if faults:
        raise AttendantRefused("; ".join(faults))
    return keys


def _written(leads: Leads) -> str:
    named = f"{leads}:..." if leads in NAMED else str(leads)
    return f"{named}, {leads}:ROOM" if leads is Leads.CONFERENCE else named


def form_faults(
    form: AttendantForm, extensions: Collection[str], flows: Collection[str]
) -> tuple[str, ...]:
    """Every reason why no attendant can be made of a form, but for those of the checker."""
    faults = []
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", form.name):
        faults.append("a name is lower-case letters, digits and _, such as ventes")
    languages = [greeting.language for greeting in form.greetings]
    if not languages or len(languages) > len(LANGUAGES) or len(set(languages)) < len(languages):
        faults.append("give one greeting in each of one or two languages")
    faults += [f"no language {each}" for each in languages if each not in LANGUAGES]
    faults += [
        f"the greeting in {greeting.language} says nothing: give its words or a sound"
        for greeting in form.greetings
        if not (greeting.words.strip() or greeting.recorded)
    ]
    faults += [
        f"the greeting in {greeting.language} may not begin with $"
        for greeting in form.greetings
        if greeting.words.strip().startswith("$")
    ]
    faults += [f"key {key}: a key is one of 0 to 9, * and #" for key in form.keys if not _key(key)]
    faults += [
        f"key {key} is taken by {what}" for key, what in _taken(form).items() if key in form.keys
    ]
    for key, target in form.keys.items():
        if target.leads is Leads.EXTENSION and target.name not in extensions:
            faults.append(f"key {key}: there is no extension {target.name}")
        if target.leads is Leads.FLOW and target.name not in {*flows, form.name}:
            faults.append(f"key {key}: there is no flow {target.name}")
    if form.operator and form.operator not in extensions:
        faults.append(f"operator: there is no extension {form.operator}")
    return tuple(faults)


def _key(key: str) -> bool:
    return len(key) == 1 and key in "0123456789*#"


def _taken(form: AttendantForm) -> Mapping[str, str]:
    taken = {NAMES: "the directory by name; --no-names frees it"} if form.names else {}
    if len(form.greetings) > 1:
        taken |= {OTHER_LANGUAGE: "the other language", FIRST_LANGUAGE: "the first language"}
    return taken


def flow_text(form: AttendantForm) -> str:
    """The flow file of a form without faults."""
    return "\n".join(_lines(form)) + "\n"


def _lines(form: AttendantForm) -> Iterator[str]:
    first = form.greetings[0].language
    title = ", ".join(f"{code} = {_text(form.name)}" for code in sorted(LANGUAGES))
    parameters = "{}" if form.operator else '{ operator = "digits" }'
    yield "# An attendant made from a form; it may be edited by hand."
    yield 'schema   = "ivr-flow/1"'
    yield f"flow     = {_text(form.name)}"
    yield f"title    = {{ {title} }}"
    yield f"initial  = {_text(_entrance(first))}"
    yield f"params   = {parameters}"
    yield 'operator = "operator"'
    yield f"error    = {_text(_menu(first))}"
    yield ""
    yield "[defaults]"
    yield 'first_digit  = "7s"'
    yield "max_no_input = 2"
    yield "max_no_match = 3"
    if form.direct_dial:
        yield 'nomatch      = "aa.unknown_extension"'
    for greeting in form.greetings:
        yield from _greeting_lines(form, greeting)
    yield from _target_lines(form)
    yield from _ending_lines(form)


def _entrance(language: str) -> str:
    return f"greet_{language}"


def _menu(language: str) -> str:
    return f"menu_{language}"


def _greeting_lines(form: AttendantForm, greeting: Greeting) -> Iterator[str]:
    """The sound is looked for, then the menu greets: each time it is come back to."""
    code = greeting.language
    yield ""
    yield f"[states.{_entrance(code)}]"
    yield 'kind = "action"'
    yield 'do   = "attendant.greeting"'
    yield f"with = {{ attendant = {_text(form.name)}, language = {_text(code)} }}"
    yield f"on   = {{ done = {_text(_menu(code))} }}"
    yield ""
    yield f"[states.{_menu(code)}]"
    yield 'kind   = "menu"'
    yield f"lang   = {_text(code)}"
    yield f"prompt = [{', '.join([_said(greeting), *_offers(form, code)])}]"
    yield f"keys   = {{ {', '.join(_menu_keys(form, code))} }}"
    yield f"dial   = {{ patterns = [{', '.join(map(_text, _patterns(form)))}] }}"
    yield f"on     = {{ {', '.join(_menu_events(form))} }}"


def _said(greeting: Greeting) -> str:
    words = f'{{ phrase = "aa.said", args = {{ words = {_text(greeting.words.strip())} }} }}'
    if not greeting.recorded:
        return words
    otherwise = f", else = [{words}]" if greeting.words.strip() else ""
    return f'{{ recording = "$greeting", when = "has_greeting"{otherwise} }}'


def _offers(form: AttendantForm, code: str) -> Iterator[str]:
    """What every attendant offers beside what its greeting says."""
    first, *others = [greeting.language for greeting in form.greetings]
    if code == first and others:
        yield f"{{ phrase = {_text(OFFERS[others[0]])}, lang = {_text(others[0])} }}"
    if form.names:
        yield '"aa.directory"'


def _menu_keys(form: AttendantForm, code: str) -> Iterator[str]:
    first, *others = [greeting.language for greeting in form.greetings]
    for key, target in form.keys.items():
        there = _menu(code) if target.leads is Leads.REPEAT else _state_of(target, code)
        yield f'"{key}" = {_text(there)}'
    if code == first and others:
        yield f'"{OTHER_LANGUAGE}" = {_text(_entrance(others[0]))}'
    elif others:
        yield f'"{FIRST_LANGUAGE}" = {_text(_entrance(first))}'
    if form.names:
        yield f'"{NAMES}" = {_text(f"names_{code}")}'


def _patterns(form: AttendantForm) -> tuple[str, ...]:
    return ("8500", "extension", "code") if form.direct_dial else ("8500", "code")


def _menu_events(form: AttendantForm) -> Iterator[str]:
    yield 'dial_8500 = "voicemail"'
    if form.direct_dial:
        yield 'dial_extension = "dialed"'
    yield 'dial_code = "code"'
    yield 'max_no_input = "operator"'
    yield 'max_no_match = "operator"'


def _state_of(target: Target, code: str) -> str:
    """The state a key leads to: one for each extension and each flow; one for each conference in
    each language, since the caller's choice of one holds there too."""
    if target.leads is Leads.CONFERENCE:
        return "_".join(filter(None, (target.leads, target.name, code)))
    return f"{target.leads}_{target.name}" if target.name else _USUAL[target.leads]


_USUAL: Mapping[Leads, str] = MappingProxyType(
    {Leads.VOICEMAIL: "voicemail", Leads.OPERATOR: "operator", Leads.HANG_UP: "goodbye"}
)


def _target_lines(form: AttendantForm) -> Iterator[str]:
    first = form.greetings[0].language
    named = {_state_of(each, first): each for each in form.keys.values() if each.leads in NAMED}
    for state, target in named.items():
        yield ""
        yield f"[states.{state}]"
        yield 'kind = "redirect"'
        if target.leads is Leads.EXTENSION:
            yield 'flow = "extension"'
            yield f"with = {{ mailbox = {_text(target.name)}, keep_language = true }}"
        else:
            yield f"flow = {_text(target.name)}"
    for greeting in form.greetings:
        yield from _conference_lines(form, greeting.language)
    if form.direct_dial:
        yield from _redirect("dialed", "extension", 'mailbox = "$dialed", keep_language = true')
    yield from _redirect("code", "closure_code", 'code = "$dialed"')
    for greeting in form.greetings if form.names else ():
        yield ""
        yield f"[states.names_{greeting.language}]"
        yield 'kind = "call"'
        yield 'flow = "directory"'
        yield f"on   = {{ done = {_text(_menu(greeting.language))} }}"


def _conference_lines(form: AttendantForm, code: str) -> Iterator[str]:
    """Whoever asked for another language than the first is spoken to in it there too."""
    chosen = "" if code == form.greetings[0].language else code
    rooms = {each.name: each for each in form.keys.values() if each.leads is Leads.CONFERENCE}
    for room, target in rooms.items():
        given = {"room": room, "chosen": chosen}
        written = ", ".join(f"{name} = {_text(value)}" for name, value in given.items() if value)
        yield from _redirect(_state_of(target, code), CONFERENCE, written)


def _ending_lines(form: AttendantForm) -> Iterator[str]:
    yield ""
    yield "[states.voicemail]"
    yield 'kind = "call"'
    yield 'flow = "voicemail_main"'
    yield 'on   = { done = "over" }'
    yield ""
    yield "[states.operator]"
    yield 'kind   = "play"'
    yield 'prompt = "aa.to_operator"'
    yield 'on     = { done = "reception" }'
    mailbox = _text(form.operator or "$operator")
    yield from _redirect("reception", "extension", f"mailbox = {mailbox}, keep_language = true")
    if any(target.leads is Leads.HANG_UP for target in form.keys.values()):
        yield ""
        yield "[states.goodbye]"
        yield 'kind   = "play"'
        yield 'prompt = "common.goodbye"'
        yield "final  = true"
    yield ""
    yield "[states.over]"
    yield 'kind = "hangup"'


def _redirect(state: str, flow: str, given: str) -> Iterator[str]:
    yield ""
    yield f"[states.{state}]"
    yield 'kind = "redirect"'
    yield f"flow = {_text(flow)}"
    if given:
        yield f"with = {{ {given} }}"


def _text(words: str) -> str:
    """Words as TOML writes them."""
    return json.dumps(words, ensure_ascii=False)
