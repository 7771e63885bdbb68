"""Wide sound: what G.722 and Opus keep of it, on its own and through the plane."""

from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from call.g711 import decode, encode
from call.media import (
    Codec,
    KeyPressed,
    MediaStatistics,
    RecordEnded,
    RoomEvent,
    Side,
    Stream,
    Wideband,
)
from call.sound import FRAME, Law
from telephony import rtcp, rtp
from telephony.codecs import FACTS, samples_in
from telephony.dtmf import parse_event
from telephony.media.high_band import HighBand
from telephony.media.line import Line
from telephony.media.live import Live
from telephony.media.outbound import Outbound
from telephony.media.wide_ear import WideEar
from telephony.media.wideband import BadPayload, make_decoder, make_encoder
from telephony.playout import DEPTH, Ring, Timeline
from telephony.resampling import DELAY, Doubler, Halver, Joiner, Splitter
from tests.media.ears import Ears
from tests.media.plane import a_call, a_plane, make_clip, noise, stream, tone
from tests.media.wide_phone import (
    WIDE,
    go_on,
    signal_to_noise,
    strength,
    wide_call,
    wide_noise,
    wide_tone,
)

pytestmark = pytest.mark.usefixtures("each_way")

SPEECH = Path(__file__).parents[2] / "audio_fixtures" / "greeting_3s.wav"
CODECS = pytest.mark.parametrize("codec", Wideband)


def round_trip(codec: Wideband, sound: np.ndarray) -> np.ndarray:
    encoder, decoder = make_encoder(codec), make_decoder(codec)
    frames = sound.reshape(-1, WIDE)
    return np.concatenate([decoder.decode(encoder.encode(frame)) for frame in frames])


def test_g722_keeps_what_it_is_known_to_keep() -> None:
    narrow, wide = wide_noise(2.0, below=3400), wide_noise(2.0, below=6500)
    assert 29 < signal_to_noise(round_trip(Wideband.G722, narrow), narrow) < 32
    assert 13 < signal_to_noise(round_trip(Wideband.G722, wide), wide) < 16


def test_opus_keeps_the_pitch_and_the_strength_of_what_is_said() -> None:
    for hertz in (300, 1000, 3000, 6000):
        heard = round_trip(Wideband.OPUS, wide_tone(1.0, hertz))[8000:]
        assert strength(heard, hertz) == pytest.approx(6000, rel=0.15)


@pytest.mark.parametrize("law", Law)
def test_g711_keeps_what_it_is_known_to_keep(law: Law) -> None:
    said = noise(2.0, amplitude=8000).astype(float)
    error = decode(encode(said.astype(np.int16), law), law) - said
    assert 36.5 < 10 * np.log10(np.mean(said**2) / np.mean(error**2)) < 39


def test_the_parts_of_wide_sound_are_the_whole_again() -> None:
    said = wide_noise(0.5, below=8000)
    splitter, joiner = Splitter(), Joiner()
    parts = [splitter.split(frame) for frame in said.reshape(-1, WIDE)]
    heard = np.concatenate([joiner.join(narrow, high) for narrow, high in parts])
    assert np.array_equal(heard[DELAY:], said[:-DELAY])


@pytest.mark.parametrize(("hertz", "kept_db"), [(300, 0), (1000, 0), (3400, 0), (4700, -60)])
def test_half_the_samples_carry_what_is_below_four_kilohertz_alone(
    hertz: float, kept_db: float
) -> None:
    said = wide_tone(0.5, hertz, 10000)
    kept = 20 * np.log10(Halver().halve(said)[100:].std() / said.std() + 1e-9)
    assert kept < -60 if kept_db else abs(kept) < 0.1


def test_twice_the_samples_tell_nothing_new() -> None:
    heard = Doubler().double(tone(0.5, 1000, 10000))[200:]
    assert strength(heard, 1000) == pytest.approx(10000, rel=0.01)
    assert strength(heard, 7000) < 10


