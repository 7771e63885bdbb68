"""Whatever the network does to packets, each sample that arrives is heard at its own time."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from call.sound import FRAME
from telephony.playout import Reader, Ring, Timeline
from telephony.rtp import sequence_after, sequence_steps, timestamp_after, timestamp_samples

SILENCE = 255
FRAMES = 60
HOLE = -1


@dataclass(frozen=True)
class Sent:
    """One packet of a talker whose every sample tells its place."""

    sequence: int
    timestamp: int
    ssrc: int
    place: int
    samples: int

    @property
    def payload(self) -> bytes:
        return bytes((self.place + n) // 7 % 251 for n in range(self.samples))


def _talker(
    sequence: int, timestamp: int, *, samples: int = FRAME, ssrc: int = 1, first: int = 0,
    total: int = FRAMES * FRAME,
) -> list[Sent]:  # fmt: skip
    return [
        Sent(
            sequence_after(sequence, n),
            timestamp_after(timestamp, n * samples),
            ssrc,
            first + n * samples,
            samples,
        )
        for n in range(total // samples)
    ]


class Listener:
    """One call's playout, read frame by frame."""

    def __init__(self, start: int = 0) -> None:
        self.timeline = Timeline(start)
        self.ring = Ring(1)
        self.ring.clear(0, start)
        self.reader = Reader(self.ring, 1, reorder=5, patience=25)
        self.reader.start(0, start)
        self.heard: list[int] = []

    def arrive(self, packet: Sent, now: int) -> None:
        at = self.timeline.place(
            packet.sequence, packet.timestamp, packet.ssrc, packet.samples, now
        )
        if at is not None:
            self.ring.write(0, at, packet.payload, SILENCE, now)

    def beat(self, now: int) -> None:
        for n in range(4):
            taken = self.reader.take(np.zeros(1, dtype=np.intp), now, idle=n == 0)
            for octets, there in zip(taken.octets, taken.received, strict=True):
                self.heard += octets.tolist() if there else [HOLE] * FRAME

    def listen(self, arrivals: dict[int, list[Sent]], until: int) -> list[int]:
        for now in range(until):
            for packet in arrivals.get(now, []):
                self.arrive(packet, now)
            self.beat(now)
        return self.heard


def _spread(packets: list[Sent], fates: list[int], repeats: list[bool]) -> dict[int, list[Sent]]:
    """Packets by frame of arrival: late by their fate, never if it is negative, some twice."""
    arrivals: dict[int, list[Sent]] = {}
    for packet, fate, repeat in zip(packets, fates, repeats, strict=True):
        when = (packet.place + packet.samples - 1) // FRAME
        if fate >= 0:
            arrivals.setdefault(when + fate, []).append(packet)
            if repeat:
                arrivals.setdefault(when + fate + 1, []).append(packet)
    return arrivals


COUNTERS = st.tuples(
    st.one_of(st.integers(0, 0xFFFF), st.integers(0xFFF0, 0xFFFF)),
    st.one_of(st.integers(0, 0xFFFFFFFF), st.integers(0xFFFFE000, 0xFFFFFFFF)),
)


