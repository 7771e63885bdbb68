"""Two calls that are bridged hear each other, press each other's keys, and disturb nobody."""

from pathlib import Path

import numpy as np
import pytest

from call.clock import VirtualClock
from call.g711 import DECODE, SILENCE, decode, encode
from call.media import Direction, KeyPressed, KeySource, MediaStatistics, PlayEnded
from call.sound import FRAME, Law, Pcm
from telephony import rtp
from telephony.dtmf import TelephoneEvent, pack_event, parse_event
from telephony.media.engine import MediaSettings
from telephony.media.virtual import VirtualPlane
from telephony.tones import key_tones
from tests.media.plane import VirtualCall, a_call, a_plane, make_clip, noise, stream, tone

pytestmark = pytest.mark.usefixtures("each_way")

PHONE = {Law.PCMU: 0, Law.PCMA: 8}
BOTH_WAYS = [(a, b) for a in Law for b in Law]


def a_pair(
    plane: VirtualPlane, laws: tuple[Law, Law] = (Law.PCMU, Law.PCMU), *,
    events: tuple[int | None, int | None] = (101, 101), keys: bool = True,
    ptime_ms: tuple[int, int] = (20, 20), direction: Direction = Direction.SENDRECV,
) -> tuple[VirtualCall, VirtualCall]:  # fmt: skip
    """Two calls that are up and bridged; `direction` is the second one's."""
    first, second = a_call(plane), a_call(plane)
    directions = (Direction.SENDRECV, direction)
    for call, law, event, ptime, way in zip(
        (first, second), laws, events, ptime_ms, directions, strict=True
    ):
        port = call.far.address[1]
        agreed = stream(law=law, events=event, port=port, ptime_ms=ptime, direction=way)
        plane.connect(call.slot, agreed)
    plane.advance(0.2)
    plane.bridge(first.slot, second.slot, keys=keys)
    plane.advance(0.1)
    return first, second


def frames_heard(call: VirtualCall, law: Law = Law.PCMU) -> list[bytes]:
    """The sound that arrived at a telephone, in frames."""
    packets = [rtp.parse(packet) for _, packet in call.far.heard]
    sound = b"".join(p.payload for p in packets if p.payload_type == PHONE[law])
    return [sound[n : n + FRAME] for n in range(0, len(sound), FRAME)]


def heard_whole(call: VirtualCall, sound: Pcm, spoken: Law, heard: Law) -> bool:
    """Whether a telephone heard every sample of a sound in a row, as the table has it."""
    said = encode(sound, spoken)
    expected = said if spoken is heard else encode(decode(said, spoken), heard)
    return expected.tobytes() in b"".join(frames_heard(call, heard))


def presses_heard(call: VirtualCall) -> list[tuple[int, int]]:
    """The code and last duration of each event that arrived, by its timestamp."""
    packets = [rtp.parse(packet) for _, packet in call.far.heard]
    last: dict[int, tuple[int, int]] = {}
    for packet in packets:
        if packet.payload_type == 101:
            event = parse_event(packet.payload)
            last[packet.timestamp] = (event.code, event.duration)
    return list(last.values())


@pytest.mark.parametrize("laws", BOTH_WAYS)
def test_two_bridged_calls_hear_each_other_to_the_octet(laws: tuple[Law, Law]) -> None:
    plane = a_plane()
    first, second = a_pair(plane, laws)
    sounds = noise(1.0, seed=1), noise(1.0, seed=2)
    first.far.speak(sounds[0])
    second.far.speak(sounds[1])
    plane.advance(1.3)
    assert heard_whole(second, sounds[0], laws[0], laws[1])
    assert heard_whole(first, sounds[1], laws[1], laws[0])


def test_every_octet_there_is_crosses_a_bridge_of_one_law_unchanged() -> None:
    plane = a_plane()
    first, second = a_pair(plane)
    every = np.roll(DECODE[Law.PCMU][np.arange(256)], 3)
    sound = np.resize(every, 16 * FRAME)
    first.far.speak(sound)
    plane.advance(0.6)
    assert heard_whole(second, sound, Law.PCMU, Law.PCMU)


