"""Which account a request speaks for, and who is asked to prove it. Pure.

A telephone may be anywhere: what it proves lets it in, wherever it calls from. Who is asked:
whoever registers; strangers that open a call or a subscription; and among those who may call
anyway, whoever bears the name of an account or calls from where a telephone is registered, since a
call of a trunk and a call of a telephone come to different ends. The networks of our own telephones
are believed. What strangers are told is the same whatever account they name.
"""

from collections.abc import Callable
from typing import Protocol

from call.leg import Party
from telephony.abilities import Abilities
from telephony.lockout import Locked, Lockout, LockoutPolicy
from telephony.sip.challenges import Challenges, Guessed, Proven, Secret, Stale
from telephony.sip.core import Refuse
from telephony.sip.events import Peer
from telephony.sip.fields import BadField, parse_uri
from telephony.sip.message import Request

ASKED = frozenset({"INVITE", "SUBSCRIBE", "REGISTER"})
"""The methods that an account is for."""


class Accounts(Protocol):
    """The accounts of telephones, known at once."""

    @property
    def there_are(self) -> bool:
        """Whether there is any."""

    def secret(self, user: str) -> Secret | None:
        """What proves an account; None where there is no such account."""

    def party(self, user: str) -> Party | None:
        """Who calls when this account does; None where there is no such account."""


class Guard:
    """Asks for proofs in one realm, and judges them.

    `lives_at` tells whether a telephone is registered at a peer; `locked` is told of each lockout.
    """

    def __init__(
        self,
        realm: str,
        accounts: Accounts,
        token: Callable[[], str],
        lives_at: Callable[[Peer], bool],
        locked: Callable[[Locked], None],
        policy: LockoutPolicy | None = None,
    ) -> None:
        self._accounts = accounts
        self._challenges = Challenges(realm, accounts.secret, token)
        self._abilities = Abilities()
        self._lives_at = lives_at
        self._lockout = Lockout(policy or LockoutPolicy(), locked)

    def silences(self, host: str, now: float) -> bool:
        """Whether a stranger at this address has guessed too often to be heard."""
        return self._lockout.locks_source(host, now)

    def examine(
        self, request: Request, source: Peer, now: float, *, known: bool, vouched: bool
    ) -> str | Refuse:
        """The account a request speaks for, "" for none; or what it is told instead.

        `known` says whether such a caller is let in without an account, `vouched` whether it is
        believed.
        """
        if request.method not in ASKED or not (self._accounts.there_are or known):
            return ""
        judgement = self._challenges.judge(request, source, now)
        if judgement is not None:
            self._abilities.answered(request, source)
        if judgement is not None and self._lockout.locks(judgement.user, source.host, now):
            return Refuse(403)
        match judgement:
            case Proven(user):
                self._lockout.right(user, source.host, now)
                return user
            case Stale():
                return self._ask(request, source, now, stale=True)
            case Guessed(user):
                # Not 401 again: there are telephones that would answer the same for ever.
                self._lockout.wrong(user, source.host, now)
                return Refuse(403)
            case None if vouched and request.method != "REGISTER":
                return self._named(request)
            case _ if self._must_prove(request, source, known=known):
                return self._ask(request, source, now)
            case _:
                return ""

    def _must_prove(self, request: Request, source: Peer, *, known: bool) -> bool:
        if request.method == "REGISTER" or not known:
            return True
        # Behind a proxy, calls of others come from where telephones are registered too.
        straight = len(request.values("Via")) == 1 and self._lives_at(source)
        return straight or self._named(request) != ""

    def _named(self, request: Request) -> str:
        """The account that From names, "" where it names none."""
        try:
            user = parse_uri(request.sender.uri).user
        except BadField:
            return ""
        return user if self._accounts.party(user) else ""

    def _ask(self, request: Request, source: Peer, now: float, *, stale: bool = False) -> Refuse:
        algorithms = self._abilities.algorithms(request, source)
        headers = self._challenges.challenge(source, now, stale=stale, algorithms=algorithms)
        return Refuse(401, headers=headers)