@settings(max_examples=60, deadline=None)
@given(COUNTERS, st.sampled_from([80, 160, 240, 320, 480]), st.data())
def test_loss_repetition_reordering_and_wraps_leave_every_sample_in_its_place(
    counters: tuple[int, int], samples: int, data: st.DataObject
) -> None:
    packets = _talker(*counters, samples=samples)
    count = len(packets)
    fate = st.sampled_from([0, 0, 0, 0, 1, 2, 3, -1])
    fates = [0, *data.draw(st.lists(fate, min_size=count - 1, max_size=count - 1))]
    repeats = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    # A packet of several frames arrives when it is whole; the first one says where sound begins.
    start = max(0, (samples - 1) // FRAME - 1) * FRAME
    heard = Listener().listen(_spread(packets, fates, repeats), FRAMES + 40)
    for packet, fate in zip(packets, fates, strict=True):
        begin = start + packet.place
        there = heard[begin : begin + packet.samples]
        if fate >= 0:
            assert there == list(packet.payload)
        else:
            assert set(there) <= {HOLE, SILENCE}


@settings(max_examples=60, deadline=None)
@given(COUNTERS, COUNTERS, st.integers(5, FRAMES - 5), st.data())
def test_a_new_ssrc_goes_on_where_the_old_one_ended(
    old: tuple[int, int], new: tuple[int, int], change: int, data: st.DataObject
) -> None:
    packets = _talker(*old)[:change]
    packets += _talker(*new, ssrc=2, first=change * FRAME)[: FRAMES - change]
    fate = st.sampled_from([0, 0, 0, -1])
    fates = data.draw(st.lists(fate, min_size=FRAMES, max_size=FRAMES))
    fates[0] = fates[change] = 0
    heard = Listener().listen(_spread(packets, fates, [False] * FRAMES), FRAMES + 40)
    for packet, fate in zip(packets, fates, strict=True):
        if fate == 0:
            assert heard[packet.place : packet.place + FRAME] == list(packet.payload)


def test_a_straggler_of_the_old_ssrc_does_not_bring_it_back() -> None:
    old, new = _talker(100, 0)[:10], _talker(7, 5, ssrc=2, first=10 * FRAME)[:30]
    arrivals = _spread(old + new, [0] * 40, [False] * 40)
    arrivals[11].append(old[9])
    heard = Listener().listen(arrivals, 80)
    assert heard[: 40 * FRAME] == [octet for p in old + new for octet in p.payload]


def test_silence_suppression_is_recorded_as_long_as_it_lasted() -> None:
    packets = _talker(1, 1000)
    kept = packets[:10] + packets[50:]
    kept = kept[:10] + [
        Sent(11 + n, p.timestamp, p.ssrc, p.place, p.samples) for n, p in enumerate(kept[10:])
    ]
    heard = Listener().listen(_spread(kept, [0] * 20, [False] * 20), FRAMES + 40)
    assert heard[: 10 * FRAME] == [octet for p in kept[:10] for octet in p.payload]
    assert set(heard[10 * FRAME : 50 * FRAME]) == {HOLE}
    assert heard[50 * FRAME : 60 * FRAME] == [octet for p in kept[10:] for octet in p.payload]


def test_a_talker_whose_clock_is_slow_is_recorded_without_a_gap() -> None:
    packets = _talker(1, 0)
    arrivals: dict[int, list[Sent]] = {}
    for n, packet in enumerate(packets):
        arrivals.setdefault(n * 11 // 10, []).append(packet)  # ten percent slow
    heard = Listener().listen(arrivals, 120)
    assert heard[: FRAMES * FRAME] == [octet for p in packets for octet in p.payload]


def test_a_stall_and_its_burst_are_recorded_as_they_were_meant() -> None:
    packets = _talker(1, 0)
    arrivals = {n: [p] for n, p in enumerate(packets[:20])}
    arrivals[40] = packets[20:41]
    arrivals |= {n: [packets[n]] for n in range(41, FRAMES)}
    heard = Listener().listen(arrivals, 120)
    assert heard[: FRAMES * FRAME] == [octet for p in packets for octet in p.payload]


def test_a_clock_that_jumps_restarts_the_sound_at_its_arrival() -> None:
    before, after = _talker(1, 0)[:20], _talker(21, 3_000_000_000, first=20 * FRAME)[:20]
    arrivals = _spread(before + after, [0] * 40, [False] * 40)
    heard = Listener().listen(arrivals, 80)
    assert heard[: 40 * FRAME] == [octet for p in before + after for octet in p.payload]


def test_one_stray_sequence_number_is_dropped_and_two_in_a_row_are_a_new_start() -> None:
    listener = Listener()
    for packet in _talker(1, 0)[:5]:
        listener.arrive(packet, packet.place // FRAME)
    strays = _talker(30000, 9, total=3 * FRAME)
    assert listener.timeline.place(30000, 9, 1, FRAME, 5) is None
    assert listener.timeline.place(strays[1].sequence, 169, 1, FRAME, 6) is not None


@given(st.integers(0, 0xFFFF), st.integers(-0x8000, 0x7FFF))
def test_sequence_numbers_count_through_their_wrap(sequence: int, steps: int) -> None:
    assert sequence_steps(sequence, sequence_after(sequence, steps)) == steps


@given(st.integers(0, 0xFFFFFFFF), st.integers(-(2**31), 2**31 - 1))
def test_timestamps_count_through_their_wrap(timestamp: int, samples: int) -> None:
    assert timestamp_samples(timestamp, timestamp_after(timestamp, samples)) == samples
