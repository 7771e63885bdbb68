"""Encrypted sound (RFC 3711): who has the key is heard, and nobody else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from call.g711 import decode, encode
from call.media import Address, AddressLearned, KeyPressed, Srtp, Stream
from call.sound import FRAME, Law
from telephony import rtcp, rtp
from telephony.dtmf import TelephoneEvent, pack_event
from telephony.media.secure_line import SecureLine
from tests.media.ears import Ears
from tests.media.plane import VirtualCall, a_call, a_plane, make_clip, noise, stream
from tests.media.srtp_reference import Reference, derived, keystream
from tests.wire.hearing import find

LONG, SHORT = "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"
TAGS = {LONG: 10, SHORT: 4}
OURS, THEIRS, NEXT = (bytes(range(n, n + 30)) for n in (0, 50, 100))
RFC_MASTER = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6")
PHONE, THIEF = ("127.0.0.1", 20000), ("127.0.0.1", 6666)


class Cable(Ears):
    """A bare line whose packets are laid in and taken out by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.coming: list[bytes] = []

    def aim(self, address: Address) -> None: ...
    def lock(self, address: Address) -> None: ...
    def close(self) -> None: ...

    def send_report(self, packet: bytes, address: Address) -> None:
        self.sent.append(packet)

    def receive(self, into: memoryview) -> tuple[int, Address | None]:
        if not self.coming:
            return -1, None
        packet = self.coming.pop(0)
        into[: len(packet)] = packet
        return len(packet), PHONE

    drain = receive_report = receive


def a_line(suite: str = LONG, mki: bytes = b"") -> tuple[SecureLine, Cable]:
    cable = Cable()
    return SecureLine(cable, Srtp(suite, OURS, THEIRS, mki)), cable


def sound(sequence: int, ssrc: int = 9, octet: int = 0x12) -> bytes:
    return rtp.pack(
        rtp.RtpPacket(0, sequence & 0xFFFF, sequence * FRAME, ssrc, bytes([octet]) * FRAME)
    )


def key(sequence: int, code: int) -> bytes:
    event = pack_event(TelephoneEvent(code, False, 160))
    return rtp.pack(rtp.RtpPacket(101, sequence, 77, 9, event))


def opened(line: SecureLine, cable: Cable, packet: bytes) -> bytes:
    """What the line makes of a packet that comes."""
    cable.coming.append(packet)
    buffer = bytearray(2048)
    size, _ = line.receive(buffer)
    assert size >= 0
    return bytes(buffer[:size])


# the algorithm


def test_the_keystream_and_the_keys_are_those_of_the_rfc() -> None:
    """RFC 3711, appendix B.2 and B.3."""
    key_b2 = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
    stream_b2 = keystream(key_b2, 0xF0F1F2F3F4F5F6F7F8F9FAFBFCFD0000, 32)
    assert stream_b2.hex().upper() == (
        "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB"
    )
    assert derived(RFC_MASTER, 0, 16).hex().upper() == "C61E7A93744F39EE10734AFE3FF7A087"
    assert derived(RFC_MASTER, 2, 14).hex().upper() == "30CBBC08863D8C85D49DB34A9AE1"
    assert derived(RFC_MASTER, 1, 20).hex().upper() == "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"


@pytest.mark.parametrize("suite", TAGS)
def test_what_we_send_and_take_is_what_the_rfc_says(suite: str) -> None:
    cable = Cable()
    line = SecureLine(cable, Srtp(suite, RFC_MASTER, THEIRS))
    for n in range(3):
        line.send(memoryview(sound(n)))
    assert cable.sent == [Reference(RFC_MASTER, TAGS[suite]).protect(sound(n)) for n in range(3)]
    theirs = Reference(THEIRS, TAGS[suite])
    for n in (5, 4, 7):
        assert opened(line, cable, theirs.protect(sound(n))) == sound(n)


@pytest.mark.parametrize("suite", TAGS)
def test_reports_go_and_come_encrypted(suite: str) -> None:
    line, cable = a_line(suite)
    packet = rtcp.pack([rtcp.SenderReport(1, 2, 3, 4, 5), rtcp.SourceName(1, "a")])
    line.send_report(packet, PHONE)
    assert packet[8:] not in cable.sent[0]
    assert Reference(OURS).unprotect_report(cable.sent[0]) == packet
    cable.coming.append(Reference(THEIRS).protect_report(packet, 1))
    buffer = bytearray(2048)
    size, _ = line.receive_report(buffer)
    assert bytes(buffer[:size]) == packet


def test_packets_that_name_their_key_are_understood_and_others_are_not() -> None:
    line, cable = a_line(mki=b"\0\0\0\1")
    assert opened(line, cable, Reference(THEIRS, mki=b"\0\0\0\1").protect(sound(1))) == sound(1)
    assert opened(line, cable, Reference(THEIRS, mki=b"\0\0\0\2").protect(sound(2))) == b""
    assert opened(line, cable, Reference(THEIRS).protect(sound(3))) == b""


