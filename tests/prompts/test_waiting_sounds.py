"""Ringing, busy and hold music, by measurement: pitch, level, rhythm, and no click in the loop."""

import numpy as np
import pytest

from call.g711 import decode, encode
from call.sound import FRAME, RATE, Law, Pcm
from ivr.voices.music import hold_music
from ivr.voices.signals import Signal, signal

PLAN = {
    Signal.RINGBACK: ((440, 480), -19, 2.0, 6.0),
    Signal.BUSY: ((480, 620), -24, 0.5, 1.0),
    Signal.REORDER: ((480, 620), -24, 0.25, 0.5),
    Signal.DIAL: ((350, 440), -13, 1.0, 1.0),
}


@pytest.mark.parametrize("law", Law)
@pytest.mark.parametrize("which", Signal)
def test_a_signal_has_its_pitches_at_their_level_and_its_rhythm(which: Signal, law: Law) -> None:
    pitches, dbm0, sounds_s, round_s = PLAN[which]
    sound = decode(encode(signal(which), law), law)
    assert len(sound) / RATE == round_s
    rest = sound[round(sounds_s * RATE) :]
    assert not len(rest) or np.abs(rest).max() <= 8
    heard = sound[400:1600].astype(float)  # 150 ms: whole periods of 20 Hz
    strength = np.abs(np.fft.rfft(heard, 8000)) * 2 / len(heard)
    for pitch in pitches:
        level = 20 * np.log10(strength[pitch] / 32124) + 3.14
        assert level == pytest.approx(dbm0, abs=0.3)
    loudest = np.argsort(strength)[::-1][:20]
    assert {min(pitches, key=lambda p: abs(p - each)) for each in loudest} == set(pitches)
    assert all(min(abs(each - p) for p in pitches) < 10 for each in loudest)


@pytest.mark.parametrize("which", Signal)
def test_a_signal_begins_again_without_a_click(which: Signal) -> None:
    sound = signal(which)
    assert len(sound) % FRAME == 0
    assert _click(sound) <= 1.05


def test_hold_music_is_quiet_steady_and_for_a_telephone() -> None:
    sound = hold_music()
    assert len(sound) % FRAME == 0
    assert 30 < len(sound) / RATE < 120
    assert _dbfs(sound) == pytest.approx(-20, abs=0.1)
    assert np.abs(sound).max() < 32768 * 10 ** (-5 / 20)
    parts = [_dbfs(part) for part in sound[: len(sound) // 4000 * 4000].reshape(-1, 4000)]
    assert min(parts) > -26
    assert max(parts) < -15
    power = np.square(np.abs(np.fft.rfft(sound)))
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    assert power[hertz < 100].sum() < 1e-6 * power.sum()
    assert power[hertz > 3400].sum() < 1e-6 * power.sum()
    assert power[(hertz > 250) & (hertz < 2000)].sum() > 0.8 * power.sum()


def test_hold_music_begins_again_without_a_click_or_a_gap() -> None:
    sound = hold_music()
    assert _click(sound) <= 1.0
    seam = np.concatenate([sound[-4000:], sound[:4000]])
    parts = [_dbfs(part) for part in seam.reshape(-1, 400)]
    assert min(parts) > -27


def test_hold_music_is_the_same_whenever_it_is_made_and_another_by_another_seed() -> None:
    assert np.array_equal(hold_music(), hold_music())
    assert not np.array_equal(hold_music(2), hold_music())


def _dbfs(sound: Pcm) -> float:
    return float(20 * np.log10(np.sqrt(np.square(sound.astype(float)).mean()) / 32768))


def _click(sound: Pcm) -> float:
    """The bend where a loop begins again, in bends of the sound itself."""
    rounds = np.concatenate([sound, sound]).astype(float)
    bends = np.abs(np.diff(rounds, 2))
    seam = len(sound) - 2
    return float(bends[seam - 1 : seam + 3].max() / bends[: len(sound) - 4].max())
