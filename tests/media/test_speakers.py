"""Who is told to speak: by speech, not by noise."""

import numpy as np
from numpy.typing import NDArray

from call.sound import FRAME, FRAME_S
from telephony.media.speakers import LOOK, Speakers
from tests.media.plane import noise, tone


def _heard(speakers: Speakers, *sounds: NDArray[np.int16]) -> list[tuple[int, ...]]:
    """Who spoke, look by look, where each call hears one of the sounds."""
    calls = np.arange(len(sounds))
    told: list[tuple[int, ...]] = []
    for start in range(0, len(sounds[0]), FRAME * LOOK):
        frames = np.stack([s[start : start + FRAME] for s in sounds]).astype(np.float32)
        speakers.feed(calls, np.einsum("ij,ij->i", frames, frames))
        told.append(speakers.among(calls.tolist(), told[-1] if told else ()))
    return told


def _speech(seconds: float, amplitude: float, phase: float = 0.0) -> NDArray[np.int16]:
    """Noise that rises and falls four times a second, as syllables do."""
    sound = noise(seconds, seed=3, amplitude=amplitude)
    time = np.arange(len(sound)) / 8000
    return (sound * np.clip(np.sin(2 * np.pi * 2 * (time + phase)), 0.01, 1)).astype(np.int16)


def _quiet(seconds: float) -> NDArray[np.int16]:
    return noise(seconds, seed=5, amplitude=20)


def test_who_speaks_is_heard_soon_and_their_pauses_for_breath_do_not_count() -> None:
    sound = np.concatenate([_quiet(1), _speech(3, 5000), _quiet(2)])
    told = _heard(Speakers(1), sound)
    spoke = [n * FRAME_S * LOOK for n, who in enumerate(told) if who]
    assert 1.0 < spoke[0] < 1.3
    assert 4.0 < spoke[-1] < 4.7
    assert len(spoke) == round((spoke[-1] - spoke[0]) / (FRAME_S * LOOK)) + 1


def test_a_fan_is_no_speaker_but_whoever_talks_beside_it_is() -> None:
    fan = noise(8, seed=7, amplitude=900)
    beside = fan + np.concatenate([np.zeros(32000, np.int16), _speech(4, 9000)])
    told = _heard(Speakers(2), fan, beside)
    settled = told[round(2.5 / FRAME_S / LOOK) :]
    assert not any(0 in who for who in settled)
    assert 1 in told[-1]
    assert 1 not in settled[0]


def test_a_click_is_no_speech() -> None:
    sound = _quiet(2)
    sound[8000:8100] = 20000
    assert not any(_heard(Speakers(1), sound))


def test_the_loudest_comes_first_and_two_alike_do_not_take_turns() -> None:
    loud, soft = _speech(4, 12000), _speech(4, 4000)
    assert _heard(Speakers(2), soft, loud)[-1] == (1, 0)
    told = _heard(Speakers(2), _speech(6, 6000), _speech(6, 6300, phase=0.25))
    order = [who for who in told[25:] if len(who) == 2]
    assert len(set(order)) == 1


def test_who_was_loud_before_is_overtaken_by_who_is_loud_now() -> None:
    first = np.concatenate([_speech(3, 12000), _speech(3, 3000)])
    second = np.concatenate([_speech(3, 3000), _speech(3, 12000)])
    told = _heard(Speakers(2), first, second)
    assert told[70] == (0, 1)
    assert told[-1] == (1, 0)


def test_the_echo_of_a_speaker_is_no_second_one() -> None:
    speech = _speech(4, 20000)
    told = _heard(Speakers(2), speech, (speech * 0.05).astype(np.int16))
    assert {who for who in told if who} == {(0,)}


def test_nobody_is_remembered_from_the_call_before() -> None:
    speakers = Speakers(1)
    _heard(speakers, np.concatenate([_quiet(1), tone(1, 300, 9000)]))
    assert speakers.speaks[0]
    speakers.forget(0)
    assert speakers.among([0], ()) == ()
