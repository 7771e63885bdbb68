"""Which call another is to take the place of: Replaces (RFC 3891), and Refer-To that holds one."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from telephony.sip.call import Call, Stage
from telephony.sip.content import Refusal
from telephony.sip.core import Core
from telephony.sip.fields import Address, BadField, parse_parameters
from telephony.sip.message import Message, Request


@dataclass(frozen=True, slots=True)
class DialogName:
    """A dialog as a message names it; the tags in either order (see `Core.named`)."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False


def read_replaces(text: str) -> DialogName:
    """The value of a Replaces (RFC 3891 §6.1). Raises BadField."""
    call_id, semicolon, rest = text.partition(";")
    parameters = parse_parameters(semicolon + rest)
    to_tag, from_tag = parameters.get("to-tag"), parameters.get("from-tag")
    if not call_id.strip() or not to_tag or not from_tag:
        raise BadField(f"not a Replaces: {text[:80]!r}")
    return DialogName(call_id.strip(), to_tag, from_tag, "early-only" in parameters)


def target_of(message: Message) -> Address:
    """The one Refer-To of a REFER (RFC 3515 §2.4.1). Raises BadField."""
    addresses = message.addresses("Refer-To")
    if len(addresses) != 1:
        raise BadField(f"{len(addresses)} Refer-To")
    return addresses[0]


def uri_headers(text: str) -> Mapping[str, str]:
    """The headers inside a URI, unescaped, their names in lower case (RFC 3261 §19.1.1)."""
    pairs = (each.partition("=") for each in text.split("&") if each)
    return {unquote(name).lower(): unquote(value) for name, _, value in pairs}


def replaced_by(core: Core, request: Request) -> Call | Refusal | None:
    """The call that an INVITE takes the place of, or why it cannot; None for an ordinary one.

    A call that still rings is replaced only where we make it (§3): so a telephone picks up what
    rings elsewhere.
    """
    try:
        values = request.values("Replaces")
        names = [read_replaces(value) for value in values]
    except BadField:
        return Refusal(400)
    if not names:
        return None
    if len(names) > 1:
        return Refusal(400)
    call = core.named(names[0].call_id, names[0].to_tag, names[0].from_tag)
    if call is None or call.stage is Stage.OFFERED:
        return Refusal(481)
    if call.over or call.stage is Stage.CANCELLING:
        return Refusal(603)
    if names[0].early_only and call.stage is not Stage.INVITING:
        return Refusal(486)
    return call
