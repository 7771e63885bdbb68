"""An extension and its telephones. What becomes of a call to it is the business of `routing`."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

LANGUAGES = ("fr", "en")

SERVICES = re.compile(r"[2-9]11")
"""Emergency and the other services that anybody may call by three digits: 211 to 911."""

PARKING = re.compile(r"70[0-9]")
MAILBOXES = "8500"

LONGEST_NAME = 100


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


@dataclass(frozen=True, slots=True)
class Registration:
    """Where a telephone said it is, as it outlives the program."""

    user: str
    contact: str
    """The SIP URI it wants requests for."""
    source: str
    """Where it was heard from: transport, host and port."""
    instance: str
    """What tells it from other telephones (RFC 5626 §4.1); "" where it does not say."""
    call_id: str
    cseq: int
    preference: float
    agent: str
    expires: datetime


def faults(extension: Extension) -> Iterator[str]:
    """Why there cannot be such an extension, each reason as an administrator reads it."""
    number, name = extension.number, extension.name
    if not (number.isascii() and number.isdigit() and 2 <= len(number) <= 6):
        yield f"{number}: invalid extension: a number has 2 to 6 digits"
    elif number.startswith("0"):
        yield f"{number}: invalid extension: 0 leads to the operator"
    elif SERVICES.fullmatch(number):
        yield f"{number}: invalid extension: the number of a public service"
    elif PARKING.fullmatch(number):
        yield f"{number}: invalid extension: 700 to 709 are for parked calls"
    elif number == MAILBOXES:
        yield f"{number}: invalid extension: {MAILBOXES} leads to the mailboxes"
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        yield f"a name has 1 to {LONGEST_NAME} characters"
    if extension.language not in LANGUAGES:
        yield f"{extension.language}: no such language; there are {', '.join(LANGUAGES)}"


def proofs_of(user: str, realm: str, password: str) -> Proofs:
    """What is kept of a password (RFC 7616 §3.4.2)."""
    secret = f"{user}:{realm}:{password}".encode()
    return Proofs(
        realm=realm,
        md5=hashlib.md5(secret, usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(secret).hexdigest(),
    )
