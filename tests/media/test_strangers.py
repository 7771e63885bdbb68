"""Sound is taken from the one we talk to, and nothing a stranger sends disturbs a call."""

import random
from pathlib import Path

import numpy as np

from call.g711 import decode, encode
from call.media import AddressLearned, Direction, KeyPressed, MediaLost, RecordEnded
from call.sound import FRAME, Law
from telephony import rtcp, rtp
from telephony.dtmf import TelephoneEvent, pack_event
from telephony.media.engine import TICK_S, MediaSettings
from tests.media.plane import a_call, a_plane, make_clip, noise, stream

BEHIND_NAT = ("127.0.0.1", 50000)
THIEF = ("192.0.2.66", 4000)


def _sound(sequence: int, ssrc: int = 9) -> bytes:
    return rtp.pack(rtp.RtpPacket(0, sequence, sequence * FRAME, ssrc, b"\x12" * FRAME))


def _key(sequence: int, code: int = 3) -> bytes:
    event = pack_event(TelephoneEvent(code, False, 160))
    return rtp.pack(rtp.RtpPacket(101, sequence, 77, 9, event))


def test_a_peer_that_sends_from_another_port_is_followed_there() -> None:
    call = a_call()
    call.far.address = BEHIND_NAT
    call.plane.advance(0.1)
    assert call.told(AddressLearned) == []  # it may be somebody else: the peer has 200 ms
    call.plane.advance(0.2)
    assert call.told(AddressLearned) == [AddressLearned(BEHIND_NAT)]
    assert call.far.target == BEHIND_NAT


def test_a_stranger_who_comes_first_learns_nothing_and_teaches_nothing() -> None:
    call = a_call()
    call.far.silent = True
    call.far.send(_key(1), source=THIEF)
    call.plane.advance(0.1)
    assert call.events == []
    assert call.far.target == call.far.address


def test_a_stranger_who_comes_later_is_not_heard_even_from_the_same_host() -> None:
    call = a_call()
    call.plane.advance(0.1)
    call.far.send(_key(1), source=("127.0.0.1", 6666))
    call.plane.advance(0.1)
    assert call.events == []


def test_what_strangers_sent_before_the_source_was_known_is_dropped() -> None:
    call = a_call()
    call.far.silent = True
    call.far.send(_sound(1))
    call.far.send(_key(2), source=("127.0.0.1", 6666))
    call.far.send(_key(2, code=5))
    call.plane.advance(0.1)
    assert [p.key for p in call.told(KeyPressed)] == ["5"]


def test_where_peers_are_behind_nat_any_source_is_learned_once() -> None:
    plane = a_plane(MediaSettings(slots=4, learn_any=True))
    call = a_call(plane)
    call.far.address = ("198.51.100.7", 61000)
    call.plane.advance(0.1)
    call.far.send(_key(1), source=THIEF)
    call.plane.advance(0.1)
    assert call.events == [AddressLearned(("198.51.100.7", 61000))]


def test_the_source_may_change_after_a_second_of_silence_and_not_before() -> None:
    call = a_call()
    call.plane.advance(0.5)
    call.far.silent = True
    call.plane.advance(0.5)
    call.far.send(_sound(1), source=BEHIND_NAT)
    call.plane.advance(0.1)
    assert call.told(AddressLearned) == []
    call.plane.advance(1.2)
    for n in range(12):
        call.far.send(_sound(2 + n), source=BEHIND_NAT)
        call.plane.advance(0.02)
    assert call.told(AddressLearned) == [AddressLearned(BEHIND_NAT)]


def test_a_re_invite_to_another_address_is_followed_at_once() -> None:
    call = a_call()
    call.plane.advance(0.5)
    call.plane.connect(call.slot, stream(port=30000))
    assert call.far.target == ("127.0.0.1", 30000)
    call.far.address = ("127.0.0.1", 30000)
    call.far.press("8")
    call.plane.advance(0.3)
    assert [p.key for p in call.told(KeyPressed)] == ["8"]


def test_a_peer_gone_silent_for_thirty_seconds_is_told_once() -> None:
    call = a_call()
    call.plane.advance(1.0)
    call.far.silent = True
    call.plane.advance(29.0)
    assert call.told(MediaLost) == []
    call.plane.advance(10.0)
    [lost] = call.told(MediaLost)
    assert 30.0 <= lost.seconds <= 31.0


