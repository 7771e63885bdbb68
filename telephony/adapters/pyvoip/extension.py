"""The extension of a PBX for which we speak, and what may be wrong with it."""

from dataclasses import dataclass

from call.errors import Misuse, Unavailable


class LineDown(Unavailable):
    """The local address of the line cannot be had, or a call of it is over for the PBX."""


class LineClosing(Unavailable):
    """The line takes no more calls."""


class NotOnThisLine(Misuse):
    """Something was asked that pyVoIP cannot do; see the limits of the package."""


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension of a PBX, and the local address from which we speak for it."""

    registrar: str
    """IPv4 address or name of the PBX."""
    port: int
    user: str
    password: str
    local_host: str
    local_port: int
    expires_s: int = 120
    """Seconds a registration lasts; it is renewed 5 s before."""
