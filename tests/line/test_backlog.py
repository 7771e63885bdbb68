"""Messages that come faster than they are read are known to wait."""

import asyncio
import socket

from call.clock import VirtualClock
from telephony.adapters.sip_transport import BATCH, SipTransport
from telephony.sip.events import Output, Peer
from tests.line.scripted import Caller, Scene

SLOW_S = 0.01
SENT = 2 * BATCH + 1


class SlowCore:
    """A core that takes its time with each message, and looks how far behind it is."""

    deadline = None

    def __init__(self, clock: VirtualClock, transport: SipTransport) -> None:
        self._clock = clock
        self._transport = transport
        self.behind_s: list[float] = []
        self.has_all = asyncio.Event()

    def feed(self, data: bytes, source: Peer, now: float) -> list[Output]:
        self._clock.advance(SLOW_S)
        self.behind_s.append(self._transport.behind_s)
        if len(self.behind_s) == SENT:
            self.has_all.set()
        return []

    def tick(self, now: float) -> list[Output]:
        return []

    def transport_failed(self, peer: Peer, now: float) -> list[Output]:
        return []


async def test_messages_that_come_faster_than_they_are_read_are_known_to_wait() -> None:
    clock = VirtualClock()
    transport = SipTransport("127.0.0.1", 0, clock)
    address = await transport.open()
    core = SlowCore(clock, transport)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        for _ in range(SENT):
            phone.sendto(b"OPTIONS", address)
    transport.attach(core, lambda event: None, lambda host, now: True)
    async with asyncio.timeout(20):
        await core.has_all.wait()
    assert core.behind_s[BATCH - 1] == 0.0
    assert core.behind_s[BATCH] > BATCH * SLOW_S
    assert transport.behind_s == 0.0
    await transport.close()


async def test_callers_are_sent_away_while_messages_wait_too_long() -> None:
    async with Scene() as scene:
        scene.wire.behind_s = 0.3
        await Caller(scene).invites()
        assert scene.statuses()[-1] == 503
