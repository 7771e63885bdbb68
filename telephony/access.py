"""Who may call, and when there is room: the judgement of each request that opens something.

Peers are known by address, telephones by their account, from wherever they call. A stranger is
told 403, a few times; one that insists is a scanner, and is not even read until it has been quiet.
From where a telephone proved itself, everything is read. A peer is let in while there is room for
its call, and told 503 with the time to wait when there is none. Pure: the load and the time are
inputs.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from call.errors import Misuse
from telephony.guard import Guard
from telephony.overload import Limits, Load, Overload
from telephony.sip.core import Admit, Refuse, Verdict
from telephony.sip.events import Peer
from telephony.sip.message import Request

Network = IPv4Network | IPv6Network

LOOPBACK = ("127.0.0.0/8", "::1/128")

MAX_STRANGERS = 4_096
"""Addresses remembered; beyond, the one seen longest ago is forgotten."""

GUEST_S = 7_200.0
"""Seconds for which all is read that comes from where a telephone proved itself: longer than any
is registered at a time."""


class NoSuchNetwork(Misuse):
    """A setting that names no network."""


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """Who may call and how many at once.

    `allowed` holds addresses and CIDR networks. A stranger is answered `stranger_burst` times,
    then once every `stranger_every_s` seconds. Beyond the `limits` of load no call is taken.
    `phones` are those of our own telephones: the number a caller from there gives is believed.
    """

    allowed: tuple[str, ...] = LOOPBACK
    phones: tuple[str, ...] = ()
    always: frozenset[str] = frozenset()
    """Numbers that our own telephones reach however much there is to do: emergencies."""
    max_calls: int = 100
    retry_after_s: int = 10
    stranger_burst: int = 5
    stranger_every_s: float = 10.0
    limits: Limits = field(default_factory=Limits)


FromTrunk = Callable[[str, str], bool]
"""Whether a call is a trunk's, by the address it comes from or the user it is addressed to."""


