"""We as a telephone of somebody else's: registrations at a provider's server (RFC 3261 §10).

One `Registering` keeps any number of them. Each goes its own round, and a failure never ends it:

    ASKED --200--> HELD --four fifths of its time--> ASKED
      |  ^-- 401, 407 proven, 423 asked for longer, at once
      '--refused, or silence--> LOST --after a while, longer each time--> ASKED

`Asking` proves us to whoever challenges; the nonce that was taken last is used again, so that a
refreshed registration costs one exchange.
"""

from dataclasses import dataclass
from enum import Enum, auto

from telephony.sip.asking import Asking
from telephony.sip.call import Call, Stage
from telephony.sip.core import Core
from telephony.sip.dialog import Dialog
from telephony.sip.digest import Credentials
from telephony.sip.events import Output, Peer, RegistrationHeld, RegistrationLost, Transport
from telephony.sip.fields import BadField, bracket, parse_address, parse_uri
from telephony.sip.message import Response

REFRESH_AT = 0.8
"""The part of a registration's time after which it is asked for anew."""

SHORTEST_S = 20.0
"""Never asked for more often, however short a time is granted."""

LONGEST_S = 86_400
"""A server that wants registrations to last longer than a day (423) is not believed."""

FIRST_RETRY_S = 5.0
LONGEST_RETRY_S = 300.0

REFUSED = frozenset({401, 403, 404, 407})
REFUSED_RETRY_S = 60.0
"""A server that knows us not, or not with this password, locks out whoever insists."""


class Standing(Enum):
    """Where a registration stands."""

    ASKED = auto()
    HELD = auto()
    LOST = auto()
    ENDING = auto()


@dataclass(frozen=True, slots=True)
class Account:
    """What somebody else's server knows us as.

    `name` is ours for it. `domain` is what is registered at, `contact` the user part by which
    calls for this account reach us: unguessable, it tells them from all others.
    """

    name: str
    username: str
    domain: str
    contact: str
    credentials: Credentials
    expires_s: int = 600


@dataclass(slots=True)
class _Registration:
    account: Account
    peer: Peer
    call: Call
    """Its dialog holds the Call-ID and the numbers that all its REGISTERs share (§10.2)."""
    expires_s: int
    standing: Standing = Standing.LOST
    failures: int = 0


class Registering:
    """Keeps accounts registered."""

    def __init__(self, core: Core, asking: Asking) -> None:
        self._core = core
        self._asking = asking
        self._registrations: dict[str, _Registration] = {}

    def register(self, account: Account, peer: Peer, now: float) -> list[Output]:
        """Keep an account registered at `peer` from now on; said again, at another address."""
        known = self._registrations.get(account.name)
        if known is None:
            known = _Registration(account, peer, self._call(account, peer), account.expires_s)
            self._registrations[account.name] = known
        elif known.peer == peer and known.standing in (Standing.ASKED, Standing.HELD):
            return self._core.taken()
        known.peer = peer
        self._ask(known, now)
        return self._core.taken()

    def unregister(self, now: float) -> list[Output]:
        """Give every registration back; RegistrationLost tells each, also where nobody answers."""
        for known in self._registrations.values():
            self._core.alarms.clear(("register", known.account.name))
            held, known.standing = known.standing is Standing.HELD, Standing.ENDING
            if held:
                self._send(known, 0, now)
            else:
                self._core.tell(RegistrationLost(known.account.name, None))
        return self._core.taken()

    def _call(self, account: Account, peer: Peer) -> Call:
        record = f"sip:{account.username}@{account.domain}"
        dialog = Dialog(
            call_id=self._core.token(),
            local=f"<{record}>",
            local_tag=self._core.token(),
            remote=f"<{record}>",
            remote_tag="",
            target=f"sip:{account.domain}",
            route=(),
            via_peer=peer,
        )
        return Call(self._core.token(), dialog, Stage.UP, credentials=account.credentials)

    def _ask(self, known: _Registration, now: float) -> None:
        if known.standing is not Standing.HELD:
            known.standing = Standing.ASKED
        self._send(known, known.expires_s, now)

    def _send(self, known: _Registration, expires_s: int, now: float) -> None:
        def heard(status: int, response: Response | None, at: float) -> None:
            if status >= 200:
                self._heard(known, expires_s, status, response, at)

        self._asking.ask(
            known.call,
            "REGISTER",
            heard,
            now,
            headers=(("Contact", self._contact(known)), ("Expires", str(expires_s))),
            peer=known.peer,
        )

    def _contact(self, known: _Registration) -> str:
        local = self._core.local
        tcp = ";transport=tcp" if known.peer.transport is Transport.TCP else ""
        return f"<sip:{known.account.contact}@{bracket(local.host)}:{local.port}{tcp}>"

    def _heard(
        self,
        known: _Registration,
        asked_s: int,
        status: int,
        response: Response | None,
        now: float,
    ) -> None:
        if known.standing is Standing.ENDING:
            self._core.tell(RegistrationLost(known.account.name, None))
        elif response is not None and status < 300:
            self._held(known, _granted(response, known.account.contact, asked_s), now)
        elif response is not None and status == 423 and self._longer(known, response):
            self._ask(known, now)
        else:
            self._lost(known, status, response, now)

    def _held(self, known: _Registration, granted_s: int, now: float) -> None:
        known.standing = Standing.HELD
        known.failures = 0
        self._core.tell(RegistrationHeld(known.account.name, granted_s))
        self._due(known, now + max(granted_s * REFRESH_AT, SHORTEST_S))

    def _longer(self, known: _Registration, response: Response) -> bool:
        """Whether a server that finds our time too short names one that we can take (§10.2.8)."""
        wanted = response.header("Min-Expires") or ""
        if not wanted.isdecimal() or not known.expires_s < int(wanted) <= LONGEST_S:
            return False
        known.expires_s = int(wanted)
        return True

    def _lost(
        self, known: _Registration, status: int, response: Response | None, now: float
    ) -> None:
        known.standing = Standing.LOST
        known.failures += 1
        self._core.tell(RegistrationLost(known.account.name, status))
        least_s = REFUSED_RETRY_S if status in REFUSED else FIRST_RETRY_S
        wait_s = max(least_s, min(FIRST_RETRY_S * 2 ** (known.failures - 1), LONGEST_RETRY_S))
        self._due(known, now + max(wait_s, _asked_to_wait(response)))

    def _due(self, known: _Registration, at: float) -> None:
        self._core.alarms.set(
            ("register", known.account.name), at, lambda now: self._ask(known, now)
        )


def _granted(response: Response, contact: str, asked_s: int) -> int:
    """For how long: beside our Contact, else in Expires, else what we asked (§10.2.4)."""
    try:
        for value in response.values("Contact"):
            address = parse_address(value)
            beside = address.parameters.get("expires") or ""
            if parse_uri(address.uri).user == contact and beside.isdecimal():
                return min(int(beside), LONGEST_S)
    except BadField:
        pass  # somebody else's contact, which we need not understand
    everywhere = response.header("Expires") or ""
    return min(int(everywhere), LONGEST_S) if everywhere.isdecimal() else asked_s


def _asked_to_wait(response: Response | None) -> float:
    """The Retry-After of a refusal, an hour at most."""
    text = (response.header("Retry-After") or "") if response is not None else ""
    seconds = text.split("(")[0].split(";")[0].strip()
    return min(float(seconds), 3600.0) if seconds.isdecimal() else 0.0
