"""Each loop does what the strokes of numpy do that serve where numba is not installed."""

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from call.g711 import DECODE, encode
from call.media import Direction, Stream
from call.sound import FRAME, Law
from telephony.media.compiled import Loops
from telephony.media.line import Line
from telephony.media.live import Live
from telephony.media.mixing import Mixer, Seating
from telephony.media.outbound import Outbound
from telephony.media.speakers import Speakers, squares_of
from telephony.playout import Ring
from tests.media.ears import Ears
from tests.media.plane import noise, stream

LAWS = tuple(Law)
GAINS = st.sampled_from([0.0, 0.25, 1.0, 1.0, 2.0])

PLACES = {law: np.unique(DECODE[law], return_inverse=True)[1].ravel() for law in LAWS}
"""For each octet of a law, how many samples of that law are lower."""


class Table:
    """A mixer, and what each of its people hears."""

    def __init__(self, sizes: list[int], laws: NDArray[np.int64], loops: Loops | None) -> None:
        calls = sum(sizes)
        self.live, self.outbound = Live(Ring(calls), calls), Outbound(calls)
        self.mixer = Mixer(self.live, self.outbound, len(sizes) + 1, loops)
        # The rooms' numbers are not their places, nor do the calls stand in order.
        rooms = np.arange(len(sizes))[::-1] + 1
        where = np.repeat(np.arange(len(sizes)), sizes)
        self.seating = Seating(rooms, np.arange(calls)[::-1].copy(), where)
        for call, law in enumerate(laws.tolist()):
            self.live.set_law(call, LAWS[law])

    def heard(self) -> NDArray[np.int64]:
        """What each hears next: the place of each sample among all that its law has."""
        laws = self.live.law.tolist()
        heard = zip(self.outbound.live, laws, strict=True)
        return np.stack([PLACES[LAWS[law]][octets] for octets, law in heard])


@dataclass(frozen=True)
class Step:
    """What happens in some frames of a room."""

    frames: int
    says: tuple[int, float]
    hears: tuple[int, float]
    quiet: float
    announced: bool
    recorded: bool
    measured: bool


STEPS = st.lists(
    st.builds(
        Step, st.integers(1, 4), st.tuples(st.integers(0, 9), GAINS),
        st.tuples(st.integers(0, 9), GAINS), st.sampled_from([0.0, 0.4, 1.0]),
        st.booleans(), st.booleans(), st.booleans(),
    ),
    min_size=1, max_size=8,
)  # fmt: skip
SIZES = st.lists(st.integers(0, 6), min_size=1, max_size=4).filter(any)


def _play(
    tables: list[Table], step: Step, dice: np.random.Generator, amplitude: int
) -> tuple[list[NDArray[np.int64]], list[NDArray[np.int16] | None]]:
    """One frame at every table: what each hears, and what the rooms do."""
    people = len(tables[0].seating.calls)
    sound = dice.integers(-amplitude, amplitude + 1, (people, FRAME)).astype(np.int16)
    hushed = dice.random(people) < step.quiet
    # As quiet as the silence of A-law, or hardly louder than that.
    sound[hushed] = np.sign(sound[hushed]) * dice.integers(8, 10, (hushed.sum(), 1))
    frame = dice.integers(-900, 900, FRAME).astype(np.int16)
    rooms = []
    for table in tables:
        table.live.linear[:] = sound
        announced = {0: frame} if step.announced else {}
        rooms.append(
            table.mixer.mix(table.seating, announced, rooms=step.recorded, measured=step.measured)
        )
    return [table.heard() for table in tables], rooms