# what is not our peer's


def test_a_packet_changed_in_any_octet_is_nothing() -> None:
    line, cable = a_line()
    whole = Reference(THEIRS).protect(sound(1))
    for place in range(len(whole)):
        forged = bytearray(whole)
        forged[place] ^= 1
        assert opened(line, cable, bytes(forged)) == b""
    for end in range(len(whole)):
        assert opened(line, cable, whole[:end]) == b""
    assert opened(line, cable, whole) == sound(1)


def test_a_packet_sent_again_or_too_late_is_nothing() -> None:
    line, cable = a_line()
    theirs = Reference(THEIRS)
    assert opened(line, cable, theirs.protect(sound(400))) == sound(400)
    assert opened(line, cable, theirs.protect(sound(400))) == b""
    assert opened(line, cable, theirs.protect(sound(300))) == sound(300)
    assert opened(line, cable, theirs.protect(sound(300))) == b""
    assert opened(line, cable, theirs.protect(sound(100))) == b""


@pytest.mark.parametrize(
    "packet", [sound(1), Reference(OURS).protect(sound(1)), bytes(1800), b"", b"\x80" * 40],
    ids=["plain", "our own key", "too long", "empty", "noise"],
)  # fmt: skip
def test_what_was_not_signed_with_the_peers_key_is_nothing(packet: bytes) -> None:
    line, cable = a_line()
    assert opened(line, cable, packet) == b""


# time


def test_counters_roll_over_twice_in_both_directions() -> None:
    line, cable = a_line()
    ours, theirs = Reference(OURS), Reference(THEIRS)
    for number in range(0xFF00, 0x20100, 0x40):
        packet = sound(number)
        line.send(packet)
        assert ours.unprotect(cable.sent[-1], number >> 16) == packet
        assert opened(line, cable, theirs.protect(packet, number >> 16)) == packet


def test_packets_that_overtake_each_other_at_the_rollover_are_heard() -> None:
    line, cable = a_line()
    theirs = Reference(THEIRS)
    for number in (0xFFFD, 0x10001, 0xFFFE, 0x10000, 0xFFFF, 0x10002):
        assert opened(line, cable, theirs.protect(sound(number), number >> 16)) == sound(number)


def test_a_new_description_with_the_same_keys_keeps_the_count() -> None:
    line, cable = a_line()
    theirs = Reference(THEIRS)
    for number in (0xFFFF, 0x10000):
        opened(line, cable, theirs.protect(sound(number), number >> 16))
        line.send(sound(number))
    line.rekey(Srtp(LONG, OURS, THEIRS))
    assert opened(line, cable, theirs.protect(sound(0x10001), 1)) == sound(0x10001)
    assert opened(line, cable, theirs.protect(sound(0x10001), 1)) == b""
    line.send(sound(0x10001))
    assert Reference(OURS).unprotect(cable.sent[-1], 1) == sound(0x10001)


def test_packets_on_their_way_when_the_peer_changes_its_key_are_heard() -> None:
    line, cable = a_line()
    before, after = Reference(THEIRS), Reference(NEXT)
    assert opened(line, cable, before.protect(sound(1))) == sound(1)
    line.rekey(Srtp(LONG, OURS, NEXT))
    assert opened(line, cable, before.protect(sound(2))) == sound(2)
    assert opened(line, cable, after.protect(sound(3))) == sound(3)
    assert opened(line, cable, before.protect(sound(4))) == b""
    line.send(sound(1))
    assert Reference(OURS).unprotect(cable.sent[-1]) == sound(1)


# a whole call


def secret(agreed: Stream | None = None, suite: str = LONG, theirs: bytes = THEIRS) -> Stream:
    return replace(agreed or stream(), srtp=Srtp(suite, OURS, theirs))


class Encrypting:
    """Makes the telephone of a virtual call one that encrypts."""

    def __init__(self, call: VirtualCall, suite: str = LONG) -> None:
        self.reference = Reference(THEIRS, TAGS[suite])
        self._last = self._rollovers = 0
        self._send = call.far.send
        call.far.send = self.send  # type: ignore[method-assign]  # its packets, encrypted

    def send(self, packet: bytes, source: Address | None = None) -> None:
        sequence = int.from_bytes(packet[2:4], "big")
        self._rollovers += sequence < self._last
        self._last = sequence
        self._send(self.reference.protect(packet, self._rollovers), source)


def heard(call: VirtualCall, suite: str = LONG) -> bytes:
    """What the telephone makes of what it got: octets of sound, one after the other."""
    ours = Reference(OURS, TAGS[suite])
    packets = [rtp.parse(ours.unprotect(packet)) for _, packet in call.far.heard]
    return b"".join(p.payload for p in packets if p.payload_type == 0)