def test_opus_refuses_what_is_none_of_it() -> None:
    with pytest.raises(BadPayload):
        make_decoder(Wideband.OPUS).decode(b"\xff")


@CODECS
def test_wide_packets_count_time_by_the_clock_of_their_codec(codec: Wideband) -> None:
    plane = a_plane()
    phone = wide_call(plane, codec)
    go_on(plane, 1.0, [phone])
    packets = phone.packets()
    step = {Wideband.G722: 160, Wideband.OPUS: 960}[codec]
    first = packets[0]
    assert len(packets) in (49, 50)
    assert [p.marker for p in packets] == [True] + [False] * (len(packets) - 1)
    for n, packet in enumerate(packets):
        assert packet.sequence == rtp.sequence_after(first.sequence, n)
        assert packet.timestamp == rtp.timestamp_after(first.timestamp, n * step)


@CODECS
def test_what_is_played_to_a_wide_telephone_is_heard(codec: Wideband, tmp_path: Path) -> None:
    plane = a_plane()
    phone = wide_call(plane, codec)
    plane.play(phone.call.slot, [make_clip(tmp_path, "tone", tone(1.0, 440, 8000))], 1)
    go_on(plane, 1.2, [phone])
    heard = phone.heard()[4000:14000]
    assert strength(heard, 440) == pytest.approx(8000, rel=0.1)
    for image in (7560, 3560):
        assert strength(heard, image) < 80


@CODECS
def test_a_wide_caller_is_recorded_as_long_and_as_loud_as_spoken(
    codec: Wideband, tmp_path: Path
) -> None:
    plane = a_plane()
    phone = wide_call(plane, codec)
    go_on(plane, 0.2, [phone])
    plane.record(phone.call.slot, tmp_path / "a.raw", max_s=10)
    phone.say(np.concatenate((wide_tone(1.0, 500), wide_tone(1.0, 2500), wide_tone(1.0, 6000))))
    go_on(plane, 3.0, [phone])
    plane.stop_recording(phone.call.slot)
    go_on(plane, 0.1, [phone])
    sound = np.fromfile(tmp_path / "a.raw", dtype=np.int16)
    [ended] = phone.call.told(RecordEnded)
    assert ended.seconds == pytest.approx(3.0, abs=0.021)
    assert ended.speech_s == pytest.approx(2.0, abs=0.2)
    assert strength(sound[1600:6400], 500, 8000) == pytest.approx(6000, rel=0.1)
    assert strength(sound[9600:14400], 2500, 8000) == pytest.approx(6000, rel=0.1)
    assert sound[18000:23000].std() < 60  # 6 kHz is not for 8 kHz sound, nor its image


def test_a_g722_recording_is_as_good_as_the_codec(tmp_path: Path) -> None:
    plane = a_plane()
    phone = wide_call(plane, Wideband.G722)
    go_on(plane, 0.2, [phone])
    plane.record(phone.call.slot, tmp_path / "a.raw", max_s=10)
    said = wide_noise(3.0, below=3300)
    phone.say(said)
    go_on(plane, 3.1, [phone])
    plane.stop_recording(phone.call.slot)
    sound = np.fromfile(tmp_path / "a.raw", dtype=np.int16)
    doubled = Doubler().double(sound)
    assert signal_to_noise(doubled, said) > 20