@settings(max_examples=60)
@given(SIZES, STEPS, st.sampled_from([30, 300, 1000]), st.integers(0, 1 << 20))
def test_a_room_that_is_not_loud_is_mixed_alike(
    compiled: Loops, sizes: list[int], steps: list[Step], amplitude: int, seed: int
) -> None:
    dice, people = np.random.default_rng(seed), sum(sizes)
    laws = dice.integers(0, len(LAWS), people)
    tables = [Table(sizes, laws, loops) for loops in (None, compiled)]
    turned = False
    for step in steps:
        for table in tables:
            table.mixer.says.set(step.says[0] % people, step.says[1])
            table.mixer.hears.set(step.hears[0] % people, step.hears[1])
        turned |= step.announced or step.says[1] != 1 or step.hears[1] != 1
        for _ in range(step.frames):
            (one, other), (room, other_room) = _play(tables, step, dice, amplitude)
            if turned:  # where fractions end may differ by a rounding
                assert np.abs(one - other).max() <= 1
                assert np.mean(one != other) < 0.01
            else:
                assert (one == other).all()
            assert (room is None) is (other_room is None) is (not step.recorded)
            if room is not None and other_room is not None:
                assert np.abs(room.astype(int) - other_room).max(initial=0) <= turned
            assert tables[1].mixer.squares == pytest.approx(tables[0].mixer.squares, rel=1e-4)
            gains = [table.mixer.gains(table.seating.calls) for table in tables]
            assert gains[1][0] == pytest.approx(gains[0][0])
            assert gains[1][1] == pytest.approx(gains[0][1])


@settings(max_examples=40)
@given(
    SIZES,
    st.lists(
        st.tuples(st.sampled_from([60, 3000, 15_000, 32_000]), st.integers(1, 12), st.booleans()),
        min_size=1, max_size=6,
    ),
    st.integers(0, 1 << 20),
)  # fmt: skip
def test_a_loud_room_is_brought_within_full_scale_alike(
    compiled: Loops, sizes: list[int], levels: list[tuple[int, int, bool]], seed: int
) -> None:
    """Everybody speaks, so that each hears something of their own."""
    dice, people = np.random.default_rng(seed), sum(sizes)
    laws = dice.integers(0, len(LAWS), people)
    tables = [Table(sizes, laws, loops) for loops in (None, compiled)]
    for amplitude, frames, announced in levels:
        step = Step(1, (0, 1.0), (0, 1.0), 0.0, announced, recorded=True, measured=True)
        for _ in range(frames):
            (one, other), (room, other_room) = _play(tables, step, dice, amplitude)
            assert np.abs(one - other).max() <= 1
            assert np.mean(one != other) < 0.01
            assert room is not None
            assert other_room is not None
            assert np.abs(room.astype(int) - other_room).max() <= 1
            gains = [table.mixer.gains(table.seating.calls)[1] for table in tables]
            assert gains[1] == pytest.approx(gains[0], abs=1e-5)


FATES = st.sampled_from([*["comes"] * 12, "lost", "late", "half", "stalls", "jumps"])


@settings(max_examples=60)
@given(
    st.lists(st.lists(FATES, min_size=30, max_size=30), min_size=1, max_size=4),
    st.sampled_from([-3, 0, 0, 3]), st.sampled_from([200, 4000]), st.integers(0, 1 << 20),
)  # fmt: skip
def test_what_comes_in_any_order_is_heard_alike(
    compiled: Loops, fates: list[list[str]], drift: int, amplitude: int, seed: int
) -> None:
    """Each row of fates goes round until every call was judged a few times."""
    dice, calls = np.random.default_rng(seed), len(fates)
    rings = [Ring(2 * calls) for _ in range(2)]
    lives = [
        Live(ring, 2 * calls, loops) for ring, loops in zip(rings, (None, compiled), strict=True)
    ]
    laws = dice.integers(0, len(LAWS), calls)
    for call in range(calls):
        for ring, live in zip(rings, lives, strict=True):
            ring.clear(2 * call, 100)  # all of one group
            live.set_law(2 * call, LAWS[laws[call]])
            live.begin(2 * call, 100)
    coming: list[tuple[int, int, int, int]] = []  # when, whose, which frame, samples
    frames = [100] * calls
    for now in range(101, 600):
        for call, fate in enumerate(fates):
            what = fate[now % len(fate)] if now // len(fate) % 3 else "comes"
            count = 1
            if drift and now % 60 == 0:
                count = 2 if drift > 0 else 0
            for _ in range(count):
                when = {"late": now + 2, "stalls": now + 6}.get(what, now)
                if what == "jumps":
                    frames[call] += 3
                samples = 80 if what == "half" else FRAME
                if what != "lost":
                    coming.append((when, call, frames[call], samples))
                frames[call] += 1
        for _, call, frame, samples in [each for each in coming if each[0] <= now]:
            payload = dice.integers(0, 256, samples).astype(np.uint8)
            payload[:] = payload | 0x70 if amplitude < 1000 else payload
            for ring in rings:
                ring.write(2 * call, frame * FRAME, payload.tobytes(), 0xFF, now)
        coming = [each for each in coming if each[0] > now]
        for live in lives:
            live.beat(0, now)
        for call in range(0, 2 * calls, 2):
            assert lives[1].delay(call) == lives[0].delay(call)
        assert (lives[1].frame == lives[0].frame).all()
        assert (lives[1].octets == lives[0].octets).all()
        assert (lives[1].linear == lives[0].linear).all()


