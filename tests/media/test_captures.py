"""Captured packets of other people's programs play through the receiver with the right result."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from call.media import KeyPressed, KeySource, MediaStatistics
from call.sound import Law
from tests.media.captured import Datagram, datagrams
from tests.media.plane import VirtualCall, a_call, stream
from tests.wire.hearing import Pcm, drift, find
from tests.wire.rtp_line import LAWS

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"
WORDS, _ = soundfile.read(FIXTURES / "caller_10s.wav", dtype="int16", frames=16_000)
SIPP = Path("/usr/share/sip-tester")

of_sipp = pytest.mark.skipif(not SIPP.is_dir(), reason="no captures of sipp on this machine")


def listening(first: Datagram, law: Law, events: int, recording: Path) -> VirtualCall:
    """A call whose peer is the one who was captured; it is recorded."""
    host, port = first.source
    call = a_call(agreed=stream(law=law, events=events, host=host, port=port))
    call.far.silent = True
    call.far.address = first.source
    call.plane.record(call.slot, recording, max_s=60)
    return call


def replay(call: VirtualCall, captured: Iterable[Datagram]) -> None:
    """Let each datagram come when it came."""
    ticks = 0
    for datagram in captured:
        due = round(datagram.at / 0.005)
        call.plane.advance((due - ticks) * 0.005)
        ticks = due
        call.far.send(datagram.payload)
    call.plane.advance(0.5)


def ended(call: VirtualCall) -> MediaStatistics:
    """How the call went, once it is over."""
    call.plane.close(call.slot)
    call.plane.advance(0.05)
    [statistics] = call.told(MediaStatistics)
    return statistics


def keys(call: VirtualCall) -> str:
    assert {press.source for press in call.told(KeyPressed)} <= {KeySource.RFC4733}
    return "".join(press.key for press in call.told(KeyPressed))


def recorded(file: Path) -> Pcm:
    return np.fromfile(file, dtype="<i2")


@pytest.mark.parametrize(
    ("name", "law", "events"),
    [("baresip_pcmu", Law.PCMU, 101), ("linphone_pcma", Law.PCMA, 96)],
)
def test_the_words_and_keys_of_a_captured_telephone_are_heard_once_each(
    tmp_path: Path, name: str, law: Law, events: int
) -> None:
    captured = list(datagrams(FIXTURES / "captures" / f"{name}.pcap"))
    assert {d.source[0] for d in captured} | {d.target[0] for d in captured} == {"127.0.0.1"}
    call = listening(captured[0], law, events, tmp_path / "m.raw")
    replay(call, captured)
    statistics = ended(call)
    sound = recorded(tmp_path / "m.raw")
    place = find(sound, WORDS)
    assert place.score > 0.99
    assert drift(sound, WORDS, at=place.at) == 0
    assert keys(call) == "159"
    assert (statistics.packets_lost, statistics.packets_late) == (0, 0)
    # Linphone sends the end of a key three times under one sequence number, and STUN at first.
    assert statistics.packets_received == len({d.payload[2:4] for d in captured if _is_rtp(d)})


@of_sipp
@pytest.mark.peer
def test_the_sound_that_sipp_plays_is_recorded_to_the_sample(tmp_path: Path) -> None:
    captured = list(datagrams(SIPP / "g711a.pcap"))
    call = listening(captured[0], Law.PCMA, 101, tmp_path / "m.raw")
    replay(call, captured)
    statistics = ended(call)
    said = LAWS["PCMA"].decode(b"".join(d.payload[12:] for d in captured))
    assert said.tobytes() in recorded(tmp_path / "m.raw").tobytes()
    assert statistics.packets_received == len(captured)
    assert statistics.packets_lost == 0


@of_sipp
@pytest.mark.peer
def test_each_key_that_sipp_presses_is_pressed_once(tmp_path: Path) -> None:
    names = [*"0123456789", "star", "pound"]
    presses = [list(datagrams(SIPP / f"dtmf_2833_{name}.pcap")) for name in names]
    call = listening(presses[0][0], Law.PCMU, 101, tmp_path / "m.raw")
    for press in presses:
        replay(call, press)
    assert keys(call) == "0123456789*#"


@of_sipp
@pytest.mark.peer
def test_keys_that_sipp_presses_while_its_sound_plays_cost_no_sound(tmp_path: Path) -> None:
    """As its scenarios do: two captures at once, each with a source of its own."""
    sound = list(datagrams(SIPP / "g711a.pcap"))
    pressed = [
        replace(d, at=d.at + begin)
        for begin, name in ((1.0, "5"), (3.0, "7"))
        for d in datagrams(SIPP / f"dtmf_2833_{name}.pcap")
    ]
    call = listening(sound[0], Law.PCMA, 101, tmp_path / "m.raw")
    replay(call, sorted((*sound, *pressed), key=lambda d: d.at))
    assert keys(call) == "57"
    ended(call)
    said = LAWS["PCMA"].decode(b"".join(d.payload[12:] for d in sound))
    assert said.tobytes() in recorded(tmp_path / "m.raw").tobytes()


def test_what_is_captured_was_paced_as_it_is_replayed() -> None:
    """The fixtures are what they say: 20 ms apart, the odd packet of another sort left out."""
    for capture in (FIXTURES / "captures").iterdir():
        times = [d.at for d in datagrams(capture) if len(d.payload) == 172]
        assert abs(float(np.median(_gaps(times))) - 0.020) < 0.002


def _is_rtp(datagram: Datagram) -> bool:
    return datagram.payload[0] == 0x80


def _gaps(times: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]
