"""An extension and its telephones. What becomes of a call to it is the business of `routing`."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Extension:
    """Somebody, or something, that can be called by a short number."""

    number: str
    """Two to six digits. A mailbox of the same number is this extension's."""
    name: str
    language: str = "fr"
    """What its owner hears, and reads in e-mails."""
    listed: bool = True
    """Whether callers find it in the directory they dial by name."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A SIP account: one telephone, or one program that is one. An extension may have several."""

    user: str
    """The SIP user name; unique."""
    extension: str
    name: str
    """What its owner calls it."""
    made: datetime


@dataclass(frozen=True, slots=True)
class Proofs:
    """What is kept of a SIP password: it cannot be read back (RFC 8760, RFC 2617: H(A1))."""

    realm: str
    md5: str = field(repr=False)
    sha256: str = field(repr=False)
