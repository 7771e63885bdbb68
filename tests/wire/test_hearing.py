"""The ear is trusted only as far as it is tested: known sounds, known damage."""

import numpy as np
import pytest

from tests.wire import hearing
from tests.wire.hearing import RATE, Pcm
from tests.wire.rtp_line import LAWS
from tests.wire.sounds import speech_like


def silence(seconds: float) -> Pcm:
    return np.zeros(int(seconds * RATE), dtype=np.int16)


HELLO = speech_like(2.0, 1)
GOODBYE = speech_like(1.5, 2)


def test_a_clip_is_found_where_it_was_played() -> None:
    place = hearing.find(np.concatenate((silence(0.7), HELLO, silence(1))), HELLO)
    assert place.at == int(0.7 * RATE)
    assert place.score == pytest.approx(1.0, abs=1e-6)


def test_a_clip_at_half_the_volume_through_either_law_is_still_that_clip() -> None:
    for law in LAWS.values():
        quiet = np.asarray(HELLO // 2, dtype=np.int16)
        received = law.decode(law.encode(np.concatenate((silence(0.3), quiet))))
        assert hearing.find(received, HELLO).score > 0.98


def test_another_sentence_is_not_taken_for_it() -> None:
    assert hearing.find(np.concatenate((GOODBYE, silence(1), GOODBYE)), HELLO).score < 0.2


def test_silence_is_not_taken_for_anything() -> None:
    assert hearing.find(silence(5), HELLO).score == 0
    assert hearing.find(silence(1), HELLO).score == 0


def test_sentences_are_named_in_the_order_in_which_they_were_spoken() -> None:
    sound = np.concatenate((GOODBYE, silence(0.2), HELLO))
    clips = {"hello": HELLO, "goodbye": GOODBYE, "other": speech_like(1, 3)}
    assert [name for name, _ in hearing.which(sound, clips)] == ["goodbye", "hello"]


def test_a_hole_of_three_frames_is_measured() -> None:
    sound = HELLO.copy()
    sound[4800:5280] = 0
    assert hearing.longest_gap_s(sound, HELLO, at=0) == pytest.approx(0.060)
    assert hearing.longest_gap_s(HELLO, HELLO, at=0) == 0


def test_a_dropped_frame_shifts_what_follows() -> None:
    sound = np.concatenate((HELLO[:8000], HELLO[8160:]))
    assert hearing.drift(sound, HELLO, at=0) == 160
    assert hearing.drift(HELLO, HELLO, at=0) == 0


def test_frames_in_each_others_places_are_counted() -> None:
    sound = HELLO.copy()
    sound[8000:8160], sound[8160:8320] = HELLO[8160:8320], HELLO[8000:8160]
    assert hearing.unlike_frames(sound, HELLO, at=0) == 2
    for law in LAWS.values():
        assert hearing.unlike_frames(law.decode(law.encode(HELLO)), HELLO, at=0) == 0


def test_a_frame_that_is_another_or_elsewhere_is_altered() -> None:
    sound = np.concatenate((silence(0.3), HELLO, silence(0.7), GOODBYE, HELLO))
    assert hearing.altered(sound, [HELLO, GOODBYE]) == 0
    assert hearing.altered(sound, [GOODBYE, HELLO]) == 0
    once = sound[: len(sound) - len(HELLO)]
    wrong = once.copy()
    wrong[4000:4160] = wrong[4160:4320]
    assert hearing.altered(wrong, [HELLO]) == 1
    assert hearing.altered(np.delete(once, slice(9600, 9760)), [HELLO]) > 30
    assert hearing.altered(once[:9600], [HELLO]) == 100


def test_flat_tops_are_counted_and_loud_peaks_are_not() -> None:
    sound = HELLO.copy()
    assert hearing.clipped_samples(sound) == 0
    sound[100:105] = 32124
    sound[200] = -32124
    assert hearing.clipped_samples(sound) == 5


def test_the_first_sound_after_silence_is_told_to_the_frame() -> None:
    assert hearing.first_sound(np.concatenate((silence(0.5), HELLO))) == 4000
    assert hearing.first_sound(silence(0.5)) is None


def test_a_recording_that_lost_its_last_quarter_is_not_alike() -> None:
    assert hearing.likeness(HELLO[:12000], HELLO, at=0) < 0.9
    assert hearing.likeness(HELLO, HELLO, at=0) == pytest.approx(1.0)
