"""Somebody came, somebody went: short, soft, and told apart by ear."""

import numpy as np
import pytest

from call.g711 import decode, encode
from call.sound import FRAME, RATE, Law, Pcm
from ivr.voices.chimes import Chime, chime


def _pitch(sound: Pcm) -> float:
    strength = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), RATE))
    return float(np.argmax(strength))


@pytest.mark.parametrize("law", Law)
def test_an_arrival_rises_and_a_departure_falls(law: Law) -> None:
    def heard(which: Chime) -> tuple[float, float]:
        sound = decode(encode(chime(which), law), law)
        return _pitch(sound[:900]), _pitch(sound[1100:2400])

    assert heard(Chime.ARRIVAL) == (pytest.approx(659, abs=8), pytest.approx(880, abs=8))
    assert heard(Chime.DEPARTURE) == (pytest.approx(880, abs=8), pytest.approx(659, abs=8))


@pytest.mark.parametrize("which", Chime)
def test_a_chime_is_short_soft_whole_and_without_a_click(which: Chime) -> None:
    sound = chime(which)
    assert len(sound) % FRAME == 0
    assert len(sound) / RATE <= 0.5
    assert np.abs(sound).max() == pytest.approx(32768 * 10 ** (-18 / 20), abs=2)
    assert np.abs(sound[[0, -1]]).max() <= 1
    steps = np.abs(np.diff(sound.astype(np.int32)))
    assert steps[:20].max() < 200
    assert np.abs(sound[-160:]).max() < 300


@pytest.mark.parametrize("which", Chime)
def test_a_chime_is_the_same_each_time_it_is_made(which: Chime) -> None:
    assert (chime(which) == chime(which)).all()
