"""On real sockets a beat with loops hears, tells and sends what one without them does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from call.g711 import decode, encode
from call.media import AddressLearned, Direction, Side, Stream, Wideband
from call.sound import FRAME, Law
from telephony import rtp
from telephony.dtmf import TelephoneEvent, pack_event
from telephony.media.compiled import Loops
from telephony.media.line import UdpLine, UdpWire
from telephony.playout import PAUSE
from tests.media.plane import make_clip, noise, stream
from tests.media.wired import Peer, Wired, a_socket

WORDS = encode(noise(8.0, seed=5), Law.PCMU).reshape(-1, FRAME)


def packet(
    n: int, payload: bytes, *, ssrc: int = 9, kind: int = 0, timestamp: int | None = None,
    marker: bool = False,
) -> bytes:  # fmt: skip
    """A packet whose numbers go round."""
    at = n * FRAME if timestamp is None else timestamp
    return rtp.pack(rtp.RtpPacket(kind, n & 0xFFFF, at & 0xFFFFFFFF, ssrc, payload, marker))


def speak(wired: Wired, peer: Peer, first: int, frames: int) -> None:
    """Say so many of the words from one on, one each frame."""
    for n in range(first, first + frames):
        peer.send(packet(n, WORDS[n].tobytes()))
        wired.frame()


def record(wired: Wired, peer: Peer, recording: Path) -> None:
    """Keep what a telephone says from now on."""
    wired.engine.obey("record", peer.call, recording, 60, None, Side.RECEIVED)


@dataclass
class Spy:
    """How many lines were read in a loop at the last reading."""

    take: Callable[..., tuple[int, int]]
    lines: int = 0

    def __call__(
        self, whose: np.ndarray[tuple[int], np.dtype[np.intp]], *rest: object
    ) -> tuple[int, int]:
        self.lines = len(whose)
        return self.take(whose, *rest)


FATES = (
    *["follows"] * 14, "lost", "twice", "late", "half", "long", "empty", "rubbish", "marker", "key",
    "noise", "jump", "source", "burst", "stranger", "pause",
)  # fmt: skip

PAUSES = (PAUSE - 2, PAUSE - 1, PAUSE, 60)

Frame = list[tuple[bool, bytes]]
"""What is sent before a beat; each with whether a stranger sends it."""


@st.composite
def talks(draw: st.DrawFn) -> list[Frame]:
    """What a telephone sends in each of many frames, over a troubled network."""
    n, ssrc = draw(st.sampled_from([0, 0xFFF0])), 9
    timestamp = draw(st.sampled_from([0, 12345, 2**32 - 20 * FRAME]))
    frames: list[Frame] = [[] for _ in range(draw(st.integers(0, 2)))]
    late: list[bytes] = []
    for fate in draw(st.lists(st.sampled_from(FATES), min_size=5, max_size=60)):
        words = WORDS[n % len(WORDS)].tobytes()
        sent: Frame = [(False, octets) for octets in late]
        late = []
        if fate == "pause":
            frames += [[] for _ in range(draw(st.sampled_from(PAUSES)))]
        elif fate == "source":
            ssrc += 1
        elif fate == "jump":
            timestamp += draw(st.integers(0, 2**32 - 1))
        count = 5 if fate == "burst" else 1
        size = {"half": 80, "long": 240}.get(fate, FRAME)
        for _ in range(count):
            n, timestamp = n + 1, timestamp + size
            payload = (words * 2)[:size]
            whole = packet(n, payload, ssrc=ssrc, timestamp=timestamp, marker=fate == "marker")
            if fate == "late":
                late.append(whole)
            elif fate == "key":
                key = pack_event(TelephoneEvent(n % 12, False, 160))
                sent.append((False, packet(n, key, ssrc=ssrc, kind=101, timestamp=timestamp)))
            elif fate == "noise":
                sent.append((False, packet(n, b"\x20", ssrc=ssrc, kind=13, timestamp=timestamp)))
            elif fate != "lost":
                sent += [(fate == "stranger", whole)] * (1 + (fate == "twice"))
        sent += [
            (False, octets) for octets in {"empty": [b""], "rubbish": [b"\x80" * 7]}.get(fate, [])
        ]
        frames.append(sent)
    return frames


def outcome(
    loops: Loops | None, talk: list[Frame], folder: Path, *, bridged: bool, played: bool
) -> tuple[list[list[bytes]], list[tuple[int, object]], bytes]:
    """What the telephones heard, what was told, and what was recorded."""
    clip = make_clip(folder, "clip", noise(0.6, seed=2))
    with Wired(loops) as wired, a_socket() as stranger:
        peer, other = wired.call(), wired.call(stream(law=Law.PCMA, port=0))
        wired.call()
        wired.engine.connect(other.call, stream(law=Law.PCMA, port=other.port))
        recording = folder / "m.raw"
        record(wired, peer, recording)
        if bridged:
            wired.engine.obey("bridge", peer.call, other.call, True)
        for number, frame in enumerate(talk):
            if played and number % 20 == 3:
                wired.engine.play(number // 20 % 3, [clip], number)
            if number % 33 == 30:
                wired.engine.send_keys(2, "5")
            for strange, octets in frame:
                if strange:
                    stranger.sendto(octets, peer.to)
                else:
                    peer.send(octets)
            other.send(packet(number, WORDS[number % 99].tobytes(), kind=8))
            wired.frame()
        for call in list(wired.engine.calls):
            wired.engine.close(call)
        wired.frame(2)
        told: list[tuple[int, object]] = [
            (call, AddressLearned if isinstance(event, AddressLearned) else event)
            for call, event in wired.told  # the ports are not the same
        ]
        recorded = recording.read_bytes()
        recording.unlink()  # or the next one would go on with it
        return [p.heard for p in wired.peers], told, recorded


@settings(max_examples=40, deadline=None)
@given(talks(), st.booleans(), st.booleans())
def test_whatever_comes_is_heard_told_recorded_and_answered_alike(
    compiled: Loops, talk: list[Frame], bridged: bool, played: bool
) -> None:
    with TemporaryDirectory() as folder:
        ways = [
            outcome(loops, talk, Path(folder), bridged=bridged, played=played)
            for loops in (None, compiled)
        ]
    without, within = ways
    assert within[0] == without[0]
    assert within[1] == without[1]
    assert within[2] == without[2]


@pytest.fixture
def spy(compiled: Loops) -> Spy:
    """Sees how many lines are read in a loop."""
    return Spy(compiled.take)


@pytest.fixture
def spied(compiled: Loops, spy: Spy) -> Loops:
    """The loops, seen by the spy."""
    return replace(compiled, take=spy)


def _recorded(wired: Wired, peer: Peer, recording: Path) -> bytes:
    """What was recorded of a call, which is over then."""
    wired.engine.close(peer.call)
    wired.frame(2)
    return recording.read_bytes()


def _words(first: int, last: int) -> bytes:
    return decode(WORDS[first:last].ravel(), Law.PCMU).tobytes()


def test_a_line_is_read_in_a_loop_once_its_peer_is_known_and_no_longer_than_that(
    spied: Loops, spy: Spy
) -> None:
    with Wired(spied) as wired:
        peer = wired.call()
        wired.frame(3)
        assert spy.lines == 0
        speak(wired, peer, 0, 5)
        assert spy.lines == 1
        wired.frame(100)  # silence: the source is to be learned again
        spy.lines = 0
        wired.frame(2)
        assert spy.lines == 0
        speak(wired, peer, 105, 5)
        assert spy.lines == 1


def test_after_silence_a_peer_is_heard_from_another_port_of_its_host(
    spied: Loops, spy: Spy, tmp_path: Path
) -> None:
    with Wired(spied) as wired:
        peer = wired.call()
        record(wired, peer, tmp_path / "m.raw")
        speak(wired, peer, 0, 20)
        wired.frame(100)
        before, peer.socket = peer.socket, a_socket()
        speak(wired, peer, 120, 200)
        before.close()
        assert spy.lines == 1
        assert (0, AddressLearned(("127.0.0.1", peer.port))) in wired.told
        assert len(peer.heard) > 150
        assert _words(150, 315) in _recorded(wired, peer, tmp_path / "m.raw")


def test_a_peer_that_was_gone_is_heard_and_sent_to_again(spied: Loops, tmp_path: Path) -> None:
    """While it is gone, the kernel tells that it refuses, in place of packets and of sending."""
    with Wired(spied) as wired:
        peer = wired.call()
        record(wired, peer, tmp_path / "m.raw")
        speak(wired, peer, 0, 20)
        port = peer.port
        peer.socket.close()
        wired.frame(10)
        peer.socket = a_socket(port)
        peer.heard.clear()
        speak(wired, peer, 30, 60)
        numbers = [rtp.parse(octets).sequence for octets in peer.heard]
        assert len(numbers) == 60
        assert numbers == [(numbers[0] + n) & 0xFFFF for n in range(60)]
        assert _words(30, 85) in _recorded(wired, peer, tmp_path / "m.raw")


def test_a_stranger_is_not_heard_on_a_line_that_is_read_in_a_loop(
    spied: Loops, spy: Spy, tmp_path: Path
) -> None:
    with Wired(spied) as wired, a_socket() as stranger:
        peer = wired.call()
        record(wired, peer, tmp_path / "m.raw")
        speak(wired, peer, 0, 10)
        for n in range(10, 60):
            stranger.sendto(packet(n, bytes(FRAME)), peer.to)
            speak(wired, peer, n, 1)
        assert spy.lines == 1
        recorded = _recorded(wired, peer, tmp_path / "m.raw")
        assert _words(0, 58) in recorded
        with pytest.raises(BlockingIOError):
            stranger.recv(2048)


@pytest.mark.parametrize("samples", [80, 240])
def test_packets_that_are_no_frame_lose_nothing(
    spied: Loops, spy: Spy, tmp_path: Path, samples: int
) -> None:
    octets = WORDS.ravel()[:24000].tobytes()
    with Wired(spied) as wired:
        peer = wired.call()
        record(wired, peer, tmp_path / "m.raw")
        sent = 0
        for frame in range(1, 151):
            while (sent + 1) * samples <= frame * FRAME:
                begin = sent * samples
                payload = octets[begin : begin + samples]
                peer.send(packet(sent, payload, timestamp=begin))
                sent += 1
            wired.frame()
        assert spy.lines == 1
        spoken = decode(np.frombuffer(octets, np.uint8), Law.PCMU).tobytes()
        assert spoken[: 2 * 23000] in _recorded(wired, peer, tmp_path / "m.raw")


def test_packets_that_come_five_at_a_time_are_all_heard(
    spied: Loops, spy: Spy, tmp_path: Path
) -> None:
    with Wired(spied) as wired:
        peer = wired.call()
        record(wired, peer, tmp_path / "m.raw")
        for first in range(0, 150, 5):
            for n in range(first, first + 5):
                peer.send(packet(n, WORDS[n].tobytes()))
            wired.frame(5)
        assert spy.lines == 1
        assert _words(0, 150) in _recorded(wired, peer, tmp_path / "m.raw")


def test_a_line_leaves_the_loop_with_its_codec_and_comes_back_with_it(
    spied: Loops, spy: Spy, tmp_path: Path
) -> None:
    with Wired(spied) as wired:
        peer = wired.call()
        plain = stream(port=peer.port)
        speak(wired, peer, 0, 10)
        assert spy.lines == 1
        wide = Stream(Wideband.G722, 9, 101, plain.remote)
        wired.engine.connect(peer.call, wide)
        spy.lines = 0
        for n in range(10, 30):
            peer.send(packet(n, bytes(FRAME), kind=9))
            wired.frame()
        assert spy.lines == 0
        assert rtp.parse(peer.heard[-1]).payload_type == 9
        wired.engine.connect(peer.call, plain)
        record(wired, peer, tmp_path / "m.raw")
        speak(wired, peer, 30, 60)
        assert spy.lines == 1
        assert rtp.parse(peer.heard[-1]).payload_type == 0
        assert _words(30, 88) in _recorded(wired, peer, tmp_path / "m.raw")


def test_a_call_on_hold_hears_nothing_and_is_heard_again_afterwards(
    spied: Loops, spy: Spy, tmp_path: Path
) -> None:
    with Wired(spied) as wired:
        peer = wired.call()
        plain = stream(port=peer.port)
        speak(wired, peer, 0, 10)
        wired.engine.connect(peer.call, replace(plain, direction=Direction.INACTIVE))
        wired.frame(2)
        peer.heard.clear()
        wired.frame(30)
        assert peer.heard == []
        wired.engine.connect(peer.call, plain)
        record(wired, peer, tmp_path / "m.raw")
        speak(wired, peer, 42, 60)
        assert spy.lines == 1
        assert len(peer.heard) == 60
        assert _words(42, 100) in _recorded(wired, peer, tmp_path / "m.raw")


@pytest.mark.parametrize("wanted", [[], [False], [False, True], [False, False], [True, False]])
def test_a_line_may_be_watched_or_not_when_it_is_let_go(wanted: list[bool]) -> None:
    """And its descriptors are free for the next one, which is watched again."""
    wire = UdpWire()
    for _ in range(3):
        line, peer = UdpLine(a_socket(), a_socket()), a_socket()
        wire.attach(0, line)
        for watched in wanted:
            wire.watch(0, line, watched)
        peer.sendto(bytes(12), line.sound.getsockname())
        is_heard = wanted[-1] if wanted else True
        assert wire.collect([]).others == ([(0, False)] if is_heard else [])
        wire.detach(0, line)
        assert wire.collect([]) == ([], [], [])
        line.close()
        peer.close()
    wire.close()


def test_no_descriptor_is_left_when_calls_in_the_loop_are_over(compiled: Loops) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    for _ in range(3):
        with Wired(compiled) as wired:
            for peer in [wired.call() for _ in range(3)]:
                speak(wired, peer, 0, 4)
    assert descriptors() == before
