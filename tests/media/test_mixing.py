"""The sum of a room, less oneself: exact while it is not loud, soft where it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from call.g711 import decode, encode
from call.sound import FRAME, RATE, Law
from telephony.media.limiter import KNEE, soften
from telephony.media.live import Live
from telephony.media.mixing import LOWERED, Mixer, Seating
from telephony.media.outbound import Outbound
from telephony.playout import Ring

pytestmark = pytest.mark.usefixtures("each_way")

LAWS = tuple(Law)


class Table:
    """A mixer with its people, whose sound is set by hand."""

    def __init__(self, rooms: list[int], laws: list[Law] | None = None) -> None:
        """`rooms`: how many people sit in each."""
        calls = sum(rooms)
        self.live = Live(Ring(calls), calls)
        self.outbound = Outbound(calls)
        self.mixer = Mixer(self.live, self.outbound, len(rooms))
        where = np.repeat(np.arange(len(rooms)), rooms)
        self.seating = Seating(np.arange(len(rooms)), np.arange(calls), where)
        self.laws = laws or [Law.PCMU] * calls
        for call, law in enumerate(self.laws):
            self.live.set_law(call, law)

    def mix(self, sound: NDArray[np.int16], announced: dict[int, NDArray[np.int16]] | None = None):
        """One frame: what each hears, and what a silent listener of each room does."""
        self.live.linear[:] = sound
        rooms = self.mixer.mix(self.seating, announced or {}, rooms=True)
        heard = [decode(self.outbound.live[n], law) for n, law in enumerate(self.laws)]
        return np.stack(heard), rooms


def _quantised(sums: NDArray[np.int32], laws: list[Law]) -> NDArray[np.int16]:
    clipped = np.clip(sums, -32768, 32767).astype(np.int16)
    return np.stack([decode(encode(s, law), law) for s, law in zip(clipped, laws, strict=True)])


@given(
    sizes=st.lists(st.integers(0, 7), min_size=1, max_size=5).filter(any),
    amplitude=st.sampled_from([20, 700, 3600]),
    quiet=st.floats(0, 1),
    seed=st.integers(0, 1 << 20),
)
@settings(max_examples=60, deadline=None)
def test_each_hears_exactly_the_sum_of_the_others(
    sizes: list[int], amplitude: int, quiet: float, seed: int
) -> None:
    dice = np.random.default_rng(seed)
    people = sum(sizes)
    laws = [LAWS[n] for n in dice.integers(0, 2, people)]
    table = Table(sizes, laws)
    for _ in range(2):
        sound = dice.integers(-amplitude, amplitude + 1, (people, FRAME)).astype(np.int16)
        sound[dice.random(people) < quiet] = 0
        heard, rooms = table.mix(sound)
        wide = sound.astype(np.int32)
        totals = np.stack([wide[table.seating.where == n].sum(axis=0) for n in range(len(sizes))])
        assert (heard == _quantised(totals[table.seating.where] - wide, laws)).all()
        assert rooms is not None
        assert (rooms == totals).all()


def test_the_silence_of_a_law_people_adds_nothing_to_the_sum() -> None:
    table = Table([30], [Law.PCMA] * 30)
    sound = np.full((30, FRAME), 8, dtype=np.int16)
    sound[0] = 1000
    heard, rooms = table.mix(sound)
    assert rooms is not None
    assert (rooms == 1000).all()
    assert (np.abs(heard[0]) <= 8).all()


def test_nor_does_the_silence_of_those_who_turned_the_others_up() -> None:
    table = Table([30], [Law.PCMA] * 30)
    sound = np.full((30, FRAME), 8, dtype=np.int16)
    sound[0] = 1000
    for call in range(30):
        table.mixer.hears.set(call, 2.0)
    table.mix(sound)
    heard, rooms = table.mix(sound)
    assert rooms is not None
    assert (rooms == 1000).all()
    assert heard[1:] == pytest.approx(2000, abs=40)


@pytest.mark.parametrize("listener", [0, 10])
def test_a_loud_room_is_brought_within_full_scale_without_an_edge(listener: int) -> None:
    """Whether one speaks oneself, or not."""
    table = Table([11])
    heard: list[NDArray[np.int16]] = []
    for n in range(60):
        time = (np.arange(FRAME) + n * FRAME) / RATE
        tone = (9000 * np.sin(2 * np.pi * 400 * time)).astype(np.int16)
        each, _ = table.mix(np.stack([tone] * 10 + [tone * 0]))
        heard.append(each[listener])
    sound = np.concatenate(heard[10:]).astype(np.float64)
    strength = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    at = round(400 * len(sound) / RATE)
    strength[at - 3 : at + 4] = 0
    strength[:3] = 0
    assert 29000 < np.abs(sound).max() <= 32767
    # What clipping ten times too loud would leave at 1200 Hz is a third of the tone.
    assert strength.max() < 0.01 * np.abs(np.fft.rfft(sound * np.hanning(len(sound))))[at]


def test_the_first_loud_frame_is_not_cut_either() -> None:
    time = np.arange(FRAME) / RATE
    sound = (90000 * time / 0.02 * np.sin(2 * np.pi * 300 * time)).astype(np.float32)[None]
    before = sound.copy()
    soften(sound, np.ones(1, dtype=np.float32))
    assert np.abs(sound).max() < 32767
    gain = sound[0, 1:] / np.where(before[0, 1:] == 0, 1, before[0, 1:])
    moved = gain[np.abs(before[0, 1:]) > 1000]
    assert np.abs(np.diff(moved)).max() < 0.1


def test_a_room_heard_again_as_a_whole_is_not_as_low_as_it_was_long_ago() -> None:
    table = Table([3])
    loud, soft = (np.full((3, FRAME), level, dtype=np.int16) for level in (25000, 1000))
    loud[2] = soft[2] = 0
    table.mix(loud)
    soft[2] = 1000
    for _ in range(60):
        table.live.linear[:] = soft
        assert table.mixer.mix(table.seating, {}, rooms=False) is None
    _, rooms = table.mix(soft)
    assert (rooms == 3000).all()


def test_the_gain_comes_back_slowly_and_then_is_exactly_one() -> None:
    gains = np.ones(2, dtype=np.float32)
    loud = np.full((2, FRAME), 10000, dtype=np.float32)
    loud[0] = 60000
    gains = soften(loud, gains)
    assert gains[0] < 0.6
    assert gains[1] == 1
    way = []
    for _ in range(60):
        frame = np.full((2, FRAME), 1000, dtype=np.float32)
        gains = soften(frame, gains)
        way.append(float(gains[0]))
        assert (frame[1] == 1000).all()
    assert way == sorted(way)
    assert way[5] < 0.9
    assert way[-1] == 1


@given(st.floats(0, 400_000), st.floats(0, 400_000), st.integers(0, FRAME - 1))
def test_no_row_ever_leaves_full_scale(first: float, second: float, at: int) -> None:
    gains = np.ones(1, dtype=np.float32)
    for peak in (first, second, 0.0, second):
        frame = np.zeros((1, FRAME), dtype=np.float32)
        frame[0, at] = -peak
        before, gains = gains, soften(frame, gains)
        assert np.abs(frame).max() <= 32767
        if peak <= KNEE and before[0] == 1:
            assert frame[0, at] == np.float32(-peak)


@pytest.mark.parametrize("gain", [0.0, 0.25, 3.0])
def test_a_volume_is_reached_within_a_frame_without_a_click(gain: float) -> None:
    table = Table([2])
    steady = np.full((2, FRAME), 4000, dtype=np.int16)
    steady[1] = 0
    heard = [table.mix(steady)[0][1]]
    table.mixer.says.set(0, gain)
    heard += [table.mix(steady)[0][1] for _ in range(3)]
    sound = np.concatenate(heard).astype(np.int32)
    assert np.abs(np.diff(sound)).max() < 600
    assert sound[:FRAME] == pytest.approx(4000, abs=130)
    assert sound[2 * FRAME :] == pytest.approx(4000 * gain, abs=260)


@pytest.mark.parametrize("gain", [0.25, 3.0])
def test_a_volume_of_ones_own_is_reached_without_a_click_either(gain: float) -> None:
    table = Table([3])
    steady = np.full((3, FRAME), 4000, dtype=np.int16)
    steady[1] = 0
    heard = [table.mix(steady)[0]]
    table.mixer.hears.set(0, gain)
    table.mixer.hears.set(1, gain)
    heard += [table.mix(steady)[0] for _ in range(3)]
    for listener, volume in ((0, 4000), (1, 8000)):
        sound = np.concatenate([each[listener] for each in heard]).astype(np.int32)
        assert np.abs(np.diff(sound)).max() < 1100
        assert sound[:FRAME] == pytest.approx(volume, abs=260)
        assert sound[2 * FRAME :] == pytest.approx(volume * gain, abs=520)
    assert heard[-1][2] == pytest.approx(4000, abs=130)


def test_under_an_announcement_people_are_lowered_and_then_as_loud_as_before() -> None:
    table = Table([2, 2])
    sound = np.full((4, FRAME), 4000, dtype=np.int16)
    sound[[1, 3]] = 0
    table.mix(sound)
    announced = {0: np.full(FRAME, 2000, dtype=np.int16)}
    table.mix(sound, announced)
    _, rooms = table.mix(sound, announced)
    assert rooms is not None
    assert rooms[0] == pytest.approx(2000 + 4000 * LOWERED, abs=1)
    assert (rooms[1] == 4000).all()
    for _ in range(11):
        _, rooms = table.mix(sound)
    assert rooms is not None
    assert (rooms == 4000).all()


def test_who_is_louder_is_heard_louder_and_barely_above_the_knee_hardly_less() -> None:
    peaks = KNEE + np.array([-1, 0, 10, 1000, 3000, 10_000, 100_000, 900_000])
    frames = np.zeros((len(peaks), FRAME), dtype=np.float32)
    frames[:, -1] = peaks
    gains = soften(frames, np.ones(len(peaks), dtype=np.float32))
    heard = frames[:, -1]
    assert (gains[:2] == 1).all()
    assert 0.999 < gains[2] < 1
    assert gains[3] > 0.99
    assert (np.diff(heard) > 0).all()
    assert heard[-1] == pytest.approx(32600, abs=60)


def test_the_gain_goes_on_from_frame_to_frame_and_is_there_in_time() -> None:
    frame = np.full((1, FRAME), 1000, dtype=np.float32)
    frame[0, 80:] = 100_000
    gains = soften(frame, np.ones(1, dtype=np.float32))
    way = frame[0] / np.where(np.arange(FRAME) < 80, 1000, 100_000)
    assert way[0] == pytest.approx(1 - (1 - gains[0]) / 80, abs=1e-4)
    assert (np.diff(way[:80]) < 0).all()
    assert way[79:] == pytest.approx(gains[0], abs=0.01)
    quiet = np.full((1, FRAME), 1000, dtype=np.float32)
    after = soften(quiet, gains)
    way = quiet[0] / 1000
    assert way[0] == pytest.approx(gains[0], abs=0.001)
    assert way[-1] == pytest.approx(after[0], abs=1e-6)
    assert (np.diff(way) > 0).all()


def test_what_is_loud_at_once_is_turned_down_within_a_millisecond() -> None:
    frame = np.full((1, FRAME), 60_000, dtype=np.float32)
    gains = soften(frame, np.ones(1, dtype=np.float32))
    assert (frame[0, :4] == 32767).all()
    assert frame[0, 8:] == pytest.approx(60_000 * gains[0])
