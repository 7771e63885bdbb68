"""A plane that is really busy, on real sockets: new calls are refused, and nobody else notices."""

import asyncio
from itertools import pairwise

import pytest

from call.media import MediaEvent, Stream
from call.sound import Law
from telephony.access import AccessPolicy
from telephony.line import LineSettings
from telephony.media.engine import MediaSettings
from telephony.media.process import MediaProcess
from telephony.overload import Limits
from telephony.rtp import sequence_after
from tests.line.scripted import Caller, Scene
from tests.media.test_process import Phone

pytestmark = pytest.mark.wire

MAX_BUSY = 0.3
"""Soon reached, and far from what one call takes."""


def _offer(port: int) -> bytes:
    return (
        "v=0\r\no=phone 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
    ).encode()


class Crowd:
    """Slots that talk to each other, in pairs."""

    def __init__(self, plane: MediaProcess) -> None:
        self._plane = plane
        self._slots: list[int] = []

    def grows(self, pairs: int) -> None:
        plane = self._plane
        for _ in range(pairs):
            pair = plane.open(_unheard), plane.open(_unheard)
            for slot, other in (pair, pair[::-1]):
                address = ("127.0.0.1", plane.port(other))
                plane.connect(slot, Stream(Law.PCMU, 0, 101, address))
            self._slots += pair

    def goes(self) -> None:
        for slot in self._slots:
            self._plane.close(slot)


def _unheard(_: MediaEvent) -> None:
    return


async def test_a_really_busy_plane_takes_no_more_calls_and_loses_nothing_of_those_it_has() -> None:
    plane = MediaProcess("127.0.0.1", settings=MediaSettings(slots=4000))
    await plane.start()
    loop = asyncio.get_running_loop()
    _, phone = await loop.create_datagram_endpoint(Phone, local_addr=("127.0.0.1", 0))
    policy = AccessPolicy(
        limits=Limits(max_busy=MAX_BUSY, max_plane_lateness_s=1.0, max_lateness_s=10.0)
    )
    crowd = Crowd(plane)
    try:
        async with Scene(LineSettings(access=policy), plane=plane) as scene:
            await Caller(scene, name="first").calls(_offer(phone.port))
            await phone.hears(5)
            while plane.load.busy <= MAX_BUSY:
                crowd.grows(50)
                await phone.hears(10)
            await Caller(scene, name="late").invites(_offer(phone.port))
            assert scene.statuses()[-1] == 503
            assert scene.leg.up
            await phone.hears(25)
            crowd.goes()
            async with asyncio.timeout(20):
                while plane.load.busy > MAX_BUSY * 0.8:
                    await phone.hears(10)
            for _ in range(30):  # three seconds of ease
                scene.clock.advance(0.1)
                scene.line._look()
            await Caller(scene, name="third").invites(_offer(phone.port))
            assert scene.statuses()[-1] == 200
    finally:
        await plane.stop()
        phone.transport.close()
    source = phone.heard[0].ssrc
    heard = [packet.sequence for packet in phone.heard if packet.ssrc == source]
    assert all(b == sequence_after(a) for a, b in pairwise(heard))