class Outcome(StrEnum):
    """What was judged; the names of counts and of log fields."""

    ADMITTED = "admitted"
    STRANGER = "stranger"
    SCANNER = "scanner"
    FULL = "full"
    OVERLOADED = "overloaded"
    DRAINING = "draining"
    CHALLENGED = "challenged"
    DENIED = "denied"


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Doorkeeper:
    """Judges for one line: `hears` before a message is read, `judge` as the SIP core's gate."""

    def __init__(self, policy: AccessPolicy, load: Callable[[], Load]) -> None:
        self._policy = policy
        self._load = load
        self._overload = Overload(policy.limits)
        self._networks = tuple(_network("allowed", text) for text in policy.allowed)
        self._phones = tuple(_network("phones", text) for text in policy.phones)
        self._strangers: OrderedDict[str, _Bucket] = OrderedDict()
        self._expected: set[str] = set()
        self._guests: OrderedDict[str, float] = OrderedDict()
        self._guard: Guard | None = None
        self._trunks: FromTrunk = _no_trunks
        self._counts: Counter[Outcome] = Counter()
        self.draining = False

    def count(self, outcome: Outcome) -> int:
        """How many requests were judged so."""
        return self._counts[outcome]

    def look(self, now: float) -> bool:
        """Whether there is too much to do for one more call. Look several times a second."""
        return self._overload.look(self._load(), now)

    def knows(self, host: str) -> bool:
        """Whether calls from this address are taken at all."""
        return _within(host, self._networks) or self._trunks(host, "")

    def vouches_for(self, host: str) -> bool:
        """Whether what calls from this address is one of our own telephones."""
        return _within(host, self._phones)

    def expect(self, host: str) -> None:
        """We call this address: what it answers is read, though it may not be let in."""
        self._expected.add(host)

    def trust(self, trunks: "FromTrunk") -> None:
        """Let in what comes from trunks."""
        self._trunks = trunks

    def post(self, guard: Guard) -> None:
        """Let telephones in that prove themselves to this guard."""
        self._guard = guard

    def welcome(self, host: str, now: float) -> None:
        """A telephone is at home at this address: what comes from there is read for a while."""
        self._guests[host] = now + GUEST_S
        self._guests.move_to_end(host)
        if len(self._guests) > MAX_STRANGERS:
            self._guests.popitem(last=False)

    def hears(self, host: str, now: float) -> bool:
        """Whether a message from `host` is read at all; takes a token where it is a stranger's."""
        if self.knows(host) or host in self._expected or self._is_guest(host, now):
            return True
        locked = self._guard is not None and self._guard.silences(host, now)
        if not locked and self._takes_token(host, now):
            return True
        self._counts[Outcome.SCANNER] += 1
        return False

    def judge(self, request: Request, source: Peer, now: float) -> Verdict:
        """The verdict on a request that opens something."""
        account = self._account(request, source, now)
        if isinstance(account, Refuse):
            self._counts[Outcome.DENIED if account.status == 403 else Outcome.CHALLENGED] += 1
            return account
        known = self.knows(source.host) or self._trunks(source.host, request.target.user)
        if not (account or known or self._may_ask(request, source, now)):
            outcome = Outcome.STRANGER
        elif request.method != "INVITE":
            outcome = Outcome.ADMITTED
        else:
            ours = account != "" or self.vouches_for(source.host)
            outcome = self._room(now, always=ours and request.target.number in self._policy.always)
        self._counts[outcome] += 1
        match outcome:
            case Outcome.ADMITTED:
                return Admit(account)
            case Outcome.STRANGER:
                return Refuse(403)
            case _:
                return Refuse(503, retry_after=self._policy.retry_after_s)

    def _account(self, request: Request, source: Peer, now: float) -> str | Refuse:
        """The account a request speaks for; or what it is told instead."""
        if self._guard is None:
            return ""
        account = self._guard.examine(
            request,
            source,
            now,
            known=self.knows(source.host),
            vouched=self.vouches_for(source.host),
        )
        if account and not isinstance(account, Refuse):
            self.welcome(source.host, now)
        return account

    def _may_ask(self, request: Request, source: Peer, now: float) -> bool:
        """Telephones ask OPTIONS to keep their way open."""
        return request.method == "OPTIONS" and self._is_guest(source.host, now)

    def _is_guest(self, host: str, now: float) -> bool:
        return self._guests.get(host, now) > now

    def _room(self, now: float, *, always: bool) -> Outcome:
        load = self._load()
        if self.draining:
            return Outcome.DRAINING
        if always:
            return Outcome.ADMITTED
        if load.calls >= self._policy.max_calls:
            return Outcome.FULL
        if self._overload.look(load, now):
            return Outcome.OVERLOADED
        return Outcome.ADMITTED

    def _takes_token(self, host: str, now: float) -> bool:
        """One token bucket an address: `stranger_burst` deep, refilled with time."""
        burst = float(self._policy.stranger_burst)
        bucket = self._strangers.setdefault(host, _Bucket(burst, now))
        self._strangers.move_to_end(host)
        if len(self._strangers) > MAX_STRANGERS:
            self._strangers.popitem(last=False)
        refill = max(0.0, now - bucket.at) / self._policy.stranger_every_s
        bucket.tokens, bucket.at = min(burst, bucket.tokens + refill), now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True


def _no_trunks(host: str, user: str) -> bool:
    return False


def _network(setting: str, text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise NoSuchNetwork(f"{setting}: {text!r} is no address and no network") from error


def _within(host: str, networks: Sequence[Network]) -> bool:
    address = _address(host)
    return address is not None and any(address in network for network in networks)


@lru_cache(MAX_STRANGERS)
def _address(host: str) -> IPv4Address | IPv6Address | None:
    """The address; an IPv4 peer on an IPv6 socket is itself again."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