@pytest.mark.parametrize("slots", [(0, 1), (0, 4), (1, 0), (3, 0), (2, 5)])
def test_what_one_says_reaches_the_other_within_65_ms_of_its_coming(
    slots: tuple[int, int],
) -> None:
    clock = VirtualClock()
    plane = VirtualPlane(clock, MediaSettings(slots=16), 0)
    calls = [a_call(plane) for _ in range(6)]
    first, second = calls[slots[0]], calls[slots[1]]
    plane.bridge(first.slot, second.slot)
    plane.advance(0.5)
    began = clock.monotonic()
    first.far.speak(np.full(FRAME, 8000, dtype=np.int16))
    plane.advance(0.3)
    loud = encode(np.full(FRAME, 8000, dtype=np.int16), Law.PCMU).tobytes()
    [arrived] = [at for at, packet in second.far.heard if packet.endswith(loud)]
    assert arrived - began <= 0.066 + 0.020  # and up to a frame until it is sent


@pytest.mark.parametrize("ptime_ms", [(20, 60), (40, 20), (60, 40)])
def test_each_side_gets_packets_as_long_as_it_asked_for(ptime_ms: tuple[int, int]) -> None:
    plane = a_plane()
    first, second = a_pair(plane, ptime_ms=ptime_ms)
    sounds = noise(1.2, seed=1), noise(1.2, seed=2)
    first.far.speak(sounds[0])
    second.far.speak(sounds[1])
    plane.advance(1.6)
    assert heard_whole(second, sounds[0], Law.PCMU, Law.PCMU)
    assert heard_whole(first, sounds[1], Law.PCMU, Law.PCMU)
    for call, ptime in zip((first, second), ptime_ms, strict=True):
        assert len(call.far.heard[-1][1]) == 12 + 8 * ptime


def test_a_telephone_that_sends_nothing_in_silence_is_heard_when_it_speaks() -> None:
    plane = a_plane()
    first, second = a_pair(plane)
    first.far.silent = True
    plane.advance(2.0)
    second.far.heard.clear()
    plane.advance(0.5)
    assert set(frames_heard(second)) == {bytes([SILENCE[Law.PCMU]]) * FRAME}
    sound = noise(1.0)
    first.far.speak(sound)
    plane.advance(1.5)
    assert np.abs(second.far.sound()).max() > 2000
    assert len(second.far.heard) == 100


@pytest.mark.parametrize("direction", [Direction.SENDONLY, Direction.INACTIVE])
def test_who_is_on_hold_is_not_heard_whatever_it_sends(direction: Direction) -> None:
    plane = a_plane()
    first, second = a_pair(plane, direction=direction)
    plane.advance(0.2)
    first.far.heard.clear()
    second.far.speak(tone(1.0))
    plane.advance(1.2)
    assert set(frames_heard(first)) == {bytes([SILENCE[Law.PCMU]]) * FRAME}


@pytest.mark.parametrize("direction", [Direction.RECVONLY, Direction.INACTIVE])
def test_who_does_not_listen_is_sent_nothing(direction: Direction) -> None:
    plane = a_plane()
    first, second = a_pair(plane, direction=direction)
    second.far.heard.clear()
    first.far.speak(tone(1.0))
    plane.advance(1.0)
    assert not second.far.heard


def test_after_hold_both_hear_each_other_again() -> None:
    plane = a_plane()
    first, second = a_pair(plane, direction=Direction.INACTIVE)
    second.far.speak(tone(1.0))
    plane.advance(3.0)
    plane.connect(second.slot, stream(port=second.far.address[1]))
    plane.advance(0.5)
    sounds = noise(1.0, seed=1), noise(1.0, seed=2)
    first.far.speak(sounds[0])
    second.far.speak(sounds[1])
    plane.advance(1.5)
    assert heard_whole(second, sounds[0], Law.PCMU, Law.PCMU)
    assert heard_whole(first, sounds[1], Law.PCMU, Law.PCMU)


def test_a_bridge_made_before_its_calls_are_connected_carries_sound_once_they_are() -> None:
    plane = a_plane()
    slots = [plane.open(lambda event: None) for _ in range(2)]
    plane.bridge(*slots)
    plane.advance(0.5)
    for slot in slots:
        plane.connect(slot, stream(port=plane.far_end(slot).address[1]))
        plane.advance(0.3)
    first, second = (VirtualCall(plane, slot) for slot in slots)
    sounds = noise(1.0, seed=1), noise(1.0, seed=2)
    first.far.speak(sounds[0])
    second.far.speak(sounds[1])
    plane.advance(1.5)
    assert heard_whole(second, sounds[0], Law.PCMU, Law.PCMU)
    assert heard_whole(first, sounds[1], Law.PCMU, Law.PCMU)


