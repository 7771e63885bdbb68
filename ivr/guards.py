"""The conditions a flow may name in `when`: registered predicates on the variables of a dialogue.

There is no expression language. A guard that a flow needs is added here, with the variables it
reads, so that the checker can say when a flow uses one that nothing sets.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from call.sound import Recording
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


LONG_MESSAGE_S = 120
"""Seconds from which a message's length is told before it."""


LEAST_NAME_S = 0.2
"""Seconds of speech that may be somebody's name."""


def _number(held: Variables, variable: str) -> float:
    value = held.get(variable)
    return value if isinstance(value, int | float) else 0


def _is_long(held: Variables) -> bool:
    return _number(held, "duration_s") >= LONG_MESSAGE_S


def _has_speech(held: Variables) -> bool:
    said = held.get("said")
    return isinstance(said, Recording) and said.speech_s >= LEAST_NAME_S


def _with_envelope(name: str, variable: str, without: str | None = None) -> Guard:
    """A part of the envelope that is known, in a mailbox that wants envelopes told."""
    reads = frozenset({"envelope", variable} | ({without} if without else set()))
    return Guard(
        name,
        reads,
        lambda held: (
            bool(held.get("envelope") and held.get(variable))
            and not (without and held.get(without))
        ),
    )


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
            _truth_of("is_compulsory", "compulsory"),
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
            _truth_of("is_anonymous", "anonymous"),
            # ---- An owner's mailbox and messages
            _truth_of("is_filing", "filing"),
            _truth_of("is_forwarded", "forwarded_by"),
            _truth_of("has_recipients", "recipients"),
            _with_envelope("tells_name", "from_name"),
            _with_envelope("tells_number", "from_number", without="from_name"),
            Guard(
                "tells_nobody",
                frozenset({"envelope", "from_name", "from_number"}),
                lambda held: (
                    bool(held.get("envelope"))
                    and not held.get("from_number")
                    and not held.get("from_name")
                ),
            ),
            Guard(
                "tells_length",
                frozenset({"envelope", "duration_s"}),
                lambda held: bool(held.get("envelope")) and _is_long(held),
            ),
            Guard("is_long", frozenset({"duration_s"}), _is_long),
            Guard(
                "has_previous",
                frozenset({"position"}),
                lambda held: _number(held, "position") > 1,
            ),
            Guard(
                "has_next",
                frozenset({"position", "total"}),
                lambda held: _number(held, "position") < _number(held, "total"),
            ),
            _truth_of("has_selected", "selected"),
            # ---- The closure message
            _truth_of("has_directory", "directory"),
            _truth_of("has_closure", "closure"),
            _truth_of("has_announcement", "announcement"),
            _truth_of("has_replacement", "replaces"),
            _truth_of("begins_later", "begins"),
            _truth_of("has_last_day", "ends"),
            _truth_of("is_open_now", "is_open"),
            # ---- Reaching an extension
            _truth_of("is_busy", "busy"),
            _truth_of("has_voicemail", "voicemail"),
            _truth_of("is_taken", "taken"),
            Guard("says_something", frozenset({"said"}), _has_speech),
            # ---- Joining a conference
            _truth_of("has_room", "room"),
            _truth_of("has_operator", "operator"),
            _is("chose_english", "chosen", "en"),
            _is("chose_french", "chosen", "fr"),
            _truth_of("takes_names", "names"),
            _truth_of("is_bidden", "bidden"),
            # ---- The codes of one's own telephone
            _truth_of("has_number", "number"),
            _truth_of("idles_follow_me", "idle"),
        )
    }
)
"""The guards flows may name today."""