@CODECS
def test_lost_packets_of_wide_sound_cost_no_time(codec: Wideband, tmp_path: Path) -> None:
    plane = a_plane()
    phone = wide_call(plane, codec)
    go_on(plane, 0.2, [phone])
    dice = np.random.default_rng(3)
    phone.lost = set(dice.choice(np.arange(12, 150), 12, replace=False).tolist())
    plane.record(phone.call.slot, tmp_path / "a.raw", max_s=10)
    phone.say(wide_tone(3.0, 500))
    go_on(plane, 3.0, [phone])
    plane.stop_recording(phone.call.slot)
    plane.close(phone.call.slot)
    go_on(plane, 0.2, [])
    sound = np.fromfile(tmp_path / "a.raw", dtype=np.int16)
    assert len(sound) == pytest.approx(3.0 * 8000, abs=2 * FRAME)
    frames = np.abs(sound[800:22400].reshape(-1, FRAME)).max(axis=1)
    assert (frames > 2000).mean() > 0.94  # hardly a hole is heard
    [statistics] = phone.call.told(MediaStatistics)
    assert statistics.packets_lost == 12


@CODECS
def test_packets_that_overtake_each_other_are_decoded_in_their_order(
    codec: Wideband, tmp_path: Path
) -> None:
    recorded = []
    for swap in (False, True):
        plane = a_plane()
        phone = wide_call(plane, codec)
        go_on(plane, 0.2, [phone])
        plane.record(phone.call.slot, tmp_path / f"{swap}.raw", max_s=10)
        phone.say(wide_noise(1.0, below=3000))
        for n in range(50):
            phone.beat()
            inbox = phone.call.far.inbox
            if swap and n % 7 == 3:
                late = inbox.pop()
                phone.beat()
                inbox.append(late)
                plane.advance(0.02)
            elif not swap or n % 7 != 4:
                plane.advance(0.02)
        plane.advance(0.1)
        plane.stop_recording(phone.call.slot)
        recorded.append(np.fromfile(tmp_path / f"{swap}.raw", dtype=np.int16)[: 45 * FRAME])
    assert np.array_equal(*recorded)


@CODECS
@settings(max_examples=25, deadline=None)
@example(fates=[*["comes"] * 3, *["lost"] * 5, "overtaken", "comes"])
@given(
    fates=st.lists(
        st.sampled_from(("comes", "comes", "comes", "lost", "twice", "overtaken")),
        min_size=10,
        max_size=40,
    )
)
def test_whatever_a_network_does_wide_sound_stands_where_it_belongs(
    codec: Wideband, fates: list[str]
) -> None:
    ring, timeline = Ring(1), Timeline(0)
    live = Live(ring, 1)
    high = HighBand(live, Outbound(1), 1)
    high.open(0)
    ear = WideEar(0, codec, ring, high)
    ear.listened = True
    step, payload = FACTS[codec].step, make_encoder(codec).encode(wide_tone(0.02, 500))
    wire = [(n, n) for n in range(3)]
    for n, fate in enumerate(fates, 3):
        copies = {"lost": 0, "twice": 2}.get(fate, 1)
        wire += [(n + 1.5 * (fate == "overtaken"), n)] * copies
    wire.append((len(fates) + 5, len(fates) + 4))
    for when, n in sorted(wire):
        sequence, timestamp = (65530 + n) & 0xFFFF, (0xFFFFF000 + n * step) & 0xFFFFFFFF
        ear.receive(timeline, (sequence, timestamp, 9, memoryview(payload)), int(when))
        ear.beat(int(when))
    ear.beat(len(fates) + 6, at_once=True)
    came = {n for _, n in wire}
    there = {int(frame) for frame in ring.frame[:, 0]} - {-1}
    assert came <= there <= set(range(max(came) + 1))
    assert all(ring.filled[frame % DEPTH, 0] == FRAME for frame in there)
    holes = [after - before - 1 for before, after in pairwise(sorted(came))]
    assert max(holes) > 5 or there == set(range(max(came) + 1))


@pytest.mark.parametrize(
    ("codec", "rate"),
    [(Wideband.G722, 8000), (Wideband.OPUS, 48000), (Wideband.OPUS, 8000)],
)
def test_keys_pressed_beside_wide_sound_count_once_each(codec: Wideband, rate: int) -> None:
    plane = a_plane()
    phone = wide_call(plane, codec, event_rate=rate)
    go_on(plane, 0.2, [phone])
    phone.press("12#")
    go_on(plane, 1.2, [phone])
    assert [pressed.key for pressed in phone.call.told(KeyPressed)] == ["1", "2", "#"]


