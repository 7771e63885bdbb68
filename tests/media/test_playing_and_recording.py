"""What is played arrives bit by bit; what is said is recorded sample by sample."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from call.g711 import decode, encode
from call.media import Direction, MediaStatistics, PlayEnded, RecordEnded
from call.sound import FRAME, Clip, EndOfRecording, Law
from telephony import rtcp, rtp
from tests.media.plane import a_call, a_plane, make_clip, noise, stream, tone

pytestmark = pytest.mark.usefixtures("each_way")


def _through(sound: np.ndarray, law: Law) -> np.ndarray:
    return decode(encode(sound, law), law)


def _find(needle: np.ndarray, haystack: np.ndarray) -> int:
    """Where `needle` stands in `haystack`, sample for sample; -1 when nowhere."""
    return haystack.astype("<i2").tobytes().find(needle.astype("<i2").tobytes()) // 2


@pytest.mark.parametrize("law", list(Law))
@pytest.mark.parametrize("ptime_ms", [20, 40, 60])
def test_caller_hears_the_clips_in_order_without_gap_bit_for_bit(
    tmp_path: Path, law: Law, ptime_ms: int
) -> None:
    call = a_call(agreed=stream(law=law, ptime_ms=ptime_ms))
    words = [noise(0.22, seed=1), noise(0.4, seed=2), noise(0.02, seed=3)]
    clips = [make_clip(tmp_path, f"word{n}", word) for n, word in enumerate(words)]
    call.plane.advance(0.1)
    call.plane.play(call.slot, clips, ticket=7)
    call.plane.advance(1.0)
    said = np.concatenate([_through(word, law) for word in words])
    assert _find(said, call.far.sound()) > 0
    assert call.told(PlayEnded) == [PlayEnded(7)]


@pytest.mark.parametrize("ptime_ms", [20, 40, 60])
def test_the_clock_of_our_sound_never_stops_nor_jumps(ptime_ms: int) -> None:
    call = a_call(agreed=stream(ptime_ms=ptime_ms))
    call.plane.advance(2.0)
    packets = [rtp.parse(packet) for _, packet in call.far.heard]
    assert len(packets) == pytest.approx(2000 / ptime_ms, abs=1)
    assert [p.marker for p in packets[:3]] == [True, False, False]
    for before, after in pairwise(packets):
        assert rtp.sequence_steps(before.sequence, after.sequence) == 1
        assert rtp.timestamp_samples(before.timestamp, after.timestamp) == 8 * ptime_ms
    assert {len(p.payload) for p in packets} == {8 * ptime_ms}


def test_a_stopped_prompt_ends_within_a_frame_and_tells_nothing(tmp_path: Path) -> None:
    call = a_call()
    call.plane.play(call.slot, [make_clip(tmp_path, "long", noise(3.0))], ticket=1)
    call.plane.advance(0.5)
    call.plane.stop_playing(call.slot)
    heard = len(call.far.sound())
    call.plane.advance(1.0)
    assert not call.far.sound()[heard + FRAME :].any()
    assert call.told(PlayEnded) == []


def test_a_new_prompt_replaces_the_old_one_and_only_its_end_is_told(tmp_path: Path) -> None:
    call = a_call()
    old, new = noise(1.0, seed=1), noise(0.5, seed=2)
    call.plane.play(call.slot, [make_clip(tmp_path, "old", old)], ticket=1)
    call.plane.advance(0.3)
    call.plane.play(call.slot, [make_clip(tmp_path, "new", new)], ticket=2)
    call.plane.advance(1.5)
    assert _find(_through(new, Law.PCMU), call.far.sound()) > 0
    assert call.told(PlayEnded) == [PlayEnded(2)]


def test_a_prompt_asked_for_before_the_answer_starts_with_the_sound(tmp_path: Path) -> None:
    plane = a_plane()
    events: list[object] = []
    slot = plane.open(events.append)
    plane.play(slot, [make_clip(tmp_path, "hello", noise(0.2))], ticket=3)
    plane.advance(0.5)
    assert events == []
    plane.connect(slot, stream())
    plane.advance(0.5)
    assert events == [PlayEnded(3)]
    assert _find(_through(noise(0.2), Law.PCMU), plane.far_end(slot).sound()) >= 0


def test_a_prompt_whose_sound_is_missing_ends_instead_of_hanging(tmp_path: Path) -> None:
    call = a_call()
    call.plane.play(call.slot, [Clip(tmp_path / "nowhere", 50)], ticket=4)
    call.plane.advance(0.1)
    assert call.told(PlayEnded) == [PlayEnded(4)]


def test_a_caller_on_hold_is_sent_nothing_and_the_prompt_goes_by(tmp_path: Path) -> None:
    call = a_call(agreed=stream(direction=Direction.RECVONLY))
    call.plane.play(call.slot, [make_clip(tmp_path, "music", noise(0.4))], ticket=5)
    call.plane.advance(1.0)
    assert call.far.heard == []
    assert call.told(PlayEnded) == [PlayEnded(5)]
    call.plane.connect(call.slot, stream())
    call.plane.advance(0.2)
    assert rtp.parse(call.far.heard[0][1]).marker


def test_a_prompt_goes_on_in_the_other_law_when_the_call_changes_to_it(tmp_path: Path) -> None:
    call = a_call()
    words = [noise(0.4, seed=1), noise(1.0, seed=2)]
    clips = [make_clip(tmp_path, f"word{n}", word) for n, word in enumerate(words)]
    call.plane.play(call.slot, clips, ticket=6)
    call.plane.advance(0.8)
    call.far.heard.clear()
    call.plane.connect(call.slot, stream(law=Law.PCMA))
    call.far.stream = stream(law=Law.PCMA)
    call.plane.advance(1.0)
    heard = call.far.sound()[: 25 * FRAME]
    assert _find(heard, _through(words[1], Law.PCMA)) > 0
    assert call.told(PlayEnded) == [PlayEnded(6)]


@pytest.mark.parametrize("law", list(Law))
def test_a_message_is_recorded_sample_for_sample(tmp_path: Path, law: Law) -> None:
    call = a_call(agreed=stream(law=law))
    path = tmp_path / "message.raw"
    call.plane.advance(0.5)
    call.plane.record(call.slot, path, max_s=60)
    said = noise(3.0)
    call.far.speak(said)
    call.plane.advance(4.0)
    call.plane.stop_recording(call.slot)
    call.plane.advance(0.02)
    [ended] = call.told(RecordEnded)
    recorded = np.fromfile(path, dtype="<i2")
    assert _find(_through(said, law), recorded) in range(2 * FRAME + 1)
    assert ended.ended_by is EndOfRecording.STOPPED
    assert ended.seconds == pytest.approx(4.0, abs=0.021)
    assert len(recorded) == round(ended.seconds * 8000)
    assert ended.speech_s == pytest.approx(3.0, abs=0.4)


@pytest.mark.parametrize("limit", [0.02, 1.0, 2.5])
def test_a_message_stops_at_its_limit_to_the_frame(tmp_path: Path, limit: float) -> None:
    call = a_call()
    path = tmp_path / "message.raw"
    call.plane.record(call.slot, path, max_s=limit)
    call.far.speak(noise(4.0))
    call.plane.advance(limit + 0.1)
    [ended] = call.told(RecordEnded)
    assert ended.ended_by is EndOfRecording.LIMIT
    assert ended.seconds == pytest.approx(limit)
    assert path.stat().st_size == round(limit * 8000) * 2


def test_a_caller_who_falls_silent_ends_the_message(tmp_path: Path) -> None:
    call = a_call()
    call.plane.record(call.slot, tmp_path / "m.raw", max_s=60, final_silence_s=2.0)
    call.far.speak(tone(3.0))
    call.plane.advance(4.9)
    assert call.told(RecordEnded) == []
    call.plane.advance(0.4)
    [ended] = call.told(RecordEnded)
    assert ended.ended_by is EndOfRecording.SILENCE
    assert ended.speech_s == pytest.approx(3.0, abs=0.2)


def test_a_caller_whose_phone_sends_nothing_in_silence_ends_the_message_too(
    tmp_path: Path,
) -> None:
    call = a_call()
    call.far.silent = True
    call.plane.record(call.slot, tmp_path / "m.raw", max_s=60, final_silence_s=2.0)
    call.far.speak(tone(1.0))
    call.plane.advance(4.0)
    [ended] = call.told(RecordEnded)
    assert ended.ended_by is EndOfRecording.SILENCE


def test_a_warning_heard_while_a_message_is_recorded_is_not_in_it(tmp_path: Path) -> None:
    call = a_call()
    path = tmp_path / "message.raw"
    call.plane.record(call.slot, path, max_s=4.0)
    said, pips = noise(5.0, seed=1), tone(0.44)
    call.far.speak(said)
    call.plane.advance(2.0)
    call.plane.play(call.slot, [make_clip(tmp_path, "warning", pips)], ticket=8)
    call.plane.advance(2.1)
    assert [type(event) for event in call.events] == [PlayEnded, RecordEnded]
    assert _find(_through(pips, Law.PCMU), call.far.sound()) == 2 * 8000
    recorded = np.fromfile(path, dtype="<i2")
    assert len(recorded) == 4 * 8000
    assert _find(recorded[2 * FRAME :], _through(said, Law.PCMU)) >= 0


def test_hanging_up_completes_the_message_before_the_slot_is_free(tmp_path: Path) -> None:
    call = a_call()
    path = tmp_path / "message.raw"
    call.plane.record(call.slot, path, max_s=60)
    said = noise(2.0)
    call.far.speak(said)
    call.plane.advance(2.02)
    call.plane.close(call.slot)
    call.plane.advance(0.01)
    ended, statistics = call.events
    assert isinstance(ended, RecordEnded)
    assert ended.ended_by is EndOfRecording.HANG_UP
    assert isinstance(statistics, MediaStatistics)
    assert statistics.packets_lost == 0
    assert _find(_through(said, Law.PCMU), np.fromfile(path, dtype="<i2")) >= 0


def test_what_was_said_is_on_disk_before_the_message_ends(tmp_path: Path) -> None:
    call = a_call()
    path = tmp_path / "message.raw"
    call.plane.record(call.slot, path, max_s=60)
    call.far.speak(noise(5.0))
    for _ in range(20):
        call.plane.advance(0.25)
        said_s = call.far.heard[-1][0]
        recorded_s = path.stat().st_size / 16000 if path.exists() else 0.0
        assert recorded_s >= said_s - 0.3


def test_a_second_recording_appends_to_the_same_file(tmp_path: Path) -> None:
    call = a_call()
    path = tmp_path / "message.raw"
    for _ in range(2):
        call.plane.record(call.slot, path, max_s=1.0)
        call.plane.advance(1.2)
    assert len(call.told(RecordEnded)) == 2
    assert path.stat().st_size == 2 * 16000


def test_a_disk_that_refuses_ends_the_recording_and_not_the_call(tmp_path: Path) -> None:
    call = a_call()
    call.plane.record(call.slot, tmp_path / "no such folder" / "m.raw", max_s=60)
    call.plane.advance(0.5)
    assert [e.ended_by for e in call.told(RecordEnded)] == [EndOfRecording.STOPPED]
    call.far.press("4")
    call.plane.advance(0.2)
    assert len(call.events) == 2


def test_the_peer_is_told_how_it_is_received_and_when_we_leave() -> None:
    call = a_call()
    call.plane.advance(12.0)
    call.plane.close(call.slot)
    call.plane.advance(0.01)
    reports = [rtcp.parse(packet) for packet in call.far.reports]
    assert len(reports) >= 3
    first = reports[0][0]
    assert isinstance(first, rtcp.SenderReport)
    assert first.packets > 100
    assert first.blocks[0].lost == 0
    assert isinstance(reports[-1][-1], rtcp.Goodbye)


def test_the_packets_told_at_the_end_are_those_that_were_sent(tmp_path: Path) -> None:
    plane = a_plane()
    calls = [a_call(plane) for _ in range(9)]
    calls[0].plane.play(calls[0].slot, [make_clip(tmp_path, "prompt", noise(1.0))], ticket=1)
    plane.advance(0.33)
    plane.send_keys(calls[0].slot, "12")
    plane.connect(calls[4].slot, stream(direction=Direction.RECVONLY, port=20008))
    plane.close(calls[8].slot)
    plane.advance(0.5)
    calls.append(a_call(plane))
    plane.connect(calls[4].slot, stream(port=20008))
    plane.advance(0.2)
    for call in (*calls[:8], calls[9]):
        plane.close(call.slot)
    plane.advance(0.1)
    for call in calls:
        [told] = call.told(MediaStatistics)
        assert told.packets_sent == len(call.far.heard) > 0
