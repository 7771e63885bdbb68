"""A line without network: the real SIP core, a silent plane, and a peer that follows a script.

Time stands still until the test moves it. The peer's messages are plain text; what the line
sends is read by the core's own reader.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

from call.clock import VirtualClock
from call.leg import HungUp, LegEvent
from call.media import Address, Codec, MediaPlane
from telephony.codecs import NARROW
from telephony.lamps import Lamps
from telephony.leg import SipLeg
from telephony.line import LineSettings, SipLine
from telephony.record import CallRecord
from telephony.sip.agent import UserAgent
from telephony.sip.events import Output, Peer, Send, SipEvent, Transport
from telephony.sip.message import Request, Response, read
from tests.line.plane import FakePlane

PHONE = Peer(Transport.UDP, "127.0.0.1", 5070)

OFFER = b"""v=0\r
o=phone 1 1 IN IP4 192.0.2.7\r
s=-\r
c=IN IP4 192.0.2.7\r
t=0 0\r
m=audio 40000 RTP/AVP 0 8 101\r
a=rtpmap:101 telephone-event/8000\r
"""


class SerialTokens:
    """Tokens that a test can read again: t1, t2..."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def token(self) -> str:
        return f"token{next(self._numbers):011d}"


class ScriptedWire:
    """Carries between the core and the test. `sent` keeps every message, oldest first."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._core: UserAgent | None = None
        self._tell: Callable[[SipEvent], None] = lambda event: None
        self._hears: Callable[[str, float], bool] = lambda host, now: False
        self.sent: list[tuple[Peer, Request | Response]] = []
        self.open_ = False
        self.behind_s = 0.0
        self.attached: Callable[[], object] = lambda: None
        """Called as soon as messages are received."""

    async def open(self) -> Address:
        self.open_ = True
        return "192.0.2.1", 5060

    def attach(
        self,
        core: UserAgent,
        tell: Callable[[SipEvent], None],
        hears: Callable[[str, float], bool],
    ) -> None:
        self._core, self._tell, self._hears = core, tell, hears
        self.attached()

    def carry(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            if isinstance(output, Send):
                self.sent.append((output.to, read(output.data)))
            else:
                self._tell(output)

    async def close(self) -> None:
        self.open_ = False

    def receive(self, text: bytes, source: Peer = PHONE) -> None:
        """Let the line receive one datagram."""
        assert self._core is not None
        if self._hears(source.host, self._clock.monotonic()):
            self.carry(self._core.feed(text, source, self._clock.monotonic()))

    def advance(self, seconds: float) -> None:
        """Let time pass, with every timer on the way."""
        assert self._core is not None
        end = self._clock.monotonic() + seconds
        while (deadline := self._core.deadline) is not None and deadline <= end:
            self._clock.advance(max(0.0, deadline - self._clock.monotonic()))
            self.carry(self._core.tick(self._clock.monotonic()))
        self._clock.advance(end - self._clock.monotonic())


class Scene:
    """A line that is open, and what its calls told.

    Each call is answered at once unless `attend` says otherwise; its events are collected.
    """

    def __init__(
        self,
        settings: LineSettings | None = None,
        *,
        slots: int = 8,
        linger_s: float = 0.0,
        accepts: Callable[[str], bool] = lambda number: number != "999",
        lamps: Lamps | None = None,
        plane: MediaPlane | None = None,
        codecs: Sequence[Codec] = NARROW,
    ) -> None:
        self.clock = VirtualClock()
        self.plane = FakePlane(slots)
        self.wire = ScriptedWire(self.clock)
        self.legs: list[SipLeg] = []
        self.events: list[LegEvent] = []
        self.written: list[CallRecord] = []
        self.answers = True
        self.fails = False
        self.line = SipLine(
            replace(settings or LineSettings(), linger_s=linger_s),
            self.wire,
            plane or self.plane,
            self.clock,
            SerialTokens(),
            self.attend,
            accepts,
            lamps,
            codecs=codecs,
            over=self.written.append,
        )

    async def __aenter__(self) -> "Scene":
        await self.line.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.plane.hangs = False
        await self.line.stop()

    async def attend(self, leg: SipLeg) -> None:
        self.legs.append(leg)
        if self.fails:
            raise RuntimeError("a flow went wrong")
        if self.answers:
            await leg.answer()
        while True:
            event = await leg.event()
            self.events.append(event)
            if isinstance(event, HungUp):
                return

    @property
    def leg(self) -> SipLeg:
        return self.legs[-1]

    def statuses(self, method: str = "INVITE") -> list[int]:
        """The statuses the line answered to requests of that method, in order."""
        answers = (m for _, m in self.wire.sent if isinstance(m, Response))
        return [m.status for m in answers if m.cseq[1] == method]

    def requests(self, method: str) -> list[Request]:
        """What the line asked."""
        return [m for _, m in self.wire.sent if isinstance(m, Request) and m.method == method]

    def response(self, status: int) -> Response:
        """The last response with that status."""
        found = [m for _, m in self.wire.sent if isinstance(m, Response) and m.status == status]
        return found[-1]

    async def settle(self) -> None:
        """Let every task go as far as it can."""
        for _ in range(20):
            await asyncio.sleep(0)


class Caller:
    """A telephone that calls the line."""

    def __init__(self, scene: Scene, number: str = "5145550100", name: str = "a") -> None:
        self._scene = scene
        self._number = number
        self._name = name
        self._sequence = 0
        self._invite = 0
        self._tag = ""

    async def sends(
        self,
        method: str,
        body: bytes = b"",
        kind: str = "application/sdp",
        *,
        number: int | None = None,
        source: Peer = PHONE,
        extra: str = "",
    ) -> None:
        """Send one request, then let the line do its part."""
        if number is None:
            self._sequence += 1
            number = self._sequence
        tag = f";tag={self._tag}" if self._tag else ""
        # An ACK of a 200 and any other request are transactions of their own (RFC 3261 §17).
        branch = f"z9hG4bK-{self._name}-{number}-{'INVITE' if method == 'CANCEL' else method}"
        head = (
            f"{method} sip:{self._number}@192.0.2.1 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {source.host}:{source.port};rport;branch={branch}\r\n"
            f"Max-Forwards: 70\r\n"
            f"From: <sip:4505550123@127.0.0.1>;tag=phone-{self._name}\r\n"
            f"To: <sip:{self._number}@192.0.2.1>{tag}\r\n"
            f"Call-ID: call-{self._name}@127.0.0.1\r\n"
            f"CSeq: {number} {method}\r\n"
            f"Contact: <sip:phone@127.0.0.1:5070>\r\n"
            + extra
            + (f"Content-Type: {kind}\r\n" if body else "")
            + f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._scene.wire.receive(head.encode() + body, source)
        await self._scene.settle()

    async def invites(self, offer: bytes = OFFER, *, source: Peer = PHONE) -> None:
        """Open a call, or offer anew within it."""
        await self.sends("INVITE", offer, source=source)
        self._invite = self._sequence
        if not self._tag and 200 in self._scene.statuses():
            self._tag = self._scene.response(200).recipient.tag

    def at(self, scene: Scene) -> "Caller":
        """The same telephone, which noticed nothing, before a line that starts anew."""
        anew = Caller(scene, self._number, self._name)
        anew._sequence, anew._tag = self._sequence, self._tag
        return anew

    def tagged(self, method: str) -> None:
        """Go on within the dialog that the last answer to `method` opened."""
        answers = (m for _, m in self._scene.wire.sent if isinstance(m, Response))
        self._tag = [m for m in answers if m.cseq[1] == method][-1].recipient.tag

    async def acknowledges(self, body: bytes = b"") -> None:
        if not self._tag and 200 in self._scene.statuses():
            self._tag = self._scene.response(200).recipient.tag
        await self.sends("ACK", body, number=self._invite)

    async def cancels(self) -> None:
        await self.sends("CANCEL", number=self._invite)

    async def calls(self, offer: bytes = OFFER) -> None:
        """A whole set-up: INVITE, its 200, ACK."""
        await self.invites(offer)
        await self.acknowledges()

    async def hangs_up(self) -> None:
        await self.sends("BYE")
