"""The calls of an extension, as lamps and their keys show them: dialog events (RFC 4235).

A document tells all calls there are (`full`), or what differs from what the telephone knows
(`partial`): calls that came or changed, and those that ended. Its version grows by one with each
NOTIFY of a subscription, so that the telephone sees when it missed one (§4.3).
"""

from dataclasses import dataclass
from enum import StrEnum
from xml.sax.saxutils import escape, quoteattr

from call.leg import Party
from telephony.sip.fields import parse_uri
from telephony.sip.replacing import DialogName
from telephony.sip.summary import account_uri

PACKAGE = "dialog"
DIALOG_INFO = "application/dialog-info+xml"

_NAMESPACE = "urn:ietf:params:xml:ns:dialog-info"


class CallStage(StrEnum):
    """How far a call of an extension has come; the values are those of the document (§3.7.1)."""

    TRYING = "trying"
    EARLY = "early"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class ShownCall:
    """One call as its extension sees it. `id` names it from its beginning to its end.

    `other` is whom it speaks with, None where that is nobody's business; `dialog` is the dialog
    between the telephone and us, by which another one takes the call over (RFC 3891).
    """

    id: str
    stage: CallStage
    called: bool
    other: Party | None = None
    dialog: DialogName | None = None


@dataclass(frozen=True, slots=True)
class Calls:
    """All calls of one extension; none when it is free."""

    shown: tuple[ShownCall, ...] = ()


def write_dialogs(calls: Calls, before: Calls | None, uri: str, version: int) -> bytes:
    """The body of a NOTIFY (§4) about the extension at `uri`; partial where `before` is known."""
    host = parse_uri(uri).host
    if before is None:
        state, told = "full", [_dialog(each, each.stage, uri, host) for each in calls.shown]
    else:
        there = {each.id for each in calls.shown}
        new = [each for each in calls.shown if each not in before.shown]
        ended = [each for each in before.shown if each.id not in there]
        state = "partial"
        told = [_dialog(each, each.stage, uri, host) for each in new]
        told += [_dialog(each, "terminated", uri, host) for each in ended]
    head = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<dialog-info xmlns="{_NAMESPACE}" version="{version}" state="{state}"'
        f" entity={quoteattr(uri)}>\n"
    )
    return (head + "".join(told) + "</dialog-info>\n").encode("utf-8", "replace")


def _dialog(call: ShownCall, stage: str, uri: str, host: str) -> str:
    marks = f" id={quoteattr(call.id)}"
    if call.dialog is not None:
        marks += f" call-id={quoteattr(call.dialog.call_id)}"
        # From the telephone's end: its own tag is what we send our requests to.
        if call.dialog.to_tag:
            marks += f" local-tag={quoteattr(call.dialog.to_tag)}"
        marks += f" remote-tag={quoteattr(call.dialog.from_tag)}"
    direction = "recipient" if call.called else "initiator"
    inside = f"<state>{stage}</state>\n<local>{_end(uri, '')}</local>\n"
    if call.other is not None:
        number = call.other.number
        address = account_uri(number, host) if number else "sip:anonymous@anonymous.invalid"
        inside += f"<remote>{_end(address, call.other.name)}</remote>\n"
    return f'<dialog{marks} direction="{direction}">\n{inside}</dialog>\n'


def _end(uri: str, name: str) -> str:
    shown = "".join(char for char in name if char.isprintable())
    display = f" display={quoteattr(shown)}" if shown else ""
    return f"<identity{display}>{escape(uri)}</identity><target uri={quoteattr(uri)}/>"