def test_a_telephone_that_changes_law_goes_on_hearing_and_being_heard() -> None:
    plane = a_plane()
    first, second = a_pair(plane)
    plane.connect(second.slot, stream(law=Law.PCMA, port=second.far.address[1]))
    plane.advance(0.3)
    sounds = noise(1.0, seed=1), noise(1.0, seed=2)
    first.far.speak(sounds[0])
    second.far.speak(sounds[1])
    plane.advance(1.5)
    assert heard_whole(second, sounds[0], Law.PCMU, Law.PCMA)
    assert heard_whole(first, sounds[1], Law.PCMA, Law.PCMU)


@pytest.mark.parametrize("closes", [True, False])
def test_whose_other_side_goes_away_hears_silence_and_is_told_nothing(closes: bool) -> None:
    plane = a_plane()
    first, second = a_pair(plane)
    second.far.speak(tone(5.0))
    plane.advance(0.5)
    (plane.close if closes else plane.unbridge)(second.slot)
    plane.advance(0.1)
    first.far.heard.clear()
    plane.advance(1.0)
    assert set(frames_heard(first)) == {bytes([SILENCE[Law.PCMU]]) * FRAME}
    assert first.events == []
    assert len(second.told(MediaStatistics)) == closes


def test_a_new_bridge_takes_the_place_of_the_old_one_on_both_sides() -> None:
    plane = a_plane()
    first, second = a_pair(plane)
    third, fourth = a_pair(plane)
    plane.bridge(first.slot, third.slot)
    plane.advance(0.1)
    for each in (second, fourth):
        each.far.heard.clear()
    sound = noise(1.0)
    first.far.speak(sound)
    plane.advance(1.3)
    assert heard_whole(third, sound, Law.PCMU, Law.PCMU)
    for alone in (second, fourth):
        assert set(frames_heard(alone)) == {bytes([SILENCE[Law.PCMU]]) * FRAME}


def test_a_bridge_takes_the_place_of_a_room_and_a_room_of_a_bridge() -> None:
    plane = a_plane()
    first, second, third = (a_call(plane) for _ in range(3))
    room = plane.open_room(lambda event: None)
    for each in (first, second):
        plane.join(each.slot, room)
    plane.bridge(first.slot, third.slot)
    plane.advance(0.2)
    sound = noise(1.0)
    first.far.speak(sound)
    plane.advance(1.5)
    assert heard_whole(third, sound, Law.PCMU, Law.PCMU)
    assert np.abs(second.far.sound()[1600:]).max() < 10
    plane.join(first.slot, room)
    plane.advance(0.2)
    third.far.heard.clear()
    first.far.speak(sound)
    plane.advance(1.5)
    assert np.abs(second.far.sound()[-12000:]).max() > 1000
    assert set(frames_heard(third)) == {bytes([SILENCE[Law.PCMU]]) * FRAME}


def test_the_same_bridge_said_twice_loses_no_frame() -> None:
    plane = a_plane()
    first, second = a_pair(plane)
    sound = noise(1.0)
    first.far.speak(sound)
    plane.advance(0.5)
    plane.bridge(second.slot, first.slot)
    plane.advance(0.8)
    assert heard_whole(second, sound, Law.PCMU, Law.PCMU)


# Keys


def test_a_key_pressed_on_one_side_is_pressed_on_the_other_and_told_of_the_first_only() -> None:
    plane = a_plane()
    first, second = a_pair(plane)
    first.far.press("15#")
    plane.advance(1.5)
    assert [code for code, _ in presses_heard(second)] == [1, 5, 11]
    assert presses_heard(first) == []
    assert [key.key for key in first.told(KeyPressed)] == ["1", "5", "#"]
    assert second.told(KeyPressed) == []


@pytest.mark.parametrize("seconds", [0.04, 0.1, 0.3, 1.0])
def test_a_key_is_held_on_the_other_side_as_long_as_on_its_own(seconds: float) -> None:
    plane = a_plane()
    first, second = a_pair(plane)
    first.far.press("7", seconds)
    plane.advance(seconds + 0.5)
    [(code, duration)] = presses_heard(second)
    assert code == 7
    assert duration / 8000 == pytest.approx(seconds, abs=0.041)


