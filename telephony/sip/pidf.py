"""What somebody is doing, in one word, for softphones that show their contacts so (RFC 3863, 4480).

Dialog events cannot say that an extension has no telephone: this can.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from xml.sax.saxutils import escape, quoteattr

PACKAGE = "presence"
PIDF = "application/pidf+xml"


class Activity(StrEnum):
    """What an extension does."""

    FREE = "free"
    RINGING = "ringing"
    TALKING = "talking"
    AWAY = "away"
    """None of its telephones is registered."""


@dataclass(frozen=True, slots=True)
class Doing:
    """The presence of one extension."""

    activity: Activity


NOTES: Mapping[Activity, tuple[str, str]] = MappingProxyType(
    {
        Activity.FREE: ("Disponible", "Available"),
        Activity.RINGING: ("On sonne", "Ringing"),
        Activity.TALKING: ("En appel", "On the phone"),
        Activity.AWAY: ("Déconnecté", "Offline"),
    }
)
"""In French, and in English."""

_BUSY = frozenset({Activity.RINGING, Activity.TALKING})


def write_presence(doing: Doing, uri: str) -> bytes:
    """The body of a NOTIFY about the extension at `uri`."""
    basic = "closed" if doing.activity is Activity.AWAY else "open"
    busy = "<rpid:on-the-phone/>" if doing.activity in _BUSY else ""
    notes = "".join(
        f'<note xml:lang="{language}">{escape(note)}</note>\n'
        for language, note in zip(("fr", "en"), NOTES[doing.activity], strict=True)
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<presence xmlns="urn:ietf:params:xml:ns:pidf"'
        ' xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"'
        f' xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity={quoteattr(uri)}>\n'
        f'<tuple id="telephone"><status><basic>{basic}</basic></status>\n'
        f"<contact>{escape(uri)}</contact>\n</tuple>\n{notes}"
        f'<dm:person id="owner"><rpid:activities>{busy}</rpid:activities></dm:person>\n'
        "</presence>\n"
    )
    return text.encode()