@pytest.mark.parametrize(("rate", "held"), [(48000, 4800), (8000, 800)])
def test_keys_we_send_beside_opus_are_as_long_as_the_clock_of_events_says(
    rate: int, held: int
) -> None:
    plane = a_plane()
    phone = wide_call(plane, Wideband.OPUS, event_rate=rate)
    go_on(plane, 0.2, [phone])
    before = phone.packets()[-1]
    plane.send_keys(phone.call.slot, "5")
    go_on(plane, 0.4, [phone])
    packets = [rtp.parse(packet) for _, packet in phone.call.far.heard]
    events = [p for p in packets if p.payload_type == 101]
    assert [parse_event(p.payload).duration for p in events][-1] == held
    assert {p.timestamp for p in events} == {rtp.timestamp_after(before.timestamp, 960)}
    assert parse_event(events[-1].payload).end


def test_a_telephone_without_events_has_its_tones_found_in_wide_sound() -> None:
    plane = a_plane()
    phone = wide_call(plane, Wideband.G722, events=None)
    go_on(plane, 0.2, [phone])
    phone.say(wide_tone(0.1, 697, 5000) + wide_tone(0.1, 1209, 5000))
    go_on(plane, 0.6, [phone])
    assert [pressed.key for pressed in phone.call.told(KeyPressed)] == ["1"]


@pytest.mark.parametrize(
    ("caller", "callee"),
    [
        (Wideband.G722, Wideband.G722),
        (Wideband.OPUS, Wideband.G722),
        (Wideband.OPUS, Wideband.OPUS),
    ],
)
def test_two_wide_telephones_in_a_bridge_hear_what_narrow_ones_do_not(
    caller: Wideband, callee: Wideband
) -> None:
    plane = a_plane()
    one, other = wide_call(plane, caller), wide_call(plane, callee)
    go_on(plane, 0.2, [one, other])
    plane.bridge(one.call.slot, other.call.slot)
    one.say(wide_tone(2.0, 6000) + wide_tone(2.0, 800))
    other.say(wide_tone(2.0, 5500))
    go_on(plane, 1.8, [one, other])
    heard = other.heard()[-12000:]
    assert strength(heard, 6000) == pytest.approx(6000, rel=0.4)
    assert strength(heard, 800) == pytest.approx(6000, rel=0.4)
    assert strength(one.heard()[-12000:], 5500) == pytest.approx(6000, rel=0.4)


@CODECS
@pytest.mark.parametrize("law", Law)
def test_a_wide_and_a_narrow_telephone_hear_each_other(codec: Wideband, law: Law) -> None:
    plane = a_plane()
    wide = wide_call(plane, codec)
    narrow = a_call(plane, stream(law=law))
    go_on(plane, 0.2, [wide])
    plane.bridge(wide.call.slot, narrow.slot)
    wide.say(wide_tone(2.0, 1000) + wide_tone(2.0, 6000))
    narrow.far.speak(tone(2.0, 440))
    go_on(plane, 1.8, [wide])
    heard = narrow.far.sound()[-6000:]
    assert strength(heard, 1000, 8000) == pytest.approx(6000, rel=0.1)
    assert strength(heard, 2000, 8000) < 60  # the image of 6 kHz
    assert strength(wide.heard()[-12000:], 440) == pytest.approx(8000, rel=0.1)


