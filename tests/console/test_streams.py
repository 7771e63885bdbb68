"""Opus as browsers and players take it: what is written is read back by others' decoders."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from console.ogg import PRE_SKIP, OggOpus, checksum
from console.webm import WebmOpus
from telephony.media.wideband import make_stream_encoder

RATE = 8000


def packets_of(sound: np.ndarray) -> list[bytes]:
    encoder = make_stream_encoder()
    return [encoder.encode(frame.tobytes()) for frame in sound.reshape(-1, 160)]


def tone(seconds: float, hz: float = 440.0) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    return (8000 * np.sin(2 * np.pi * hz * t)).astype(np.int16)


def slowly(octets: bytes) -> int:
    """The checksum as RFC 3533 describes it, bit by bit."""
    register = 0
    for octet in octets:
        register ^= octet << 24
        for _ in range(8):
            register = (register << 1 ^ (0x04C11DB7 if register & 1 << 31 else 0)) & 0xFFFFFFFF
    return register


@given(st.binary(max_size=300))
def test_the_checksum_is_that_of_the_rfc(octets: bytes) -> None:
    assert checksum(octets) == slowly(octets)


@pytest.mark.parametrize("together", [1, 5, 120])
def test_an_ogg_stream_is_heard_as_it_was_said(together: int) -> None:
    packets, stream = packets_of(tone(3.0)), OggOpus(7, RATE)
    written = stream.head() + b"".join(
        stream.body(packets[n : n + together]) for n in range(0, len(packets), together)
    )
    heard, rate = soundfile.read(io.BytesIO(written + stream.end()))
    assert len(heard) / rate == pytest.approx(3.0 - PRE_SKIP / 48_000, abs=0.001)
    spectrum = np.abs(np.fft.rfft(heard[rate : 2 * rate]))
    assert np.argmax(spectrum) == 440


def test_who_comes_in_the_middle_hears_from_there() -> None:
    packets = packets_of(np.concatenate((tone(2.0, 300), tone(2.0, 700))))
    stream = OggOpus(8, RATE)
    heard, rate = soundfile.read(io.BytesIO(stream.head() + stream.body(packets[100:])))
    assert np.argmax(np.abs(np.fft.rfft(heard[-rate:]))) == 700


def test_a_packet_of_any_length_is_laced() -> None:
    stream = OggOpus(1, RATE)
    for length in (0, 1, 254, 255, 256, 510, 1275):
        page = stream.body([b"x" * length])
        segments = page[26]
        assert sum(page[27 : 27 + segments]) == length
        assert page[27 + segments - 1] < 255
        assert len(page) == 27 + segments + length


def read(octets: bytes) -> list[tuple[int, bytes]]:
    """The elements of EBML, one after the other; a Segment is as long as what follows it."""
    found, at = [], 0
    while at < len(octets):
        width = 9 - octets[at].bit_length()
        id = int.from_bytes(octets[at : at + width], "big")
        size = int.from_bytes(octets[at + width : at + width + 8], "big") & (1 << 56) - 1
        at += width + 8
        if id == 0x18538067:
            assert size == (1 << 56) - 1
            continue
        found.append((id, octets[at : at + size]))
        at += size
    return found


def test_webm_tells_the_time_of_each_packet() -> None:
    stream = WebmOpus(RATE)
    names = [id for id, _ in read(stream.head())]
    assert names == [0x1A45DFA3, 0x1549A966, 0x1654AE6B]
    track = dict(read(read(read(stream.head())[2][1])[0][1]))
    assert track[0x86] == b"A_OPUS"
    assert track[0x63A2].startswith(b"OpusHead\x01\x01")
    stream.body([b"a", b"b", b"c"])
    ((cluster, inside),) = read(stream.body([b"d", b"ee"]))
    (_, began), (_, first), (_, second) = read(inside)
    assert cluster == 0x1F43B675
    assert int.from_bytes(began, "big") == 60
    assert (first, second) == (b"\x81\x00\x00\x80d", b"\x81\x00\x14\x80ee")


def test_a_stream_of_an_hour_keeps_telling_the_time() -> None:
    stream = WebmOpus(RATE)
    stream.body([b"x"] * 180_000)
    ((_, inside),) = read(stream.body([b"y"]))
    assert int.from_bytes(read(inside)[0][1], "big") == 3_600_000
