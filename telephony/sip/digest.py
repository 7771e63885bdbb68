"""Answers to digest challenges (RFC 3261 §22, RFC 2617, RFC 8760): MD5 and SHA-256, qop auth.

Those we give to others, and those that telephones give to us.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from telephony.sip.fields import quote, unquoted
from telephony.sip.message import Request, Response

_PARAMETER = re.compile(
    r'(?<![A-Za-z0-9_\-])([A-Za-z0-9_\-]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s,"]+)'
)

HASHES: Mapping[str, Callable[[bytes], str]] = MappingProxyType(
    {
        "sha-256": lambda data: hashlib.sha256(data).hexdigest(),
        "md5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    }
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and its password, never shown."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One WWW-Authenticate or Proxy-Authenticate that we can answer."""

    answer_header: str
    realm: str
    nonce: str
    algorithm: str
    """As the challenge wrote it; "" when it wrote none, which means MD5."""
    qop_auth: bool
    opaque: str | None
    stale: bool


@dataclass(slots=True)
class Proof:
    """A challenge met, and how often its nonce was used."""

    challenge: Challenge
    count: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What an Authorization or Proxy-Authorization says; "" for what it leaves out."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str = field(repr=False)
    algorithm: str
    qop: str
    count: str
    cnonce: str


def answers_in(request: Request) -> list[Answer]:
    """The answers to digest challenges that a request bears, in order."""
    found: list[Answer] = []
    for name, value in request.headers:
        scheme, _, rest = value.strip().partition(" ")
        if name in ("Authorization", "Proxy-Authorization") and scheme.lower() == "digest":
            said = {key.lower(): unquoted(text) for key, text in _PARAMETER.findall(rest)}
            text = {key: said.get(key, "") for key in ("realm", "nonce", "uri", "response")}
            found.append(
                Answer(
                    username=said.get("username", ""),
                    **text,
                    algorithm=said.get("algorithm", ""),
                    qop=said.get("qop", ""),
                    count=said.get("nc", ""),
                    cnonce=said.get("cnonce", ""),
                )
            )
    return found


def challenge_of(response: Response) -> Challenge | None:
    """The strongest challenge of a 401 or 407 that we can answer; None when there is none.

    RFC 8760 §2.4 lets a server give several, the one it likes best first; SHA-256 goes before MD5
    here whatever the order.
    """
    asked, answered = (
        ("WWW-Authenticate", "Authorization")
        if response.status == 401
        else ("Proxy-Authenticate", "Proxy-Authorization")
    )
    found = [
        challenge
        for name, value in response.headers
        if name == asked and (challenge := _challenge(value, answered))
    ]
    found.sort(key=lambda challenge: challenge.algorithm.lower() != "sha-256")
    return found[0] if found else None


def _challenge(text: str, answer_header: str) -> Challenge | None:
    scheme, _, rest = text.strip().partition(" ")
    fields = {name.lower(): unquoted(value) for name, value in _PARAMETER.findall(rest)}
    algorithm = fields.get("algorithm", "")
    qops = [qop.strip().lower() for qop in fields.get("qop", "").split(",") if qop.strip()]
    answerable = (
        scheme.lower() == "digest"
        and "nonce" in fields
        and (algorithm.lower() or "md5") in HASHES
        and (not qops or "auth" in qops)
    )
    if not answerable:
        return None
    return Challenge(
        answer_header=answer_header,
        realm=fields.get("realm", ""),
        nonce=fields["nonce"],
        algorithm=algorithm,
        qop_auth="auth" in qops,
        opaque=fields.get("opaque"),
        stale=fields.get("stale", "").lower() == "true",
    )


def authorization(
    challenge: Challenge, who: Credentials, *, method: str, uri: str, cnonce: str, count: int = 1
) -> str:
    """The value of Authorization or Proxy-Authorization; `count` is the use of this nonce."""
    digest = HASHES[challenge.algorithm.lower() or "md5"]

    def hashed(*parts: str) -> str:
        return digest(":".join(parts).encode("utf-8", "surrogateescape"))

    secret = hashed(who.username, challenge.realm, who.password)
    request = hashed(method, uri)
    nc = f"{count:08x}"
    middle = (challenge.nonce, nc, cnonce, "auth") if challenge.qop_auth else (challenge.nonce,)
    fields = [
        f"username={quote(who.username)}",
        f"realm={quote(challenge.realm)}",
        f"nonce={quote(challenge.nonce)}",
        f"uri={quote(uri)}",
        f'response="{hashed(secret, *middle, request)}"',
    ]
    if challenge.algorithm:
        fields.append(f"algorithm={challenge.algorithm}")
    if challenge.qop_auth:
        fields += ["qop=auth", f"nc={nc}", f"cnonce={quote(cnonce)}"]
    if challenge.opaque is not None:
        fields.append(f"opaque={quote(challenge.opaque)}")
    return "Digest " + ", ".join(fields)
