"""What is known of a call when its leg is made, and what all legs of a line have in common."""

from dataclasses import dataclass

from call.leg import Party
from call.media import Codec
from telephony.codecs import NARROW
from telephony.crypto import UNENCRYPTED, Secrecy
from telephony.sip.events import Diversion


@dataclass(frozen=True, slots=True)
class CallFacts:
    """One call. `dialed` is the number that was called, or the URI that we call."""

    call_id: str
    caller: Party
    dialed: str
    outgoing: bool
    diversions: tuple[Diversion, ...] = ()
    """What it was sent on from before it came, or before we make it; the oldest first."""
    replaces: str = ""
    """The `call_id` of the leg whose place this one takes (RFC 3891), "" for none."""
    trunk: str = ""
    """The trunk that it comes from or goes to, "" for none."""
    early: bool = True
    """Whether sound that the callee's network sends before the answer is heard."""
    heard_at: str = ""
    """The address of a telephone of ours that may be behind a router."""


@dataclass(frozen=True, slots=True)
class LegSettings:
    """`advertised` is the address that our descriptions show; `secrecy` is what we want encrypted.

    `close_s` is the seconds the plane may take to complete a recording before a leg ends without
    it; `codecs` is what we take.
    """

    advertised: str
    close_s: float
    secrecy: Secrecy = UNENCRYPTED
    codecs: tuple[Codec, ...] = NARROW