def test_a_key_whose_end_is_lost_is_let_go_on_the_other_side() -> None:
    plane = a_plane()
    first, second = a_pair(plane)
    for n in range(1, 26):
        event = pack_event(TelephoneEvent(7, False, n * FRAME))
        first.far.send(rtp.pack(rtp.RtpPacket(101, n, 5000, 77, event)))
        plane.advance(0.02)
    plane.advance(0.5)
    [(_, duration)] = presses_heard(second)
    assert duration / 8000 == pytest.approx(0.6, abs=0.06)


def test_a_key_of_a_telephone_without_events_is_an_event_on_the_other_side_and_no_tone() -> None:
    plane = a_plane()
    first, second = a_pair(plane, events=(None, 101))
    first.far.press("4")
    plane.advance(1.0)
    assert [code for code, _ in presses_heard(second)] == [4]
    assert [(k.key, k.source) for k in first.told(KeyPressed)] == [("4", KeySource.INBAND)]
    loud = [frame for frame in frames_heard(second) if np.abs(_linear(frame)).max() > 500]
    assert len(loud) <= 1


def test_a_tone_whose_packets_wait_long_to_be_heard_is_kept_from_the_other_side_too() -> None:
    plane = a_plane()
    first, second = a_pair(plane, events=(None, 101))
    first.far.silent = True
    speech = np.concatenate([tone(1.6, 300, 2000), key_tones("4"), tone(1.0, 300, 2000)])
    frames = encode(speech, Law.PCMU).reshape(-1, FRAME)
    for n in range(len(frames) + 10):
        # The network holds eight packets back, so that all that follow wait to be heard.
        came = [n] if not 40 <= n <= 48 else range(40, 49) if n == 48 else []
        for each in came:
            if each < len(frames):
                sound = frames[each].tobytes()
                first.far.send(rtp.pack(rtp.RtpPacket(0, each, each * FRAME, 77, sound)))
        plane.advance(0.02)
    assert [key.key for key in first.told(KeyPressed)] == ["4"]
    assert [code for code, _ in presses_heard(second)] == [4]
    strength = [np.abs(np.fft.rfft(_linear(frame), 8000)) for frame in frames_heard(second)]
    assert max(each[300] for each in strength) > 100_000
    assert sum(each[1209] > 100_000 for each in strength) <= 1


def test_a_key_told_as_an_event_is_a_tone_for_a_telephone_without_events() -> None:
    plane = a_plane()
    first, second = a_pair(plane, events=(101, None))
    first.far.press("4")
    plane.advance(1.0)
    strength = np.abs(np.fft.rfft(second.far.sound(), 8000))
    assert strength[770] + strength[1209] > 20 * np.median(strength)
    assert not [p for p in second.far.heard if rtp.parse(p[1]).payload_type == 101]


def test_between_telephones_without_events_a_key_is_heard_as_it_is_and_once() -> None:
    plane = a_plane()
    first, second = a_pair(plane, events=(None, None))
    first.far.press("4")
    plane.advance(1.0)
    loud = [frame for frame in frames_heard(second) if np.abs(_linear(frame)).max() > 500]
    assert len(loud) == 5
    assert [key.key for key in first.told(KeyPressed)] == ["4"]


def test_a_tone_that_comes_along_with_its_event_is_not_heard_beside_it() -> None:
    plane = a_plane()
    first, second = a_pair(plane)
    first.far.press("4")
    first.far.speak(tone(0.16, 770))
    plane.advance(0.02)
    first.far.speak(tone(0.1, 770))
    plane.advance(0.1)
    loud = [frame for frame in frames_heard(second) if np.abs(_linear(frame)).max() > 500]
    assert loud == []


