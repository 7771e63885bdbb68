"""A recording holds either side of a call, or both, each sample where it belongs."""

from pathlib import Path

import numpy as np
import pytest

from call.g711 import decode, encode
from call.media import Direction, MediaStatistics, RecordEnded, Side
from call.sound import FRAME, EndOfRecording, Law, Pcm
from telephony import rtp
from telephony.media.outbound import GROUPS
from tests.media.plane import VirtualCall, a_call, a_plane, make_clip, noise, stream, tone

pytestmark = pytest.mark.usefixtures("each_way")


def _through(sound: Pcm, law: Law = Law.PCMU) -> Pcm:
    return decode(encode(sound, law), law)


def _find(needle: Pcm, haystack: Pcm) -> int:
    """Where `needle` stands in `haystack`, sample for sample; -1 when nowhere."""
    place = haystack.astype("<i2").tobytes().find(needle.astype("<i2").tobytes())
    return place // 2 if place >= 0 else -1


def _record(call: VirtualCall, path: Path, side: Side, **more: float) -> None:
    call.plane.record(call.slot, path, side=side, **({"max_s": 60.0} | more))


def _apart(path: Path) -> tuple[Pcm, Pcm]:
    """What was received, and what was sent."""
    both = np.fromfile(path, dtype="<i2").reshape(-1, 2)
    return both[:, 0], both[:, 1]


@pytest.mark.parametrize("law", list(Law))
@pytest.mark.parametrize("ptime_ms", [20, 40, 60])
def test_what_is_played_is_recorded_sample_for_sample(
    tmp_path: Path, law: Law, ptime_ms: int
) -> None:
    call = a_call(agreed=stream(law=law, ptime_ms=ptime_ms))
    words = noise(1.0)
    _record(call, tmp_path / "sent", Side.SENT)
    call.plane.play(call.slot, [make_clip(tmp_path, "words", words)], ticket=1)
    call.plane.advance(1.5)
    call.plane.stop_recording(call.slot)
    call.plane.advance(0.02)
    recorded = np.fromfile(tmp_path / "sent", dtype="<i2")
    assert _find(_through(words, law), recorded) >= 0
    [ended] = call.told(RecordEnded)
    assert ended.seconds == len(recorded) / 8000 == pytest.approx(1.5, abs=0.021)


@pytest.mark.parametrize("law", list(Law))
def test_both_sides_stay_aligned_to_the_sample_for_the_whole_call(tmp_path: Path, law: Law) -> None:
    call = a_call(agreed=stream(law=law))
    call.plane.advance(0.5)
    _record(call, tmp_path / "both", Side.APART, max_s=600)
    heard, said = noise(20.0, seed=1), noise(20.0, seed=2)
    call.plane.play(call.slot, [make_clip(tmp_path, "said", said)], ticket=1)
    call.far.speak(heard)
    call.plane.advance(21.0)
    call.plane.close(call.slot)
    call.plane.advance(0.02)
    received, sent = _apart(tmp_path / "both")
    begun = _find(_through(heard, law), received), _find(_through(said, law), sent)
    assert begun[1] in (0, FRAME)
    assert 0 <= begun[0] - begun[1] <= 3 * FRAME  # 60 ms at most for the buffer and the frame
    [ended] = call.told(RecordEnded)
    assert ended.ended_by is EndOfRecording.HANG_UP
    assert ended.seconds == len(received) / 8000 == pytest.approx(21.0, abs=0.021)
    assert isinstance(call.events[-1], MediaStatistics)


def test_both_sides_as_one_are_their_sum(tmp_path: Path) -> None:
    heard, said = tone(2.0, 440, 20000), tone(2.0, 1000, 20000)
    recorded = {}
    for side in (Side.APART, Side.MIXED):
        call = a_call()
        call.plane.advance(0.1)
        _record(call, tmp_path / side, side)
        call.plane.play(call.slot, [make_clip(tmp_path, "said", said)], ticket=1)
        call.far.speak(heard)
        call.plane.advance(2.0)
        recorded[side] = tmp_path / side
        call.plane.stop_recording(call.slot)
        call.plane.advance(0.02)
    received, sent = _apart(recorded[Side.APART])
    mixed = np.fromfile(recorded[Side.MIXED], dtype="<i2")
    assert np.abs(mixed).max() == 32767
    assert np.array_equal(mixed, np.clip(received.astype(int) + sent, -32768, 32767))


def test_voices_of_a_bridge_are_recorded_aligned_on_either_leg(tmp_path: Path) -> None:
    plane = a_plane()
    caller = a_call(plane)
    callee = a_call(plane)
    plane.advance(0.1)
    plane.bridge(caller.slot, callee.slot)
    _record(caller, tmp_path / "caller", Side.APART)
    _record(callee, tmp_path / "callee", Side.APART)
    hello, good_day = noise(1.0, seed=1), noise(1.0, seed=2)
    caller.far.speak(hello)
    callee.far.speak(good_day)
    plane.advance(1.5)
    plane.close(caller.slot)
    plane.close(callee.slot)
    plane.advance(0.02)
    for name, received, sent in (("caller", hello, good_day), ("callee", good_day, hello)):
        heard, said = _apart(tmp_path / name)
        places = _find(_through(received), heard), _find(_through(sent), said)
        assert min(places) >= 0
        assert abs(places[0] - places[1]) <= 2 * FRAME