@pytest.mark.parametrize("suite", TAGS)
@pytest.mark.parametrize("ptime_ms", [20, 60])
def test_a_call_is_encrypted_both_ways(tmp_path: Path, suite: str, ptime_ms: int) -> None:
    plane = a_plane(seed=3)
    call = a_call(plane, secret(stream(ptime_ms=ptime_ms), suite))
    Encrypting(call, suite)
    words, said = noise(1.2, seed=1), noise(1.0, seed=2)
    plane.record(call.slot, tmp_path / "m.raw", max_s=60)
    plane.play(call.slot, [make_clip(tmp_path, "prompt", words)], ticket=1)
    call.far.speak(said)
    plane.advance(1.1)
    call.far.press("42")
    plane.advance(1.0)
    plane.send_keys(call.slot, "7")
    plane.advance(0.3)
    plane.stop_recording(call.slot)
    plane.advance(0.01)
    assert encode(words, Law.PCMU).tobytes() in heard(call, suite)
    assert [p.key for p in call.told(KeyPressed)] == ["4", "2"]
    recorded = np.fromfile(tmp_path / "m.raw", "<i2")
    assert decode(encode(said, Law.PCMU), Law.PCMU).tobytes() in recorded.tobytes()
    for _, packet in call.far.heard:
        assert encode(words[:FRAME], Law.PCMU).tobytes() not in packet


def test_whoever_has_no_key_is_neither_heard_nor_answered_even_where_any_source_is_learned() -> (
    None
):
    call = a_call(agreed=secret())
    call.far.silent = True
    for n in range(20):
        call.far.send(key(n, 3), source=THIEF)
        call.far.send(Reference(NEXT).protect(key(n, 3)), source=call.far.address)
    call.plane.advance(0.5)
    assert call.events == []
    assert call.far.locked_to is None
    call.far.send(Reference(THEIRS).protect(key(30, 5)), source=("127.0.0.1", 50000))
    call.plane.advance(0.1)
    assert call.told(AddressLearned) == [AddressLearned(("127.0.0.1", 50000))]
    assert [p.key for p in call.told(KeyPressed)] == ["5"]


def test_a_stranger_at_the_peers_own_address_is_not_heard_in_an_encrypted_recording(
    tmp_path: Path,
) -> None:
    call = a_call(agreed=secret())
    Encrypting(call)
    send = call.plane.far_end(call.slot).inbox.append
    call.plane.record(call.slot, tmp_path / "m.raw", max_s=60)
    said = noise(1.0, seed=4)
    call.far.speak(said)
    for n in range(60):
        send((sound(n, octet=0x01), call.far.address))
        call.plane.advance(0.02)
    call.plane.stop_recording(call.slot)
    call.plane.advance(0.01)
    recorded = np.fromfile(tmp_path / "m.raw", "<i2").tobytes()
    assert decode(encode(said, Law.PCMU), Law.PCMU).tobytes() in recorded
    assert decode(np.full(8, 1, np.uint8), Law.PCMU).tobytes() not in recorded


def test_a_call_that_becomes_secret_and_plain_again_is_heard_all_along() -> None:
    call = a_call()
    plane, port = call.plane, call.far.address[1]
    plane.advance(0.2)
    plain = list(call.far.heard)
    plane.connect(call.slot, secret(stream(port=port)))
    call.far.heard.clear()
    plane.advance(0.2)
    assert len(heard(call)) == 10 * FRAME
    plane.connect(call.slot, stream(port=port))
    call.far.heard.clear()
    plane.advance(0.2)
    assert [len(packet) for _, packet in call.far.heard] == [len(p) for _, p in plain]
    plane.close(call.slot)
    plane.advance(0.01)


def test_reports_of_an_encrypted_call_can_be_read_by_its_peer_alone() -> None:
    call = a_call(agreed=secret())
    Encrypting(call)
    call.plane.advance(8.0)
    assert call.far.reports
    first, *_ = rtcp.parse(Reference(OURS).unprotect_report(call.far.reports[0]))
    assert isinstance(first, rtcp.SenderReport)
    assert first.blocks[0].lost == 0


def test_an_encrypted_call_and_a_plain_one_hear_each_other_in_a_bridge_and_in_a_room() -> None:
    for meet in ("bridge", "room"):
        plane = a_plane()
        call, other = a_call(plane, secret()), a_call(plane)
        Encrypting(call)
        if meet == "bridge":
            plane.bridge(call.slot, other.slot)
        else:
            room = plane.open_room(lambda _: None)
            plane.join(call.slot, room)
            plane.join(other.slot, room)
        words, said = noise(1.0, seed=1, amplitude=2000), noise(1.0, seed=2, amplitude=2000)
        call.far.speak(said)
        other.far.speak(words)
        plane.advance(1.4)
        at_home = np.frombuffer(heard(call), np.uint8)
        assert find(decode(at_home, Law.PCMU), words).score > 0.97
        assert find(other.far.sound(), said).score > 0.97
