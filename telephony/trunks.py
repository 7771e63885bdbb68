"""The trunks of one line: where providers are, whether they know us, and what comes from them.

A trunk is known by its address or by its registration. Names are looked up beforehand and again
from time to time, so that no call waits for a name server; a server that moved is registered at
anew. What arrives from a trunk is a call of the network outside, whatever address it has, and is
never one of our own telephones.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from call.clock import Clock
from telephony.sip.agent import UserAgent
from telephony.sip.core import Tokens
from telephony.sip.digest import Credentials
from telephony.sip.events import (
    IncomingCall,
    Output,
    Peer,
    RegistrationEvent,
    RegistrationHeld,
    Transport,
)
from telephony.sip.fields import bracket
from telephony.sip.registering import Account

log = logging.getLogger(__name__)

LOOK_UP_EVERY_S = 120.0
LOOK_UP_LIMIT_S = 10.0

GIVE_BACK_S = 1.0
"""How long servers are given to take note that we are registered no more."""

REMEMBERED = 1_024
"""Addresses kept as they were read."""

LookUp = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a host name, the best first; empty when there are none just now."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """A provider's server, and what it knows us as.

    `host` is a name or an address. `domain` is what stands in URIs; where the server is known by
    another name than it is reached at. `calls_from` are further addresses, and networks, that its
    calls come from. Where `register`, we are a telephone of theirs.
    """

    name: str
    host: str
    port: int = 5060
    transport: Transport = Transport.UDP
    domain: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    username_in_from: bool = False
    """Its From is to hold our username; who calls stands in P-Asserted-Identity alone."""
    register: bool = False
    expires_s: int = 600
    calls_from: tuple[str, ...] = ()

    @property
    def realm(self) -> str:
        """What stands after the @ in its URIs."""
        return self.domain or self.host

    @property
    def credentials(self) -> Credentials | None:
        """What proves us to it; None where it asks for nothing."""
        return Credentials(self.username, self.password) if self.username else None

    def uri(self, user: str) -> str:
        """A number of its network."""
        return f"sip:{user}@{bracket(self.realm)}"


@dataclass(slots=True)
class _Known:
    """What is known of a trunk just now."""

    trunk: Trunk
    contact: str
    networks: tuple[IPv4Network | IPv6Network, ...]
    """Those of `calls_from`, read once: every datagram asks."""
    addresses: tuple[str, ...] = ()
    held: bool = False

    @property
    def peer(self) -> Peer | None:
        if not self.addresses:
            return None
        return Peer(self.trunk.transport, self.addresses[0], self.trunk.port)

    def sends_from(self, host: str) -> bool:
        address = _plain(host)
        if address is None:
            return False
        if address in self.addresses:
            return True
        return any(ip_address(address) in network for network in self.networks)


class Trunks:
    """The trunks of one line.

    `look_up` finds the addresses of names, `national` writes numbers the one way we compare them.
    """

    def __init__(
        self,
        trunks: Sequence[Trunk],
        look_up: LookUp,
        tokens: Tokens,
        national: Callable[[str], str],
    ) -> None:
        self._known = {
            each.name: _Known(
                each,
                contact=f"t{tokens.token()}",
                networks=tuple(ip_network(text, strict=False) for text in each.calls_from),
            )
            for each in trunks
        }
        self._look_up = look_up
        self._national = national
        self._core: UserAgent | None = None
        self._carry: Callable[[Sequence[Output]], None] = lambda outputs: None
        self._clock: Clock | None = None
        self._task: asyncio.Task[None] | None = None
        self._given_back = asyncio.Event()

    # what the program asks

    def trunk(self, name: str) -> Trunk:
        """The trunk of that name."""
        return self._known[name].trunk

    def peer(self, name: str) -> Peer | None:
        """Where a trunk's calls go; None while its name leads nowhere."""
        return self._known[name].peer

    def alive(self, name: str) -> bool:
        """Whether calls can go there: its address is known, and its registration holds."""
        known = self._known[name]
        return known.peer is not None and (known.held or not known.trunk.register)

    def registered(self, name: str) -> bool:
        """Whether a trunk's server holds us registered."""
        return self._known[name].held

    # what the line asks

    def may_call(self, host: str, user: str) -> bool:
        """Whether a call is a trunk's: by its address, or by a Contact that only trunks know."""
        return any(known.contact == user or known.sends_from(host) for known in self._all)

    @property
    def _all(self) -> Iterable[_Known]:
        return self._known.values()

    def calls_to(self, user: str) -> bool:
        """Whether a Request-URI's user is one that only a trunk we registered at can know."""
        return any(known.contact == user for known in self._known.values())

    def of(self, event: IncomingCall) -> str | None:
        """The trunk that a call comes from; None for any other, such as that of an account."""
        if event.account:
            return None
        for name, known in self._known.items():
            if event.dialed == known.contact:
                return name
        return next((n for n, k in self._known.items() if k.sends_from(event.source.host)), None)

    def read(self, event: IncomingCall, name: str) -> IncomingCall:
        """A call of a trunk as what it means: numbers in our form, a caller who is none of us.

        Where our Contact was called, the To tells what was dialled.
        """
        known = self._known[self.of(event) or ""]
        ours = event.dialed == known.contact
        # A server may still hold the Contact of our last run.
        left_over = known.trunk.register and not _digits(event.dialed) and _digits(event.recipient)
        dialed = event.recipient if ours or left_over else event.dialed
        number = self._national(event.caller.number)
        return replace(
            event,
            dialed=self._national(dialed),
            caller=replace(event.caller, number=number, internal=False),
            diversions=tuple(
                replace(each, number=self._national(each.number)) for each in event.diversions
            ),
        )

    async def start(
        self,
        core: UserAgent,
        carry: Callable[[Sequence[Output]], None],
        clock: Clock,
        expect: Callable[[str], None],
    ) -> None:
        """Look up where they are, and register; go on doing so until `stop`."""
        if not self._known:
            return
        self._core, self._carry, self._clock = core, carry, clock
        self._task = asyncio.get_running_loop().create_task(self._follow(expect), name="trunks")

    async def stop(self) -> None:
        """Give the registrations back."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if self._core is None or self._clock is None:
            return
        self._given_back.clear()
        self._carry(self._core.registering.unregister(self._clock.monotonic()))
        try:
            async with asyncio.timeout(GIVE_BACK_S):
                while any(known.held for known in self._known.values()):
                    await self._given_back.wait()
                    self._given_back.clear()
        except TimeoutError:
            log.info("registrations left to expire")
        self._core = None

    def told(self, event: RegistrationEvent) -> None:
        """Take what the core tells of a registration."""
        known = self._known[event.account]
        held, known.held = known.held, isinstance(event, RegistrationHeld)
        if isinstance(event, RegistrationHeld):
            if not held:
                log.info("trunk registered", extra={"trunk": event.account})
        elif event.status is not None:
            extra = {"trunk": event.account, "status": event.status}
            log.warning("trunk not registered", extra=extra)
        self._given_back.set()

    async def _follow(self, expect: Callable[[str], None]) -> None:
        """Look every name up again and again; at once when the program starts."""
        while True:
            for known in self._known.values():
                await self._find(known, expect)
            if all(_plain(known.trunk.host) for known in self._known.values()):
                return
            await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(LOOK_UP_EVERY_S):
                await asyncio.Event().wait()
        except TimeoutError:
            pass

    async def _find(self, known: _Known, expect: Callable[[str], None]) -> None:
        addresses = await self._addresses(known.trunk.host)
        if not addresses:
            # Where it was is where it most likely is: a name server that is down stops no call.
            log.warning("trunk not found", extra={"trunk": known.trunk.name})
            return
        known.addresses = tuple(addresses)
        for address in addresses:
            expect(address)
        peer, trunk = known.peer, known.trunk
        if trunk.register and peer is not None and self._core is not None and self._clock:
            account = _account(known)
            now = self._clock.monotonic()
            self._carry(self._core.registering.register(account, peer, now))

    async def _addresses(self, host: str) -> Sequence[str]:
        plain = _plain(host)
        if plain is not None:
            return (plain,)
        try:
            async with asyncio.timeout(LOOK_UP_LIMIT_S):
                return await self._look_up(host)
        except TimeoutError:
            return ()


def _account(known: _Known) -> Account:
    trunk = known.trunk
    return Account(
        trunk.name,
        trunk.username,
        bracket(trunk.realm),
        known.contact,
        Credentials(trunk.username, trunk.password),
        trunk.expires_s,
    )


@lru_cache(REMEMBERED)
def _plain(host: str) -> str | None:
    """An address in its usual form; an IPv4 one in an IPv6 one is itself again; None for a name."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _digits(user: str) -> bool:
    return user.removeprefix("+").isdecimal()
