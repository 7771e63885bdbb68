"""Providers that follow a script, and the line that calls by them: no sockets, virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from call.clock import VirtualClock
from call.media import Address
from ivr.testing.virtual_time import run_in_virtual_time
from routing.numbers import national
from routing.outgoing import Route
from telephony.access import AccessPolicy
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.sip.agent import UserAgent
from telephony.sip.events import Output, Peer, Send, SipEvent, Transport
from telephony.sip.message import Request, Response, read
from telephony.trunks import Trunk, Trunks
from tests.line.plane import FakePlane
from tests.line.scripted import OFFER, SerialTokens
from vestibule.exchange.outside import Outside, Patience

ANSWER = OFFER
OURS = "192.0.2.1"

Step = tuple[float, int]
"""Seconds to wait, then the status to send; 183 and 200 describe sound."""


class Network:
    """Carries between our line and providers, each known by its address."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._core: UserAgent | None = None
        self._tell: Callable[[SipEvent], None] = lambda event: None
        self._hears: Callable[[str, float], bool] = lambda host, now: False
        self._timer: asyncio.TimerHandle | None = None
        self.providers: dict[Peer, Provider] = {}
        self.sent: list[tuple[Peer, Request | Response]] = []
        self.behind_s = 0.0

    async def open(self) -> Address:
        return OURS, 5060

    def attach(
        self,
        core: UserAgent,
        tell: Callable[[SipEvent], None],
        hears: Callable[[str, float], bool],
    ) -> None:
        self._core, self._tell, self._hears = core, tell, hears

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._core = None

    def carry(self, outputs: Sequence[Output]) -> None:
        loop = asyncio.get_running_loop()
        for output in outputs:
            if isinstance(output, Send):
                message = read(output.data)
                self.sent.append((output.to, message))
                provider = self.providers.get(output.to)
                if provider is not None and isinstance(message, Request):
                    loop.call_soon(provider.hears, message)
                elif provider is not None:
                    loop.call_soon(provider.is_told, message)
            else:
                self._tell(output)
        self._rearm()

    def receive(self, data: bytes, source: Peer) -> None:
        now = self._clock.monotonic()
        if self._core is not None and self._hears(source.host, now):
            self.carry(self._core.feed(data, source, now))

    def _rearm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._core is not None and self._core.deadline is not None:
            delay = max(0.0, self._core.deadline - self._clock.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        if self._core is not None:
            self.carry(self._core.tick(self._clock.monotonic()))

    def requests(self, method: str, to: Peer | None = None) -> list[Request]:
        """What we asked, repetitions left out."""
        found = [
            message
            for peer, message in self.sent
            if isinstance(message, Request) and message.method == method and to in (None, peer)
        ]
        return list(dict.fromkeys(found))

    def responses(self, method: str) -> list[Response]:
        """What we answered."""
        answers = [message for _, message in self.sent if isinstance(message, Response)]
        return [answer for answer in answers if answer.cseq[1] == method]


class Provider:
    """A server that does to every INVITE as it is told; silent where nothing is."""

    def __init__(
        self, network: Network, host: str, *script: Step, challenges: bool = False
    ) -> None:
        self.peer = Peer(Transport.UDP, host, 5060)
        self._network = network
        self._script = script
        self._challenges = challenges
        self._seen: set[str] = set()
        self._cancelled = False
        self.invites: list[Request] = []
        self.registers: list[Request] = []
        self.last: dict[str, str] = {}
        network.providers[self.peer] = self

    def hears(self, request: Request) -> None:
        branch = request.top_via.branch + request.method
        if branch in self._seen or request.method == "ACK":
            return
        self._seen.add(branch)
        if request.method == "INVITE":
            self._invited(request)
        elif request.method == "CANCEL":
            self._cancelled = True
            self.says(request, 200)
            self.says(self.invites[-1], 487)
        elif request.method == "REGISTER":
            self.registers.append(request)
            if self._proven(request):
                self.says(request, 200, ("Contact", request.header("Contact") or ""))
        elif request.method == "BYE":
            self.says(request, 200)

    def _proven(self, request: Request) -> bool:
        if not self._challenges or request.header("Authorization"):
            return True
        self.says(request, 401, ("WWW-Authenticate", 'Digest realm="p", nonce="n", qop="auth"'))
        return False

    def _invited(self, request: Request) -> None:
        self.invites.append(request)
        if not self._proven(request):
            return
        at = 0.0
        for after_s, status in self._script:
            at += after_s
            asyncio.get_running_loop().call_later(at, self._go_on, request, status)

    def _go_on(self, request: Request, status: int) -> None:
        if not self._cancelled:
            self.says(request, status)

    def is_told(self, response: Request | Response) -> None:
        """We answer a call of this peer: a 200 is acknowledged."""
        if isinstance(response, Response) and (response.status, response.cseq[1]) == (
            200,
            "INVITE",
        ):
            self.sends("ACK", response)

    def hangs_up(self) -> None:
        """End the call that we took."""
        taken = [each for each in self._network.responses("INVITE") if each.status == 200]
        self.sends("BYE", taken[-1])

    def sends(self, method: str, response: Response) -> None:
        number = response.cseq[0] + (method == "BYE")
        lines = [
            f"{method} sip:us@{OURS} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.peer.host}:5060;rport;branch=z9hG4bK{method}{number}",
            "Max-Forwards: 70",
            *(f"{name}: {response.header(name)}" for name in ("From", "To", "Call-ID")),
            f"CSeq: {number} {method}",
            "Content-Length: 0",
        ]
        self._network.receive("\r\n".join(lines).encode() + b"\r\n\r\n", self.peer)

    def says(self, request: Request, status: int, *extra: tuple[str, str]) -> None:
        """Answer a request."""
        kept = [pair for pair in request.headers if pair[0] in ("Via", "From", "Call-ID", "CSeq")]
        to = request.header("To") or ""
        if status > 100 and "tag=" not in to:
            to += ";tag=far"
        sound = status in (183, 200) and request.method == "INVITE"
        kind = [("Content-Type", "application/sdp")] if sound else []
        contact = [("Contact", f"<sip:far@{self.peer.host}>")] if sound else []
        headers = (*kept, ("To", to), *contact, *kind, *extra)
        body = ANSWER if sound else b""
        self._network.receive(bytes(Response(headers, body, status, "Because")), self.peer)

    def calls(
        self,
        user: str,
        *lines: str,
        to: str = "",
        sender: str = "+14185550111",
        offer: bytes = OFFER,
    ) -> None:
        """Call us."""
        head = "\r\n".join(
            [
                f"INVITE sip:{user}@{OURS} SIP/2.0",
                f"Via: SIP/2.0/UDP {self.peer.host}:5060;rport;branch=z9hG4bKin{len(self._seen)}",
                "Max-Forwards: 70",
                f"From: <sip:{sender}@example.net>;tag=them",
                f"To: <sip:{to or user}@{OURS}>",
                f"Call-ID: in{len(self._seen)}@example.net",
                "CSeq: 1 INVITE",
                f"Contact: <sip:far@{self.peer.host}>",
                *lines,
                "Content-Type: application/sdp",
                f"Content-Length: {len(offer)}",
            ]
        )
        self._seen.add(head)
        self._network.receive(head.encode() + b"\r\n\r\n" + offer, self.peer)


@dataclass
class World:
    """Our line, its trunks, the network beyond."""

    clock: VirtualClock
    network: Network
    trunks: Trunks
    outside: Outside
    line: SipLine
    plane: FakePlane
    legs: list[SipLeg]
    attend: Callable[[SipLeg], Awaitable[None]] | None = None

    def provider(self, host: str, *script: Step, challenges: bool = False) -> Provider:
        return Provider(self.network, host, *script, challenges=challenges)


FIRST, SECOND, THIRD = "198.51.100.1", "198.51.100.2", "198.51.100.3"


def trunk(name: str, host: str, **more: object) -> Trunk:
    return Trunk(name, host, domain="example.net", **more)  # type: ignore[arg-type]


TRUNKS = (trunk("first", FIRST), trunk("second", SECOND), trunk("third", THIRD))
ROUTES = (
    Route("first", ("5145550100", "5145550101")),
    Route("second", ("5145550102",), priority=2),
    Route("third", ("5145550103",), priority=3),
)


async def nowhere(name: str) -> Sequence[str]:
    return ()


def in_a_world(
    play: Callable[[World], Awaitable[None]],
    *,
    trunks: Sequence[Trunk] = TRUNKS,
    routes: Sequence[Route] = ROUTES,
    look_up: Callable[[str], Awaitable[Sequence[str]]] = nowhere,
    access: AccessPolicy | None = None,
    setup: Callable[[World], None] = lambda world: None,
) -> None:
    """Open a line with its trunks, let a test play in it, close it."""

    async def main(clock: VirtualClock) -> None:
        network, tokens, plane = Network(clock), SerialTokens(), FakePlane(16)
        known = Trunks(trunks, look_up, tokens, national)
        legs: list[SipLeg] = []

        async def attend(leg: SipLeg) -> None:
            legs.append(leg)
            await (leg.end() if world.attend is None else world.attend(leg))

        line = SipLine(
            LineSettings(access=access or AccessPolicy(), linger_s=0.0),
            network,
            plane,
            clock,
            tokens,
            attend,
            lambda number: number != "999",
            trunks=known,
        )
        outside = Outside(routes, known, clock, company="Vestibule", patience=Patience(4.0, 20.0))
        outside.attach(line)
        world = World(clock, network, known, outside, line, plane, legs)
        setup(world)
        await line.start()
        await settled()
        try:
            await play(world)
        finally:
            await line.stop()

    run_in_virtual_time(main)


async def settled() -> None:
    """Let every task go as far as it can at this instant."""
    for _ in range(30):
        await asyncio.sleep(0)


async def later(seconds: float) -> None:
    """Let virtual time pass."""
    await asyncio.sleep(seconds)