def test_in_a_room_the_wide_ones_hear_each_other_wide_and_all_hear_all() -> None:
    plane = a_plane()
    told: list[RoomEvent] = []
    room = plane.open_room(told.append)
    one, other = wide_call(plane, Wideband.G722), wide_call(plane, Wideband.OPUS)
    narrow = a_call(plane)
    go_on(plane, 0.2, [one, other])
    for slot in (one.call.slot, other.call.slot, narrow.slot):
        plane.join(slot, room)
    one.say(wide_tone(4.0, 700, 4000) + wide_tone(4.0, 6000, 4000))
    other.say(wide_tone(4.0, 1100, 4000))
    narrow.far.speak(tone(4.0, 1500, 4000))
    go_on(plane, 1.8, [one, other])
    by_other = other.heard()[-12000:]
    for hertz, said in ((700, 4000), (1500, 4000), (6000, 4000), (1100, 0)):
        assert strength(by_other, hertz) == pytest.approx(said, rel=0.3, abs=100)
    by_one = one.heard()[-12000:]
    for hertz, said in ((1100, 4000), (1500, 4000), (700, 0), (6000, 0)):
        assert strength(by_one, hertz) == pytest.approx(said, rel=0.2, abs=100)
    by_narrow = narrow.far.sound()[-6000:]
    for hertz, said in ((700, 4000), (1100, 4000), (1500, 0), (2000, 0)):
        assert strength(by_narrow, hertz, 8000) == pytest.approx(said, rel=0.2, abs=100)
    plane.mute(one.call.slot, True)
    go_on(plane, 1.5, [one, other])
    assert strength(other.heard()[-12000:], 6000) < 100
    assert strength(other.heard()[-12000:], 1500) == pytest.approx(4000, rel=0.2)


@CODECS
def test_a_call_may_become_wide_and_narrow_again(codec: Wideband, tmp_path: Path) -> None:
    plane = a_plane()
    phone = wide_call(plane, codec)
    wide = phone.stream
    plane.connect(phone.call.slot, stream(port=20000))
    plane.play(phone.call.slot, [make_clip(tmp_path, "tone", tone(2.0, 440, 8000))], 1)
    plane.advance(0.4)
    plane.connect(phone.call.slot, wide)
    go_on(plane, 0.6, [phone])
    assert strength(phone.heard()[-6400:], 440) == pytest.approx(8000, rel=0.1)
    plane.connect(phone.call.slot, stream(port=20000))
    plane.advance(0.4)
    packets = [rtp.parse(packet) for _, packet in phone.call.far.heard]
    octets = b"".join(p.payload for p in packets[-18:])
    narrow = decode(np.frombuffer(octets, dtype=np.uint8), Law.PCMU)
    assert strength(narrow, 440, 8000) == pytest.approx(8000, rel=0.1)
    sources = list(dict.fromkeys(p.ssrc for p in packets))
    assert len(sources) == (3 if codec is Wideband.OPUS else 1)
    reports = [report for each in phone.call.far.reports for report in rtcp.parse(each)]
    left = [source for each in reports if isinstance(each, rtcp.Goodbye) for source in each.ssrcs]
    assert [source for source in left if source in sources] == sources[:-1]
    for before, after in pairwise(packets):
        if before.ssrc == after.ssrc:
            assert after.sequence == rtp.sequence_after(before.sequence)


def test_what_is_played_sounds_above_what_a_wide_telephone_hears_in_a_bridge(
    tmp_path: Path,
) -> None:
    plane = a_plane()
    one, other = wide_call(plane, Wideband.G722), wide_call(plane, Wideband.G722)
    go_on(plane, 0.2, [one, other])
    plane.bridge(one.call.slot, other.call.slot)
    one.say(wide_tone(3.0, 6000))
    go_on(plane, 0.5, [one, other])
    plane.play(other.call.slot, [make_clip(tmp_path, "tone", tone(1.5, 440, 8000))], 1)
    go_on(plane, 1.0, [one, other])
    heard = other.heard()[-12000:]
    assert strength(heard, 440) == pytest.approx(8000, rel=0.1)
    assert strength(heard, 6000) == pytest.approx(1500, rel=0.2)