def test_a_peer_that_is_silent_but_reports_is_not_lost() -> None:
    call = a_call()
    call.far.silent = True
    for _ in range(8):
        call.far.send_report(rtcp.pack([rtcp.ReceiverReport(5)]))
        call.plane.advance(5.0)
    assert call.told(MediaLost) == []


def test_a_peer_that_put_us_on_hold_owes_no_sound() -> None:
    for direction in (Direction.SENDONLY, Direction.INACTIVE):
        call = a_call(agreed=stream(direction=direction))
        call.far.silent = True
        call.plane.advance(60.0)
        assert call.told(MediaLost) == []
        call.plane.connect(call.slot, stream())
        call.plane.advance(25.0)
        assert call.told(MediaLost) == []


def test_comfort_noise_is_silence_and_not_a_fault(tmp_path: Path) -> None:
    call = a_call()
    call.far.silent = True
    call.plane.record(call.slot, tmp_path / "m.raw", max_s=60)
    call.far.speak(noise(0.2))
    call.plane.advance(0.3)
    for n in range(20):
        call.far.send(rtp.pack(rtp.RtpPacket(13, n, 0, 5, b"\x40")))
        call.plane.advance(0.1)
    call.plane.stop_recording(call.slot)
    call.plane.advance(0.01)
    recorded = np.fromfile(tmp_path / "m.raw", "<i2")
    assert not recorded[8 * FRAME * 3 :].any()
    assert len(call.told(RecordEnded)) == 1


def test_a_clock_that_stands_still_harms_nobody(tmp_path: Path) -> None:
    call = a_call()
    call.far.silent = True
    call.plane.record(call.slot, tmp_path / "m.raw", max_s=60)
    for sequence in range(600):
        call.far.send(rtp.pack(rtp.RtpPacket(0, sequence, 8000, 5, b"\x11" * 100)))
        call.plane.advance(TICK_S)
    call.far.press("1")
    call.plane.advance(0.3)
    assert [p.key for p in call.told(KeyPressed)] == ["1"]


def test_six_thousand_broken_packets_do_not_disturb_another_call(tmp_path: Path) -> None:
    plane = a_plane()
    victim, other = a_call(plane), a_call(plane)
    dice = random.Random(4)
    words, said = noise(4.0, seed=1), noise(4.0, seed=2)
    plane.play(other.slot, [make_clip(tmp_path, "prompt", words)], ticket=1)
    plane.record(other.slot, tmp_path / "other.raw", max_s=60)
    plane.record(victim.slot, tmp_path / "victim.raw", max_s=60)
    other.far.speak(said)
    good = [_sound(1), _key(2), rtp.pack(rtp.RtpPacket(0, 3, 4, 5, b"x" * 90, padding=9))]
    reports = rtcp.pack([rtcp.SenderReport(1, 2, 3, 4, 5), rtcp.SourceName(1, "a")])
    sent = 0
    for _ in range(220):
        for _ in range(20):
            victim.far.send(_mutated(dice.choice(good), dice))
            sent += 1
        for _ in range(10):
            victim.far.send_report(_mutated(reports, dice))
            sent += 1
        plane.advance(0.02)
    other.far.press("6")
    plane.advance(0.4)
    assert sent >= 6000
    assert [p.key for p in other.told(KeyPressed)] == ["6"]
    heard = other.far.sound().tobytes()
    assert decode(encode(words, Law.PCMU), Law.PCMU).tobytes() in heard
    recorded = (tmp_path / "other.raw").read_bytes()
    assert decode(encode(said, Law.PCMU), Law.PCMU).tobytes() in recorded
    plane.close(victim.slot)
    plane.advance(0.01)
    assert victim.told(RecordEnded)


def _mutated(packet: bytes, dice: random.Random) -> bytes:
    octets = bytearray(packet)
    for _ in range(dice.randint(1, 6)):
        match dice.randrange(4):
            case 0 if octets:
                octets[dice.randrange(len(octets))] = dice.randrange(256)
            case 1 if octets:
                octets[dice.randrange(min(16, len(octets)))] ^= 1 << dice.randrange(8)
            case 2:
                del octets[dice.randrange(len(octets) + 1) :]
            case _:
                octets += dice.randbytes(dice.choice([1, 4, 300, 1400]))
    return bytes(octets)
