"""Hold music and ringing go round and round; whatever is asked for, packets keep their pace."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from call.media import PlayEnded
from call.sound import FRAME, Clip, Law
from telephony import rtp
from tests.media.plane import VirtualCall, a_call, a_plane, make_clip, noise, stream
from tests.media.test_controls import QUIET, a_message, frames_heard, frames_of

pytestmark = pytest.mark.usefixtures("each_way")


@pytest.mark.parametrize("ptime_ms", [20, 40, 60])
def test_what_repeats_begins_again_with_no_gap_and_never_ends(
    tmp_path: Path, ptime_ms: int
) -> None:
    call = a_call(agreed=stream(ptime_ms=ptime_ms))
    clips, stored = a_message(tmp_path, 0.5, 0.02, 0.68)
    call.plane.play(call.slot, clips, ticket=1, repeat=True)
    call.plane.advance(6.0)
    assert frames_heard(call) == stored * 5
    assert call.events == []


def test_what_repeats_ends_with_the_frame_in_which_it_is_stopped(tmp_path: Path) -> None:
    call = a_call()
    clips, stored = a_message(tmp_path, 0.5)
    call.plane.play(call.slot, clips, ticket=1, repeat=True)
    call.plane.advance(1.3)
    call.plane.stop_playing(call.slot)
    call.plane.advance(0.2)
    assert frames_heard(call) == (stored * 3)[:65] + [QUIET] * 10
    assert call.events == []


def test_only_what_takes_the_place_of_a_repeated_play_is_told_to_end(tmp_path: Path) -> None:
    call = a_call()
    clips, stored = a_message(tmp_path, 0.5)
    prompt = noise(0.4, seed=9)
    call.plane.play(call.slot, clips, ticket=1, repeat=True)
    call.plane.advance(0.7)
    call.plane.play(call.slot, [make_clip(tmp_path, "prompt", prompt)], ticket=2)
    call.plane.advance(0.5)
    assert frames_heard(call) == stored + stored[:10] + frames_of(prompt) + [QUIET] * 5
    assert call.told(PlayEnded) == [PlayEnded(2)]


def test_what_repeats_pauses_and_goes_on_where_it_was(tmp_path: Path) -> None:
    call = a_call()
    clips, stored = a_message(tmp_path, 0.3, 0.2)
    call.plane.play(call.slot, clips, ticket=1, repeat=True)
    call.plane.advance(0.9)
    call.plane.pause(call.slot)
    call.plane.advance(0.4)
    call.plane.resume(call.slot)
    call.plane.advance(0.6)
    twice = stored * 3
    assert frames_heard(call) == twice[:45] + [QUIET] * 20 + twice[45:]


@pytest.mark.parametrize(("seconds", "place"), [(0.1, 30), (1.1, 30), (0.3, 40), (-9.0, 0)])
def test_forward_past_the_end_of_what_repeats_is_its_next_round(
    tmp_path: Path, seconds: float, place: int
) -> None:
    call = a_call()
    clips, stored = a_message(tmp_path, 0.3, 0.7)
    call.plane.play(call.slot, clips, ticket=1, repeat=True)
    call.plane.advance(1.5)
    call.plane.skip(call.slot, seconds)
    call.plane.advance(0.5)
    assert frames_heard(call)[75:] == (stored * 3)[place : place + 25]


def test_a_call_that_changes_law_hears_what_repeats_go_on_in_the_other(tmp_path: Path) -> None:
    call = a_call()
    sounds = [noise(0.3, seed=1), noise(0.2, seed=2)]
    clips = [make_clip(tmp_path, f"part{n}", sound) for n, sound in enumerate(sounds)]
    call.plane.play(call.slot, clips, ticket=1, repeat=True)
    call.plane.advance(0.9)
    call.far.heard.clear()
    call.plane.connect(call.slot, stream(law=Law.PCMA))
    call.plane.advance(0.6)
    stored = [frame for sound in sounds for frame in frames_of(sound, Law.PCMA)]
    assert frames_heard(call, Law.PCMA) == (stored * 4)[45:75]


def test_ringing_asked_for_before_a_call_is_connected_repeats_from_then_on(tmp_path: Path) -> None:
    plane = a_plane()
    call = VirtualCall(plane, plane.open(lambda event: None))
    clips, stored = a_message(tmp_path, 0.4)
    plane.play(call.slot, clips, ticket=1, repeat=True)
    plane.advance(0.5)
    plane.connect(call.slot, stream(port=call.far.address[1]))
    plane.advance(1.2)
    assert frames_heard(call) == stored * 3


def test_where_no_clip_can_be_read_there_is_silence(tmp_path: Path) -> None:
    call = a_call()
    call.plane.play(call.slot, [Clip(tmp_path / "gone", 5)], ticket=1, repeat=True)
    call.plane.advance(0.5)
    assert frames_heard(call) == [QUIET] * 25
    assert call.events == []


COMMANDS = st.sampled_from(
    ("play", "repeat", "stop", "pause", "resume", "skip", "bridge", "unbridge", "other", "room",
     "leave", "keys", "law", "hold"),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1), COMMANDS), max_size=20),
    st.sampled_from((20, 40, 60)),
)
def test_whatever_is_asked_for_every_frame_is_sent_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, script: list[tuple[int, int, str]], ptime_ms: int
) -> None:
    plane = a_plane()
    clips, _ = a_message(tmp_path_factory.mktemp("clips"), 0.3, 0.02)
    calls = [a_call(plane) for _ in range(3)]
    room = plane.open_room(lambda event: None)
    laws = [Law.PCMU, Law.PCMU]
    first = calls[0].far.address[1]
    plane.connect(calls[0].slot, stream(port=first, ptime_ms=ptime_ms))
    for frames, whose, command in [*script, (20, 0, "stop")]:
        plane.advance(frames * 0.02)
        slot, other = calls[whose].slot, calls[1 - whose].slot
        match command:
            case "play" | "repeat":
                plane.play(slot, clips, 1, repeat=command == "repeat")
            case "stop":
                plane.stop_playing(slot)
            case "pause":
                plane.pause(slot)
            case "resume":
                plane.resume(slot)
            case "skip":
                plane.skip(slot, 0.2)
            case "bridge":
                plane.bridge(slot, other)
            case "other":
                plane.bridge(slot, calls[2].slot, keys=False)
            case "unbridge":
                plane.unbridge(slot)
            case "room":
                plane.join(slot, room)
            case "leave":
                plane.leave(slot)
            case "keys":
                calls[whose].far.press("5")
            case "law":
                laws[whose] = Law.PCMA if laws[whose] is Law.PCMU else Law.PCMU
                ptime = 20 if whose else ptime_ms
                port = calls[whose].far.address[1]
                plane.connect(slot, stream(law=laws[whose], port=port, ptime_ms=ptime))
            case "hold":
                calls[whose].far.silent = not calls[whose].far.silent
    for call, ptime in zip(calls, (ptime_ms, 20, 20), strict=True):
        _check_pace(call, ptime)


def _check_pace(call: VirtualCall, ptime_ms: int) -> None:
    """Each frame of time is in one packet, as sound or as a key going on."""
    packets = [rtp.parse(packet) for _, packet in call.far.heard]
    for before, after in pairwise(packets):
        assert rtp.sequence_steps(before.sequence, after.sequence) == 1
        assert after.ssrc == before.ssrc
    sound = [packet for packet in packets if packet.payload_type != 101]
    frames: list[int] = []
    for packet in sound:
        begin = rtp.timestamp_samples(sound[0].timestamp, packet.timestamp)
        assert begin % FRAME == 0
        assert len(packet.payload) <= 8 * ptime_ms
        frames += range(begin // FRAME, (begin + len(packet.payload)) // FRAME)
    assert frames == sorted(set(frames))
    pressing = len(packets) - len(sound)
    assert len(set(range(frames[-1])) - set(frames)) in (pressing, pressing - 1)
    if ptime_ms == 20:
        turns = [round((at - call.far.heard[0][0]) / 0.02) for at, _ in call.far.heard]
        assert turns == list(range(len(turns)))
