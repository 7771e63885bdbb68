"""Somebody else sends to our port, with all numbers right: they are not heard, and hear nothing."""

from pathlib import Path

import numpy as np
import pytest

from call.g711 import decode, encode
from call.media import Address, AddressLearned, KeyPressed
from call.sound import FRAME, Law
from telephony import rtp
from telephony.dtmf import TelephoneEvent, pack_event
from telephony.media.engine import MediaSettings
from tests.media.plane import VirtualCall, a_call, a_plane, noise

pytestmark = pytest.mark.usefixtures("each_way")

HOME: Address = ("127.0.0.1", 20000)
THIEVES = {"another port": ("127.0.0.1", 6666), "another host": ("192.0.2.66", 20000)}
WORDS = encode(noise(8.0, seed=5), Law.PCMU).reshape(-1, FRAME)
STOLEN = bytes(range(1, 41)) * 4
"""A frame that is nowhere in the words."""


class Street:
    """One call, its peer and a thief; time goes by in frames of 20 ms."""

    def __init__(self, call: VirtualCall, thief: Address) -> None:
        self.call, self.thief = call, thief
        self.frame = 0
        call.far.silent = True

    def passes(self, frames: int, *, peer: bool, thief: bool) -> None:
        """So many frames, in each of which they send, the thief first."""
        for _ in range(frames):
            n = self.frame
            self.frame += 1
            if thief:
                self._send(n, STOLEN, self.thief)
                key = pack_event(TelephoneEvent(7, False, 160))
                packet = rtp.RtpPacket(101, n & 0xFFFF, n * FRAME, 9, key)
                self.call.far.send(rtp.pack(packet), source=self.thief)
            if peer:
                self._send(n, WORDS[n].tobytes(), HOME)
            self.call.plane.advance(0.02)

    def _send(self, n: int, payload: bytes, source: Address) -> None:
        packet = rtp.RtpPacket(0, n & 0xFFFF, n * FRAME, 9, payload)
        self.call.far.send(rtp.pack(packet), source=source)


def a_street(thief: str, recording: Path, settings: MediaSettings | None = None) -> Street:
    call = a_call(a_plane(settings))
    call.plane.record(call.slot, recording, max_s=60)
    return Street(call, THIEVES[thief])


def heard(street: Street, recording: Path) -> bytes:
    """What was recorded, as the law has it; the call is over then."""
    street.call.plane.close(street.call.slot)
    street.call.plane.advance(0.05)
    return recording.read_bytes()


def linear(frames: bytes) -> bytes:
    return decode(np.frombuffer(frames, np.uint8), Law.PCMU).tobytes()


def says_of_the_thief(recorded: bytes) -> bool:
    return linear(STOLEN[:40]) in recorded


@pytest.mark.parametrize("thief", THIEVES)
def test_a_thief_that_is_there_first_is_not_heard_when_the_peer_comes(
    tmp_path: Path, thief: str
) -> None:
    street = a_street(thief, tmp_path / "m.raw")
    street.passes(8, peer=False, thief=True)
    street.passes(50, peer=True, thief=True)
    recorded = heard(street, tmp_path / "m.raw")
    assert linear(WORDS[8:50].tobytes()) in recorded
    assert not says_of_the_thief(recorded)
    assert street.call.told(KeyPressed) == []
    assert street.call.told(AddressLearned) == []
    assert street.call.far.target == HOME


@pytest.mark.parametrize("thief", THIEVES)
@pytest.mark.parametrize("learn_any", [False, True])
def test_a_thief_that_joins_a_call_is_not_heard(
    tmp_path: Path, thief: str, learn_any: bool
) -> None:
    street = a_street(thief, tmp_path / "m.raw", MediaSettings(slots=4, learn_any=learn_any))
    street.passes(10, peer=True, thief=False)
    street.passes(60, peer=True, thief=True)
    recorded = heard(street, tmp_path / "m.raw")
    assert linear(WORDS[:60].tobytes()) in recorded
    assert not says_of_the_thief(recorded)
    assert street.call.told(KeyPressed) == []
    assert street.call.far.target == HOME


@pytest.mark.parametrize("learn_any", [False, True])
def test_a_thief_on_another_host_is_never_heard_however_long_the_peer_is_silent(
    tmp_path: Path, learn_any: bool
) -> None:
    settings = MediaSettings(slots=4, learn_any=learn_any)
    street = a_street("another host", tmp_path / "m.raw", settings)
    street.passes(10, peer=True, thief=False)
    street.passes(300, peer=False, thief=True)
    street.passes(20, peer=True, thief=True)
    recorded = heard(street, tmp_path / "m.raw")
    assert linear(WORDS[310:325].tobytes()) in recorded
    assert not says_of_the_thief(recorded)
    assert street.call.told(AddressLearned) == []


def test_a_peer_that_falls_silent_takes_its_stream_back_from_a_thief_on_its_host(
    tmp_path: Path,
) -> None:
    street = a_street("another port", tmp_path / "m.raw")
    street.passes(10, peer=True, thief=False)
    street.passes(110, peer=False, thief=True)
    assert street.call.far.target == THIEVES["another port"]
    street.passes(60, peer=True, thief=True)
    assert street.call.far.target == HOME
    assert street.call.far.locked_to == HOME
    assert street.call.told(AddressLearned)[-1] == AddressLearned(HOME)
    assert linear(WORDS[125:170].tobytes()) in heard(street, tmp_path / "m.raw")


@pytest.mark.parametrize("thief", THIEVES)
def test_nobody_in_a_bridge_hears_the_thief_nor_does_the_thief_hear_anybody(thief: str) -> None:
    plane = a_plane()
    call, other = a_call(plane), a_call(plane)
    street = Street(call, THIEVES[thief])
    plane.bridge(call.slot, other.slot)
    street.passes(8, peer=False, thief=True)
    street.passes(60, peer=True, thief=True)
    said = b"".join(rtp.parse(packet).payload for _, packet in other.far.heard)
    assert WORDS[20:60].tobytes() in said
    assert STOLEN not in said
    assert not [p for _, p in other.far.heard if rtp.parse(p).payload_type == 101]
    assert call.far.target == call.far.locked_to == HOME
