"""What a call hears and keeps of a peer that is on hold, and when the hold is over."""

from pathlib import Path

import numpy as np
import pytest

from call.media import Direction, RecordEnded, Side
from call.sound import Pcm
from tests.media.plane import a_call, stream, tone

pytestmark = pytest.mark.usefixtures("each_way")


@pytest.mark.parametrize("sends_on_hold", [True, False])
@pytest.mark.parametrize("side", [Side.RECEIVED, Side.MIXED])
def test_a_recording_is_silent_while_the_peer_is_on_hold_and_keeps_the_time(
    tmp_path: Path, side: Side, sends_on_hold: bool
) -> None:
    call = a_call()
    call.plane.record(call.slot, tmp_path / "tape", max_s=60, side=side)
    call.plane.advance(0.1)
    call.far.speak(tone(0.9, 500))
    call.plane.advance(1.0)
    call.plane.connect(call.slot, stream(direction=Direction.SENDONLY))
    call.far.silent = not sends_on_hold
    if sends_on_hold:
        call.far.speak(tone(2.5, 900))
    call.plane.advance(3.0)
    call.plane.connect(call.slot, stream())
    call.far.silent = False
    call.plane.advance(0.5)
    call.far.speak(tone(1.0, 500))
    call.plane.advance(1.5)
    call.plane.close(call.slot)
    call.plane.advance(0.1)
    [ended] = call.told(RecordEnded)
    sound = np.fromfile(tmp_path / "tape", dtype="<i2")
    assert ended.seconds == pytest.approx(6.1, abs=0.05)
    assert len(sound) / 8000 == pytest.approx(ended.seconds)
    assert _loud(sound) == pytest.approx([0.1, 1.0, 4.6, 5.6], abs=0.1)


def _loud(sound: Pcm) -> list[float]:
    """When sound begins, ends, begins and so on, in seconds."""
    frames = np.abs(sound[: len(sound) // 160 * 160].reshape(-1, 160)).max(axis=1) > 1000
    edges = np.flatnonzero(np.diff(np.concatenate([[0], frames.astype(np.int8), [0]])))
    return [float(edge) / 50 for edge in edges]
