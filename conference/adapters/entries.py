"""Entries of a journal as the database keeps them: a kind, and the rest as JSON.

The kinds are what is on disk: they stay when a class gets another name.
"""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import TypeAdapter

from conference.happening import (
    AllMuted,
    Announcing,
    Began,
    Came,
    Happening,
    Interrupted,
    Locked,
    Muted,
    Over,
    Recording,
    Refused,
    Resumed,
    Warned,
    Went,
)
from conference.ports import Spoke

SPOKE = "spoke"

_FORMS: Mapping[str, TypeAdapter[Happening | Spoke]] = MappingProxyType(
    {
        "came": TypeAdapter(Came),
        "began": TypeAdapter(Began),
        "interrupted": TypeAdapter(Interrupted),
        "resumed": TypeAdapter(Resumed),
        "went": TypeAdapter(Went),
        "muted": TypeAdapter(Muted),
        "all_muted": TypeAdapter(AllMuted),
        "locked": TypeAdapter(Locked),
        "recording": TypeAdapter(Recording),
        "announcing": TypeAdapter(Announcing),
        "warned": TypeAdapter(Warned),
        "refused": TypeAdapter(Refused),
        "over": TypeAdapter(Over),
        SPOKE: TypeAdapter(Spoke),
    }
)

_KINDS: Mapping[type, str] = MappingProxyType(
    {
        Came: "came",
        Began: "began",
        Interrupted: "interrupted",
        Resumed: "resumed",
        Went: "went",
        Muted: "muted",
        AllMuted: "all_muted",
        Locked: "locked",
        Recording: "recording",
        Announcing: "announcing",
        Warned: "warned",
        Refused: "refused",
        Over: "over",
        Spoke: SPOKE,
    }
)


def entry_kind(what: Happening | Spoke) -> str:
    """What an entry is kept as."""
    return _KINDS[type(what)]


def entry_text(what: Happening | Spoke) -> str:
    """What it tells, as JSON."""
    return _FORMS[entry_kind(what)].dump_json(what).decode()


def read_entry(kind: str, text: str) -> Happening | Spoke | None:
    """What `entry_text` wrote; None for a kind that only a newer program knows."""
    form = _FORMS.get(kind)
    return None if form is None else form.validate_json(text)