def test_a_recording_and_a_bridge_do_not_end_each_other(tmp_path: Path) -> None:
    plane = a_plane()
    caller = a_call(plane)
    callee = a_call(plane)
    plane.bridge(caller.slot, callee.slot)
    _record(caller, tmp_path / "one", Side.MIXED)
    plane.watch_speech(caller.slot, True)
    plane.advance(0.1)
    plane.stop_recording(caller.slot)
    plane.watch_speech(caller.slot, False)
    caller.far.speak(noise(0.5, seed=1))
    plane.advance(0.7)
    assert _find(_through(noise(0.5, seed=1)), callee.far.sound()) >= 0
    _record(caller, tmp_path / "two", Side.MIXED)
    plane.unbridge(caller.slot)
    caller.far.speak(noise(0.5, seed=2))
    plane.advance(0.7)
    plane.stop_recording(caller.slot)
    recorded = np.fromfile(tmp_path / "two", dtype="<i2")
    assert _find(_through(noise(0.5, seed=2)), recorded) >= 0


def test_a_caller_who_falls_silent_ends_the_recording_though_we_play_on(tmp_path: Path) -> None:
    call = a_call()
    music = make_clip(tmp_path, "music", noise(10.0))
    call.plane.play(call.slot, [music], ticket=1)
    _record(call, tmp_path / "both", Side.MIXED, final_silence_s=1.0)
    call.far.speak(noise(2.0))
    call.plane.advance(2.8)
    assert call.told(RecordEnded) == []
    call.plane.advance(0.5)
    [ended] = call.told(RecordEnded)
    assert ended.ended_by is EndOfRecording.SILENCE
    assert ended.speech_s == pytest.approx(2.0, abs=0.2)


@pytest.mark.parametrize("side", [Side.SENT, Side.MIXED, Side.APART])
def test_a_recording_of_any_side_stops_at_its_limit_and_is_told_once(
    tmp_path: Path, side: Side
) -> None:
    call = a_call()
    _record(call, tmp_path / "short", side, max_s=1.0)
    call.plane.advance(1.5)
    call.plane.stop_recording(call.slot)
    call.plane.close(call.slot)
    call.plane.advance(0.02)
    [ended] = call.told(RecordEnded)
    assert (ended.ended_by, ended.seconds) == (EndOfRecording.LIMIT, pytest.approx(1.0))
    octets = 16000 * (2 if side is Side.APART else 1)
    assert (tmp_path / "short").stat().st_size == octets


@pytest.mark.parametrize("side", list(Side))
def test_what_was_said_is_on_disk_within_a_fifth_of_a_second(tmp_path: Path, side: Side) -> None:
    call = a_call()
    path = tmp_path / "growing"
    _record(call, path, side)
    call.far.speak(noise(3.0))
    rate = 32000 if side is Side.APART else 16000
    for _ in range(10):
        call.plane.advance(0.25)
        recorded_s = path.stat().st_size / rate if path.exists() else 0.0
        assert recorded_s >= call.far.heard[-1][0] - 0.3


def test_while_a_call_is_held_nothing_is_recorded_of_what_is_played(tmp_path: Path) -> None:
    call = a_call()
    _record(call, tmp_path / "sent", Side.SENT)
    call.plane.play(call.slot, [make_clip(tmp_path, "said", noise(2.0))], ticket=1)
    call.plane.advance(0.5)
    call.plane.connect(call.slot, stream(direction=Direction.RECVONLY))
    call.plane.advance(0.5)
    call.plane.connect(call.slot, stream())
    call.plane.advance(0.5)
    call.plane.stop_recording(call.slot)
    call.plane.advance(0.02)
    sent = np.fromfile(tmp_path / "sent", dtype="<i2").reshape(-1, FRAME)
    silent = [not frame.any() for frame in sent]
    assert silent.index(True) == pytest.approx(25, abs=1)
    assert sum(silent) == pytest.approx(25, abs=2)


def test_a_key_that_is_sent_is_silence_in_the_recording(tmp_path: Path) -> None:
    call = a_call()
    _record(call, tmp_path / "sent", Side.SENT)
    call.plane.play(call.slot, [make_clip(tmp_path, "said", noise(1.0))], ticket=1)
    call.plane.advance(0.4)
    call.plane.send_keys(call.slot, "5")
    call.plane.advance(1.2)
    call.plane.stop_recording(call.slot)
    call.plane.advance(0.02)
    sent = np.fromfile(tmp_path / "sent", dtype="<i2").reshape(-1, FRAME)
    said = np.concatenate([frame for frame in sent if frame.any()])
    assert np.array_equal(said, _through(noise(1.0)))
    assert not sent[25].any()


