"""Two calls that are bridged hear each other."""

import numpy as np
import pytest

from call.sound import FRAME, Law
from tests.media.plane import a_call, a_plane, stream, tone


@pytest.mark.parametrize("law", Law)
def test_two_bridged_calls_hear_each_other(law: Law) -> None:
    plane = a_plane()
    caller = a_call(plane)
    callee = a_call(plane, stream(law=law, port=plane.far_end(caller.slot).address[1] + 2))
    plane.advance(0.1)
    plane.bridge(caller.slot, callee.slot)
    caller.far.speak(tone(1.0, 440))
    callee.far.speak(tone(1.0, 1000))
    plane.advance(1.5)
    assert _loudest(callee.far.sound()) == pytest.approx(440, abs=10)
    assert _loudest(caller.far.sound()) == pytest.approx(1000, abs=10)


def _loudest(sound: np.ndarray) -> float:
    middle = sound[len(sound) // 2 - 10 * FRAME : len(sound) // 2 + 10 * FRAME]
    spectrum = np.abs(np.fft.rfft(middle))
    return float(np.argmax(spectrum) * 8000 / len(middle))
