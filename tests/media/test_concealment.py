"""What is lost is hardly missed: the pitch goes on, nothing clicks, and silence comes soon."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from call.sound import FRAME, Pcm
from telephony.concealment import Concealment
from tests.media.plane import noise, tone

ROW = np.array([0])
EARLIER = (0.7, 0.4, 0.15, 0.0)
"""What is left of the last frame where it is merely repeated, fainter each time."""


def vowels(seconds: float) -> Pcm:
    """A voice that rises and falls: pulses of the vocal cords through three formants."""
    samples = round(seconds * 8000)
    time = np.arange(samples) / 8000
    turns = np.cumsum(120 + 25 * np.sin(4.4 * time) + 10 * np.sin(14.5 * time)) / 8000
    voice = np.diff(np.floor(turns), prepend=0)
    spectrum = np.fft.rfft(voice)
    hertz = np.fft.rfftfreq(samples, 1 / 8000)
    gains = [1 / (1j * hertz * width + formant**2 - hertz**2)
             for formant, width in ((600, 180), (1200, 240), (2500, 360))]  # fmt: skip
    voice = np.fft.irfft(spectrum * sum(gain * 1e6 for gain in gains), samples)
    voice *= 0.55 + 0.45 * np.sin(2 * np.pi * 3 * time)
    return (voice / np.abs(voice).max() * 16000).astype(np.int16)


SOUNDS = {"tone": tone(8.0, 200), "other tone": tone(8.0, 173), "voice": vowels(8.0)}


def _losses(count: int) -> np.ndarray:
    lost = np.random.default_rng(5).random(count) < 0.05
    lost[:4] = False
    return lost


def _heard_as_it_comes(frames: np.ndarray, lost: np.ndarray) -> np.ndarray:
    concealment, heard = Concealment(1), []
    for frame, gone in zip(frames, lost, strict=True):
        one = frame[None].copy()
        if gone:
            one = concealment.lost(ROW)
        else:
            concealment.rejoined(ROW, one)
        heard.append(one[0])
    return np.array(heard)


def _kept(frames: np.ndarray, lost: np.ndarray) -> np.ndarray:
    concealment, heard = Concealment(1), []
    for n, gone in enumerate(lost):
        one = frames[n : n + 1].copy()
        if gone:
            one = concealment.lost(ROW)
            known = n + 1 < len(lost) and not lost[n + 1]
            concealment.bend(ROW, one, np.array([known]), frames[(n + 1) % len(frames)][None])
        else:
            concealment.heard(ROW, one)
        heard.append(one[0])
    return np.array(heard)


def _repeated(frames: np.ndarray, lost: np.ndarray) -> np.ndarray:
    heard, last, gap = [], np.zeros(FRAME), 0
    for frame, gone in zip(frames, lost, strict=True):
        if gone:
            heard.append(last * EARLIER[min(gap, 3)])
            gap += 1
        else:
            heard.append(frame)
            last, gap = frame, 0
    return np.array(heard)


def _snr_db(frames: np.ndarray, heard: np.ndarray) -> float:
    wanted, wrong = frames.astype(float), heard.astype(float) - frames
    return float(10 * np.log10(np.square(wanted).sum() / np.square(wrong).sum()))


def _click(heard: np.ndarray, lost: np.ndarray) -> float:
    """The mean step from frame to frame where a gap begins or ends."""
    sound = heard.astype(float)
    steps = np.abs(sound[1:, 0] - sound[:-1, -1])
    return float(steps[lost[1:] != lost[:-1]].mean())


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("listener", [_heard_as_it_comes, _kept])
def test_one_frame_in_twenty_lost_is_heard_less_than_repetition_or_silence(
    name: str, listener
) -> None:
    frames = SOUNDS[name].reshape(-1, FRAME)
    lost = _losses(len(frames))
    heard = listener(frames, lost)
    silent = np.where(lost[:, None], 0, frames)
    repeated = _repeated(frames, lost)
    assert _snr_db(frames, heard) > _snr_db(frames, repeated)
    assert _snr_db(frames, heard) > _snr_db(frames, silent)
    if name != "tone":  # of which a frame is four periods: it clicks nowhere
        assert _click(heard, lost) < 0.7 * min(_click(repeated, lost), _click(silent, lost))


def test_what_is_kept_is_what_was_received_sample_for_sample() -> None:
    frames = SOUNDS["voice"].reshape(-1, FRAME)
    lost = _losses(len(frames))
    assert np.array_equal(_kept(frames, lost)[~lost], frames[~lost])


def test_what_is_heard_differs_only_in_the_first_5_ms_after_a_gap() -> None:
    frames = SOUNDS["voice"].reshape(-1, FRAME)
    lost = _losses(len(frames))
    heard = _heard_as_it_comes(frames, lost)
    after = np.flatnonzero(lost[:-1] & ~lost[1:]) + 1
    untouched = np.setdiff1d(np.flatnonzero(~lost), after)
    assert np.array_equal(heard[untouched], frames[untouched])
    assert np.array_equal(heard[after, 40:], frames[after, 40:])


def test_a_vowel_goes_on_at_its_pitch() -> None:
    concealment, sound = Concealment(1), tone(0.2, 173).reshape(-1, FRAME)
    for frame in sound[:5]:
        concealment.heard(ROW, frame[None])
    guess = concealment.lost(ROW)[0].astype(float)
    assert np.corrcoef(guess, sound[5])[0, 1] > 0.98


def test_a_long_gap_fades_and_is_silence_after_60_ms() -> None:
    concealment = Concealment(1)
    for frame in SOUNDS["voice"].reshape(-1, FRAME)[10:15]:
        concealment.heard(ROW, frame[None])
    levels = [float(np.abs(concealment.lost(ROW)).max()) for _ in range(5)]
    assert levels[0] > levels[1] > levels[2] > 0
    assert levels[3:] == [0, 0]


def test_sound_that_comes_after_silence_is_not_touched() -> None:
    concealment, sound = Concealment(1), noise(0.02)[None]
    for _ in range(5):
        concealment.lost(ROW)
    heard = sound.copy()
    assert not concealment.rejoined(ROW, heard).any()
    assert np.array_equal(heard, sound)


def test_a_call_that_begins_hears_nothing_of_the_one_before_it() -> None:
    concealment = Concealment(1)
    for frame in noise(0.1).reshape(-1, FRAME):
        concealment.heard(ROW, frame[None])
    concealment.forget(0)
    assert not concealment.lost(ROW).any()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.booleans(), min_size=5, max_size=30), st.integers(0, 99))
def test_calls_served_together_hear_what_each_would_hear_alone(
    fates: list[bool], seed: int
) -> None:
    sounds = [noise(0.6, seed).reshape(-1, FRAME), SOUNDS["voice"][:4800].reshape(-1, FRAME)]
    gone = [np.array(fates), np.array(fates[::-1])]
    alone = [_heard_as_it_comes(sound[: len(fates)], lost)
             for sound, lost in zip(sounds, gone, strict=True)]  # fmt: skip
    together = Concealment(2)
    for n in range(len(fates)):
        lost = np.array([each[n] for each in gone])
        rows, silent = np.flatnonzero(~lost), np.flatnonzero(lost)
        frames = np.array([sounds[row][n] for row in rows]).reshape(-1, FRAME)
        together.rejoined(rows, frames)
        guesses = together.lost(silent)
        for row, frame in (*zip(rows, frames, strict=True), *zip(silent, guesses, strict=True)):
            assert np.array_equal(frame, alone[row][n])
