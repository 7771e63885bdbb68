"""Where a call was sent on from, read and written: Diversion (RFC 5806), History-Info (RFC 7044).

A call that goes in circles is known by these. Both tell the same (RFC 7544), and peers send one
or the other or both: we read the longer account, and write both.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from urllib.parse import quote

from telephony.sip.events import Diversion
from telephony.sip.fields import Address, BadField, bracket, parse_uri, unquoted
from telephony.sip.message import Message, Pairs

REASONS = frozenset(
    {
        *("unknown", "user-busy", "no-answer", "unavailable", "unconditional", "time-of-day"),
        *("do-not-disturb", "deflection", "follow-me", "out-of-service", "away"),
    }
)
"""What RFC 5806 §6 names."""

CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "302": "unconditional",
        "404": "unavailable",
        "408": "no-answer",
        "480": "deflection",
        "486": "user-busy",
        "487": "deflection",
        "503": "unavailable",
    }
)
"""The `cause` of a URI (RFC 4458 §2) in the words of Diversion (RFC 7544 §5)."""

_CODES: Mapping[str, str] = MappingProxyType(
    {
        "unconditional": "302",
        "time-of-day": "302",
        "follow-me": "302",
        "do-not-disturb": "302",
        "away": "302",
        "no-answer": "408",
        "user-busy": "486",
        "deflection": "480",
        "unavailable": "503",
        "out-of-service": "503",
    }
)

MOST = 20
"""Diversions that are read: a call sent on more often goes in circles in any case."""


def diversions_of(message: Message) -> tuple[Diversion, ...]:
    """What a call was sent on from, the oldest first; what cannot be read is passed over."""
    told, history = _in_diversion(message), _in_history(message)
    return tuple((told if len(told) >= len(history) else history)[-MOST:])


def _in_diversion(message: Message) -> list[Diversion]:
    """Diversion puts the newest on top (RFC 5806 §3)."""
    found = []
    for address in reversed(_addresses(message, "Diversion")):
        reason = unquoted(address.parameters.get("reason") or "").lower()
        number = _number(address)
        if number:
            found.append(Diversion(number, reason if reason in REASONS else "unknown"))
    return found


def _in_history(message: Message) -> list[Diversion]:
    """An entry was sent on where a later one names it, by `mp` or by a cause (RFC 7544 §7)."""
    entries = _addresses(message, "History-Info")
    by_index = {entry.parameters.get("index") or "": entry for entry in entries}
    found = []
    for entry in entries:
        cause = parse_uri(entry.uri).parameters.get("cause")
        index = entry.parameters.get("index") or ""
        mapped = entry.parameters.get("mp") or (index.rpartition(".")[0] if cause else "")
        before = by_index.get(mapped)
        if before is not None and before is not entry and (number := _number(before)):
            found.append(Diversion(number, CAUSES.get(cause or "", "unknown")))
    return found


def _addresses(message: Message, name: str) -> list[Address]:
    try:
        return message.addresses(name)
    except BadField:
        return []


def _number(address: Address) -> str:
    uri = parse_uri(address.uri)
    return uri.number if uri.dialable else ""


def write_diversions(diversions: Sequence[Diversion], target: str, host: str) -> Pairs:
    """The headers of a call to `target` (a SIP URI) that was sent on; none for any other.

    `host` is what the numbers belong to.
    """
    if not diversions:
        return ()
    lines = [
        ("Diversion", f"<{_uri(each.number, host)}>;reason={each.reason}")
        for each in reversed(diversions)
    ]
    entries = [f"<{_uri(diversions[0].number, host)}>;index=1"]
    index = "1"
    for place, each in enumerate(diversions):
        last = place == len(diversions) - 1
        uri = target if last else _uri(diversions[place + 1].number, host)
        cause = _CODES.get(each.reason)
        marked = f"{uri};cause={cause}" if cause else uri
        entries.append(f"<{marked}>;index={index}.1;mp={index}")
        index += ".1"
    return (*lines, ("History-Info", ", ".join(entries)))


def _uri(number: str, host: str) -> str:
    return f"sip:{quote(number, safe='-_.!~*()&=+$,')}@{bracket(host)}"
