"""Who listens live hears a frame every 20 ms, in order and hardly late, whatever packets do."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from call.g711 import DECODE
from call.sound import FRAME, Law
from telephony.media.live import GUESSED, Live
from telephony.playout import Ring, Timeline

pytestmark = pytest.mark.usefixtures("each_way")

BEGUN = 100
"""The frame in which the call begins."""
MOST = 10
"""Frames that may wait: 200 ms."""
SPOKEN, HUSHED = 0x10, 0xFF


@dataclass
class Packet:
    """The frame `number` of a talker, on its way until `when`, counted in our frames."""

    number: int
    when: float
    sequence: int | None = None
    timestamp: int | None = None
    ssrc: int = 1
    octet: int = SPOKEN


@dataclass
class Ear:
    """One call heard live, and what it heard at each beat."""

    heard: list[int] = field(default_factory=list)
    """Numbers of frames, or GUESSED."""
    waiting: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ring, self.timeline = Ring(1), Timeline(BEGUN)
        self.ring.clear(0, BEGUN)
        self.live = Live(self.ring, 1)
        self.live.set_law(0, Law.PCMU)
        self.live.begin(0, BEGUN)
        self._numbers: dict[int, int] = {}

    def listen(self, packets: Iterable[Packet], beats: int) -> "Ear":
        """Let the packets arrive, and hear so many frames."""
        coming = sorted(packets, key=lambda packet: packet.when)[::-1]
        for beat in range(BEGUN + 1, BEGUN + 1 + beats):
            while coming and coming[-1].when + BEGUN <= beat:
                self._arrive(coming.pop(), beat)
            self.live.beat(0, beat)
            frame = int(self.live.frame[0])
            self.heard.append(GUESSED if frame == GUESSED else self._numbers[frame])
            self.waiting.append(self.live.delay(0))
        return self

    def _arrive(self, packet: Packet, now: int) -> None:
        number = packet.number
        sequence = (number if packet.sequence is None else packet.sequence) & 0xFFFF
        timestamp = number * FRAME if packet.timestamp is None else packet.timestamp
        place = self.timeline.place(sequence, timestamp & 0xFFFFFFFF, packet.ssrc, FRAME, now)
        if place is not None:
            self.ring.write(0, place, bytes([packet.octet]) * FRAME, 0xFF, now)
            self._numbers[place // FRAME] = number

    @property
    def played(self) -> list[int]:
        return [number for number in self.heard if number != GUESSED]

    def left_out(self, first: int, last: int) -> int:
        return len(set(range(first, last)) - set(self.played))

    def guesses(self, since: int = 0) -> int:
        return self.heard[since:].count(GUESSED)


def _talk(frames: int, *, pace: float = 1.0, octet: int = SPOKEN) -> list[Packet]:
    return [Packet(n, 0.5 + n * pace, octet=octet) for n in range(frames)]


def test_an_even_talker_is_heard_whole_after_one_frame_of_patience() -> None:
    ear = Ear().listen(_talk(500), 500)
    assert ear.heard[1:] == [*range(499)]
    assert set(ear.waiting[1:]) == {1}


def test_what_is_heard_is_what_was_sent_in_octets_and_in_samples() -> None:
    ear = Ear().listen(_talk(20, octet=0x23), 20)
    assert (ear.live.octets[0] == 0x23).all()
    assert (ear.live.linear[0] == DECODE[Law.PCMU][0x23]).all()


@pytest.mark.parametrize(("pace", "octet"), [(1 - 1e-4, SPOKEN), (1 + 1e-4, HUSHED)])
def test_ten_minutes_of_a_clock_100_ppm_off_cost_a_frame_now_and_then(
    pace: float, octet: int
) -> None:
    ear = Ear().listen(_talk(29_900, pace=pace, octet=octet), 29_800)
    assert ear.guesses() + ear.left_out(0, 29_700) <= 6
    assert max(ear.waiting) <= 3
    assert ear.played == sorted(set(ear.played))


def test_a_jittery_network_costs_little_once_its_jitter_is_known() -> None:
    dice = np.random.default_rng(1)
    packets = [Packet(n, 0.5 + n + late) for n, late in enumerate(dice.uniform(0, 3.5, 3000))]
    ear = Ear().listen(packets, 2900)
    assert ear.guesses(since=500) <= 3
    assert max(ear.waiting) <= 6


def test_once_the_network_is_calm_again_the_delay_shrinks() -> None:
    dice = np.random.default_rng(2)
    packets = [
        Packet(n, 0.5 + n + (dice.uniform(0, 5) if n < 500 else 0), octet=HUSHED)
        for n in range(3000)
    ]
    ear = Ear().listen(packets, 2900)
    assert max(ear.waiting[400:500]) >= 4
    assert max(ear.waiting[2500:]) <= 2


def test_frames_are_left_out_where_nobody_speaks() -> None:
    packets = _talk(6000, pace=0.998)
    for packet in packets:
        packet.octet = HUSHED if packet.number % 100 < 20 else SPOKEN
    ear = Ear().listen(packets, 5900)
    left_out = set(range(5800)) - set(ear.played)
    assert len(left_out) >= 8
    assert all(packet.octet == HUSHED for packet in packets if packet.number in left_out)


def test_frames_are_put_in_where_nobody_speaks() -> None:
    packets = _talk(6000, pace=1.002)
    for packet in packets:
        packet.octet = HUSHED if packet.number % 100 < 20 else SPOKEN
    ear = Ear().listen(packets, 5900)
    put_in = [beat for beat, number in enumerate(ear.heard) if number == GUESSED and beat > 300]
    assert len(put_in) >= 8
    assert all(packets[ear.heard[beat + 1]].octet == HUSHED for beat in put_in)


def test_a_short_stall_is_waited_for_once_and_the_delay_is_soon_as_before() -> None:
    packets = _talk(2000, octet=HUSHED)
    for packet in packets[100:103]:
        packet.when = 103.5
    ear = Ear().listen(packets, 1990)
    assert ear.guesses(since=1) == 2
    assert max(ear.waiting) == 3
    assert ear.waiting[-1] == 1


def test_a_talker_who_never_pauses_is_caught_up_with_all_the_same() -> None:
    ear = Ear().listen(_talk(6000, pace=0.998), 5900)
    assert max(ear.waiting) <= 3


@pytest.mark.parametrize("octet", [SPOKEN, HUSHED])
def test_a_lost_packet_is_guessed_once_and_delays_nothing(octet: int) -> None:
    dice = np.random.default_rng(3)
    lost = set(dice.choice(np.arange(10, 1000), 50, replace=False).tolist())
    ear = Ear().listen([p for p in _talk(1000, octet=octet) if p.number not in lost], 1000)
    assert ear.heard[1:] == [GUESSED if n in lost else n for n in range(999)]


def test_a_phone_that_sends_nothing_in_silence_is_heard_in_its_time() -> None:
    spoken = [p for p in _talk(1000) if p.number // 70 % 2 == 0]
    for sequence, packet in enumerate(spoken):
        packet.sequence = sequence
    ear = Ear().listen(spoken, 1000)
    numbers = {packet.number for packet in spoken}
    assert ear.heard[1:] == [n if n in numbers else GUESSED for n in range(999)]


def test_a_stall_of_the_network_costs_its_own_length_and_the_delay_is_bounded() -> None:
    packets = [Packet(n, max(0.5 + n, 130.5 if 100 <= n < 130 else 0)) for n in range(1500)]
    ear = Ear().listen(packets, 1450)
    assert ear.guesses() <= 31
    assert max(ear.waiting) <= MOST
    assert ear.waiting[-1] <= 3


def test_a_new_source_goes_on_at_once() -> None:
    packets = [Packet(n, 0.5 + n, None, n * FRAME + 77_000, ssrc=2) for n in range(300)]
    packets[:100] = _talk(100)
    for n, packet in enumerate(packets[100:]):
        packet.sequence = 5000 + n
    ear = Ear().listen(packets, 290)
    assert ear.heard[1:] == [*range(289)]


@pytest.mark.parametrize("frames", [-20, -3, 5, 20, 100_000])
def test_a_timestamp_that_jumps_costs_less_than_half_a_second(frames: int) -> None:
    packets = [Packet(n, 0.5 + n, timestamp=(n + (frames if n >= 100 else 0) + 1000) * FRAME)
               for n in range(1000)]  # fmt: skip
    ear = Ear().listen(packets, 990)
    assert ear.guesses() <= 25
    assert max(ear.waiting) <= MOST
    assert ear.heard[-20:] == [*range(ear.heard[-20], ear.heard[-20] + 20)]


def test_a_call_that_was_held_is_heard_at_once_when_it_goes_on() -> None:
    packets = _talk(100) + [Packet(n, 200.5 + n) for n in range(100, 300)]
    ear = Ear().listen(packets, 490)
    assert ear.guesses() == 201
    assert ear.waiting[-1] == 1


def test_packets_of_10_ms_are_heard_whole() -> None:
    ear = Ear()
    for beat in range(BEGUN + 1, BEGUN + 200):
        for half in (0, 1):
            number = 2 * (beat - BEGUN) + half
            place = ear.timeline.place(number, number * 80, 1, 80, beat)
            assert place is not None
            ear.ring.write(0, place, bytes([SPOKEN]) * 80, 0xFF, beat)
        ear.live.beat(0, beat)
        assert beat < BEGUN + 3 or (ear.live.octets[0] == SPOKEN).all()


def test_half_a_frame_is_not_heard_before_its_other_half_is_late() -> None:
    ear = Ear()
    coming = [(0.9 + half / 2 + (2 if half >= 200 else 0), half) for half in range(800)][::-1]
    for beat in range(BEGUN, BEGUN + 390):
        while coming and coming[-1][0] + BEGUN <= beat:
            number = coming.pop()[1]
            place = ear.timeline.place(number, number * 80, 1, 80, beat)
            assert place is not None
            ear.ring.write(0, place, bytes([SPOKEN]) * 80, 0xFF, beat)
        ear.live.beat(0, beat)
        if ear.live.frame[0] != GUESSED:
            assert (ear.live.octets[0, 40:] == SPOKEN).all()  # joined to a guess before that


def test_what_is_heard_again_after_a_pause_is_not_of_before() -> None:
    ear = Ear().listen(_talk(100), 100)
    ear.live.end(0)
    assert not ear.live.linear[0].any()
    assert not ear.live.takes(0)
    ear.live.begin(0, BEGUN + 400)
    ear.live.beat(0, BEGUN + 401)
    assert ear.live.frame[0] == GUESSED
    assert not ear.live.linear[0].any()


def test_two_who_hear_a_call_do_not_take_it_from_each_other() -> None:
    ear = Ear().listen(_talk(50), 50)
    ear.live.begin(0, BEGUN + 50)
    ear.live.end(0)
    assert ear.live.takes(0)
    before = int(ear.live.frame[0])
    ear.live.beat(0, BEGUN + 51)
    assert int(ear.live.frame[0]) == before + 1


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from([1, -1])), max_size=12))
def test_listeners_may_come_and_go_at_any_time(turns: list[tuple[int, int]]) -> None:
    ear, users, number = Ear(), 1, 0
    for beats, change in [*turns, (10, 0)]:
        played = []
        for _ in range(beats):
            place = ear.timeline.place(number, number * FRAME, 1, FRAME, BEGUN + number)
            assert place is not None
            ear.ring.write(0, place, bytes([SPOKEN]) * FRAME, 0xFF, BEGUN + number)
            ear.live.beat(0, BEGUN + number)
            number += 1
            if ear.live.frame[0] != GUESSED:
                assert (ear.live.octets[0] == SPOKEN).all()
                played.append(int(ear.live.frame[0]))
        assert ear.live.takes(0) == (users > 0)
        assert played == ([*range(played[0], played[0] + len(played))] if played else [])
        assert len(played) >= beats - 2 if users else not played
        if change > 0:
            ear.live.begin(0, BEGUN + number)
            users += 1
        elif users and change:
            ear.live.end(0)
            users -= 1


FATES = st.one_of(st.none(), st.just(0.0), st.just(0.0), st.floats(0, 4), st.floats(0, 30))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(FATES, st.booleans()), min_size=40, max_size=150),
    st.floats(0.97, 1.03),
    st.sampled_from([SPOKEN, HUSHED]),
    st.integers(0, 0xFFFF),
)
def test_any_lateness_loss_and_repetition_leave_one_frame_a_beat_in_order_and_in_time(
    fates: list[tuple[float | None, bool]], pace: float, octet: int, first: int
) -> None:
    packets = []
    for n, (late, twice) in enumerate(fates):
        if late is None:
            continue
        one = Packet(n, 0.5 + n * pace + late, first + n, octet=octet)
        packets += [one, Packet(n, one.when + 1.7, first + n, octet=octet)][: 1 + twice]
    ear = Ear().listen(packets, len(fates) + 40)
    assert len(ear.heard) == len(fates) + 40
    assert all(before < after for before, after in zip(ear.played, ear.played[1:], strict=False))
    assert max(ear.waiting) < MOST


SPELLS = st.lists(
    st.tuples(
        st.integers(1, 40),  # frames spoken
        st.integers(0, 60),  # frames of pause after it
        st.sampled_from(["goes on", "stands still", "jumps", "new source"]),
    ),
    min_size=2,
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(SPELLS, st.lists(st.floats(0, 3), min_size=40, max_size=40))
def test_pauses_jumps_and_new_sources_leave_one_frame_a_beat_in_order_and_in_time(
    spells: list[tuple[int, int, str]], lateness: list[float]
) -> None:
    packets: list[Packet] = []
    when, timestamp, ssrc, sequence, number = 0.5, 77 * FRAME, 1, 9, 0
    for frames, pause, then in spells:
        for late in lateness[:frames]:
            packets.append(Packet(number, when + late, sequence, timestamp, ssrc))
            when, timestamp = when + 1, timestamp + FRAME
            sequence, number = sequence + 1, number + 1
        when += pause
        timestamp += {"goes on": pause, "jumps": 3_000_000}.get(then, 0) * FRAME
        if then == "new source":
            ssrc, sequence, timestamp = ssrc + 1, sequence + 5000, timestamp * 3
    beats = round(when) + 60
    ear = Ear().listen(packets, beats)
    assert len(ear.heard) == beats
    assert len(set(ear.played)) == len(ear.played)
    assert max(ear.waiting) < MOST
