"""The callers of the tests: always the same, and a voice to every detector."""

import numpy as np
import pytest
import soundfile
import webrtcvad

from audio_fixtures.make import FIXTURES, speak, write
from tests.prompts.test_voices import REPOSITORY

FOLDER = REPOSITORY / "audio_fixtures"


@pytest.mark.parametrize("name", FIXTURES)
def test_a_fixture_made_again_is_the_same_to_the_byte(name, tmp_path):
    write(tmp_path / name, speak(FIXTURES[name]))
    assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


@pytest.mark.parametrize("name", FIXTURES)
def test_a_fixture_passes_for_speech_of_its_length(name):
    sound, rate = soundfile.read(FOLDER / name, dtype="int16")
    assert rate == 8000
    assert len(sound) == FIXTURES[name].seconds * rate
    assert np.abs(sound.astype(np.int32)).max() == 16000
    detector = webrtcvad.Vad(2)
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 160)
    assert np.mean([detector.is_speech(frame.tobytes(), 8000) for frame in frames]) > 0.9


def test_fixtures_are_small_enough_to_live_beside_the_code():
    assert all(file.stat().st_size < 170_000 for file in FOLDER.glob("*.wav"))
