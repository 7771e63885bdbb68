"""What is played is what arrives, octet for octet, while fifty other calls are under way."""

import asyncio
import socket
from pathlib import Path

import numpy as np
import pytest

from call.g711 import encode
from call.media import PlayEnded, Srtp, Stream
from call.sound import FRAME, Law
from telephony import rtp
from telephony.media.engine import MediaSettings
from telephony.media.process import MediaProcess
from tests.media.plane import make_clip, noise, stream
from tests.media.srtp_reference import Reference
from tests.media.test_process import Ear
from tests.ports import free_port

pytestmark = pytest.mark.wire

OTHERS = 50
KEY = bytes(range(30))
SUITE = "AES_CM_128_HMAC_SHA1_80"


class Telephone:
    """A socket that hears, and once a frame says a packet of noise."""

    def __init__(self, plane: MediaProcess, law: Law = Law.PCMU, key: bytes | None = None) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", free_port()))  # an even one: RTCP comes to nobody
        self.socket.setblocking(False)
        self.ear = Ear()
        self.slot = plane.open(self.ear)
        self.to = ("127.0.0.1", plane.port(self.slot))
        self.law = law
        self._key = key
        self._said = 0
        plane.connect(self.slot, self._stream())

    def _stream(self) -> Stream:
        agreed = stream(law=self.law, port=self.socket.getsockname()[1])
        if self._key is None:
            return agreed
        srtp = Srtp(SUITE, self._key, self._key[::-1])
        return Stream(agreed.codec, agreed.payload_type, 101, agreed.remote, srtp=srtp)

    def speak(self) -> None:
        self._said += 1
        kind = 0 if self.law is Law.PCMU else 8
        packet = rtp.RtpPacket(kind, self._said, self._said * FRAME, self.slot, bytes(FRAME))
        octets = rtp.pack(packet)
        protected = Reference(self._key[::-1]).protect(octets) if self._key else octets
        self.socket.sendto(protected, self.to)

    def heard(self) -> list[rtp.RtpPacket]:
        """All packets that came since the last time."""
        packets = []
        while True:
            try:
                octets = self.socket.recv(2048)
            except BlockingIOError:
                return packets
            plain = Reference(self._key).unprotect(octets) if self._key else octets
            packets.append(rtp.parse(plain))


async def test_what_is_played_arrives_to_the_octet_under_the_load_of_other_calls(
    tmp_path: Path,
) -> None:
    words = noise(1.5, seed=9, amplitude=30000)
    clips = [make_clip(tmp_path, f"part{n}", part) for n, part in enumerate(np.split(words, 3))]
    plane = MediaProcess("127.0.0.1", settings=MediaSettings(slots=OTHERS + 3))
    await plane.start()
    listening = [
        Telephone(plane), Telephone(plane, Law.PCMA), Telephone(plane, key=KEY)
    ]  # fmt: skip
    others = [Telephone(plane) for _ in range(OTHERS)]
    heard: dict[int, list[rtp.RtpPacket]] = {each.slot: [] for each in listening}
    try:
        for each in others:
            plane.play(each.slot, clips, 1, repeat=True)
            plane.record(each.slot, tmp_path / f"{each.slot}.raw", max_s=60)
        for each in listening:
            plane.play(each.slot, clips, 7)
        async with asyncio.timeout(20):
            while not all(PlayEnded(7) in each.ear.events for each in listening):
                for each in (*listening, *others):
                    each.speak()
                for each in listening:
                    heard[each.slot] += each.heard()
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.02)
    finally:
        await plane.stop()
        for each in (*listening, *others):
            heard.get(each.slot, []).extend(each.heard())
            each.socket.close()
    for each in listening:
        packets = heard[each.slot]
        assert [p.sequence for p in packets] == [
            rtp.sequence_after(packets[0].sequence, n) for n in range(len(packets))
        ]
        said = b"".join(p.payload for p in packets)
        assert encode(words, each.law).tobytes() in said