def test_the_side_recorded_may_change_from_one_recording_to_the_next(tmp_path: Path) -> None:
    call = a_call()
    for side in (Side.RECEIVED, Side.APART, Side.SENT, Side.RECEIVED):
        _record(call, tmp_path / f"{side}", side)
        call.plane.advance(0.3)
    call.plane.close(call.slot)
    call.plane.advance(0.02)
    ended = call.told(RecordEnded)
    assert [e.path.name for e in ended] == ["received", "apart", "sent", "received"]
    assert [e.seconds for e in ended] == [pytest.approx(0.3, abs=0.021)] * 4


def test_what_waits_to_be_heard_when_the_law_changes_is_no_noise(tmp_path: Path) -> None:
    call = a_call()
    call.plane.advance(0.1)
    _record(call, tmp_path / "both", Side.MIXED)
    call.far.speak(tone(0.5, 300, 4000))
    call.plane.advance(0.5)
    call.plane.connect(call.slot, stream(law=Law.PCMA))
    call.plane.advance(0.5)
    call.plane.stop_recording(call.slot)
    call.plane.advance(0.02)
    recorded = np.fromfile(tmp_path / "both", dtype="<i2").reshape(-1, FRAME)
    loud = np.flatnonzero(np.abs(recorded).max(axis=1) > 100)
    assert len(loud) == 25
    assert np.abs(recorded).max() < 4400
    assert np.abs(np.diff(recorded[loud].ravel().astype(int))).max() < 2000


def test_while_the_plane_is_held_up_both_sides_are_silent_for_so_long(tmp_path: Path) -> None:
    call = a_call()
    _record(call, tmp_path / "both", Side.APART)
    call.plane.play(call.slot, [make_clip(tmp_path, "said", noise(2.0, seed=2))], ticket=1)
    call.far.speak(noise(2.0, seed=1))
    call.plane.advance(0.5)
    call.plane.engine.step_over(GROUPS * 25)
    call.plane.advance(0.5)
    call.plane.stop_recording(call.slot)
    call.plane.advance(0.02)
    received, sent = _apart(tmp_path / "both")
    assert len(sent) == len(received) == pytest.approx(1.5 * 8000, abs=FRAME)
    frames = np.stack([received, sent]).reshape(2, -1, FRAME)
    assert not frames[:, 25:50].any()
    assert frames[1, 51:70].any(axis=1).all()


def test_after_the_plane_was_held_up_people_hear_each_other_as_promptly_as_before() -> None:
    plane = a_plane()
    caller = a_call(plane)
    callee = a_call(plane)
    plane.bridge(caller.slot, callee.slot)
    plane.advance(0.5)
    caller.far.speak(noise(0.5, seed=1))
    for _ in range(25):
        caller.far.beat()
        callee.far.beat()
    plane.engine.step_over(GROUPS * 25)
    heard = len(callee.far.sound()) + 25 * FRAME
    caller.far.speak(noise(0.5, seed=2))
    plane.advance(0.7)
    words = _through(noise(0.5, seed=2))[FRAME:]  # joined to what was heard before, in its first ms
    began = _find(words, callee.far.sound()) - FRAME
    assert heard <= began <= heard + 5 * FRAME


@pytest.mark.parametrize("side", [Side.RECEIVED, Side.APART])
def test_of_a_message_with_lost_packets_what_came_is_in_its_place_and_gaps_are_no_silence(
    tmp_path: Path, side: Side
) -> None:
    call = a_call()
    call.far.stream = None  # what it sends is made here
    call.plane.advance(0.1)
    said = tone(2.0, 310)
    lost = {7, 20, 21, 40, 63}
    _record(call, tmp_path / side, side)
    for n, octets in enumerate(encode(said, Law.PCMU).reshape(-1, FRAME)):
        if n not in lost:
            call.far.send(rtp.pack(rtp.RtpPacket(0, n, n * FRAME, 7, octets.tobytes(), False)))
        call.plane.advance(0.02)
    call.plane.advance(0.1)
    call.plane.stop_recording(call.slot)
    call.plane.advance(0.02)
    path = tmp_path / side
    recorded = _apart(path)[0] if side is Side.APART else np.fromfile(path, dtype="<i2")
    came = _through(said).reshape(-1, FRAME)
    begun = _find(came[:7].ravel(), recorded)
    assert begun >= 0
    frames = recorded[begun : begun + said.size].reshape(-1, FRAME)
    # Heard live, the first 5 ms after a gap are joined to it; otherwise all stays as it came.
    joined = {n + 1 for n in lost} - lost if side is Side.APART else set()
    for n, (frame, whole) in enumerate(zip(frames, came, strict=True)):
        if n in lost:
            assert np.corrcoef(frame, said.reshape(-1, FRAME)[n])[0, 1] > 0.9
        else:
            first = 40 if n in joined else 0
            assert np.array_equal(frame[first:], whole[first:])