@CODECS
def test_what_a_wide_telephone_is_sent_is_recorded_beside_what_it_says(
    codec: Wideband, tmp_path: Path
) -> None:
    plane = a_plane()
    phone = wide_call(plane, codec)
    go_on(plane, 0.2, [phone])
    plane.record(phone.call.slot, tmp_path / "a.raw", max_s=10, side=Side.APART)
    plane.play(phone.call.slot, [make_clip(tmp_path, "tone", tone(1.5, 440, 8000))], 1)
    phone.say(wide_tone(1.5, 1000))
    go_on(plane, 1.2, [phone])
    plane.stop_recording(phone.call.slot)
    received, sent = np.fromfile(tmp_path / "a.raw", dtype=np.int16).reshape(-1, 2).T
    assert strength(received[-4000:], 1000, 8000) == pytest.approx(6000, rel=0.1)
    assert strength(sent[-4000:], 440, 8000) == pytest.approx(8000, rel=0.05)


def test_a_key_crosses_from_a_narrow_telephone_to_one_with_opus() -> None:
    plane = a_plane()
    phone = wide_call(plane, Wideband.OPUS)
    narrow = a_call(plane)
    go_on(plane, 0.2, [phone])
    plane.bridge(phone.call.slot, narrow.slot)
    narrow.far.press("7")
    go_on(plane, 0.5, [phone])
    packets = [rtp.parse(packet) for _, packet in phone.call.far.heard]
    events = [parse_event(p.payload) for p in packets if p.payload_type == 101]
    assert {event.code for event in events} == {7}
    assert events[-1].end
    assert events[-1].duration == pytest.approx(4800, abs=960)


@CODECS
def test_reports_to_a_wide_telephone_tell_time_by_its_clock(codec: Wideband) -> None:
    plane = a_plane()
    phone = wide_call(plane, codec)
    for _ in range(50):  # a network that holds every fourth packet back
        go_on(plane, 0.04, [phone])
        plane.advance(0.02)
        phone.beat()
        go_on(plane, 0.02, [phone])
    plane.close(phone.call.slot)
    plane.advance(0.02)
    [statistics] = phone.call.told(MediaStatistics)
    *_, last = phone.call.far.reports
    sender, *_ = rtcp.parse(last)
    assert isinstance(sender, rtcp.SenderReport)
    packets = phone.packets()
    assert sender.timestamp == packets[-1].timestamp
    assert sender.packets == len(packets)
    units = statistics.jitter_ms * FACTS[codec].clock / 1000
    assert sender.blocks[0].jitter == pytest.approx(units, abs=1)
    assert statistics.jitter_ms > 2


@pytest.mark.parametrize("codec", [Law.PCMU, *Wideband])
@pytest.mark.parametrize("ptime_ms", [20, 40])
def test_numbers_and_times_of_packets_go_round_without_a_word(codec: Codec, ptime_ms: int) -> None:
    ears, outbound = Ears(), Outbound(1)
    agreed = Stream(codec, 96, 101, ("127.0.0.1", 20000), ptime_ms=ptime_ms)
    sender = outbound.begin(0, cast(Line, ears), agreed, (7, 65533, 0xFFFFFE00))
    sender.voice.press("5")
    outbound.regroup(0)
    for _ in range(40):
        outbound.beat(0, lambda call, ticket: None)
    packets = [rtp.parse(packet) for packet in ears.sent]
    numbers = [packet.sequence for packet in packets]
    assert numbers == [rtp.sequence_after(65533, n + 1) for n in range(len(numbers))]
    assert packets[-1].timestamp < 0xFFFFFE00


@CODECS
def test_a_recording_that_begins_in_the_middle_of_a_word_begins_whole(
    codec: Wideband, tmp_path: Path
) -> None:
    plane = a_plane()
    phone = wide_call(plane, codec)
    phone.say(wide_tone(3.0, 1000))
    go_on(plane, 1.0, [phone])  # nobody listens yet
    plane.record(phone.call.slot, tmp_path / "a.raw", max_s=10)
    go_on(plane, 1.0, [phone])
    plane.stop_recording(phone.call.slot)
    sound = np.fromfile(tmp_path / "a.raw", dtype=np.int16)
    for at in (80, 480, 4000):  # the first 50 ms are as what follows
        assert strength(sound[at : at + 400], 1000, 8000) == pytest.approx(6000, rel=0.15)