@pytest.mark.parametrize("events", [101, None])
def test_a_flood_of_keys_does_not_go_on_when_it_is_over(events: int | None) -> None:
    plane = a_plane()
    first, second = a_pair(plane, events=(101, events))
    first.far.silent = True
    for n in range(400):
        event = pack_event(TelephoneEvent(n % 12, True, 800))
        first.far.send(rtp.pack(rtp.RtpPacket(101, n, n * 800, 77, event)))
        plane.advance(0.005)
    assert len(first.told(KeyPressed)) > 350
    plane.advance(4.0)
    second.far.heard.clear()
    plane.advance(0.5)
    assert set(frames_heard(second)) == {bytes([SILENCE[Law.PCMU]]) * FRAME}
    assert len(second.far.heard) == 25


def test_keys_told_by_a_flood_of_commands_are_sent_for_half_a_minute_at_most() -> None:
    plane = a_plane()
    call = a_call(plane)
    for _ in range(1000):
        plane.send_keys(call.slot, "5")
    plane.advance(33.0)
    call.far.heard.clear()
    plane.advance(0.5)
    assert presses_heard(call) == []


def test_keys_that_are_not_to_cross_are_told_and_stay() -> None:
    plane = a_plane()
    first, second = a_pair(plane, keys=False)
    first.far.press("15")
    plane.advance(1.0)
    assert presses_heard(second) == []
    assert [key.key for key in first.told(KeyPressed)] == ["1", "5"]


# What is played to one side


@pytest.mark.parametrize("ptime_ms", [20, 60])
@pytest.mark.parametrize("law", Law)
def test_a_prompt_sounds_above_the_other_side_which_is_lowered_by_12_db(
    tmp_path: Path, law: Law, ptime_ms: int
) -> None:
    plane = a_plane()
    first, second = a_pair(plane, (Law.PCMU, law), ptime_ms=(20, ptime_ms))
    first.far.speak(tone(4.0, 400, 8000))
    plane.advance(0.6)
    plane.play(second.slot, [make_clip(tmp_path, "prompt", tone(1.2, 1500, 4000))], ticket=9)
    plane.advance(1.2)
    assert second.told(PlayEnded) == [PlayEnded(9)]
    plane.advance(0.6)
    sound = second.far.sound()[: -2 * FRAME * 3]
    assert _strengths(sound[-12000:-6000]) == pytest.approx((8000 / 3.98, 4000), rel=0.05)
    assert _strengths(sound[-3200:]) == pytest.approx((8000, 0), rel=0.03, abs=60)
    assert first.events == []


def test_a_stopped_prompt_leaves_the_other_side_whole_from_the_next_frame_on(
    tmp_path: Path,
) -> None:
    plane = a_plane()
    first, second = a_pair(plane)
    sound = noise(1.0)
    first.far.speak(sound)
    plane.play(second.slot, [make_clip(tmp_path, "prompt", tone(1.2, 1500, 4000))], ticket=9)
    plane.advance(0.4)
    before = len(frames_heard(second))
    plane.stop_playing(second.slot)
    plane.advance(0.8)
    frames = [row.tobytes() for row in encode(sound, Law.PCMU).reshape(-1, FRAME)]
    after = frames_heard(second)[before:]
    at = frames.index(after[0])
    assert after[: len(frames) - at] == frames[at:]
    assert at < 20


def test_a_paused_prompt_leaves_the_other_side_whole_until_it_goes_on(tmp_path: Path) -> None:
    plane = a_plane()
    first, second = a_pair(plane)
    first.far.speak(tone(4.0, 400, 8000))
    plane.play(second.slot, [make_clip(tmp_path, "prompt", tone(1.0, 1500, 4000))], ticket=9)
    plane.advance(0.5)
    plane.pause(second.slot)
    plane.advance(0.6)
    assert _strengths(second.far.sound()[-4000:]) == pytest.approx((8000, 0), rel=0.03, abs=60)
    plane.resume(second.slot)
    plane.advance(0.4)
    strengths = _strengths(second.far.sound()[-2400:])
    assert strengths == pytest.approx((8000 / 3.98, 4000), rel=0.05)


def _strengths(sound: Pcm) -> tuple[float, float]:
    """How loud 400 Hz and 1500 Hz are."""
    spectrum = np.abs(np.fft.rfft(sound)) * 2 / len(sound)
    low, high = (round(hertz * len(sound) / 8000) for hertz in (400, 1500))
    return float(spectrum[low]), float(spectrum[high])


def _linear(frame: bytes) -> Pcm:
    return decode(np.frombuffer(frame, dtype=np.uint8), Law.PCMU).astype(np.int32)
