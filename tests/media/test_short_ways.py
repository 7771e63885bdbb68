"""The short way that nearly every packet takes leads where the careful way would have led."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from call.g711 import decode, encode
from call.media import KeyPressed, RecordEnded
from call.sound import FRAME, RATE, Law
from telephony import rtp
from telephony.dtmf import TelephoneEvent, pack_event
from telephony.following import Following
from telephony.playout import Reception, Ring, Timeline
from tests.media.plane import a_call, noise

Packet = tuple[int, int, int, int, int]
"""Sequence, timestamp, SSRC, samples, and the frame in which it arrives."""

FATES = (
    *["follows"] * 12, "lost", "twice", "late", "key", "jump", "source", "start over", "pause",
)  # fmt: skip


class Careful(Timeline):
    """A timeline that never takes the short way."""

    place = Timeline.place_carefully


class Watched(Timeline):
    """A timeline that counts the packets which took the careful way."""

    careful = 0

    def place_carefully(
        self, sequence: int, timestamp: int, ssrc: int, samples: int, now: int
    ) -> int | None:
        self.careful += 1
        return super().place_carefully(sequence, timestamp, ssrc, samples, now)


@st.composite
def arrivals(draw: st.DrawFn) -> list[Packet]:
    """What a troubled network makes of a talker."""
    sequence, ssrc, now = draw(st.integers(0xFFE0, 0xFFFF)), 1, 10
    timestamp = draw(st.sampled_from([0, 12345, 2**32 - 20 * FRAME]))
    samples = draw(st.sampled_from([FRAME, FRAME, FRAME, 80, 240]))
    packets: list[Packet] = []
    for fate in draw(st.lists(st.sampled_from(FATES), min_size=5, max_size=120)):
        now += draw(st.sampled_from([0, 1, 1, 1, 1, 2]))
        if fate == "pause":
            now += draw(st.integers(20, 40))
        elif fate == "jump":
            timestamp = draw(st.integers(0, 2**32 - 1))
        elif fate == "source":
            ssrc = 3 - ssrc
        elif fate == "start over":
            sequence = draw(st.integers(0, 0xFFFF))
        length = 0 if fate == "key" else samples
        packet = (sequence, timestamp, ssrc, length, now)
        if fate not in ("lost", "late"):
            packets.append(packet)
        if fate == "twice":
            packets.append(packet)
        sequence = (sequence + 1) & 0xFFFF
        timestamp = (timestamp + samples) & 0xFFFFFFFF
        if fate == "late":
            packets.append((sequence, timestamp, ssrc, length, now))
            packets.append(packet)
            sequence = (sequence + 1) & 0xFFFF
            timestamp = (timestamp + samples) & 0xFFFFFFFF
    return packets


def _state(timeline: Timeline) -> dict[str, object]:
    return {name: getattr(timeline, name) for name in Timeline.__slots__}


@settings(max_examples=200, deadline=None)
@given(arrivals())
def test_a_packet_is_placed_and_counted_alike_by_both_ways(packets: list[Packet]) -> None:
    short, careful = Timeline(10), Careful(10)
    for packet in packets:
        assert short.place(*packet) == careful.place(*packet)
        assert _state(short) == _state(careful)


def test_packets_in_order_take_the_short_way_after_the_first() -> None:
    timeline = Watched(0)
    for n in range(300):
        sequence, timestamp = (0xFFF0 + n) & 0xFFFF, (2**32 - 999 + n * FRAME) & 0xFFFFFFFF
        assert timeline.place(sequence, timestamp, 7, FRAME, n) == n * FRAME
    assert timeline.careful == 1
    assert timeline.reception == Reception(received=300)
    assert timeline.expected_packets == 300


class Foretold:
    """A timeline that is told of foretold packets late; so many of them there were."""

    def __init__(self, now: int) -> None:
        self.following = Following(3)
        self.timeline = Timeline(now)
        self.foretold = 0

    def place(self, sequence: int, timestamp: int, ssrc: int, samples: int, now: int) -> int | None:
        """Where the packet belongs, as the plane finds it."""
        head = np.array([0x80 << 56 | sequence << 32 | timestamp], dtype=">u8").view(">i8")
        calls, whole = np.array([1], dtype=np.intp), np.array([samples == FRAME])
        ssrcs = np.array([ssrc], dtype=">u4")
        follows, followed, frames = self.following.take(calls, head, ssrcs, whole, now)
        assert follows.tolist() == [followed.tolist() == [1]]
        if followed.size:
            self.foretold += 1
            return int(frames[0]) * FRAME
        self.following.settle(1, self.timeline)
        position = self.timeline.place(sequence, timestamp, ssrc, samples, now)
        self.following.foretell(1, self.timeline, 0)
        return position


@settings(max_examples=300, deadline=None)
@given(arrivals(), st.integers(1, 50))
def test_a_packet_that_is_foretold_is_placed_and_counted_as_any_other(
    packets: list[Packet], told_every: int
) -> None:
    short, careful = Foretold(10), Careful(10)
    for n, packet in enumerate(packets):
        position = careful.place(*packet)
        assert short.place(*packet) == position
        if n % told_every == 0:
            short.following.settle(1, short.timeline)
            assert _state(short.timeline) == _state(careful)
    short.following.forget(1, short.timeline)
    assert _state(short.timeline) == _state(careful)


def test_all_packets_in_order_are_foretold_but_the_first_and_those_at_a_wrap() -> None:
    talker = Foretold(0)
    for n in range(300):
        sequence, timestamp = (0xFFF0 + n) & 0xFFFF, (2**32 - 100 * FRAME + n * FRAME) % 2**32
        assert talker.place(sequence, timestamp, 7, FRAME, n) == n * FRAME
    assert talker.foretold == 297
    talker.following.settle(1, talker.timeline)
    assert talker.timeline.reception == Reception(received=300)
    assert talker.timeline.expected_packets == 300


def test_a_beat_takes_the_packets_of_many_calls_each_for_itself() -> None:
    following = Following(4)
    timelines = [Timeline(0) for _ in range(4)]
    for call, timeline in enumerate(timelines):
        timeline.place(100 * call, 1000 * call, call, FRAME, 0)
        following.foretell(call, timeline, 8)
    heads = [0x80 << 56 | 8 << 48 | (100 * n + 1) << 32 | 1000 * n + FRAME for n in range(4)]
    heads[1] |= 0x80 << 48  # a marker
    calls, ssrcs = np.array([3, 2, 1, 0], dtype=np.intp), np.array([3, 9, 1, 0], dtype=">u4")
    read = np.array(heads[::-1], dtype=">u8").view(">i8")
    follows, followed, frames = following.take(calls, read, ssrcs, True, 1)
    assert follows.tolist() == [True, False, False, True]
    assert (followed.tolist(), frames.tolist()) == ([3, 0], [1, 1])
    for call, timeline in enumerate(timelines):
        following.settle(call, timeline)
    assert [timeline.reception.received for timeline in timelines] == [2, 1, 1, 2]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 0, 0, 1, 3, -1, -40, 70]),  # frames past the newest
            st.sampled_from([0, 0, 0, 80]),
            st.sampled_from([FRAME, FRAME, FRAME, 80, 240]),
        ),
        max_size=60,
    )
)
def test_the_ring_holds_alike_what_came_by_both_ways(
    places: list[tuple[int, int, int]],
) -> None:
    short, careful = Ring(2), Ring(2)
    head = 100
    for ring in (short, careful):
        ring.clear(1, head)
    for now, (past, offset, samples) in enumerate(places):
        position = (head + past) * FRAME + offset
        payload = bytes((now + n) % 251 for n in range(samples))
        if len(payload) == FRAME and not offset and past >= 0:
            octets = np.frombuffer(payload, dtype=np.uint8)[None]
            short.write_frames(np.array([1]), np.array([head + past]), octets, now)
        else:
            short.write(1, position, payload, 255, now)
        careful.write(1, position, payload, 255, now)
        head = max(head, -(-(position + samples) // FRAME))
    for name in ("octets", "frame", "filled", "head", "arrived"):
        assert np.array_equal(getattr(short, name), getattr(careful, name))


def test_a_recording_holds_nothing_of_what_was_said_before_it(tmp_path: Path) -> None:
    call = a_call()
    said = noise(4.0)
    call.far.speak(said)
    call.plane.advance(2.5)
    call.plane.record(call.slot, tmp_path / "first.raw", max_s=0.5)
    call.plane.advance(0.7)
    call.plane.record(call.slot, tmp_path / "second.raw", max_s=60)
    call.plane.advance(0.3)
    call.plane.close(call.slot)
    call.plane.advance(0.1)
    assert len(call.told(RecordEnded)) == 2
    heard = decode(encode(said, Law.PCMU), Law.PCMU)
    first, second = (np.fromfile(tmp_path / f"{n}.raw", dtype="<i2") for n in ("first", "second"))
    starts = [
        n for n in range(0, len(heard), FRAME) if np.array_equal(heard[n : n + len(first)], first)
    ]
    assert starts
    assert abs(starts[0] - 2.5 * 8000) <= 2 * FRAME
    after = starts[0] + round(0.7 * 8000)
    assert np.array_equal(heard[after : after + len(second)], second)


def test_a_telephone_that_sends_packets_of_10_ms_is_heard_without_falling_behind(
    tmp_path: Path,
) -> None:
    call = a_call()
    call.far.stream = None  # it does not send by itself
    call.plane.record(call.slot, tmp_path / "heard.raw", max_s=60)
    octets = encode(noise(3.0), Law.PCMU)
    for n in range(300):
        payload = octets[n * 80 : (n + 1) * 80].tobytes()
        call.far.send(rtp.pack(rtp.RtpPacket(0, n, n * 80, 7, payload)))
        call.plane.advance(0.01)
    assert len(call.far.inbox) <= 1
    call.plane.close(call.slot)
    call.plane.advance(0.1)
    heard = np.fromfile(tmp_path / "heard.raw", dtype="<i2")
    assert np.array_equal(heard[: 2 * RATE], decode(octets, Law.PCMU)[: 2 * RATE])


def test_keys_among_packets_of_10_ms_do_not_make_them_wait() -> None:
    call = a_call()
    call.far.stream = None
    sequence = 0
    for n in range(300):
        packets = [rtp.RtpPacket(0, 0, n * 80, 7, bytes(80))]
        if n % 4 == 0:
            event = pack_event(TelephoneEvent(5, n % 8 == 4, 800))
            packets.append(rtp.RtpPacket(101, 0, n // 8 * 640, 7, event))
        for packet in packets:
            call.far.send(rtp.pack(replace(packet, sequence=sequence)))
            sequence += 1
        call.plane.advance(0.01)
    assert len(call.far.inbox) <= 1
    assert len(call.told(KeyPressed)) == 38