@pytest.mark.parametrize(
    ("head", "milliseconds"),
    [
        ("08", 20),  # SILK, narrow, one frame of 20 ms
        ("48", 20),  # SILK, wide
        ("58", 60),
        ("60", 10),  # hybrid
        ("80", 2.5),  # CELT, one frame of 2.5 ms
        ("f8", 20),
        ("49", 40),  # two frames
        ("4a", 40),
        ("4b03", 60),  # three, as the next octet says
        ("4b83", 60),
        ("5b03", 0),  # three of 60 ms: longer than any packet may be
        ("4b", 0),
        ("", 0),
    ],
)
def test_how_long_an_opus_packet_lasts_stands_in_its_head(head: str, milliseconds: float) -> None:
    assert samples_in(Wideband.OPUS, bytes.fromhex(head)) == milliseconds * 8


def test_a_lost_opus_frame_is_told_again_by_the_one_after_it() -> None:
    speech, _ = soundfile.read(SPEECH, dtype="int16")
    said = Doubler().double(speech[: len(speech) // FRAME * FRAME]).astype(np.int16)
    encoder = make_encoder(Wideband.OPUS)
    packets = [encoder.encode(frame) for frame in said.reshape(-1, WIDE)]
    signal, told, guessed = 0.0, 0.0, 0.0
    for lost in range(20, 120, 3):
        known = packets[lost - 8 : lost]
        wanted = decoded([*known, packets[lost]])[-WIDE:]
        signal += float(np.square(wanted).sum())
        told += float(np.square(concealed(known, packets[lost + 1]) - wanted).sum())
        guessed += float(np.square(concealed(known, None) - wanted).sum())
    assert 10 * np.log10(signal / told) > 8.5
    assert 10 * np.log10(signal / guessed) < 7


def decoded(packets: list[bytes]) -> np.ndarray:
    decoder = make_decoder(Wideband.OPUS)
    return np.concatenate([decoder.decode(packet) for packet in packets]).astype(float)


def concealed(known: list[bytes], following: bytes | None) -> np.ndarray:
    decoder = make_decoder(Wideband.OPUS)
    for packet in known:
        decoder.decode(packet)
    return decoder.conceal(WIDE, following).astype(float)


def test_g722_fades_what_is_lost_and_is_silent_soon() -> None:
    encoder, decoder = make_encoder(Wideband.G722), make_decoder(Wideband.G722)
    for frame in wide_tone(0.2, 500).reshape(-1, WIDE):
        decoder.decode(encoder.encode(frame))
    heard = np.abs(decoder.conceal(5 * WIDE, None).reshape(-1, WIDE)).max(axis=1)
    assert heard[0] > heard[1] > heard[2] > heard[3] == 0


@CODECS
@settings(max_examples=40, deadline=None)
@given(
    payloads=st.lists(st.binary(max_size=300), min_size=1, max_size=8), step=st.integers(0, 9000)
)
def test_nothing_that_a_peer_sends_as_wide_sound_stops_the_beat(
    codec: Wideband, payloads: list[bytes], step: int
) -> None:
    ring, timeline = Ring(1), Timeline(0)
    high = HighBand(Live(ring, 1), Outbound(1), 1)
    high.open(0)
    ear = WideEar(0, codec, ring, high)
    ear.listened = True
    for n, payload in enumerate(payloads):
        ear.receive(timeline, (n, n * step, 9, memoryview(payload)), n)
        ear.beat(n)
    ear.beat(len(payloads) + 2, at_once=True)
    assert timeline.reception.received >= 1
