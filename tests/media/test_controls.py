"""Back, forward, pause: what is heard after a command is the stored sound, to the frame."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from call.g711 import SILENCE, decode, encode
from call.media import PlayEnded
from call.sound import FRAME, Clip, Law
from telephony import rtp
from tests.media.plane import VirtualCall, a_call, make_clip, noise, stream

pytestmark = pytest.mark.usefixtures("each_way")

SECOND = 50
"""Frames in one."""


def frames_of(sound: np.ndarray, law: Law = Law.PCMU) -> list[bytes]:
    """Sound as it is stored, one 20 ms frame after the other."""
    return [row.tobytes() for row in encode(sound, law).reshape(-1, FRAME)]


def frames_heard(call: VirtualCall, law: Law = Law.PCMU) -> list[bytes]:
    """What arrived, cut into frames whatever the packets held."""
    kind = 0 if law is Law.PCMU else 8
    packets = [rtp.parse(packet) for _, packet in call.far.heard]
    sound = b"".join(p.payload for p in packets if p.payload_type == kind)
    return [sound[n : n + FRAME] for n in range(0, len(sound), FRAME)]


def a_message(folder: Path, *lengths: float) -> tuple[list[Clip], list[bytes]]:
    """Clips of these lengths, and the frames of all of them."""
    sounds = [noise(length, seed=n) for n, length in enumerate(lengths)]
    clips = [make_clip(folder, f"part{n}", sound) for n, sound in enumerate(sounds)]
    return clips, frames_of(np.concatenate(sounds))


QUIET = bytes([SILENCE[Law.PCMU]]) * FRAME


@pytest.mark.parametrize("law", list(Law))
def test_after_three_seconds_back_the_sound_of_three_seconds_earlier_is_heard(
    tmp_path: Path, law: Law
) -> None:
    call = a_call(agreed=stream(law=law))
    sound = noise(8.0)
    stored = frames_of(sound, law)
    call.plane.play(call.slot, [make_clip(tmp_path, "message", sound)], ticket=1)
    call.plane.advance(5.0)
    call.plane.skip(call.slot, -3.0)
    call.plane.advance(7.0)
    heard = frames_heard(call, law)
    assert heard[: 5 * SECOND] == stored[: 5 * SECOND]
    assert heard[5 * SECOND : 11 * SECOND] == stored[2 * SECOND :]
    assert call.told(PlayEnded) == [PlayEnded(1)]


def test_three_seconds_forward_leave_three_seconds_out(tmp_path: Path) -> None:
    call = a_call()
    clips, stored = a_message(tmp_path, 6.0)
    call.plane.play(call.slot, clips, ticket=1)
    call.plane.advance(1.0)
    call.plane.skip(call.slot, 3.0)
    call.plane.advance(2.0)
    assert frames_heard(call) == stored[:SECOND] + stored[4 * SECOND :]


def test_back_and_forward_cross_from_one_clip_into_another(tmp_path: Path) -> None:
    call = a_call()
    clips, stored = a_message(tmp_path, 1.5, 0.5, 2.0, 1.5)
    call.plane.play(call.slot, clips, ticket=1)
    call.plane.advance(2.5)
    call.plane.skip(call.slot, -2.0)
    call.plane.advance(1.0)
    call.plane.skip(call.slot, 3.0)
    call.plane.advance(1.0)
    expected = stored[:125] + stored[25:75] + stored[225:]
    assert frames_heard(call)[: len(expected)] == expected
    assert call.told(PlayEnded) == [PlayEnded(1)]


def test_back_at_the_beginning_is_the_beginning(tmp_path: Path) -> None:
    call = a_call()
    clips, stored = a_message(tmp_path, 1.0, 1.0)
    call.plane.play(call.slot, clips, ticket=1)
    call.plane.advance(1.2)
    call.plane.skip(call.slot, -86400.0)
    call.plane.advance(2.2)
    assert frames_heard(call)[:160] == stored[:60] + stored


@pytest.mark.parametrize("seconds", [1.0, 3.0, 86400.0])
def test_forward_past_the_end_is_the_end(tmp_path: Path, seconds: float) -> None:
    call = a_call()
    clips, _ = a_message(tmp_path, 1.0, 1.0)
    call.plane.play(call.slot, clips, ticket=1)
    call.plane.advance(1.0)
    call.plane.skip(call.slot, seconds)
    call.plane.advance(0.02)
    assert call.told(PlayEnded) == [PlayEnded(1)]
    call.plane.skip(call.slot, -1.0)
    call.plane.advance(1.0)
    assert frames_heard(call)[SECOND:] == [QUIET] * 51
    assert call.told(PlayEnded) == [PlayEnded(1)]


@pytest.mark.parametrize("ptime_ms", [20, 40, 60])
def test_a_pause_is_silence_on_the_same_pace_and_loses_nothing(
    tmp_path: Path, ptime_ms: int
) -> None:
    call = a_call(agreed=stream(ptime_ms=ptime_ms))
    clips, stored = a_message(tmp_path, 2.4)
    call.plane.play(call.slot, clips, ticket=1)
    call.plane.advance(1.2)
    call.plane.pause(call.slot)
    call.plane.advance(6.0)
    call.plane.resume(call.slot)
    call.plane.advance(1.2)
    assert frames_heard(call)[:420] == stored[:60] + [QUIET] * 300 + stored[60:]
    for (_, before), (_, after) in pairwise(call.far.heard):
        step = rtp.timestamp_samples(rtp.parse(before).timestamp, rtp.parse(after).timestamp)
        assert step == 8 * ptime_ms
    assert call.told(PlayEnded) == [PlayEnded(1)]


def test_back_while_paused_is_heard_when_the_pause_is_over(tmp_path: Path) -> None:
    call = a_call()
    clips, stored = a_message(tmp_path, 2.0)
    call.plane.play(call.slot, clips, ticket=1)
    call.plane.advance(1.0)
    call.plane.pause(call.slot)
    call.plane.advance(0.1)
    call.plane.skip(call.slot, -0.5)
    call.plane.advance(0.1)
    call.plane.resume(call.slot)
    call.plane.advance(1.5)
    assert frames_heard(call) == stored[:50] + [QUIET] * 10 + stored[25:]


def test_a_pause_goes_with_the_play_it_paused(tmp_path: Path) -> None:
    call = a_call()
    clips, stored = a_message(tmp_path, 1.0)
    call.plane.play(call.slot, clips, ticket=1)
    call.plane.advance(0.5)
    call.plane.pause(call.slot)
    call.plane.play(call.slot, clips, ticket=2)
    call.plane.advance(1.0)
    assert frames_heard(call) == stored[:25] + stored
    assert call.told(PlayEnded) == [PlayEnded(2)]


def test_where_nothing_plays_nothing_happens(tmp_path: Path) -> None:
    call = a_call()
    clips, stored = a_message(tmp_path, 0.5)
    for _ in range(2):
        call.plane.pause(call.slot)
        call.plane.skip(call.slot, 3.0)
        call.plane.skip(call.slot, -3.0)
        call.plane.resume(call.slot)
        call.plane.pause(call.slot)
        call.plane.play(call.slot, clips, ticket=1)
        call.plane.advance(0.7)
    assert frames_heard(call) == (stored + [QUIET] * 10) * 2
    assert call.told(PlayEnded) == [PlayEnded(1)] * 2


def test_back_after_the_call_has_changed_to_the_other_law(tmp_path: Path) -> None:
    call = a_call()
    sounds = [noise(1.0, seed=1), noise(2.0, seed=2)]
    clips = [make_clip(tmp_path, f"part{n}", sound) for n, sound in enumerate(sounds)]
    call.plane.play(call.slot, clips, ticket=1)
    call.plane.advance(2.0)
    call.plane.pause(call.slot)
    call.far.heard.clear()
    call.plane.connect(call.slot, stream(law=Law.PCMA))
    call.plane.skip(call.slot, -1.5)
    call.plane.resume(call.slot)
    call.plane.advance(2.5)
    stored = frames_of(np.concatenate(sounds), Law.PCMA)
    assert frames_heard(call, Law.PCMA) == stored[25:]
    assert call.told(PlayEnded) == [PlayEnded(1)]


COMMANDS = st.one_of(
    st.integers(-80, 80),  # frames to skip
    st.sampled_from(["pause", "resume"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), COMMANDS), max_size=25))
def test_whatever_is_pressed_what_is_heard_is_the_stored_sound_or_silence(
    tmp_path_factory: pytest.TempPathFactory, script: list[tuple[int, int | str]]
) -> None:
    call = a_call()
    clips, stored = a_message(tmp_path_factory.mktemp("clips"), 0.5, 0.02, 1.0)
    call.plane.play(call.slot, clips, ticket=1)
    expected: list[bytes] = []
    place: int | None = 0
    paused = False
    for frames, command in [*script, (200, "resume")]:
        for _ in range(frames):
            sounding = place is not None and not paused
            expected.append(stored[place] if place is not None and sounding else QUIET)
            if place is not None and sounding:
                place = place + 1 if place + 1 < len(stored) else None
        call.plane.advance(frames * 0.02)
        if isinstance(command, int):
            call.plane.skip(call.slot, command * 0.02)
            if place is not None:
                place = max(0, place + command)
                if place >= len(stored):
                    place, paused = None, False
        elif command == "pause":
            call.plane.pause(call.slot)
            paused = place is not None
        else:
            call.plane.resume(call.slot)
            paused = False
    assert frames_heard(call) == expected
    over = [PlayEnded(1)] if place is None else []
    assert call.told(PlayEnded) == over


def test_what_is_heard_again_is_the_same_sound(tmp_path: Path) -> None:
    call = a_call()
    clips, _ = a_message(tmp_path, 4.0)
    call.plane.play(call.slot, clips, ticket=1)
    call.plane.advance(3.0)
    call.plane.skip(call.slot, -3.0)
    call.plane.advance(3.0)
    sound = call.far.sound()
    assert np.array_equal(sound[: 3 * 8000], sound[3 * 8000 :])
    assert np.array_equal(
        sound[:8000], decode(encode(noise(4.0, seed=0), Law.PCMU), Law.PCMU)[:8000]
    )
