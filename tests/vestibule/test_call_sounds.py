"""What callers hear while they wait is made once, and a company's own music takes its place."""

import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile

from call.clock import SystemClock
from call.errors import Unavailable
from call.g711 import decode
from call.sound import Clip, Law, Pcm
from ivr.voices.chimes import Chime
from ivr.voices.signals import Signal
from vestibule.call_sounds import make_call_sounds
from vestibule.doctor import Verdict, examine
from vestibule.settings import settings_from


def heard(clip: Clip) -> Pcm:
    return decode(np.frombuffer(clip.file(Law.PCMU).read_bytes(), dtype=np.uint8), Law.PCMU)


def a_piece(path: Path, amplitude: float = 0.02) -> Path:
    """Four seconds of 600 Hz in stereo at 44.1 kHz, much too quiet."""
    time = np.arange(4 * 44_100) / 44_100
    sound = amplitude * np.sin(2 * np.pi * 600 * time)
    soundfile.write(path, np.stack([sound, sound], axis=1), 44_100)
    return path


def test_the_sounds_are_made_once_and_found_again(tmp_path: Path) -> None:
    sounds = make_call_sounds(tmp_path)
    times = {file: file.stat().st_ino for file in tmp_path.iterdir()}
    assert make_call_sounds(tmp_path) == sounds
    assert {file: file.stat().st_ino for file in tmp_path.iterdir()} == times
    assert set(sounds.signals) == set(Signal)
    assert set(sounds.chimes) == set(Chime)
    assert sounds.signals[Signal.RINGBACK].seconds == 6.0
    assert sounds.hold_music.seconds > 30


@pytest.mark.parametrize("name", ["own.wav", "own.flac", "own.ogg", "own.mp3"])
def test_music_of_ones_own_is_heard_at_our_level(tmp_path: Path, name: str) -> None:
    sound = heard(make_call_sounds(tmp_path / "frames", a_piece(tmp_path / name)).hold_music)
    middle = sound[8000:16000].astype(float)
    assert 20 * np.log10(np.sqrt(np.square(middle).mean()) / 32768) == pytest.approx(-20, abs=1)
    assert np.argmax(np.abs(np.fft.rfft(middle))) == 600


def test_of_music_of_ones_own_ten_minutes_are_heard(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "own.wav", np.zeros(11 * 60 * 8000, dtype=np.int16) + 9, 8000)
    assert make_call_sounds(tmp_path / "frames", tmp_path / "own.wav").hold_music.seconds == 600


def test_music_that_was_replaced_is_made_anew(tmp_path: Path) -> None:
    before = make_call_sounds(tmp_path / "frames", a_piece(tmp_path / "own.wav"))
    soundfile.write(tmp_path / "own.wav", np.sin(np.arange(8000) / 3), 8000)
    after = make_call_sounds(tmp_path / "frames", tmp_path / "own.wav")
    assert after.hold_music.seconds == 1.0
    assert after.hold_music != before.hold_music


@pytest.mark.parametrize("content", [None, b"", b"no sound at all"])
def test_music_that_cannot_be_read_is_ours_and_the_log_tells(
    tmp_path: Path, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    own = tmp_path / "own.wav"
    if content is not None:
        own.write_bytes(content)
    sounds = make_call_sounds(tmp_path / "frames", own)
    assert sounds.hold_music == make_call_sounds(tmp_path / "frames").hold_music
    assert [(r.levelno, r.message) for r in caplog.records] == [
        (logging.WARNING, "hold music cannot be read")
    ]


def test_a_folder_that_takes_no_sound_is_told(tmp_path: Path) -> None:
    (tmp_path / "frames").write_text("")
    with pytest.raises(Unavailable):
        make_call_sounds(tmp_path / "frames")


@pytest.mark.parametrize(("there", "verdict"), [(True, Verdict.GOOD), (False, Verdict.NOTE)])
async def test_doctor_tells_whether_the_music_can_be_read(
    tmp_path: Path, there: bool, verdict: Verdict
) -> None:
    music = tmp_path / "own.wav"
    if there:
        a_piece(music)
    values: dict[str, object] = {
        "media": {"hold_music": str(music)},
        "storage": {"data": str(tmp_path / "data")},
    }
    findings = await examine(settings_from(values, origin="here"), SystemClock())
    [found] = [each for each in findings if each.about.startswith("media.hold_music")]
    assert found.verdict is verdict
