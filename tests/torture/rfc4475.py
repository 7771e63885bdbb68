"""The 49 messages of RFC 4475, byte for byte, and the outcome expected of this user agent.

Where the RFC leaves a choice (be liberal, or refuse), the choice made here is the one listed. A
REGISTER is refused by 405: this user agent is no registrar.
"""

from dataclasses import dataclass
from pathlib import Path

MESSAGES = Path(__file__).parent / "messages"

CALL = 100
"""The outcome of an INVITE that becomes a call."""

DROPPED = 0
"""The outcome of what nobody can be answered about: a stray or impossible response."""


@dataclass(frozen=True, slots=True)
class Torture:
    """One message: its section, name, outcome, and what the RFC shows by it."""

    section: str
    name: str
    outcome: int
    shows: str

    @property
    def octets(self) -> bytes:
        return (MESSAGES / f"{self.name}.dat").read_bytes()


TORTURES = (
    # 3.1.1: valid, however odd
    Torture("3.1.1.1", "wsinv", 481, "folding everywhere; well formed, of a dialog we do not have"),
    Torture("3.1.1.2", "intmeth", 501, "every character a token, a user or a quotation may hold"),
    Torture("3.1.1.3", "esc01", CALL, "escapes in URIs that mean the character they escape"),
    Torture("3.1.1.4", "escnull", 405, "an escaped null in a user part"),
    Torture("3.1.1.5", "esc02", 501, "percent signs that are no escapes: not a REGISTER"),
    Torture("3.1.1.6", "lwsdisp", 200, "no space between a display name and <"),
    Torture("3.1.1.7", "longreq", CALL, "very long values, and 34 Via lines"),
    Torture("3.1.1.8", "dblreq", 405, "octets after the message in a datagram: ignored"),
    Torture("3.1.1.9", "semiuri", 200, "a semicolon in a user part"),
    Torture("3.1.1.10", "transports", 200, "transports nobody knows in Via"),
    Torture("3.1.1.11", "mpart01", 405, "a binary part in a multipart body"),
    Torture("3.1.1.12", "unreason", DROPPED, "a reason phrase in UTF-8"),
    Torture("3.1.1.13", "noreason", DROPPED, "no reason phrase at all"),
    # 3.1.2: invalid
    Torture("3.1.2.1", "badinv01", 400, "empty parameters and values in Via and Contact"),
    Torture("3.1.2.2", "clerr", 400, "Content-Length longer than the body"),
    Torture("3.1.2.3", "ncl", 400, "a negative Content-Length"),
    Torture("3.1.2.4", "scalar02", 400, "numbers that no field can hold, in a request"),
    Torture("3.1.2.5", "scalarlg", DROPPED, "numbers that no field can hold, in a response"),
    Torture("3.1.2.6", "quotbal", 400, "a quotation that is never closed"),
    Torture("3.1.2.7", "ltgtruri", 400, "a Request-URI in angle brackets"),
    Torture("3.1.2.8", "lwsruri", 400, "a space inside the Request-URI"),
    Torture("3.1.2.9", "lwsstart", 400, "two spaces in the request line"),
    Torture("3.1.2.10", "trws", 400, "spaces after the version"),
    Torture("3.1.2.11", "escruri", 400, "headers in the Request-URI"),
    Torture("3.1.2.12", "baddate", CALL, "a Date that is not in GMT: not needed, so not refused"),
    Torture("3.1.2.13", "regbadct", 400, "a Contact with headers and no brackets"),
    Torture("3.1.2.14", "badaspec", 400, "spaces inside the angle brackets"),
    Torture("3.1.2.15", "baddn", 400, "a display name that had to be quoted"),
    Torture("3.1.2.16", "badvers", 505, "SIP/7.0"),
    Torture("3.1.2.17", "mismatch01", 400, "CSeq names another method"),
    Torture("3.1.2.18", "mismatch02", 400, "CSeq names another method, and neither is served"),
    Torture("3.1.2.19", "bigcode", DROPPED, "a status beyond any number"),
    # 3.2: transactions
    Torture("3.2.1", "badbranch", 200, "a branch that is nothing but the magic cookie"),
    # 3.3: application
    Torture("3.3.1", "insuf", 400, "no To, no From, no Call-ID"),
    Torture("3.3.2", "unkscm", 416, "a Request-URI of a scheme nobody knows"),
    Torture("3.3.3", "novelsc", 416, "a Request-URI of a scheme for something else"),
    Torture("3.3.4", "unksm2", 405, "schemes nobody knows in To, From and Contact"),
    Torture("3.3.5", "bext01", 420, "extensions required that nobody supports"),
    Torture("3.3.6", "invut", 415, "a body of a type nobody knows"),
    Torture("3.3.7", "regaut01", 405, "an authorization scheme nobody knows"),
    Torture("3.3.8", "multi01", 400, "two of what must be one"),
    Torture("3.3.9", "mcl01", 400, "two Content-Lengths"),
    Torture("3.3.10", "bcast", DROPPED, "a 200 for somebody else, by broadcast"),
    Torture("3.3.11", "zeromf", 200, "Max-Forwards of zero, in an OPTIONS"),
    Torture("3.3.12", "cparam01", 405, "an unknown parameter of Contact"),
    Torture("3.3.13", "cparam02", 405, "an unknown parameter of the URI in Contact"),
    Torture("3.3.14", "regescrt", 405, "a Contact with an escaped Route"),
    Torture("3.3.15", "sdp01", 406, "Accept leaves us no way to describe the session"),
    # 3.4: before RFC 3261
    Torture("3.4.1", "inv2543", CALL, "no branch, no tag, no Contact, no Content-Length"),
)
