"""Telephones prove who they are: challenges made and answers judged (RFC 8760, RFC 7616).

Theory of operation. A nonce tells when it was made, is bound to the address it was given to, and
bears our mark, so none is kept until it is used. An answer is reckoned first and its nonce looked
at after: a right answer to a nonce that is too old, not ours, or already used as often as its
count says is no guess, and earns a new challenge marked stale. Nobody learns which users there
are: an unknown one is reckoned with like a wrong password.
"""

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from telephony.sip.digest import HASHES, Answer, answers_in
from telephony.sip.events import Peer
from telephony.sip.fields import BadField, parse_uri, quote
from telephony.sip.message import Pairs, Request

NONCE_S = 300.0
"""How long a nonce can be answered; telephones that come back later are told that it is stale."""

MOST_NONCES = 8_192
"""Nonces in use remembered; beyond, all that are as old as the one forgotten are stale."""

ALGORITHMS = ("SHA-256", "MD5")
"""The one we like best comes first (RFC 8760 §2.4)."""

_NONCE = re.compile(r"([0-9a-f]{1,12})-([0-9a-zA-Z]{8,64})-([0-9a-f]{32})")
_COUNT = re.compile(r"[0-9a-fA-F]{8}")


@dataclass(frozen=True, slots=True)
class Secret:
    """What proves an account: H(user:realm:password), in hexadecimal."""

    md5: str = field(repr=False)
    sha256: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proven:
    """A right answer."""

    user: str


@dataclass(frozen=True, slots=True)
class Stale:
    """A right answer to a nonce that cannot be answered any more."""

    user: str


@dataclass(frozen=True, slots=True)
class Guessed:
    """A wrong answer, or one for a user we do not know."""

    user: str


Judgement = Proven | Stale | Guessed | None

_NOBODY = Secret("0" * 32, "0" * 64)


class Challenges:
    """Challenges in one realm. `secret` gives what proves a user, None for one unknown."""

    def __init__(
        self, realm: str, secret: Callable[[str], Secret | None], token: Callable[[], str]
    ) -> None:
        self._realm = realm
        self._secret = secret
        self._token = token
        self._mark = token().encode()
        self._used: OrderedDict[str, int] = OrderedDict()
        self._forgotten_until = -1

    def challenge(
        self,
        source: Peer,
        now: float,
        *,
        stale: bool = False,
        algorithms: Sequence[str] = ALGORITHMS,
    ) -> Pairs:
        """The headers of a 401."""
        nonce = self._nonce(int(now), self._token(), source)
        more = ", stale=true" if stale else ""
        return tuple(
            (
                "WWW-Authenticate",
                f'Digest realm={quote(self._realm)}, nonce="{nonce}", algorithm={algorithm}, '
                f'qop="auth"{more}',
            )
            for algorithm in algorithms
        )

    def judge(self, request: Request, source: Peer, now: float) -> Judgement:
        """What a request proves; None where it does not even try in our realm."""
        for answer in answers_in(request):
            if answer.realm == self._realm:
                return self._judge(answer, request, source, now)
        return None

    def _judge(self, answer: Answer, request: Request, source: Peer, now: float) -> Judgement:
        secret = self._secret(answer.username)
        right = _is_right(answer, secret or _NOBODY, request)
        if secret is None or not right:
            return Guessed(answer.username)
        fresh = self._is_fresh(answer.nonce, source, now) and self._counts(answer)
        return Proven(answer.username) if fresh else Stale(answer.username)

    def _nonce(self, at: int, salt: str, source: Peer) -> str:
        text = f"{at:x}-{salt}"
        mark = hashlib.blake2s(
            f"{text} {source.host}".encode(), key=self._mark[:32], digest_size=16
        )
        return f"{text}-{mark.hexdigest()}"

    def _is_fresh(self, nonce: str, source: Peer, now: float) -> bool:
        match = _NONCE.fullmatch(nonce)
        if match is None:
            return False
        made = int(match[1], 16)
        ours = self._nonce(made, match[2], source)
        known = nonce in self._used or made > self._forgotten_until
        return hmac.compare_digest(ours, nonce) and made <= now <= made + NONCE_S and known

    def _counts(self, answer: Answer) -> bool:
        """Whether this use of a nonce is a new one; an answer without a count is its only one."""
        count = 1 if not answer.count else int(answer.count, 16)
        if count <= self._used.get(answer.nonce, 0):
            return False
        self._used[answer.nonce] = count
        self._used.move_to_end(answer.nonce)
        if len(self._used) > MOST_NONCES:
            nonce, _ = self._used.popitem(last=False)
            self._forgotten_until = max(self._forgotten_until, int(nonce.partition("-")[0], 16))
        return True


def _is_right(answer: Answer, secret: Secret, request: Request) -> bool:
    name = answer.algorithm.lower() or "md5"
    reckon = HASHES.get(name)
    if reckon is None or not _is_about(answer, request):
        return False
    if answer.qop:
        if answer.qop.lower() != "auth" or not _COUNT.fullmatch(answer.count):
            return False
        middle = f"{answer.nonce}:{answer.count}:{answer.cnonce}:{answer.qop}"
    else:
        middle = answer.nonce
    asked = reckon(f"{request.method}:{answer.uri}".encode("utf-8", "surrogateescape"))
    kept = secret.sha256 if name == "sha-256" else secret.md5
    wanted = reckon(f"{kept}:{middle}:{asked}".encode("utf-8", "surrogateescape"))
    return hmac.compare_digest(wanted.encode(), answer.response.lower().encode("utf-8", "replace"))


def _is_about(answer: Answer, request: Request) -> bool:
    """Whether an answer was reckoned for this target.

    The host may be written otherwise, since what stands between may write it anew (RFC 7616
    §3.4.6); the user may not.
    """
    try:
        return parse_uri(answer.uri).user == request.target.user
    except BadField:
        return False
