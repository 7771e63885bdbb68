"""Keys that come as tones are found within the limits of ITU-T Q.24, and voices press none."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from call.g711 import decode, encode
from call.sound import FRAME, RATE, Law, Pcm
from telephony.tones import COLUMNS, PAD, ROWS, ToneDetector, key_tones
from tests.media.plane import noise

FULL_SCALE = 32124 * 10 ** (-3.14 / 20)  # amplitude of a sine at 0 dBm0


def _keys(sound: np.ndarray) -> str:
    """The keys one call's detector finds, through mu-law as a telephone would send it."""
    return _keys_of([sound])[0]


def _keys_of(sounds: list[np.ndarray]) -> list[str]:
    """The keys found in each of many calls, heard side by side."""
    frames = -(-(max(len(sound) for sound in sounds) + 800) // FRAME)
    whole = np.zeros((len(sounds), frames * FRAME), dtype=np.int16)
    for line, sound in zip(whole, sounds, strict=True):
        line[: len(sound)] = np.clip(sound, -32768, 32767)
    heard = decode(encode(whole, Law.PCMU), Law.PCMU).reshape(len(sounds), frames, FRAME)
    detector = ToneDetector(len(sounds))
    found = [""] * len(sounds)
    for n in range(frames):
        for call, key in detector.feed(np.arange(len(sounds)), heard[:, n]):
            found[call] += key
    return found


def _tones(
    key: str, seconds: float, *, low_dbm0: float = -10.0, high_dbm0: float = -10.0,
    off: float = 0.0, off_high: float | None = None, before: int = 0,
) -> np.ndarray:  # fmt: skip
    place = PAD.index(key)
    time = np.arange(round(seconds * RATE)) / RATE
    low, high = ROWS[place // 4], COLUMNS[place % 4]
    sound = FULL_SCALE * 10 ** (low_dbm0 / 20) * np.sin(2 * np.pi * low * (1 + off) * time)
    up = off if off_high is None else off_high
    sound += FULL_SCALE * 10 ** (high_dbm0 / 20) * np.sin(2 * np.pi * high * (1 + up) * time + 1)
    return np.concatenate([np.zeros(before), sound])


SOMEWHERE_IN_A_FRAME = range(0, FRAME, 23)


@pytest.mark.parametrize("key", list(PAD))
def test_forty_milliseconds_are_a_press_wherever_they_fall(key: str) -> None:
    sounds = [_tones(key, 0.040, before=before) for before in SOMEWHERE_IN_A_FRAME]
    assert set(_keys_of(sounds)) == {key}


@pytest.mark.parametrize("key", list(PAD))
def test_twenty_milliseconds_are_no_press(key: str) -> None:
    sounds = [_tones(key, 0.020, before=before) for before in SOMEWHERE_IN_A_FRAME]
    assert set(_keys_of(sounds)) == {""}


@pytest.mark.parametrize("key", list(PAD))
@pytest.mark.parametrize("off", [-0.015, 0.015])
def test_tones_off_by_one_and_a_half_percent_are_taken(key: str, off: float) -> None:
    sounds = [_tones(key, 0.060, off=off, before=before) for before in SOMEWHERE_IN_A_FRAME]
    sounds += [
        _tones(key, 0.060, off=off, off_high=-off, before=before) for before in SOMEWHERE_IN_A_FRAME
    ]
    assert set(_keys_of(sounds)) == {key}


@pytest.mark.parametrize("key", list(PAD))
@pytest.mark.parametrize("off", [-0.035, 0.035])
def test_a_tone_off_by_three_and_a_half_percent_is_refused(key: str, off: float) -> None:
    sounds = [
        _tones(key, 0.2, off=off, off_high=0.0, before=before) for before in SOMEWHERE_IN_A_FRAME
    ]
    sounds += [
        _tones(key, 0.2, off=0.0, off_high=off, before=before) for before in SOMEWHERE_IN_A_FRAME
    ]
    assert set(_keys_of(sounds)) == {""}


@pytest.mark.parametrize("key", list(PAD))
@pytest.mark.parametrize("twist", [4.0, 0.0, -8.0])
@pytest.mark.parametrize("level", [-3.0, -10.0, -16.0])
def test_levels_and_twist_of_the_network_are_taken(key: str, twist: float, level: float) -> None:
    low, high = (level - twist, level) if twist > 0 else (level, level + twist)
    assert _keys(_tones(key, 0.050, low_dbm0=low, high_dbm0=high, before=37)) == key


@pytest.mark.parametrize("key", ["1", "D"])
def test_twist_far_beyond_the_network_and_a_whisper_are_refused(key: str) -> None:
    assert _keys(_tones(key, 0.2, low_dbm0=-20, high_dbm0=-8)) == ""
    assert _keys(_tones(key, 0.2, low_dbm0=-5, high_dbm0=-20)) == ""
    assert _keys(_tones(key, 0.2, low_dbm0=-45, high_dbm0=-45)) == ""


@pytest.mark.parametrize("key", list(PAD))
def test_a_press_through_noise_15_db_below_is_taken(key: str) -> None:
    sound = _tones(key, 0.060, before=50)
    power = np.square(sound[50:]).mean() / 10**1.5
    dice = np.random.default_rng(3)
    assert _keys(sound + dice.normal(0, np.sqrt(power), len(sound))) == key


def test_a_dropout_of_ten_milliseconds_does_not_make_two_presses() -> None:
    held = [_tones("6", 0.150, before=before) for before in SOMEWHERE_IN_A_FRAME]
    for sound, before in zip(held, SOMEWHERE_IN_A_FRAME, strict=True):
        sound[before + 500 : before + 580] = 0
    assert set(_keys_of(held)) == {"6"}


def test_the_same_key_after_a_pause_of_forty_milliseconds_is_two_presses() -> None:
    press, pause = _tones("6", 0.050), np.zeros(320)
    sounds = [
        np.concatenate([np.zeros(before), press, pause, press]) for before in SOMEWHERE_IN_A_FRAME
    ]
    assert set(_keys_of(sounds)) == {"66"}


def test_a_key_held_for_ten_seconds_is_one_press() -> None:
    assert _keys(_tones("0", 10.0)) == "0"


def test_the_tones_we_make_are_the_keys_we_find() -> None:
    assert _keys(np.concatenate([key_tones(key) for key in PAD])) == PAD


def test_many_calls_are_heard_at_once_each_with_its_own_keys() -> None:
    detector = ToneDetector(40)
    lines = [np.concatenate([key_tones(PAD[(n + m) % 16]) for m in range(4)]) for n in range(40)]
    frames = np.stack(lines).reshape(40, -1, FRAME)
    found = [""] * 40
    for n in range(frames.shape[1]):
        for call, key in detector.feed(np.arange(40), frames[:, n]):
            found[call] += key
    assert found == ["".join(PAD[(n + m) % 16] for m in range(4)) for n in range(40)]


def _vowels(seed: int) -> Pcm:
    """Half a minute of something like speech: gliding pitches with formants, seeded."""
    dice = np.random.default_rng(seed)
    time = np.arange(RATE // 4) / RATE
    words = []
    for _ in range(120):
        pitch = dice.uniform(80, 260) * (1 + 0.1 * np.sin(2 * np.pi * dice.uniform(2, 6) * time))
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        formants = dice.uniform((250, 700), (900, 2400))
        word = np.zeros(len(time))
        for harmonic in range(1, 16):
            nearness = np.abs(formants[:, None] - harmonic * pitch).min(axis=0)
            word += np.exp(-nearness / 150) * np.sin(harmonic * phase)
        words.append(word * 6000)
    return np.clip(np.concatenate(words), -32768, 32767).astype(np.int16)


@pytest.mark.parametrize("seed", range(4))
def test_speech_like_sound_presses_no_key(seed: int) -> None:
    assert _keys(_vowels(seed)) == ""


def test_white_noise_presses_no_key() -> None:
    assert _keys(noise(30.0, amplitude=20000)) == ""


@pytest.mark.parametrize("voice", ["fr_CA_f_June", "en_US_f_Allison"])
def test_recorded_voices_press_no_key(voice: str) -> None:
    folder = Path("/usr/share/asterisk/sounds") / voice
    voices = [sound for file in sorted(folder.rglob("*.wav")) if len(sound := _voice(file))]
    if not voices:
        pytest.skip("recorded voices are not installed")
    everything = np.concatenate(voices)
    lines = np.resize(everything, (LINES, -(-len(everything) // (LINES * FRAME)), FRAME))
    detector = ToneDetector(LINES)
    pressed = [
        press
        for n in range(lines.shape[1])
        for press in detector.feed(np.arange(LINES), lines[:, n])
    ]
    assert pressed == []


LINES = 128


def _voice(file: Path) -> Pcm:
    """A recording of somebody who speaks; nothing for tones and music."""
    if any(name in file.name for name in ("dtmf", "tone", "beep")):
        return np.zeros(0, dtype=np.int16)
    sound, rate = soundfile.read(file, dtype="int16")
    assert rate == RATE
    return decode(encode(sound, Law.PCMU), Law.PCMU)
