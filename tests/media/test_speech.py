"""Who asked for it is told when somebody begins to speak, and when they are quiet."""

import numpy as np
import pytest

from call.media import SpeechChanged
from call.sound import Pcm
from tests.media.plane import a_call, a_plane, noise, tone


def _words(seconds: float) -> Pcm:
    """Syllables five times a second, each of them swelling and fading."""
    sound = noise(seconds, amplitude=9000).astype(float)
    swell = np.abs(np.sin(np.pi * 5 * np.arange(len(sound)) / 8000))
    return (sound * swell).astype(np.int16)


def test_the_beginning_and_the_end_of_speech_are_told_with_their_times() -> None:
    call = a_call()
    call.plane.watch_speech(call.slot, True)
    call.plane.advance(2.0)
    begun = call.far.heard[-1][0]
    call.far.speak(_words(2.0))
    call.plane.advance(0.16)
    [began] = call.told(SpeechChanged)
    assert began.speaking
    assert began.at == pytest.approx(begun, abs=0.06)
    call.plane.advance(2.2)
    assert call.told(SpeechChanged) == [began]
    call.plane.advance(0.5)
    [_, ended] = call.told(SpeechChanged)
    assert not ended.speaking
    assert ended.at == pytest.approx(begun + 2.0, abs=0.15)


def test_pauses_between_words_are_not_told() -> None:
    call = a_call()
    call.plane.watch_speech(call.slot, True)
    call.plane.advance(1.0)
    for _ in range(5):
        call.far.speak(np.concatenate([_words(0.6), np.zeros(2400, dtype=np.int16)]))
    call.plane.advance(5.6)
    assert [event.speaking for event in call.told(SpeechChanged)] == [True, False]


def test_a_steady_noise_is_not_speech_but_words_above_it_are() -> None:
    call = a_call()
    hum = noise(12.0, seed=3, amplitude=300)
    hum[6 * 8000 : 8 * 8000] += _words(2.0)
    call.far.speak(hum)
    call.plane.advance(3.0)
    call.plane.watch_speech(call.slot, True)
    call.plane.advance(2.9)
    assert not any(event.speaking for event in call.told(SpeechChanged)[2:])
    before = len(call.told(SpeechChanged))
    call.plane.advance(4.0)
    assert [event.speaking for event in call.told(SpeechChanged)[before:]] == [True, False]


def test_a_click_is_not_speech() -> None:
    call = a_call()
    call.plane.watch_speech(call.slot, True)
    call.plane.advance(1.0)
    call.far.speak(tone(0.02, 1000, 20000))
    call.plane.advance(1.0)
    assert call.told(SpeechChanged) == []


def test_nothing_is_told_unasked_nor_when_it_is_asked_no_more() -> None:
    call = a_call()
    call.far.speak(_words(1.0))
    call.plane.advance(2.0)
    call.plane.watch_speech(call.slot, True)
    call.plane.advance(1.0)
    call.plane.watch_speech(call.slot, False)
    call.far.speak(_words(1.0))
    call.plane.advance(2.0)
    assert call.events == []


def test_asked_twice_it_is_told_once_and_asked_no_more_it_costs_nobody_else_their_hearing() -> None:
    plane = a_plane()
    caller = a_call(plane)
    callee = a_call(plane)
    plane.bridge(caller.slot, callee.slot)
    for _ in range(2):
        plane.watch_speech(caller.slot, True)
    plane.advance(1.0)
    caller.far.speak(_words(0.5))
    plane.advance(0.3)
    assert [event.speaking for event in caller.told(SpeechChanged)] == [True]
    for _ in range(2):
        plane.watch_speech(caller.slot, False)
    before = len(callee.far.sound())
    plane.advance(0.2)
    assert callee.far.sound()[before:].any()


def test_a_phone_that_sends_nothing_in_silence_is_quiet() -> None:
    call = a_call()
    call.far.silent = True
    call.plane.watch_speech(call.slot, True)
    call.plane.advance(1.0)
    call.far.speak(_words(1.0))
    call.plane.advance(1.8)
    assert [event.speaking for event in call.told(SpeechChanged)] == [True, False]


def test_a_call_closed_while_it_is_watched_goes_in_peace() -> None:
    call = a_call()
    call.plane.watch_speech(call.slot, True)
    call.far.speak(_words(1.0))
    call.plane.advance(0.5)
    call.plane.close(call.slot)
    call.plane.advance(1.0)
    next_one = a_call(call.plane)
    next_one.far.speak(_words(1.0))
    call.plane.advance(1.0)
    assert next_one.told(SpeechChanged) == []