@settings(max_examples=40)
@given(st.integers(1, 7), st.integers(1, 4), st.integers(5, 40), st.integers(0, 1 << 20))
def test_who_speaks_is_seen_alike(
    compiled: Loops, calls: int, looks: int, steady: int, seed: int
) -> None:
    """Loudness wanders about the bars, and stays for a while near where it is."""
    dice = np.random.default_rng(seed)
    ways = [Speakers(calls + 2, loops) for loops in (None, compiled)]
    seated = dice.permutation(calls + 2)[:calls]
    for look in range(150):
        if look % steady == 0:
            level = dice.uniform(-62, -26, calls + 2)
        seen = level + dice.uniform(-7, 7, (looks, calls + 2))
        loud = np.array([squares_of(each) for each in seen.flat], np.float32).reshape(seen.shape)
        for way in ways:
            way.look(seated, loud)
        assert (ways[1].speaks == ways[0].speaks).all()
        one, other = (way.among(seated.tolist(), ()) for way in ways)
        assert other == one


CALLS = 3
CLIPS = [encode(noise(0.02 * frames), Law.PCMU).reshape(-1, FRAME) for frames in (3, 24)]
ORDERS = st.one_of(
    st.tuples(st.just("beats"), st.integers(1, 25)),
    st.tuples(
        st.sampled_from(["play", "stop", "press", "follow", "leave", "hold", "resume"]),
        st.integers(0, CALLS - 1),
    ),
)


class Choir:
    """Some calls that are sent to, all in one group."""

    def __init__(self, laws: list[Law], loops: Loops | None) -> None:
        self.outbound, self.laws = Outbound(2 * CALLS, loops), laws
        self.ears = [Ears() for _ in laws]
        self.told: list[tuple[int, int]] = []
        self.senders = [
            self.outbound.begin(
                2 * n, cast(Line, ears), self._stream(n), (n, 0xFFF8, 0xFFFFFFFF - 900)
            )
            for n, ears in enumerate(self.ears)
        ]

    def _stream(self, n: int, direction: Direction = Direction.SENDRECV) -> Stream:
        return replace(stream(law=self.laws[n]), direction=direction)

    def obey(self, order: tuple[str, int], ticket: int) -> None:
        """Do one thing to one call; or let some frames go by."""
        what, n = order
        match what:
            case "beats":
                for _ in range(n):
                    self.outbound.live += 1
                    self.outbound.beat(0, lambda call, ticket: self.told.append((call, ticket)))
            case "play":
                self.senders[n].voice.play([CLIPS[ticket % 2]], ticket)
            case "stop":
                self.senders[n].voice.stop()
            case "press":
                self.senders[n].voice.press("5")
                self.outbound.regroup(0)
            case "follow" | "leave":
                self.outbound.follow(2 * n, what == "follow")
            case _:
                held = Direction.RECVONLY if what == "hold" else Direction.SENDRECV
                self.outbound.change(self.senders[n], self._stream(n, held))


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(LAWS), min_size=CALLS, max_size=CALLS),
    st.lists(ORDERS, max_size=40),
)
def test_whatever_is_played_pressed_and_heard_is_sent_alike(
    compiled: Loops, laws: list[Law], orders: list[tuple[str, int]]
) -> None:
    choirs = [Choir(laws, loops) for loops in (None, compiled)]
    for choir in choirs:
        for ticket, order in enumerate([*orders, ("beats", 20)]):
            choir.obey(order, ticket)
    one, other = choirs
    assert [ears.sent for ears in other.ears] == [ears.sent for ears in one.ears]
    assert other.told == one.told
    for n in range(CALLS):
        assert other.outbound.sent(2 * n) == one.outbound.sent(2 * n)
